/** What is thrown while an upload is stored, on its way from the thread that stores it. */
import { ContentsDamaged, Unavailable } from '../shared/problems.ts';
import { sqliteCode, storageErrorOf } from './sqlite/storage-errors.ts';

/** What was thrown, as far as it can be sent. */
export interface Failure {
  readonly message: string;
  /** SQLite's result code, or a problem's code. */
  readonly code: string | null;
  /** Of contents that are damaged. */
  readonly sha256: string | null;
}

/** What can be sent of it. */
export function failureOf(error: unknown): Failure {
  const { message } = error as Error;
  if (error instanceof ContentsDamaged) {
    return { message, code: error.code, sha256: error.sha256 };
  }
  const code = sqliteCode(error);
  const isUnavailable = code === null && error instanceof Unavailable;
  return { message, code: isUnavailable ? error.code : code, sha256: null };
}

/** It, as it would have been thrown here. */
export function thrown({ message, code, sha256 }: Failure): unknown {
  if (sha256 !== null) return new ContentsDamaged(sha256, false);
  const error = Object.assign(new Error(message), { code });
  return storageErrorOf(error) ?? (code === 'UNAVAILABLE' ? new Unavailable(message) : error);
}
