/** The baseline of reads: DuckDB on a copy of the same replica, beside the store. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { limits, type Store } from '../src/db/index.ts';
import type { Position } from '../src/entities/index.ts';
import { type Dataset, openTodos, withCopy } from './dataset.ts';

/**
 * dkdc-state's form of the newest state: all todos in SQL, each row ranked within its record.
 * @param upTo the position up to which the log is seen; all of it without one.
 */
export function newestByWindow(upTo?: Position): string {
  return `(
    select * from (
      select *, row_number() over (partition by id order by position desc) as newest from todos
      ${upTo === undefined ? '' : `where position <= ${upTo}`}
    )
    where newest = 1
  )`;
}

/** Runs with a store on a copy of the dataset, and with DuckDB on a copy of its replica. */
export function withBaseline<T>(
  dataset: Dataset,
  use: (store: Store, baseline: DuckDBConnection) => Promise<T>,
): Promise<T> {
  return withCopy(dataset, async (directory) => {
    // DuckDB lets one instance open a file.
    const file = join(directory, 'baseline.duckdb');
    cpSync(join(directory, 'replica', '1.duckdb'), file);
    const instance = await DuckDBInstance.create(file, {
      memory_limit: `${limits.replicaMemoryMaxMb}MB`,
    });
    const store = await openTodos(directory);
    try {
      return await use(store, await instance.connect());
    } finally {
      await store.close();
      instance.closeSync();
      rmSync(file);
    }
  });
}
