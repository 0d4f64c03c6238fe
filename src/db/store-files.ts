/** What a store is made of, and how it is opened: all of it, or nothing. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Entity } from '../entities/index.ts';
import { holdLog } from './log/sqlite/log-lock.ts';
import { type LogFiles, openLogFiles, reportFault, reportStateChange } from './log-files.ts';
import { ReplicaKeeper } from './replica/replica-keeper.ts';
import type { ReplicaLimits } from './replica/replica-limits.ts';
import { type Clock, systemClock } from './shared/clock.ts';
import { limits } from './shared/limits.ts';
import type { GroupCommit } from './shared/measures.ts';
import type { StateChange } from './shared/store-health.ts';

export interface StoreOptions<Entities extends readonly Entity[]> {
  /** The directory of log and replica; created when it is missing. */
  readonly directory: string;
  /** Which log is there already; without it, any is taken, and one is created where there is none. */
  readonly logId?: string | undefined;
  /** The kinds of records that the store holds. */
  readonly entities: Entities;
  /** Keep the replica in memory, and build it anew at each start. */
  readonly replicaInMemory?: boolean;
  /** Memory that DuckDB may use, in megabytes. */
  readonly replicaMemoryMaxMb?: number;
  /** Threads that DuckDB may use; all cores but the event loop's without it. */
  readonly replicaThreads?: number;
  /** Memory for answers that are kept, in bytes, as it is estimated; with 0 none is. */
  readonly keptAnswersBytesMax?: number;
  /** How long an idempotency key counts at least, in days; 0 for ever. */
  readonly idempotencyKeyDays?: number;
  /** Limits of the replica other than its usual ones. */
  readonly replicaLimits?: Partial<ReplicaLimits>;
  readonly clock?: Clock;
  /** Longest time that the work of one transaction may take; for large imports, say. */
  readonly transactionTimeMaxMs?: number;
  /** Told of every DuckDB query. */
  readonly onReplicaQuery?: (sql: string) => void;
  /** Told of every commit of the log by this process, once it is on disk. */
  readonly onGroupCommit?: (commit: GroupCommit) => void;
  /** Told of failures in the background; the store goes on. */
  readonly onFault?: (error: unknown) => void;
  /** Told when the log or the replica fails, and when it works again: once for each change. */
  readonly onStateChange?: (change: StateChange) => void;
}

export interface StoreFiles extends LogFiles {
  readonly directory: string;
  /** The last erasure before the replica was built. */
  readonly lastErasure: number;
  readonly replica: ReplicaKeeper;
  readonly clock: Clock;
  readonly transactionTimeMaxMs: number | undefined;
  readonly onFault: (error: unknown) => void;
  readonly onGroupCommit: ((commit: GroupCommit) => void) | undefined;
  readonly keptAnswersBytesMax: number;
  readonly idempotencyKeyDays: number;
}

/**
 * Opens the data directory, brings its log to the current format and its replica to its end.
 * @throws CannotOpen with one line that says what is wrong and what to do; nothing is changed.
 */
export async function openStoreFiles(
  options: StoreOptions<readonly Entity[]>,
): Promise<StoreFiles> {
  const { directory, entities, clock = systemClock, onFault = reportFault } = options;
  return await openLogFiles(options, async (files) => {
    const { path, watch, log } = files;
    // Before the replica reads anything that may be erased meanwhile.
    const lastErasure = await log.lastErasure();
    const replica = await ReplicaKeeper.open(log, entities, {
      directory: options.replicaInMemory ? null : join(directory, 'replica'),
      resources: {
        memoryMaxMb: options.replicaMemoryMaxMb ?? limits.replicaMemoryMaxMb,
        // The event loop needs a core of its own: sharing it costs more than one scan more would gain.
        threads: options.replicaThreads ?? Math.max(1, availableParallelism() - 1),
      },
      limits: { ...limits, ...options.replicaLimits },
      alone: (work) => {
        watch.refuseWhenGone('No file can be made beside it.');
        return holdLog(path, work);
      },
      onQuery: options.onReplicaQuery ?? (() => {}),
      onFault,
      onStateChange: options.onStateChange ?? reportStateChange,
    });
    const { transactionTimeMaxMs, keptAnswersBytesMax = limits.keptAnswersBytesMax } = options;
    return {
      ...files,
      directory,
      lastErasure,
      replica,
      clock,
      transactionTimeMaxMs,
      onFault,
      onGroupCommit: options.onGroupCommit,
      keptAnswersBytesMax,
      idempotencyKeyDays: options.idempotencyKeyDays ?? limits.idempotencyKeyDays,
    };
  });
}
