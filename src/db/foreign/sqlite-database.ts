/** A SQLite database of another program, read only. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';

/** A value as SQLite has it; integers that are larger than JavaScript counts are bigints. */
export type SqliteValue = string | number | bigint | Uint8Array | null;
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

export class SqliteDatabase {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** @returns null for what is no SQLite database. */
  static open(path: string): SqliteDatabase | null {
    if (!existsSync(path)) return null;
    let database: Database.Database | null = null;
    try {
      database = new Database(path, { readonly: true });
      // Nothing is read before the first query.
      database.pragma('schema_version');
      return new SqliteDatabase(database);
    } catch (error) {
      database?.close();
      const { code } = error as { code?: string };
      if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CANTOPEN') return null;
      throw error;
    }
  }

  /** The columns of a table; none where there is no such table. */
  columnsOf(table: string): string[] {
    const names = this.#database.prepare('select name from pragma_table_info(?)').pluck();
    return names.all(table) as string[];
  }

  /** Rows of a query, one by one. */
  rows(sql: string): IterableIterator<SqliteRow> {
    return this.#database.prepare(sql).safeIntegers().iterate() as IterableIterator<SqliteRow>;
  }

  /** A query of one row, to be asked for again and again by one value. */
  lookUp(sql: string): (value: number | bigint) => SqliteRow | undefined {
    const statement = this.#database.prepare(sql).safeIntegers();
    return (value) => statement.get(value) as SqliteRow | undefined;
  }

  close(): void {
    this.#database.close();
  }
}
