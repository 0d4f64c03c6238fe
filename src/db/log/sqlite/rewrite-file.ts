/**
 * Writes a SQLite file anew, without the bytes that nothing leads to any more: freed pages, and what is
 * left of rows in pages in use. SQLite makes a copy, in the directory that SQLITE_TMPDIR named when the
 * process opened its first database, and has all of it in the write-ahead log until that is taken in.
 */
import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { limits } from '../../shared/limits.ts';
import { StorageFull, Unavailable } from '../../shared/problems.ts';
import { inFileThread } from './file-thread.ts';
import { LogFile } from './log-file.ts';
import { readRoom } from './log-room.ts';

const rewrite = `
  database.exec('vacuum');
  // What the write-ahead log holds of before goes with it; whoever reads it has a moment to end.
  const [{ busy }] = database.pragma('wal_checkpoint(truncate)');
  return busy === 0 ? null : 'others read it';`;

/**
 * Writes the file anew beside all who use it; it holds the write lock meanwhile.
 * @param path of the file.
 * @throws Unavailable when others use it all the time, or it cannot be written; StorageFull without room.
 */
export async function rewriteFile(log: LogFile, path: string): Promise<void> {
  await refuseWithoutRoom(log, path);
  const failure = await inFileThread(log, rewrite, { timeout: limits.busyTimeoutMs });
  if (failure === null) return;
  throw new Unavailable(`The log could not be written anew: ${failure}. It is tried again.`);
}

/**
 * Writes a file that nobody has open anew, so that it can give back pages from then on. It takes as
 * long as it takes without a turn of the event loop; what ends the process leaves the file as it was.
 * @throws LogInUse when another process has it open.
 */
export async function rewriteFileAlone(path: string, schemaVersion: number): Promise<void> {
  const file = LogFile.openAlone(path, schemaVersion);
  try {
    file.rewrite();
    file.checkpoint();
  } finally {
    await file.close();
  }
}

/** @throws StorageFull when there is no room beside the file to write it anew. */
export async function refuseWithoutRoom(log: LogFile, path: string): Promise<void> {
  const { bytes, freeBytes } = await readRoom(log);
  // It has yet to grow by what the write-ahead log holds alone.
  const needed = 2 * (bytes - freeBytes) + Math.max(bytes - statSync(path).size, 0);
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize >= needed) return;
  const [need, have] = [needed, bavail * bsize].map((each) => each.toLocaleString('en-US'));
  throw new StorageFull(
    `To write the log anew takes ${need} bytes of room beside it, and there are ${have}. Make some, ` +
      'and run this again.',
  );
}
