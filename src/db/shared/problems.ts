/**
 * What a caller can act on. A problem fails one mutation, alone and whole; the API returns it as
 * data. Everything else that is thrown is a fault.
 */
import type { Revision, Version } from '../../entities/index.ts';
import { limits } from './limits.ts';

export interface InputIssue {
  /** Where in the input: `["labels", "3"]`. */
  readonly path: readonly string[];
  readonly message: string;
}

export abstract class Problem extends Error {
  /** Names the problem for programs; one per class. */
  abstract readonly code: string;
}

/** There is no live record under that id or key. */
export class NotFound extends Problem {
  readonly code = 'NOT_FOUND';
  readonly id: string | null;
  constructor(message: string, id: string | null) {
    super(message);
    this.id = id;
  }
}

/** The id was used before, or the unique key belongs to a live record. */
export class AlreadyExists extends Problem {
  readonly code = 'ALREADY_EXISTS';
  readonly id: string | null;
  constructor(message: string, id: string | null) {
    super(message);
    this.id = id;
  }
}

/** The record was changed since the revision that the caller expected. */
export class RevisionConflict extends Problem {
  readonly code = 'REVISION_CONFLICT';
  readonly expected: number;
  readonly actual: Revision;
  /** Fields that the revisions after `expected` changed. */
  readonly changedFields: readonly string[];
  constructor(message: string, expected: number, actual: Revision, changed: readonly string[]) {
    super(message);
    this.expected = expected;
    this.actual = actual;
    this.changedFields = changed;
  }
}

/** The input breaks a rule; every broken rule is an issue. */
export class InvalidInput extends Problem {
  readonly code = 'INVALID_INPUT';
  readonly issues: readonly InputIssue[];
  constructor(issues: readonly InputIssue[]) {
    super(issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join(' '));
    this.issues = issues;
  }
}

/** Something that was changed again since, and so stands in the way of undoing a transaction. */
export interface Obstacle {
  /** The record as it is now. */
  readonly version: Version;
  /** The fields that would have been put back. */
  readonly fields: readonly string[];
  readonly message: string;
}

/** What a transaction changed was changed again since, so that it cannot be undone as a whole. */
export class RevertConflict extends Problem {
  readonly code = 'REVERT_CONFLICT';
  readonly conflicts: readonly Obstacle[];
  constructor(message: string, conflicts: readonly Obstacle[]) {
    super(message);
    this.conflicts = conflicts;
  }
}

/** The idempotency key was used before, with other input. */
export class IdempotencyMismatch extends Problem {
  readonly code = 'IDEMPOTENCY_MISMATCH';
}

/** The problem of one input of several. @param place where it stands among them: `["3"]`. */
export function problemAt(problem: Problem, place: readonly string[]): Problem {
  if (problem instanceof InvalidInput) {
    return new InvalidInput(
      problem.issues.map(({ path, message }) => ({ path: [...place, ...path], message })),
    );
  }
  problem.message = `Input ${place.join('.')}: ${problem.message}`;
  return problem;
}

/** What may be seen, but not written by whoever asks. What may not be seen is NotFound. */
export class Forbidden extends Error {
  readonly code = 'FORBIDDEN';
}

/** Reading was asked for something that cannot be: a moment in the future, a page too large. */
export class BadRequest extends Error {
  readonly code = 'BAD_USER_INPUT';
  /** The argument that is wrong. */
  readonly argument: string;
  constructor(argument: string, message: string) {
    super(`${argument}: ${message}`);
    this.argument = argument;
  }
}

/** The server cannot take the work now; the same request may succeed later. */
export class Unavailable extends Error {
  readonly code: 'UNAVAILABLE' | 'STORAGE_FULL' | 'STORAGE_FAILED' = 'UNAVAILABLE';
}

/** What whoever still waits for something of a store is told once it closes. */
export function storeClosing(): Unavailable {
  return new Unavailable('The store is closing.');
}

/** The disk of the log is full. Nothing was written; it can be tried again when there is room. */
export class StorageFull extends Unavailable {
  override readonly code = 'STORAGE_FULL';
}

/** The log cannot be written or read, or its path leads elsewhere. Nothing was written. */
export class StorageFailed extends Unavailable {
  override readonly code = 'STORAGE_FAILED';
}

/** Something else came to an upload that comes in several requests, or it was ended meanwhile. */
export class UploadMoved extends Error {
  override readonly name = 'UploadMoved';
  constructor(expected: number, actual: number | null) {
    const now = actual === null ? 'is there no more' : `has ${actual} bytes`;
    super(
      `The upload ${now}, not the ${expected} that it had. Ask for its offset and go on there.`,
    );
  }
}

/** A viewer has as many uploads under way as they may. */
export class TooManyUploads extends Error {
  override readonly name = 'TooManyUploads';
  constructor() {
    super(
      `One may have ${limits.uploadsPerViewerMax} uploads under way (uploadsPerViewerMax), and has. ` +
        'Go on with one of them, or end it.',
    );
  }
}

/** A transaction took so long that it was given up and taken back: all others wait for it. */
export class TransactionTimeout extends Error {
  readonly code = 'TRANSACTION_TIMEOUT';
}

/**
 * The bytes stored under a SHA-256 do not have it any more, or are gone: the disk or another
 * program has changed them. Nobody may take them for what was stored.
 */
export class ContentsDamaged extends Error {
  readonly code = 'CONTENTS_DAMAGED';
  readonly sha256: string;
  /** Nothing at all is stored under the SHA-256. */
  readonly missing: boolean;
  constructor(sha256: string, missing: boolean) {
    const what = missing ? 'are missing' : 'are damaged: they do not have it any more';
    super(
      `The contents stored under the SHA-256 ${sha256} ${what}. Restore the log from a backup.`,
    );
    this.sha256 = sha256;
    this.missing = missing;
  }
}

/**
 * A version, a transaction or an idempotency key is not as it was written: the disk or another program has changed it.
 * Nobody may take it for what was written.
 */
export class HistoryDamaged extends Error {
  readonly code = 'HISTORY_DAMAGED';
  /** Where it is. */
  readonly position: number;
  /** @param what is damaged there. */
  constructor(position: number, what: 'version' | 'transaction' | 'idempotency key' = 'version') {
    super(
      `The ${what} at position ${position} is not as it was written. Restore the log from a backup.`,
    );
    this.position = position;
  }
}

/** A file that should be a table is none that can be read. */
export class BadTable extends Error {
  readonly code = 'TABLE_UNREADABLE';
}

/** A table, or what is asked of it, takes more than it may. */
export class TableLimitExceeded extends Error {
  readonly code = 'TABLE_LIMIT_EXCEEDED';
  /** The name of the limit. */
  readonly limit: string;
  readonly max: number;
  constructor(limit: string, max: number, message: string) {
    super(`${message} (${limit} is ${max})`);
    this.limit = limit;
    this.max = max;
  }
}

/** The data directory cannot be used; the message says why and what to do. */
export class CannotOpen extends Error {
  readonly code = 'CANNOT_OPEN';
}

/** The file of the log is there, and SQLite cannot make sense of it any more. */
export class LogDamaged extends CannotOpen {}

/** What can only be done by whoever has the log alone. */
export class LogInUse extends Error {
  readonly code = 'LOG_IN_USE';
  constructor(path: string) {
    super(
      `${path} is open in another process, such as a server, and this needs it alone. Stop that, and ` +
        'run this again.',
    );
  }
}

/** History from elsewhere that cannot be: what it says contradicts itself, or a rule of the log. */
export class HistoryRefused extends Error {
  readonly code = 'BAD_HISTORY';
}

/** Another process wrote into the log, which nothing but an import may do while history comes in. */
export class LogMoved extends Error {
  readonly code = 'LOG_MOVED';
}

/** The log can be read, and lacks versions that it should have. */
export class VersionsMissing extends Error {
  readonly code = 'LOG_DAMAGED';
}

/** A file of a backup is missing, or not as it was written. */
export class BackupDamaged extends Error {
  readonly code = 'BACKUP_DAMAGED';
}
