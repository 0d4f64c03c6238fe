/**
 * Writes a SQLite file anew, without the bytes that nothing leads to any more: freed pages, and what is
 * left of rows in pages in use. It takes as much room once more while it lasts, holds the write lock, and
 * cannot pause, so it runs in a thread of its own.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { limits } from '../../shared/limits.ts';
import { Unavailable } from '../../shared/problems.ts';
import type { LogFile } from './log-file.ts';

/** As text, since a worker's own file would lie elsewhere in the package than in the sources. */
const rewrite = `
  const { parentPort, workerData } = require('node:worker_threads');
  const Database = require(workerData.driver);
  const work = () => {
    const database = new Database(workerData.path, { timeout: workerData.timeout });
    try {
      database.exec('vacuum');
      // What the write-ahead log holds of before goes with it; whoever reads it has a moment to end.
      const [{ busy }] = database.pragma('wal_checkpoint(truncate)');
      return busy === 0 ? null : 'others read it';
    } finally {
      database.close();
    }
  };
  let failure;
  try {
    failure = work();
  } catch (error) {
    failure = error.message;
  }
  parentPort.postMessage(failure);`;

/** @throws Unavailable when others use the file all the time, or it cannot be written. */
export async function rewriteFile(log: LogFile): Promise<void> {
  const { rows } = await sql<{ file: string }>`pragma database_list`.execute(log.kysely);
  const driver = createRequire(import.meta.url).resolve('better-sqlite3');
  const workerData = { driver, path: rows[0]?.file, timeout: limits.busyTimeoutMs };
  const [failure] = (await once(new Worker(rewrite, { eval: true, workerData }), 'message')) as [
    string | null,
  ];
  if (failure !== null) {
    throw new Unavailable(`The log could not be written anew: ${failure}. It is tried again.`);
  }
}
