/** Why an upload is refused, in the form that @tus/server takes. */
import { ERRORS } from '@tus/server';

export interface TusRefusal {
  readonly status_code: number;
  readonly body: string;
}

/** @param message one line. */
export function refuse(status: number, message: string): TusRefusal {
  return { status_code: status, body: `${message}\n` };
}

export function isTusRefusal(error: unknown): error is TusRefusal {
  return typeof error === 'object' && error !== null && 'status_code' in error;
}

/** What the library refuses in words that say neither what was expected nor what to do. */
const better = new Map<TusRefusal, string>([
  [ERRORS.FILE_NOT_FOUND, 'There is no such upload.'],
  [ERRORS.MISSING_OFFSET, 'Upload-Offset must say from which byte on these are, such as 0.'],
  [ERRORS.INVALID_OFFSET, 'Upload-Offset is not what the upload has. Ask for that by HEAD.'],
  [ERRORS.INVALID_CONTENT_TYPE, 'Content-Type must be application/offset+octet-stream.'],
  [ERRORS.INVALID_LENGTH, 'Upload-Length must say how many bytes the file has.'],
  [ERRORS.ERR_SIZE_EXCEEDED, 'More bytes came than Upload-Length had announced.'],
  [
    ERRORS.UNSUPPORTED_CREATION_DEFER_LENGTH_EXTENSION,
    'Upload-Length must say how many bytes the file has; it cannot be told later.',
  ],
  [
    ERRORS.UNSUPPORTED_CONCATENATION_EXTENSION,
    'Upload-Concat is not known here: send each file as one upload.',
  ],
]);

/** The same refusal, so that it says what to do. @param uploadBytesMax how many bytes a file may have. */
export function inWords(refusal: TusRefusal, uploadBytesMax: number): TusRefusal {
  const message = wordsFor(refusal, uploadBytesMax);
  return message === undefined ? refusal : refuse(refusal.status_code, message);
}

function wordsFor(refusal: TusRefusal, uploadBytesMax: number): string | undefined {
  if (refusal === ERRORS.ERR_MAX_SIZE_EXCEEDED) {
    return `A file may have at most ${uploadBytesMax} bytes (uploadBytesMax).`;
  }
  // Where no length is told, the library counts, and says the same of what it was to receive.
  const isTooMuch = refusal.body === ERRORS.ERR_MAX_SIZE_EXCEEDED.body;
  return better.get(isTooMuch ? ERRORS.ERR_SIZE_EXCEEDED : refusal);
}
