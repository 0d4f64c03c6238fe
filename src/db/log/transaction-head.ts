/** What a transaction says of itself: its number, its time, who made it and why. */
import type { Microseconds, Transaction, TransactionId } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { InvalidInput } from '../shared/problems.ts';
import { findTextIssue } from '../shared/values.ts';
import { newSalt, transactionDigest } from './digest.ts';
import type { LogEnd } from './log-end.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { insertTransactions } from './sqlite/transaction-insertion.ts';
import type { ChainedTransaction, VersionChain } from './version-chain.ts';

/** Who writes and why; kept on the transaction. */
export interface TransactionAbout {
  readonly actor?: string | null;
  readonly reason?: string | null;
}

export class TransactionHead implements ChainedTransaction {
  readonly id: TransactionId;
  readonly committedAt: Microseconds;
  readonly aboutDigest: Uint8Array;
  readonly #about: { readonly actor: string | null; readonly reason: string | null };
  readonly #salt = newSalt();

  /** @throws InvalidInput when actor or reason cannot be kept. */
  constructor(end: LogEnd, now: Microseconds, { actor = null, reason = null }: TransactionAbout) {
    this.id = (end.transactionId + 1) as TransactionId;
    this.committedAt = Math.max(now, end.committedAt + 1);
    this.#about = { actor, reason };
    if (actor !== null || reason !== null) refuseAbout(this.#about);
    this.aboutDigest = transactionDigest(this.#salt, this.#about);
  }

  /** Writes the transaction's own row; null when it has no versions, and so is none. */
  write(
    log: LogFile,
    { versions, digest }: VersionChain,
  ): { transaction: Transaction; end: LogEnd } | null {
    const first = versions[0];
    const last = versions.at(-1);
    if (!first || !last) return null;
    const { id, committedAt } = this;
    const firstPosition = first.position;
    const lastPosition = last.position;
    const transaction = { id, committedAt, firstPosition, lastPosition, ...this.#about };
    const link = { salt: this.#salt, contents_digest: this.aboutDigest, digest };
    insertTransactions(log, [{ transaction, link }]);
    return {
      transaction,
      end: { position: lastPosition, transactionId: id, committedAt, digest },
    };
  }
}

/** @throws InvalidInput when actor or reason cannot be kept. */
function refuseAbout(about: TransactionAbout): void {
  const issues = Object.entries(about).flatMap(([name, text]) => {
    const issue = text === null ? null : findTextIssue(name, text, limits.reasonLengthMax);
    return issue ?? [];
  });
  if (issues.length > 0) throw new InvalidInput(issues);
}
