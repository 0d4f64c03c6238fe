/** How long a full delta takes to be merged into the replica. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { limits } from '../src/db/index.ts';
import { connectTo, openDuckdb } from '../src/db/replica/duckdb-instance.ts';
import { mergeDelta } from '../src/db/replica/replica-merge.ts';
import { deltaCatalog, ReplicaTable, versionOf } from '../src/db/replica/replica-table.ts';
import { type Position, type Revision, Todo, type Version } from '../src/entities/index.ts';
import { type Dataset, withCopy } from './dataset.ts';
import { type Figure, median, orientation, withUnit } from './results.ts';
import { timeMs } from './stopwatch.ts';

const merges = 5;

export function measureMerge(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const instance = await openDuckdb(join(directory, 'replica', '1.duckdb'), {
      memoryMaxMb: limits.replicaMemoryMaxMb,
      threads: availableParallelism(),
    });
    const connection = await connectTo(instance);
    const table = new ReplicaTable(Todo);
    await connection.run(table.deltaDefinition());
    const times: number[] = [];
    let end = dataset.versions;
    for (let merge = 0; merge < merges; merge += 1) {
      const versions = await changesAfter(connection, table, end);
      await append(connection, table, versions);
      const upTo = end + versions.length;
      times.push(await timeMs(() => mergeAll(connection, table, end, upTo)));
      end = upTo;
    }
    instance.closeSync();
    const what = `merging ${limits.mergeRows} versions into the replica`;
    return [orientation('merge', what, withUnit(median(times), 'ms'))];
  });
}

function mergeAll(
  connection: DuckDBConnection,
  table: ReplicaTable,
  after: number,
  upTo: number,
): Promise<boolean> {
  return mergeDelta(connection, [table], after as Position, upTo as Position, null);
}

/** A change of each of as many randomly chosen todos as fill a delta. */
async function changesAfter(
  connection: DuckDBConnection,
  table: ReplicaTable,
  end: number,
): Promise<Version[]> {
  const sample = `select ${table.wholeVersion} from ${table.current}
    using sample reservoir(${limits.mergeRows} rows)`;
  const rows = (await connection.runAndReadAll(sample)).getRowsJS();
  return rows.map(([whole], index) => {
    const before = versionOf(Todo, String(whole));
    return {
      ...before,
      position: (end + index + 1) as Position,
      revision: (before.revision + 1) as Revision,
      previousPosition: before.position,
    };
  });
}

async function append(
  connection: DuckDBConnection,
  table: ReplicaTable,
  versions: readonly Version[],
): Promise<void> {
  const appender = await connection.createAppender(table.deltaName, null, deltaCatalog);
  for (const chunk of table.chunks(versions)) appender.appendDataChunk(chunk);
  appender.closeSync();
}
