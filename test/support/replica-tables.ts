/** An entity's replica tables by themselves, in a DuckDB of their own. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { onTestFinished } from 'vitest';
import type { ReplicaTable } from '../../src/db/replica/replica-table.ts';

/** Base and current, empty; @returns a connection to write them by, and one to read meanwhile. */
export async function openTables(
  table: ReplicaTable,
  path = ':memory:',
  options: Readonly<Record<string, string>> = {},
): Promise<{ readonly writing: DuckDBConnection; readonly reading: DuckDBConnection }> {
  const instance = await DuckDBInstance.create(path, options);
  const [writing, reading] = [await instance.connect(), await instance.connect()];
  onTestFinished(() => {
    reading.closeSync();
    writing.closeSync();
    instance.closeSync();
  });
  for (const statement of table.definitions()) await writing.run(statement);
  return { writing, reading };
}
