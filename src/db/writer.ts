/**
 * The one writer of this process. Mutations that arrive together share one commit, and so one
 * fsync (group commit): each runs in a savepoint of its own, so that a failing one fails alone,
 * and all are acknowledged after the commit.
 */
import { sql } from 'kysely';
import type { Position, Transaction, TransactionId, Version } from '../entities/index.ts';
import type { Clock } from './clock.ts';
import { chainStart } from './digest.ts';
import { limits } from './limits.ts';
import type { LogFile } from './log-file.ts';
import { type LogEnd, LogTransaction, type TransactionAbout } from './log-transaction.ts';
import { Unavailable } from './problems.ts';
import { whenFree } from './when-free.ts';

/** What a mutation's code does with its transaction. It must await nothing but the transaction. */
export type Work<T> = (transaction: LogTransaction) => Promise<T>;

export interface Committed<T> {
  /** What the work returned. */
  readonly value: T;
  /** Null when the work appended nothing. */
  readonly transaction: Transaction | null;
  /** The end of the transaction; the log's end when it appended nothing. */
  readonly position: Position;
}

interface Queued {
  readonly work: Work<unknown>;
  readonly about: TransactionAbout;
  readonly resolve: (committed: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** Called after each commit with the versions it made durable, in order. */
export type OnCommit = (versions: readonly Version[], end: LogEnd) => void;

export class Writer {
  readonly #log: LogFile;
  readonly #clock: Clock;
  readonly #onCommit: OnCommit;
  readonly #queue: Queued[] = [];
  #draining: Promise<void> | null = null;
  #closed = false;

  constructor(log: LogFile, clock: Clock, onCommit: OnCommit) {
    this.#log = log;
    this.#clock = clock;
    this.#onCommit = onCommit;
  }

  /**
   * Runs the work in a transaction of its own.
   * @returns after the commit is on disk.
   * @throws what the work throws; then nothing of it was written.
   * @throws Unavailable when too many wait, another process holds the log, or the store closes.
   */
  submit<T>(work: Work<T>, about: TransactionAbout): Promise<Committed<T>> {
    if (this.#closed) return Promise.reject(new Unavailable('The store is closing.'));
    if (this.#queue.length >= limits.writeQueueMutationsMax) {
      const message = `${limits.writeQueueMutationsMax} mutations wait already. Try again.`;
      return Promise.reject(new Unavailable(message));
    }
    return new Promise<Committed<T>>((resolve, reject) => {
      this.#queue.push({ work, about, resolve: resolve as Queued['resolve'], reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Refuses new work and waits for what is queued. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // Let every mutation that came in with this turn of the event loop join the commit.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      await this.#commit(this.#queue.splice(0, limits.groupCommitMutationsMax));
      await new Promise(setImmediate);
    }
    this.#draining = null;
  }

  async #commit(group: Queued[]): Promise<void> {
    const settle: (() => void)[] = [];
    const versions: Version[] = [];
    try {
      let end = await this.#begin();
      const before = end;
      for (const queued of group) {
        end = await this.#run(queued, end, versions, settle);
      }
      await sql`commit`.execute(this.#log.kysely);
      if (end !== before) this.#onCommit(versions, end);
    } catch (error) {
      if (this.#log.inTransaction) await sql`rollback`.execute(this.#log.kysely);
      for (const queued of group) queued.reject(error);
      return;
    }
    for (const acknowledge of settle) acknowledge();
  }

  async #begin(): Promise<LogEnd> {
    await whenFree(() => sql`begin immediate`.execute(this.#log.kysely));
    return await readLogEnd(this.#log);
  }

  /** Runs one mutation in its savepoint; returns the log's end after it. */
  async #run(
    queued: Queued,
    end: LogEnd,
    versions: Version[],
    settle: (() => void)[],
  ): Promise<LogEnd> {
    const db = this.#log.kysely;
    await sql`savepoint mutation`.execute(db);
    let transaction: LogTransaction | null = null;
    try {
      transaction = new LogTransaction(this.#log, end, this.#clock(), queued.about);
      const value = await queued.work(transaction);
      const finished = await transaction.finish();
      await sql`release mutation`.execute(db);
      versions.push(...transaction.versions);
      const position = finished?.end.position ?? end.position;
      const committed = { value, transaction: finished?.transaction ?? null, position };
      settle.push(() => queued.resolve(committed));
      return finished?.end ?? end;
    } catch (error) {
      // What the work still had under way must not reach the next mutation's savepoint.
      await transaction?.abandon();
      // A full disk ends the whole transaction, savepoints included: then all of the group failed.
      if (!this.#log.inTransaction) throw error;
      await sql`rollback to mutation`.execute(db);
      await sql`release mutation`.execute(db);
      settle.push(() => queued.reject(error));
      return end;
    }
  }
}

/** The end of the log as the connection sees it. */
async function readLogEnd(log: LogFile): Promise<LogEnd> {
  const last = await log.kysely
    .selectFrom('transactions')
    .select(['id', 'committed_at', 'last_position', 'digest'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    position: (last?.last_position ?? 0) as Position,
    transactionId: (last?.id ?? 0) as TransactionId,
    committedAt: last?.committed_at ?? 0,
    digest: last?.digest ?? chainStart,
  };
}
