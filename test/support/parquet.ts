/** Files of Parquet, made by DuckDB. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** The bytes of a file with the rows of a SELECT. */
export async function parquetOf(select: string): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-'));
  const path = join(directory, 'made.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  await connection.run(`copy (${select}) to '${path}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();
  const bytes = readFileSync(path);
  rmSync(directory, { recursive: true });
  return bytes;
}
