/** Waiting for another process to release the log. */
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../shared/limits.ts';
import { Unavailable } from '../../shared/problems.ts';
import { sqliteCode } from './storage-errors.ts';

/**
 * Runs a statement that takes the log's write lock, again and again while another process has it.
 * SQLite's own busy timeout would block the event loop meanwhile.
 * @throws Unavailable after limits.busyTimeoutMs.
 */
export async function whenFree<T>(take: () => T | Promise<T>): Promise<T> {
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
