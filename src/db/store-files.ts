/** What a store is made of, and how it is opened: all of it, or nothing. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Entity } from '../entities/index.ts';
import { BrokenAccessRule } from './criteria/access-rule.ts';
import { refuseBrokenRule } from './criteria/sight.ts';
import { LogReader } from './log/log-reader.ts';
import { explainOpening, LogFile } from './log/sqlite/log-file.ts';
import { holdLog, tryWriting } from './log/sqlite/log-lock.ts';
import { LogWatch } from './log/sqlite/log-watch.ts';
import { hiddenKinds } from './log/sqlite/logged-kinds.ts';
import { migrate, schemaVersion } from './log/sqlite/migrations.ts';
import { SqliteInTurns } from './log/sqlite/sqlite-in-turns.ts';
import { ReplicaKeeper } from './replica/replica-keeper.ts';
import type { ReplicaLimits } from './replica/replica-limits.ts';
import { type Clock, systemClock } from './shared/clock.ts';
import { makeDirectory } from './shared/directory.ts';
import { limits } from './shared/limits.ts';
import { CannotOpen } from './shared/problems.ts';
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
  /** Limits of the replica other than its usual ones. */
  readonly replicaLimits?: Partial<ReplicaLimits>;
  readonly clock?: Clock;
  /** Longest time that the work of one transaction may take; for large imports, say. */
  readonly transactionTimeMaxMs?: number;
  /** Told of every DuckDB query. */
  readonly onReplicaQuery?: (sql: string) => void;
  /** Told of failures in the background; the store goes on. */
  readonly onFault?: (error: unknown) => void;
  /** Told when the log or the replica fails, and when it works again: once for each change. */
  readonly onStateChange?: (change: StateChange) => void;
}

export interface StoreFiles {
  readonly directory: string;
  /** The log, as the one writer writes it. */
  readonly writing: LogFile;
  /** The log, as all else reads it. */
  readonly reading: LogFile;
  readonly log: LogReader;
  readonly logId: string;
  /** Kinds of records that the log holds and the store was not opened with. */
  readonly hiddenKinds: readonly string[];
  readonly watch: LogWatch;
  readonly replica: ReplicaKeeper;
  readonly clock: Clock;
  readonly transactionTimeMaxMs: number | undefined;
  readonly onFault: (error: unknown) => void;
  readonly keptAnswersBytesMax: number;
}

/**
 * Opens the data directory, brings its log to the current format and its replica to its end.
 * @throws CannotOpen with one line that says what is wrong and what to do; nothing is changed.
 */
export async function openStoreFiles(
  options: StoreOptions<readonly Entity[]>,
): Promise<StoreFiles> {
  const { directory, entities, clock = systemClock, onFault = reportFault } = options;
  const { onStateChange = reportStateChange } = options;
  refuseClashes(entities);
  refuseBrokenRules(entities);
  const path = join(directory, 'everstate.db');
  if (options.logId !== undefined && !existsSync(path)) throw otherLog(path);
  makeDirectory(directory, 'data directory', 'Name another with --data.');
  const watch = new LogWatch(path, onStateChange);
  const onStorageError = watch.failed.bind(watch);
  const writing = LogFile.open(path, schemaVersion, onStorageError);
  let reading: LogFile | null = null;
  try {
    await migrate(writing, entities);
    reading = LogFile.open(path, schemaVersion, onStorageError, SqliteInTurns);
    const log = new LogReader(reading, entities);
    const logId = await log.id();
    if ((options.logId ?? logId) !== logId) throw otherLog(path);
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
      onStateChange,
    });
    watch.start(() => tryWriting(path));
    const hidden = await hiddenKinds(reading, entities);
    const { transactionTimeMaxMs, keptAnswersBytesMax = limits.keptAnswersBytesMax } = options;
    const limited = { clock, transactionTimeMaxMs, onFault, keptAnswersBytesMax };
    const opened = { directory, writing, reading, log, logId, hiddenKinds: hidden };
    return { ...opened, watch, replica, ...limited };
  } catch (error) {
    await reading?.close();
    await writing.close();
    throw explainOpening(error, path);
  }
}

function otherLog(path: string): CannotOpen {
  return new CannotOpen(`${path} is not the log that was there. Put it back, or start anew.`);
}

function refuseClashes(entities: readonly Entity[]): void {
  for (const part of ['name', 'singular', 'plural', 'table'] as const) {
    const names = entities.map((entity) => entity[part].toLowerCase());
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) throw new CannotOpen(`Two entities have the same ${part} "${twice}". Rename one.`);
  }
  const areFiles = entities.filter(({ files }) => files.some(({ isRecord }) => isRecord));
  if (areFiles.length > 1) {
    const names = areFiles.map(({ name }) => name).join(' and ');
    throw new CannotOpen(
      `Records of ${names} are files (isRecord), and a file has one address. Let one of them be so.`,
    );
  }
  if (entities.length === 0) throw new CannotOpen('A store needs at least one entity.');
}

function refuseBrokenRules(entities: readonly Entity[]): void {
  try {
    for (const entity of entities) refuseBrokenRule(entity);
  } catch (error) {
    if (error instanceof BrokenAccessRule) throw new CannotOpen(error.message, { cause: error });
    throw error;
  }
}

function reportFault(error: unknown): void {
  console.error(error);
}

function reportStateChange({ message, error }: StateChange): void {
  console.error(message, error ?? '');
}
