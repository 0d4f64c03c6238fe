/** What stands for a defect where the log cannot be read. */
import { sql } from 'kysely';
import type { Defect } from '../defect.ts';
import type { LogFile } from '../sqlite/log-file.ts';
import { sqliteCode } from '../sqlite/storage-errors.ts';

/**
 * The defect of what could not be read. A damaged file hands out anything: null for a digest, a
 * number for a text; whatever trips over it means the same.
 * @throws when nothing can be read any more, as of a closed file.
 */
export async function unreadable(
  log: LogFile,
  position: number | null,
  error: unknown,
): Promise<Defect> {
  await sql`select 1`.execute(log.kysely);
  const reader = sqliteCode(error) === null ? 'It cannot be read' : 'SQLite cannot read it';
  const reason = error instanceof Error ? error.message : String(error);
  return { position, message: `${reader}: ${reason}.` };
}
