/** Backups and restores as their commands make them, and logs as SQLite has them. */
import { readdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import {
  type BackupOptions,
  type RestoreOptions,
  runBackup,
  runRestore,
} from '../../src/backup/index.ts';
import { type Entity, LakeFile, shippedEntities, Todo } from '../../src/entities/index.ts';
import { logPath, temporaryDirectory } from './temporary-store.ts';
import { onLog } from './transfers.ts';

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
    const rows = (text: string, ...values: unknown[]) => log.prepare(text).all(...values);
    const tables = log.prepare('select table_name from entities order by 1').pluck().all();
    // A log that was made of a backup has the kinds that were in it.
    const versions = (tables as string[])
      .map((table) => [
        table,
        rows(`select * from ${table} where position <= ? order by position`, position),
      ])
      .filter(([, found]) => found?.length);
    // Contents are in the log since the first version that names them.
    const hasFiles = (tables as string[]).includes('lake');
    const named = hasFiles
      ? `select distinct sha256 from lake where position <= ${position}`
      : "''";
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

/** A log with todos, a file and a transaction of several versions. @returns its directory. */
export async function someLog(): Promise<string> {
  const data = temporaryDirectory();
  await onLog(data, async (log) => {
    await log.transact((each) => each.create(Todo, { id: 'a', subject: 'one' }), { actor: 'ada' });
    await log.transact(async (each) => {
      const contents = await each.putContents(Buffer.from(largeText));
      await each.create(LakeFile, { id: 'f', filename: 'f.txt', ...contents });
    });
    await log.transact(async (each) => {
      for (const id of ['b', 'c', 'd']) await each.create(Todo, { id, subject: id });
    });
  });
  return data;
}

/** What the file of someLog holds. */
export const largeText = 'x'.repeat(300_000);

/** Appends todos, a transaction each. */
export async function writeTodos(data: string, ...ids: string[]): Promise<void> {
  await onLog(data, async (log) => {
    for (const id of ids) await log.transact((each) => each.create(Todo, { id }));
  });
}

/** The names of the segments of a backup. */
export function segmentsIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith('.segment'));
}
