/** Why a backup was not made or restored, with a code for programs. */
import { Refusal } from '../terminal/index.ts';

type RefusalCode =
  /** What was asked for contradicts itself. */
  | 'BAD_ARGUMENT'
  /** What is to be written is there already. */
  | 'TARGET_EXISTS'
  /** There is no backup. */
  | 'NO_SUCH_BACKUP'
  /** Somebody else writes there. */
  | 'IN_USE'
  /** The backup holds what the log does not: it is of another log, or of what this one was before a restore. */
  | 'OTHER_HISTORY'
  /** There is no room. */
  | 'STORAGE_FULL'
  /** Files cannot be written or read. */
  | 'STORAGE_FAILED';

export class Refused extends Refusal<RefusalCode> {}

/** What SQLite and the file system say of a full disk. */
const fullCodes: readonly unknown[] = ['SQLITE_FULL', 'ENOSPC', 'EDQUOT', 'STORAGE_FULL'];

/** Runs what writes files at a place. @throws Refused instead of what SQLite or the file system throw. */
export async function writingAt<T>(place: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const code = codeOf(error);
    if (fullCodes.includes(code)) {
      const message = `There is no room for ${place} (${code}). Make some, and run this again.`;
      throw new Refused('STORAGE_FULL', message);
    }
    // A log that cannot be read has said so itself.
    const isOfLog = /^SQLITE_(IOERR_READ|CORRUPT|NOTADB)/.test(code);
    if (isOfLog || !/^(SQLITE_|E[A-Z0-9]+$)/.test(code)) throw error;
    throw new Refused(
      'STORAGE_FAILED',
      `${place} cannot be written (${code}). Check that it can be, and run this again.`,
    );
  }
}

/** The code of an error, or of what is behind it. */
function codeOf(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  const own = typeof code === 'string' ? code : '';
  return own.startsWith('STORAGE_') && cause ? codeOf(cause) || own : own;
}
