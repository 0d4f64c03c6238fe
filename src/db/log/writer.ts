/**
 * The one writer of this process. Mutations that arrive together share one commit, and so one
 * fsync (group commit): each runs in a savepoint of its own, so that a failing one fails alone,
 * and all are acknowledged after the commit.
 */
import type { Position, Transaction, Version } from '../../entities/index.ts';
import { Sight } from '../criteria/sight.ts';
import type { Clock } from '../shared/clock.ts';
import { limits } from '../shared/limits.ts';
import type { GroupCommit } from '../shared/measures.ts';
import { storeClosing, Unavailable } from '../shared/problems.ts';
import { type LogEnd, readLogEnd } from './log-end.ts';
import type { LogReader } from './log-reader.ts';
import { LogTransaction } from './log-transaction.ts';
import { Pace } from './pace.ts';
import type { Checkpoints } from './sqlite/checkpoints.ts';
import type { LogFile } from './sqlite/log-file.ts';
import type { LogWatch } from './sqlite/log-watch.ts';
import { TransactionSteps } from './sqlite/transaction-steps.ts';
import type { TransactionAbout } from './transaction-head.ts';
import { TransactionTime } from './transaction-time.ts';
import type { VersionChange } from './version-change.ts';

/** What a mutation's code does with its transaction. It must await nothing but the transaction. */
export type Work<T> = (transaction: LogTransaction) => Promise<T>;

export interface Committed<T> {
  /** What the work returned. */
  readonly value: T;
  /** Null when the work appended nothing. */
  readonly transaction: Transaction | null;
  /** The end of the transaction; the log's end when it appended nothing. */
  readonly position: Position;
  /** What a dry run would have written; null when it was none, or would have written nothing. */
  readonly tentative: Tentative | null;
}

/** A transaction that a dry run made and took back. */
export interface Tentative {
  readonly transaction: Transaction;
  readonly versions: readonly Version[];
}

/** What is said of a mutation. */
export interface SubmitTerms extends TransactionAbout {
  /** Do everything, answer, and take it back. */
  readonly dryRun?: boolean | undefined;
  /** Of whoever writes; everything without it. */
  readonly sight?: Sight | undefined;
}

/** Of the store's own, and of everybody where nobody is asked who they are. */
const everything = new Sight(null, []);

interface Queued {
  readonly work: Work<unknown>;
  readonly terms: SubmitTerms;
  readonly resolve: (committed: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** Called after each commit with what it made durable, in order. */
export type OnCommit = (changes: readonly VersionChange[], end: LogEnd) => void;

export interface WriterOptions {
  /** How long the work of one mutation may take. */
  readonly timeMaxMs?: number | undefined;
  /** Told of every commit, once it is on disk. */
  readonly onGroupCommit?: ((commit: GroupCommit) => void) | undefined;
  readonly checkpoints?: Checkpoints;
}

export class Writer {
  readonly #log: LogFile;
  readonly #reader: LogReader;
  readonly #watch: LogWatch;
  readonly #clock: Clock;
  readonly #onCommit: OnCommit;
  readonly #onGroupCommit: (commit: GroupCommit) => void;
  readonly #steps: TransactionSteps;
  readonly #time: TransactionTime;
  readonly #pace = new Pace();
  readonly #queue: Queued[] = [];
  #draining: Promise<void> | null = null;
  #closed = false;
  #acknowledged: LogEnd | null = null;

  /** @param reader reads the log through the connection that writes it. */
  constructor(
    log: LogFile,
    reader: LogReader,
    watch: LogWatch,
    clock: Clock,
    onCommit: OnCommit,
    {
      timeMaxMs = limits.transactionTimeMaxMs,
      onGroupCommit = () => {},
      checkpoints,
    }: WriterOptions = {},
  ) {
    this.#log = log;
    this.#steps = new TransactionSteps(log, checkpoints);
    this.#time = new TransactionTime(timeMaxMs);
    this.#reader = reader;
    this.#watch = watch;
    this.#clock = clock;
    this.#onCommit = onCommit;
    this.#onGroupCommit = onGroupCommit;
  }

  /**
   * Runs the work in a transaction of its own.
   * @returns after the commit is on disk.
   * @throws what the work throws; then nothing of it was written.
   * @throws TransactionTimeout when the work takes too long; then nothing of it was written, and
   *   what it still does with its transaction is refused.
   * @throws Unavailable when too many wait, another process holds the log, or the store closes.
   * @throws StorageFull or StorageFailed when the log cannot be written.
   */
  submit<T>(work: Work<T>, terms: SubmitTerms): Promise<Committed<T>> {
    if (this.#closed) return Promise.reject(storeClosing());
    if (this.#queue.length >= limits.writeQueueMutationsMax) {
      const message = `${limits.writeQueueMutationsMax} mutations wait already. Try again.`;
      return Promise.reject(new Unavailable(message));
    }
    return new Promise<Committed<T>>((resolve, reject) => {
      this.#queue.push({ work, terms, resolve: resolve as Queued['resolve'], reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Where the log ended with what was committed last; null before anything was. */
  get acknowledged(): LogEnd | null {
    return this.#acknowledged;
  }

  /** Refuses new work and waits for what is queued. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // Let every mutation that came in with this turn of the event loop join the commit.
    await this.#pace.pause();
    while (this.#queue.length > 0) {
      await this.#commit();
      await this.#pause();
    }
    this.#time.end();
    this.#draining = null;
  }

  /**
   * Lets others go on. A read takes a few turns of the event loop: were there a commit in each of
   * them, it would take as many commits. Those who write lose nothing: more of them join the next.
   */
  async #pause(): Promise<void> {
    for (let turn = 0; turn < limits.turnsPerCommit; turn += 1) await this.#pace.pause();
  }

  async #commit(): Promise<void> {
    let group: Queued[] = [];
    const take = () => this.#queue.splice(0, limits.groupCommitMutationsMax);
    const settle: (() => void)[] = [];
    const changes: VersionChange[] = [];
    try {
      this.#watch.refuseWhenGone('This was not done.');
      this.#watch.refuseWhenUnsynced();
      await this.#steps.begin();
      let end = readLogEnd(this.#log);
      const before = end;
      // Not before: while another process held the log, more came in.
      group = take();
      for (const queued of group) {
        this.#steps.mark(group.length === 1);
        end = await this.#run(queued, end, changes, settle);
      }
      // It may have failed by now, for one of the group or for another connection.
      this.#watch.refuseWhenUnsynced();
      const syncBegan = performance.now();
      this.#steps.commit();
      const syncMs = performance.now() - syncBegan;
      this.#acknowledged = end;
      if (end !== before) this.#onCommit(changes, end);
      this.#onGroupCommit({ mutations: group.length, versions: changes.length, syncMs });
      // Nobody may take for kept what lies in a file that was deleted meanwhile.
      this.#watch.refuseWhenGone('Whether this is kept is not known.');
    } catch (error) {
      this.#rollBack();
      if (group.length === 0) group = take();
      for (const queued of group) queued.reject(error);
      return;
    }
    for (const acknowledge of settle) acknowledge();
  }

  /** Takes a failed group back. What fails here, too, the next group tries again before it begins. */
  #rollBack(): void {
    if (!this.#log.inTransaction) return;
    try {
      this.#steps.rollBack();
    } catch {
      // The group failed already, with what is to be told of it.
    }
  }

  /** Runs one mutation, which was marked; returns the log's end after it. */
  async #run(
    queued: Queued,
    end: LogEnd,
    changes: VersionChange[],
    settle: (() => void)[],
  ): Promise<LogEnd> {
    let transaction: LogTransaction | null = null;
    try {
      const { work, terms } = queued;
      const now = this.#clock();
      const { sight = everything } = terms;
      transaction = new LogTransaction(this.#log, this.#reader, end, now, terms, sight, this.#pace);
      const value = await this.#time.limit(work(transaction));
      const finished = await transaction.finish();
      const made = finished && { ...finished, versions: transaction.versions };
      const kept = terms.dryRun ? null : made;
      if (terms.dryRun) this.#steps.takeBack();
      else this.#steps.keep();
      if (kept) changes.push(...transaction.changes);
      const committed = {
        value,
        transaction: kept?.transaction ?? null,
        position: kept?.end.position ?? end.position,
        tentative: kept ? null : made,
      };
      settle.push(() => queued.resolve(committed));
      return kept?.end ?? end;
    } catch (error) {
      // What the work still had under way must not reach the next mutation's savepoint.
      await transaction?.abandon();
      // A full disk ends the whole transaction, savepoints included: then all of the group failed.
      if (!this.#log.inTransaction) throw error;
      this.#steps.takeBack();
      settle.push(() => queued.reject(error));
      return end;
    }
  }
}
