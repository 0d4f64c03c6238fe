/**
 * What building a replica cannot do without: SQLite handing over the rows of the log, and DuckDB
 * writing the finished tables and their index to a file.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import Database from 'better-sqlite3';
import { Todo } from '../src/entities/index.ts';
import { logName } from './dataset.ts';
import { timeMs } from './stopwatch.ts';

/** Milliseconds until JavaScript has had all rows of the log. */
export async function readLogMs(directory: string): Promise<number> {
  const log = new Database(join(directory, logName), { readonly: true });
  try {
    const rows = log.prepare(`select * from "${Todo.table}" order by position`).raw();
    return await timeMs(() => {
      for (const _row of rows.iterate());
    });
  } finally {
    log.close();
  }
}

/** Milliseconds until DuckDB, with a thread, has copied the tables of a closed store's replica. */
export async function copyReplicaMs(directory: string): Promise<number> {
  const replicas = join(directory, 'replica');
  const name = readdirSync(replicas).find((file) => file.endsWith('.duckdb'));
  const copy = join(directory, 'copy.duckdb');
  const instance = await DuckDBInstance.create(copy, { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run(`attach '${join(replicas, name ?? '')}' as replica (read_only)`);
    const found = async (what: string, source: string) => {
      const reader = await connection.runAndReadAll(
        `select ${what} from ${source} where database_name = 'replica'`,
      );
      return reader.getRows().flat() as string[];
    };
    const tables = await found('table_name', 'duckdb_tables()');
    const indexes = await found('sql', 'duckdb_indexes()');
    return await timeMs(async () => {
      for (const table of tables) {
        await connection.run(`create table "${table}" as from replica."${table}"`);
      }
      for (const index of indexes) await connection.run(index);
      await connection.run('checkpoint');
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(copy, { force: true });
  }
}
