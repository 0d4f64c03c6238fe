/** What is thrown while an upload is stored, on its way from the thread that stores it. */
import { ContentsDamaged, Unavailable } from '../shared/problems.ts';
import { receivedError, type SentError, sentError, sqliteCode } from './sqlite/storage-errors.ts';

export type UploadFailure =
  | { readonly kind: 'damaged'; readonly sha256: string }
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'other'; readonly error: SentError };

/** What can be sent of it. */
export function failureOf(error: unknown): UploadFailure {
  if (error instanceof ContentsDamaged) return { kind: 'damaged', sha256: error.sha256 };
  if (error instanceof Unavailable && sqliteCode(error) === null) {
    return { kind: 'unavailable', message: error.message };
  }
  return { kind: 'other', error: sentError(error) };
}

/** It, as it would have been thrown here. */
export function thrown(failure: UploadFailure): Error {
  if (failure.kind === 'damaged') return new ContentsDamaged(failure.sha256, false);
  if (failure.kind === 'unavailable') return new Unavailable(failure.message);
  return receivedError(failure.error);
}
