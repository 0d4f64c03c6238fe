/** What writing a file of the lake comes to, whichever way its bytes came. */
import { Forbidden, InvalidInput, Problem, TooManyUploads, UploadMoved } from '../../db/index.ts';
import {
  downloadUrl,
  type Operation,
  OtherBytes,
  ofLakeFile,
  type Precondition,
  PreconditionFailed,
  type PutResult,
  TooManyBytes,
} from '../../resolvers/index.ts';
import { isHeld, matchesTag } from '../server/preconditions.ts';
import { type Answer, failure, plain } from './plain-answers.ts';

/**
 * What If-Match and If-None-Match ask of the file that is there.
 * RFC 9110, section 13: a star stands for any file there is.
 */
export function preconditionOf(ifMatch: string | null, ifNoneMatch: string | null): Precondition {
  return (sha256) => {
    if (sha256 === null) return ifMatch === null;
    const etag = `"${sha256}"`;
    return (ifMatch === null || matchesTag(ifMatch, etag)) && !isHeld(ifNoneMatch, etag);
  };
}

/** What is told of a file that was written: its version, and where it is. */
export interface WrittenFile {
  readonly status: 200 | 201;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function written({ version, isNew }: PutResult, operation: Operation): WrittenFile {
  const { id, revision, values } = version;
  const stored = ofLakeFile(version);
  const downloadPath = stored && downloadUrl(stored, operation);
  const { size, sha256 } = values;
  return {
    status: isNew ? 201 : 200,
    body: `${JSON.stringify({ id, revision, size, sha256, downloadUrl: downloadPath })}\n`,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      etag: `"${sha256}"`,
      ...(operation.position !== null && { 'x-position': String(operation.position) }),
    },
  };
}

/** Why a file was not written. @param maskError what a client may see of an error. */
export function refusalOf(error: unknown, maskError: (error: unknown) => Error): Answer {
  if (error instanceof PreconditionFailed) return plain(412, error.message);
  if (error instanceof TooManyBytes) return plain(413, error.message);
  if (error instanceof TooManyUploads) return plain(429, error.message);
  if (error instanceof InvalidInput || error instanceof OtherBytes)
    return plain(400, error.message);
  if (error instanceof Problem || error instanceof UploadMoved) return plain(409, error.message);
  if (error instanceof Forbidden) return plain(403, error.message);
  return failure(error, maskError);
}

/** Refuses a client that writes too often. @param retryAfter after how many seconds it may again. */
export function tooOften(retryAfter: number): Answer {
  const message =
    'One client may write only so often a minute (mutationsPerMinuteMax). ' +
    `Try again in ${retryAfter} seconds.`;
  return { ...plain(429, message), headers: { 'retry-after': String(retryAfter) } };
}
