/**
 * What SQLite itself can check: its pages, its indexes, and that what refers to something finds
 * it. One statement does all of that and never pauses, so it runs in a thread of its own.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import type { Defect } from '../defect.ts';
import type { LogFile } from './log-file.ts';

/** As text, since a worker's own file would lie elsewhere in the package than in the sources. */
const check = `
  const { parentPort, workerData } = require('node:worker_threads');
  const Database = require(workerData.driver);
  const find = () => {
    const database = new Database(workerData.path, { readonly: true });
    const said = database.pragma('integrity_check(1)', { simple: true });
    if (said !== 'ok') return said;
    const [broken] = database.pragma('foreign_key_check');
    return broken ? 'a row of ' + broken.table + ' refers to none of ' + broken.parent : null;
  };
  let found;
  try {
    found = find();
  } catch (error) {
    found = error.message;
  }
  parentPort.postMessage(found);`;

/** What SQLite finds wrong with the file, in its words; null when nothing is. */
export async function verifyFile(log: LogFile): Promise<Defect | null> {
  const { rows } = await sql<{ file: string }>`pragma database_list`.execute(log.kysely);
  const driver = createRequire(import.meta.url).resolve('better-sqlite3');
  const workerData = { driver, path: rows[0]?.file };
  const [found] = (await once(new Worker(check, { eval: true, workerData }), 'message')) as [
    string | null,
  ];
  return found === null ? null : { position: null, message: `SQLite finds: ${found}.` };
}
