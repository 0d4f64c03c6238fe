/** What a transaction says of itself: its number, its time, who made it and why. */
import type { Microseconds, Transaction, TransactionId } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { InvalidInput } from '../shared/problems.ts';
import { findTextIssue } from '../shared/values.ts';
import { newSalt, transactionDigest } from './digest.ts';
import type { LogEnd } from './log-end.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { given } from './sqlite/statement.ts';
import type { LogTables } from './tables.ts';
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
    const issues = Object.entries(this.#about).flatMap(([name, text]) => {
      const issue = text === null ? null : findTextIssue(name, text, limits.reasonLengthMax);
      return issue ?? [];
    });
    if (issues.length > 0) throw new InvalidInput(issues);
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
    insertInto(log, {
      id,
      committed_at: committedAt,
      first_position: firstPosition,
      last_position: lastPosition,
      ...this.#about,
      salt: this.#salt,
      contents_digest: this.aboutDigest,
      digest,
    });
    return {
      transaction: { id, committedAt, firstPosition, lastPosition, ...this.#about },
      end: { position: lastPosition, transactionId: id, committedAt, digest },
    };
  }
}

function insertInto(log: LogFile, row: LogTables['transactions']): void {
  const statement = log.statement(log, 'insert transaction', () => {
    const places = Object.keys(row).map((column) => [column, given(column)]);
    const values = Object.fromEntries(places) as LogTables['transactions'];
    return log.kysely.insertInto('transactions').values(values).compile();
  });
  statement.run({ ...row });
}
