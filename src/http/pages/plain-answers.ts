/** Answers at /files in plain words: what was wrong, and how to go on. */
import { BadRequest, Unavailable } from '../../db/index.ts';
import type { EncodingRefusal } from '../server/content-encoding.ts';
import { unavailable } from '../server/retry-after.ts';

export interface Answer extends ResponseInit {
  readonly body: BodyInit | null;
}

export function plain(status: number, message: string): Answer {
  return { body: `${message}\n`, status };
}

/** Refuses bytes that come packed. */
export function packed({ status, message, headers }: EncodingRefusal): Answer {
  return { ...plain(status, message), headers: { ...headers } };
}

/** What is told of an error. @param maskError what a client may see of it. */
export function failure(error: unknown, maskError: (error: unknown) => Error): Answer {
  const { message } = maskError(error);
  if (error instanceof Unavailable) {
    return { ...plain(unavailable.status, message), headers: { ...unavailable.headers } };
  }
  return plain(error instanceof BadRequest ? 400 : 500, message);
}
