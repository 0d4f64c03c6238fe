/** What SQLite itself can check: its pages, its indexes, and that what refers to something finds it. */
import type { Defect } from '../defect.ts';
import { inFileThread } from './file-thread.ts';
import type { LogFile } from './log-file.ts';

const check = `
  const said = database.pragma('integrity_check(1)', { simple: true });
  if (said !== 'ok') return said;
  const [broken] = database.pragma('foreign_key_check');
  return broken ? 'a row of ' + broken.table + ' refers to none of ' + broken.parent : null;`;

/** What SQLite finds wrong with the file, in its words; null when nothing is. */
export async function verifyFile(log: LogFile): Promise<Defect | null> {
  const found = await inFileThread(log, check, { readonly: true });
  return found === null ? null : { position: null, message: `SQLite finds: ${found}.` };
}
