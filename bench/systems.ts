/** The systems that are measured side by side, started on the same data. */
import { join } from 'node:path';
import type { Dataset } from './dataset.ts';
import { everstateCursor, everstateEvents, everstateOperations } from './everstate-operations.ts';
import { ask } from './load.ts';
import { type Cursor, deepAfter, type Operations, type System } from './operations.ts';
import { Cluster, findPrograms } from './postgraphile/cluster.ts';
import { dropRunDatabase, fillDatabase, type PostgresSize } from './postgraphile/fill.ts';
import {
  postgraphileCursor,
  postgraphileEvents,
  postgraphileOperations,
} from './postgraphile/operations.ts';
import { installPostGraphile } from './postgraphile/packages.ts';
import { type Server, startEverstate, startFile } from './server.ts';
import { prepareWindowLog } from './window/log.ts';
import { windowOperations } from './window/operations.ts';

export interface Started<Offered extends Partial<Operations> = Operations> extends System<Offered> {
  readonly server: Server;
  /** A subscription to all changes, whose events have the todo's `id`; null where there is none. */
  readonly events: string | null;
  /** Where the deep page of a status begins. */
  readonly deepCursor: (status: string) => Promise<Cursor>;
  readonly close: () => Promise<void>;
}

/** What is missing for PostgreSQL and PostGraphile, and how to get it; null when nothing is. */
export function missingForPostGraphile(): string | null {
  if (findPrograms()) return null;
  return (
    'PostgreSQL was not found in /usr/lib/postgresql. Install it (on Debian: apt-get install ' +
    'postgresql), or have POSTGRES_BIN name the directory that has its initdb and postgres.'
  );
}

/** Everstate on that directory, which is written to. */
export async function startOurs(directory: string): Promise<Started> {
  const server = await startEverstate(directory);
  return {
    name: 'Everstate',
    url: server.url,
    operations: everstateOperations,
    server,
    events: everstateEvents,
    deepCursor: async (status) =>
      everstateCursor.read(await ask(server.url, everstateCursor.document, { status })),
    close: server.close,
  };
}

/** PostGraphile on a PostgreSQL that holds the dataset; each start begins with the same data. */
export async function startPostGraphile(
  dataset: Dataset,
): Promise<Started & { readonly size: PostgresSize }> {
  const programs = findPrograms();
  if (!programs) throw new Error(missingForPostGraphile() ?? '');
  const cache = join(dataset.directory, '..');
  const packages = installPostGraphile(cache);
  const cluster = await Cluster.start(programs, join(cache, 'postgresql'));
  try {
    const { database, size } = await fillDatabase(cluster, dataset);
    const file = join(import.meta.dirname, 'postgraphile', 'server.ts');
    const server = await startFile(file, packages, cluster.socket, database);
    const close = async () => {
      await server.close();
      dropRunDatabase(cluster);
      await cluster.close();
    };
    return {
      name: 'PostGraphile',
      url: server.url,
      operations: postgraphileOperations,
      server,
      size,
      events: postgraphileEvents,
      deepCursor: async (status) =>
        postgraphileCursor.read(await ask(server.url, postgraphileCursor.document, { status })),
      close,
    };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** dkdc-state's form, which only reads. */
export async function startWindow(dataset: Dataset): Promise<Started<typeof windowOperations>> {
  const server = await startFile(
    join(import.meta.dirname, 'window', 'server.ts'),
    await prepareWindowLog(dataset),
  );
  return {
    name: 'window query',
    url: server.url,
    operations: windowOperations,
    server,
    events: null,
    deepCursor: async () => deepAfter,
    close: server.close,
  };
}
