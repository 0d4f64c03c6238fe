/** SQLite files that no other process has open: those that are being made, and those that are only read. */
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { limits } from '../../shared/limits.ts';
import type { LogTables } from '../tables.ts';

/**
 * One connection without the settings that make commits of a log durable. What is being made is
 * thrown away when making it fails, and brought to disk as a whole when it is done.
 */
export class PlainFile {
  readonly kysely: Kysely<LogTables>;

  private constructor(database: Database.Database) {
    this.kysely = new Kysely({ dialect: new SqliteDialect({ database }) });
  }

  /** Makes a file, or a database in memory with `:memory:`, to be filled by this connection alone. */
  static make(path: string): PlainFile {
    const database = new Database(path);
    database.pragma('journal_mode = off');
    database.pragma('synchronous = off');
    // Rows come in the order of their table; what refers to what is checked once all are there.
    database.pragma('foreign_keys = off');
    database.pragma(`cache_size = -${Math.ceil(limits.transferPagesBytes / 1024)}`);
    return new PlainFile(database);
  }

  /** Opens a file to be read. @throws SqliteError when it cannot be. */
  static read(path: string): PlainFile {
    return new PlainFile(new Database(path, { readonly: true, fileMustExist: true }));
  }

  async close(): Promise<void> {
    await this.kysely.destroy();
  }
}

/**
 * Takes a lock that ends with its process: an empty file, made where it is missing, that SQLite holds.
 * @param shared whether others may have it too, as long as they share it.
 * @returns what releases it; null when somebody else holds it, another part of this process included.
 */
export function lockFile(path: string, shared = false): (() => void) | null {
  // Who holds it alone does so for long, or, where it is shared, for a moment.
  const database = new Database(path, { timeout: shared ? limits.busyTimeoutMs : 0 });
  try {
    database.exec(shared ? 'begin; select count(*) from sqlite_schema' : 'begin exclusive');
    return () => database.close();
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return null;
    throw error;
  }
}
