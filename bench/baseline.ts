/** The baseline of reads: the same log in DuckDB, without what the replica adds to it. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { limits, type Store } from '../src/db/index.ts';
import { type Dataset, openTodos, withCopy } from './dataset.ts';
import { prepareWindowLog } from './window/log.ts';

/**
 * dkdc-state's form of the newest state: all todos in SQL, each row ranked within its record.
 * @param upTo the position up to which the log is seen; all of it without one.
 */
export function newestByWindow(upTo?: number): string {
  return `(
    select * from (
      select *, row_number() over (partition by id order by position desc) as newest from todos
      ${upTo === undefined ? '' : `where position <= ${upTo}`}
    )
    where newest = 1
  )`;
}

/** Runs with a store on a copy of the dataset, and with DuckDB on the same log. */
export async function withBaseline<T>(
  dataset: Dataset,
  use: (store: Store, baseline: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const file = await prepareWindowLog(dataset);
  return await withCopy(dataset, async (directory) => {
    const instance = await DuckDBInstance.create(file, {
      access_mode: 'READ_ONLY',
      memory_limit: `${limits.replicaMemoryMaxMb}MB`,
    });
    const store = await openTodos(directory);
    try {
      return await use(store, await instance.connect());
    } finally {
      await store.close();
      instance.closeSync();
    }
  });
}
