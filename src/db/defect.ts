/** Something that is wrong with a log. */
import { sql } from 'kysely';
import type { LogFile } from './log-file.ts';
import { sqliteCode } from './storage-errors.ts';

export interface Defect {
  /** The version at which it is wrong; null when it is none's in particular. */
  readonly position: number | null;
  readonly message: string;
}

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
