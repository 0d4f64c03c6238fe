/** Waiting for another process to release the log. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { limits } from './limits.ts';
import { type LogFile, sqliteCode } from './log-file.ts';
import { Unavailable } from './problems.ts';

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
 * log's write lock sees to that: it ends with its process, as no file of one's own would.
 */
export async function holdLog<T>(file: LogFile, work: () => Promise<T>): Promise<T> {
  return await file.kysely.connection().execute(async (db) => {
    await whenFree(() => sql`begin immediate`.execute(db));
    try {
      return await work();
    } finally {
      await sql`rollback`.execute(db);
    }
  });
}
