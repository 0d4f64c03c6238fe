/** Waiting for another process to release the log. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { limits } from './limits.ts';
import { LogFile } from './log-file.ts';
import { schemaVersion } from './migrations.ts';
import { Unavailable } from './problems.ts';
import { sqliteCode } from './storage-errors.ts';

/**
 * Runs a statement that takes the log's write lock, again and again while another process has it.
 * SQLite's own busy timeout would block the event loop meanwhile.
 * @throws Unavailable after limits.busyTimeoutMs.
 */
export async function whenFree<T>(take: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + limits.busyTimeoutMs;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      if (!sqliteCode(error)?.startsWith('SQLITE_BUSY')) throw error;
      if (performance.now() >= deadline) {
        throw new Unavailable(
          `Another process has held the log for ${limits.busyTimeoutMs} ms. Try again.`,
          { cause: error },
        );
      }
      // Jitter keeps two waiting processes from asking in step for ever.
      await sleep(limits.busyRetryMs * (0.5 + Math.random()));
    }
  }
}

/**
 * Runs work that only one process of a data directory may do at a time, and writes nothing. The
 * log's write lock sees to that: it ends with its process, as no file of one's own would. It is
 * taken by a connection of its own, since the others are in use.
 */
export async function holdLog<T>(path: string, work: () => Promise<T>): Promise<T> {
  return await withLog(path, async ({ kysely }) => {
    await whenFree(() => sql`begin immediate`.execute(kysely));
    try {
      return await work();
    } finally {
      await sql`rollback`.execute(kysely);
    }
  });
}

/**
 * Commits what changes nothing, to find out whether the log can be written.
 * @throws StorageFull, StorageFailed or CannotOpen when it cannot.
 */
export async function tryWriting(path: string): Promise<void> {
  await withLog(path, async ({ kysely }) => {
    await whenFree(() => sql`begin immediate`.execute(kysely));
    // To set what is set already writes a page all the same.
    await sql.raw(`pragma user_version = ${schemaVersion}`).execute(kysely);
    await sql`commit`.execute(kysely);
  });
}

async function withLog<T>(path: string, use: (file: LogFile) => Promise<T>): Promise<T> {
  const file = LogFile.open(path, schemaVersion);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
