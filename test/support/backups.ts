/** Backups and restores as their commands make them, and logs as SQLite has them. */
import Database from 'better-sqlite3';
import {
  type BackupOptions,
  type RestoreOptions,
  runBackup,
  runRestore,
} from '../../src/backup/index.ts';
import { type Entity, shippedEntities } from '../../src/entities/index.ts';
import { logPath } from './temporary-store.ts';

/** `everstate backup`. @returns what it tells programs. */
export async function backedUp(data: string, target: string, options: BackupOptions = {}) {
  return (await runBackup(target, options, data, shippedEntities)).outcome;
}

/** `everstate restore`. @returns what it tells programs. */
export async function restored(
  from: string,
  data: string,
  options: RestoreOptions = {},
  entities: readonly Entity[] = shippedEntities,
) {
  return (await runRestore(from, options, data, entities)).outcome;
}

/**
 * Everything that a log had at a position at which a transaction ended, row by row; salts and digests
 * as well, and chunks by their digests, for the numbers of contents and chunks are a log's own.
 */
export function rowsAt(data: string, position: number): Readonly<Record<string, unknown[]>> {
  const log = new Database(logPath(data), { readonly: true });
  try {
    const rows = (text: string, ...values: unknown[]) =>
      log
        .prepare(text)
        .raw()
        .all(...values);
    const tables = log.prepare('select table_name from entities order by 1').pluck().all();
    const versions = (tables as string[]).map((table) => [
      table,
      rows(`select * from ${table} where position <= ? order by position`, position),
    ]);
    // Contents are in the log since the first version that names them.
    const named = `select distinct sha256 from lake where position <= ${position}`;
    const contents = `
      select sha256, begin, hex(digest), chunks.size, encoding, hex(bytes)
      from content_chunks join contents on contents.id = contents
      join chunks on chunks.id = chunk where sha256 in (${named}) order by 1, 2`;
    return {
      ...Object.fromEntries(versions),
      transactions: rows('select * from transactions where last_position <= ?', position),
      keys: rows(
        `select * from idempotency_keys where transaction_id in
         (select id from transactions where last_position <= ?)
         or transaction_id is null and position < ? order by key`,
        position,
        position,
      ),
      contents: rows(contents),
      files: rows(`select sha256, size from contents where sha256 in (${named}) order by 1`),
    };
  } finally {
    log.close();
  }
}

/** The positions at which transactions of a log end. */
export function endsOf(data: string): number[] {
  const log = new Database(logPath(data), { readonly: true });
  try {
    return log
      .prepare('select last_position from transactions order by id')
      .pluck()
      .all() as number[];
  } finally {
    log.close();
  }
}
