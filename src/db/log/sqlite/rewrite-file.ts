/**
 * Writes a SQLite file anew, without the bytes that nothing leads to any more: freed pages, and what is
 * left of rows in pages in use. It takes as much room once more while it lasts, and holds the write lock.
 */
import { limits } from '../../shared/limits.ts';
import { Unavailable } from '../../shared/problems.ts';
import { inFileThread } from './file-thread.ts';
import type { LogFile } from './log-file.ts';

const rewrite = `
  database.exec('vacuum');
  // What the write-ahead log holds of before goes with it; whoever reads it has a moment to end.
  const [{ busy }] = database.pragma('wal_checkpoint(truncate)');
  return busy === 0 ? null : 'others read it';`;

/** @throws Unavailable when others use the file all the time, or it cannot be written. */
export async function rewriteFile(log: LogFile): Promise<void> {
  const failure = await inFileThread(log, rewrite, { timeout: limits.busyTimeoutMs });
  if (failure === null) return;
  throw new Unavailable(`The log could not be written anew: ${failure}. It is tried again.`);
}
