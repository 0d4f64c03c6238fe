/** Exports and imports as their commands make them, and what is compared of them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LogAccess, openLog } from '../../src/db/index.ts';
import { type Entity, shippedEntities } from '../../src/entities/index.ts';
import {
  type ExportOptions,
  type ImportOptions,
  runExport,
  runImport,
} from '../../src/transfer/index.ts';

/** A data directory, and directories beside it, that are gone when the work is done. */
export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-transfer-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs work on a log, and closes it. */
export async function onLog<T>(
  directory: string,
  work: (log: LogAccess) => Promise<T>,
  entities: readonly Entity[] = shippedEntities,
): Promise<T> {
  const log = await openLog({ directory, entities });
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** `everstate export`. @returns what it tells programs. */
export async function exported(
  data: string,
  directory: string,
  options: ExportOptions = {},
  entities: readonly Entity[] = shippedEntities,
) {
  return (await runExport(directory, options, data, entities)).outcome;
}

/** `everstate import`. @returns what it tells programs. */
export async function imported(
  data: string,
  sources: string | readonly string[],
  options: ImportOptions = {},
  entities: readonly Entity[] = shippedEntities,
) {
  return (await runImport([sources].flat(), options, data, entities)).outcome;
}

/** The whole history of a log as lines of text, by file. */
export async function historyOf(
  data: string,
  entities: readonly Entity[] = shippedEntities,
): Promise<Readonly<Record<string, string>>> {
  return await inDirectory(async (directory) => {
    const target = join(directory, 'history');
    await exported(data, target, { format: 'ndjson', history: true }, entities);
    const names = [...entities.map(({ name }) => name), 'transactions'];
    const read = (name: string) => readFileSync(join(target, `${name}.ndjson`), 'utf8');
    return Object.fromEntries(names.map((name) => [name, read(name)]));
  });
}
