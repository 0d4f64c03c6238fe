/**
 * Work on a SQLite file that one statement does without a pause, in a thread of its own: the event loop
 * goes on meanwhile.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import { sql } from 'kysely';
import type { LogFile } from './log-file.ts';

/**
 * Runs work on a connection of its own to the file of a log.
 * @param work the body of a function of `database`, as text, since a worker's own file would lie
 *   elsewhere in the package than in the sources. It returns a text, or null.
 * @returns what it returned; the message of what it threw.
 */
export async function inFileThread(
  log: LogFile,
  work: string,
  options: Database.Options,
): Promise<string | null> {
  const { rows } = await sql<{ file: string }>`pragma database_list`.execute(log.kysely);
  const driver = createRequire(import.meta.url).resolve('better-sqlite3');
  const workerData = { driver, path: rows[0]?.file, options };
  const worker = new Worker(threadOf(work), { eval: true, workerData });
  const [said] = (await once(worker, 'message')) as [string | null];
  return said;
}

function threadOf(work: string): string {
  return `
    const { parentPort, workerData } = require('node:worker_threads');
    const Database = require(workerData.driver);
    const run = () => {
      const database = new Database(workerData.path, workerData.options);
      try {
        return (() => { ${work} })();
      } finally {
        database.close();
      }
    };
    let said;
    try {
      said = run();
    } catch (error) {
      said = error.message;
    }
    parentPort.postMessage(said);`;
}
