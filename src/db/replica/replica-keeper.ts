/**
 * Keeps a replica at hand. A replica is disposable: one whose file or database fails is given up,
 * another is built from the log, and whoever reads meanwhile waits for it, for a bounded time. A
 * file is made anew first; when that fails, too, the replica lies in memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Entity, type Position, positionZero, type Version } from '../../entities/index.ts';
import type { LogReader } from '../log/log-reader.ts';
import { limits } from '../shared/limits.ts';
import { CannotOpen, HistoryDamaged, storeClosing, Unavailable } from '../shared/problems.ts';
import type { ReplicaState, StateChange } from '../shared/store-health.ts';
import { isAboutDatabase } from './duckdb-errors.ts';
import type { Replica } from './replica.ts';
import { ReplicaBroken } from './replica-broken.ts';
import { ReplicaMaker, type ReplicaMakerOptions } from './replica-maker.ts';

export interface ReplicaKeeperOptions extends ReplicaMakerOptions {
  /** Where replica files lie; null keeps the replica in memory. */
  readonly directory: string | null;
  /** Told of failures that no caller waits for and that do not cost the replica. */
  readonly onFault: (error: unknown) => void;
  readonly onStateChange: (change: StateChange) => void;
}

export class ReplicaKeeper {
  readonly #options: ReplicaKeeperOptions;
  readonly #maker: ReplicaMaker;
  readonly #closing = new AbortController();
  readonly #looking: NodeJS.Timeout;
  #replica: Replica | null = null;
  #state: ReplicaState = 'building';
  #renewing: Promise<void> | null = null;
  /** How many replicas were given up. */
  #renewals = 0;
  #pauseMs = 0;
  /** What is still to be done for replicas that were given up. */
  #discarding: Promise<void> = Promise.resolve();
  /** When the replica came into service. */
  #begunAt = 0;
  /** When a file was last made in the place of one that was given up. */
  #fileMadeAt = Number.NEGATIVE_INFINITY;
  /** Why there is no file. */
  #fileError: unknown = null;

  private constructor(log: LogReader, entities: readonly Entity[], options: ReplicaKeeperOptions) {
    this.#options = options;
    const onFault = (replica: Replica, error: unknown) => {
      if (isItsFault(error) && !this.#closing.signal.aborted) this.#giveUp(replica, error);
      // What the log's storage does was told already.
      else if (!(error instanceof Unavailable)) options.onFault(error);
    };
    this.#maker = new ReplicaMaker(log, entities, options, onFault, this.#closing.signal);
    this.#looking = setInterval(() => this.#lookForFile(), limits.fileLookMs).unref();
  }

  /**
   * Opens the replica and brings it to the log's end.
   * @throws CannotOpen or Unavailable when the log cannot be read, or too many processes use it.
   */
  static async open(
    log: LogReader,
    entities: readonly Entity[],
    options: ReplicaKeeperOptions,
  ): Promise<ReplicaKeeper> {
    const keeper = new ReplicaKeeper(log, entities, options);
    try {
      keeper.#serve(await keeper.#first());
      return keeper;
    } catch (error) {
      clearInterval(keeper.#looking);
      if (error instanceof ReplicaBroken) throw new CannotOpen(error.message, { cause: error });
      throw error;
    }
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** The last position applied; 0 while there is no replica. */
  get watermark(): Position {
    return this.#replica?.watermark ?? positionZero;
  }

  /** Where the replica's file lies; null while there is none. */
  get path(): string | null {
    return this.#replica?.file.path ?? null;
  }

  /** Takes versions that this process has just committed, so that they need not be read back. */
  offer(versions: readonly Version[], end: Position): void {
    this.#replica?.offer(versions, end);
  }

  /**
   * Reads a replica: another one when the first is given up meanwhile.
   * @throws what the query throws for reasons of its own.
   * @throws Unavailable when there is no replica within limits.replicaWaitMs, or it closes.
   */
  async read<T>(query: (replica: Replica) => Promise<T>): Promise<T> {
    const deadline = performance.now() + limits.replicaWaitMs;
    for (;;) {
      const replica = this.#replica ?? (await this.#nextReplica(deadline));
      try {
        return await query(replica);
      } catch (error) {
        if (isItsFault(error)) this.#giveUp(replica, error);
        if (this.#closing.signal.aborted || replica === this.#replica) throw error;
        if (performance.now() >= deadline) throw notNow(error);
      }
    }
  }

  /**
   * Has another replica built from the log, of which something was erased. The one that there is answers
   * until that one does, and goes then.
   * @returns once the other one answers, or cannot be built for now.
   */
  async renew(): Promise<void> {
    // One that is being built may have read what was there before.
    await this.#renewing;
    const replica = this.#replica;
    if (!replica || this.#closing.signal.aborted) return;
    await this.#renewingBy(this.#replace(replica));
  }

  async #replace(old: Replica): Promise<void> {
    this.#fileMadeAt = Number.NEGATIVE_INFINITY;
    let next: Replica;
    try {
      next = await this.#next();
    } catch (error) {
      // It must not go on answering what is not there any more.
      this.#giveUp(old, error);
      return;
    }
    if (this.#replica !== old || this.#closing.signal.aborted) {
      await this.#discard(next);
      return;
    }
    this.#serve(next);
    await this.#discard(old);
  }

  /** Gives up a replica whose file was deleted or moved away. */
  #lookForFile(): void {
    const replica = this.#replica;
    if (!replica || replica.file.isInPlace()) return;
    this.#giveUp(replica, new Error('The replica’s file was deleted or moved away.'));
  }

  /** Finishes what is under way, leaves a file that reopens at once, and releases it. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#looking);
    await this.#renewing;
    await this.#discarding;
    await this.#replica?.close();
  }

  async #nextReplica(deadline: number): Promise<Replica> {
    const built = new AbortController();
    const { signal } = built;
    const timeMaxMs = Math.max(0, deadline - performance.now());
    await Promise.race([this.#renewing, sleep(timeMaxMs, undefined, { signal }).catch(() => {})]);
    built.abort();
    if (this.#closing.signal.aborted) throw storeClosing();
    if (!this.#replica) throw notNow(null);
    return this.#replica;
  }

  /** Parts with a replica, and sees to the next one. */
  #giveUp(replica: Replica, error: unknown): void {
    if (replica !== this.#replica || this.#closing.signal.aborted) return;
    this.#replica = null;
    // What fails again and again must not keep the process busy with building.
    const relapse = this.#renewals > 0 && performance.now() - this.#begunAt < limits.relapseMs;
    this.#pauseMs = relapse ? longer(this.#pauseMs) : 0;
    this.#renewals += 1;
    if (!replica.file.inMemory) this.#fileError = error;
    this.#change('building', 'The replica failed, and is built anew from the log.', error);
    void this.#renewingBy(this.#renew(replica));
  }

  #renewingBy(work: Promise<void>): Promise<void> {
    const renewing = work.finally(() => {
      if (this.#renewing === renewing) this.#renewing = null;
    });
    this.#renewing = renewing;
    return renewing;
  }

  async #renew(broken: Replica): Promise<void> {
    // A query that goes on and on holds the old file; the new one then gets another number.
    this.#discarding = this.#discard(broken);
    await Promise.race([this.#discarding, sleep(limits.replicaRetireMs)]);
    const { signal } = this.#closing;
    for (;;) {
      await sleep(this.#pauseMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      try {
        this.#serve(await this.#next());
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#pauseMs = longer(this.#pauseMs);
        const message = 'The replica cannot be built. It is tried again, less and less often.';
        if (this.#state !== 'failed') this.#change('failed', message, error);
      }
    }
  }

  async #discard(broken: Replica): Promise<void> {
    try {
      await broken.retire();
      await this.#maker.remove(broken.file);
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  /** The replica to begin with. What is wrong with the log is no reason to make do with memory. */
  async #first(): Promise<Replica> {
    const { directory, limits } = this.#options;
    if (directory !== null) {
      try {
        return await this.#maker.onDisk(directory, limits.catchUpBatchRows);
      } catch (error) {
        if (isLogsFault(error)) throw error;
        this.#fileError = error;
      }
    }
    return await this.#maker.inMemory(limits.catchUpBatchRows);
  }

  /** Another replica: on disk, unless a file was made anew lately and did not last. */
  async #next(): Promise<Replica> {
    const { directory } = this.#options;
    // Requests are served meanwhile: they get their turns while the log is read.
    const rows = Math.min(this.#options.limits.catchUpBatchRows, limits.rebuildBatchRows);
    const sinceFileMs = performance.now() - this.#fileMadeAt;
    if (directory !== null && sinceFileMs >= limits.replicaFileTrialMs) {
      this.#fileMadeAt = performance.now();
      try {
        return await this.#maker.onDisk(directory, rows);
      } catch (error) {
        this.#fileError = error;
      }
    }
    return await this.#maker.inMemory(rows);
  }

  #serve(replica: Replica): void {
    this.#begunAt = performance.now();
    this.#replica = replica;
    if (replica.file.inMemory && this.#options.directory !== null) {
      const message =
        'The replica’s file cannot be used, so that it lies in memory until the next start.';
      this.#change('memory', message, this.#fileError);
    } else if (this.#state !== 'ok' && this.#renewals > 0)
      this.#change('ok', 'The replica is built, and answers again.', null);
    else this.#state = 'ok';
  }

  #change(state: ReplicaState, message: string, error: unknown): void {
    this.#state = state;
    this.#options.onStateChange({ part: 'replica', state, message, error });
  }
}

function isItsFault(error: unknown): boolean {
  return error instanceof ReplicaBroken || isAboutDatabase(error);
}

/** Whether memory would not help either. */
function isLogsFault(error: unknown): boolean {
  const faults = [CannotOpen, Unavailable, HistoryDamaged];
  return faults.some((fault) => error instanceof fault);
}

function notNow(cause: unknown): Unavailable {
  const message = 'What answers reads is being built anew from the log. Try again in a moment.';
  return new Unavailable(message, { cause });
}

function longer(pauseMs: number): number {
  return Math.min(Math.max(limits.retryMinMs, pauseMs * 2), limits.retryMaxMs);
}
