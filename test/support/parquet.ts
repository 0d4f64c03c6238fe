/** Files of Parquet, made by DuckDB. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { temporaryDirectory } from './temporary-store.ts';

/** The bytes of a file with the rows of a SELECT. */
export async function parquetOf(select: string): Promise<Buffer> {
  const path = join(temporaryDirectory(), 'made.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  await connection.run(`copy (${select}) to '${path}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();
  return readFileSync(path);
}
