/** What SQLite says when the log's files fail, apart from what it says of a statement. */
import { StorageFailed, StorageFull } from '../../shared/problems.ts';

/** The primary result codes that tell of the file, the disk or the file system below it. */
const failures = ['IOERR', 'READONLY', 'CANTOPEN', 'CORRUPT', 'NOTADB', 'NOLFS', 'PERM'];

/** Those that say that what was written may not be on disk, though the file reads as if it were. */
const unsynced = ['SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_DIR_FSYNC'];

/** The error's SQLite result code, such as SQLITE_BUSY; null when no SQLite error is behind it. */
export function sqliteCode(error: unknown): string | null {
  if (error instanceof StorageFailed || error instanceof StorageFull)
    return sqliteCode(error.cause);
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : null;
}

/** Whether the system could not bring to disk what was written. */
export function isUnsynced(error: unknown): boolean {
  return unsynced.includes(sqliteCode(error) ?? '');
}

/** What another thread was thrown, as far as it can be sent. */
export interface SentError {
  readonly message: string;
  /** SQLite's result code; null when no SQLite error is behind it. */
  readonly code: string | null;
}

/** What can be sent of an error to another thread. */
export function sentError(error: unknown): SentError {
  return { message: (error as Error).message, code: sqliteCode(error) };
}

/** An error that another thread sent: as the failure of storage that it tells of, if it does. */
export function receivedError({ message, code }: SentError): Error {
  const error = Object.assign(new Error(message), { code });
  return storageErrorOf(error) ?? error;
}

/** A SQLite error as the failure of storage that it tells of; null when it tells of none. */
export function storageErrorOf(error: unknown): StorageFull | StorageFailed | null {
  const code = sqliteCode(error);
  if (code === null) return null;
  if (code === 'SQLITE_FULL') {
    const message =
      'The disk of the log is full, so this was not done. Try again once there is room.';
    return new StorageFull(message, { cause: error });
  }
  if (!failures.includes(code.split('_')[1] ?? '')) return null;
  if (unsynced.includes(code)) {
    const message =
      `The log could not be brought to disk (${code}). Whether this is kept is not known. Try again ` +
      'once its disk works, under an idempotency key.';
    return new StorageFailed(message, { cause: error });
  }
  const message =
    `The log cannot be written or read (${code}), so this was not done. Try again once its disk ` +
    'works.';
  return new StorageFailed(message, { cause: error });
}
