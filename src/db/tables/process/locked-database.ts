/**
 * A DuckDB for some tables: in memory, it reads their files and nothing else, and what it may do can
 * be changed no more.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { lockStatements, withoutExtensions } from '../../shared/duckdb-lock.ts';
import { quotedName, quotedText } from '../../shared/sql-text.ts';
import type { TableFile } from '../question.ts';
import { failureOf } from './failure.ts';

export class LockedDatabase {
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.connection = connection;
  }

  /** @param memoryMaxMb memory that DuckDB may use; it writes nothing to a disk for want of more. */
  static async open(memoryMaxMb: number): Promise<LockedDatabase> {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryMaxMb}MB`,
      temp_directory: '',
      // One: sums of the same numbers in another order are other sums, and the same is to be answered.
      threads: '1',
      ...withoutExtensions,
    });
    try {
      const connection = await instance.connect();
      await connection.run("set TimeZone = 'UTC'");
      return new LockedDatabase(instance, connection);
    } catch (error) {
      instance.closeSync();
      throw error;
    }
  }

  /** Locks it: from now on it reads and writes these files alone. */
  async lock(paths: readonly string[]): Promise<void> {
    for (const statement of lockStatements({ paths })) await this.connection.run(statement);
  }

  /**
   * Gives files of Parquet the names of views, and is locked.
   * @throws Failure for a file that cannot be read.
   */
  async show(files: readonly TableFile[]): Promise<void> {
    await this.lock(files.map(({ path }) => path));
    for (const file of files) {
      const read = `select * from read_parquet(${quotedText(file.path)})`;
      try {
        await this.connection.run(`create view ${quotedName(file.name)} as ${read}`);
      } catch (error) {
        throw failureOf(error, 'table', [file]);
      }
    }
  }

  close(): void {
    this.connection.closeSync();
    this.#instance.closeSync();
  }
}
