/** A log that another program has changed. */
import Database from 'better-sqlite3';
import { logPath } from './temporary-store.ts';

/** Changes the file as another program could, triggers or not. */
export function alter(directory: string, statements: string, keepTriggers = false): void {
  const raw = new Database(logPath(directory));
  raw.pragma('foreign_keys = off');
  raw.unsafeMode(true);
  raw.pragma('writable_schema = on');
  const triggers = raw
    .prepare(`select name, sql from sqlite_schema where type = 'trigger'`)
    .all() as { name: string; sql: string }[];
  if (!keepTriggers) for (const { name } of triggers) raw.exec(`drop trigger "${name}"`);
  raw.exec(statements);
  if (!keepTriggers) for (const { sql } of triggers) raw.exec(sql);
  raw.close();
}
