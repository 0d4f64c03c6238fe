/** Running a write. A problem is an answer: it is returned, not thrown. */
import {
  type ConflictPolicy,
  type LogTransaction,
  Problem,
  type Updated,
  type WriteTerms,
} from '../db/index.ts';
import type { Position, Transaction } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import { requestDigest } from './request-digest.ts';

/** What a client may say about any write. */
export interface WriteOptions {
  readonly reason?: string | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly dryRun?: boolean | null | undefined;
  readonly onConflict?: ConflictPolicy | null | undefined;
}

/** A mutation by name, and the arguments that it was given. */
export interface WriteRequest {
  readonly mutation: string;
  readonly args: object & { readonly options?: WriteOptions | null | undefined };
}

/** What a write that went through came to. */
export interface WriteResult {
  /** What each change came to, in order. */
  readonly results: readonly Updated[];
  /** Where the records answer. */
  readonly at: Position;
  /** Whether any of them was changed. */
  readonly changed: boolean;
  /** Null when nothing had to be written, and in a dry run. */
  readonly transaction: Transaction | null;
}

/**
 * A write that was refused. GraphQL takes any Error that a resolver returns for a failure, so the
 * problem travels in a wrapping.
 */
export interface Refused<P extends Problem = Problem> {
  readonly problem: P;
}

export function isRefused(result: object): result is Refused {
  return 'problem' in result;
}

/** Runs the work in one transaction; its records answer at the transaction's end. */
export async function write(
  operation: Operation,
  request: WriteRequest,
  work: (log: LogTransaction, onConflict: ConflictPolicy) => Promise<readonly Updated[]>,
): Promise<WriteResult | Refused> {
  const onConflict = request.args.options?.onConflict ?? 'FAIL';
  operation.view.records.showTentative(null);
  try {
    const written = await operation.view.write((log) => work(log, onConflict), termsOf(request));
    const { results, transaction, position: at, tentative } = written;
    operation.reached(at);
    operation.view.records.showTentative(tentative);
    return { results, at, changed: results.some(({ changed }) => changed), transaction };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // What stood in the way lies at or before the head: a client that reads there sees it.
    operation.reached(await operation.view.head());
    return { problem: error };
  }
}

/**
 * The key itself is not what it stands for; nor is `dryRun`, so that a write can be tried before it
 * is made under the same key.
 */
function termsOf({ mutation, args }: WriteRequest): WriteTerms {
  const { idempotencyKey, dryRun, ...options } = args.options ?? {};
  const once = idempotencyKey != null && {
    key: idempotencyKey,
    requestDigest: requestDigest(mutation, { ...args, options }),
  };
  return {
    reason: options.reason ?? null,
    dryRun: dryRun ?? false,
    once: once || null,
  };
}
