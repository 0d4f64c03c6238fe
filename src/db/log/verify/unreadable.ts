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
  // What a caller could do about it, as StorageFailed says, is of no use here.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return { position, message: `${reader}: ${reason}.` };
}
