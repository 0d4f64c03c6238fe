/**
 * The log of a data directory without a replica: for what takes all of it out, or much of it in. A
 * server may have the same log open; its replica learns of what is written here as of any other
 * process's commits.
 */
import { existsSync } from 'node:fs';
import type {
  Entity,
  Microseconds,
  Position,
  Transaction,
  TransactionId,
  Version,
} from '../entities/index.ts';
import { eraseForReceipt, finishErasures } from './erasing.ts';
import { writeBytes } from './log/contents/contents.ts';
import { findContents } from './log/contents/contents-rows.ts';
import { keepUpload, type Uploaded, type WithinCommit } from './log/contents/upload-rows.ts';
import { Uploads } from './log/contents/uploads.ts';
import type { Verified } from './log/defect.ts';
import { type RecordName, recordsOfOwner } from './log/erase.ts';
import { HistoryWriter, type PastTransaction } from './log/history-writer.ts';
import { LogReader, type LogTotals } from './log/log-reader.ts';
import { attemptsOn } from './log/mend.ts';
import type { LogFile } from './log/sqlite/log-file.ts';
import { TransactionSteps } from './log/sqlite/transaction-steps.ts';
import type { TransactionAbout } from './log/transaction-head.ts';
import { UploadStorer } from './log/upload-storer.ts';
import { verifyLog } from './log/verify/verify.ts';
import { type Committed, type Work, Writer } from './log/writer.ts';
import { type LogFiles, type LogFilesOptions, logPathIn, openLogFiles } from './log-files.ts';
import type { Receipt } from './receipt.ts';
import { type Clock, systemClock } from './shared/clock.ts';
import { limits } from './shared/limits.ts';
import { CannotOpen, HistoryRefused, LogMoved } from './shared/problems.ts';

export interface LogAccessOptions extends LogFilesOptions {
  readonly clock?: Clock;
  /** Refuse to create a log where there is none. */
  readonly mustExist?: boolean;
}

/** Contents that history names: bytes, or an upload of them. */
export type PastContents = Uint8Array | Uploaded;

export class LogAccess {
  readonly entities: readonly Entity[];
  readonly logId: string;
  /** Names of kinds that have records in the log, and that it was not opened with. */
  readonly hiddenKinds: readonly string[];
  readonly #files: LogFiles;
  readonly #writer: Writer;
  readonly #steps: TransactionSteps;
  readonly #uploads: Uploads;
  /** Runs work on what the log keeps beside versions. */
  readonly #beside: WithinCommit = async (work) =>
    (await this.transact((log) => log.beside(work))).value;

  private constructor(files: LogFiles, entities: readonly Entity[], clock: Clock) {
    this.entities = entities;
    this.logId = files.logId;
    this.hiddenKinds = files.hiddenKinds;
    this.#files = files;
    const { writing, watch, checkpoints } = files;
    writing.keepPages(limits.transferPagesBytes);
    const reader = new LogReader(writing, entities);
    this.#writer = new Writer(writing, reader, watch, clock, () => {}, { checkpoints });
    this.#steps = new TransactionSteps(writing, checkpoints);
    this.#uploads = new Uploads(
      files.reading.kysely,
      new UploadStorer(files),
      this.#beside,
      clock,
      () => {},
    );
    watch.start(attemptsOn(writing, files.path, () => this.#writer.acknowledged));
  }

  /**
   * Opens the log, or creates it.
   * @throws CannotOpen with one line that says what is wrong and what to do.
   */
  static async open(options: LogAccessOptions): Promise<LogAccess> {
    const { directory, entities, clock = systemClock, mustExist } = options;
    if (mustExist && !hasLog(directory)) {
      throw noLog(directory);
    }
    return await openLogFiles(options, async (files) => new LogAccess(files, entities, clock));
  }

  // ---- reading ---------------------------------------------------------------------------------

  totals(): Promise<LogTotals> {
    return this.#files.log.totals();
  }

  /** The last position committed at or before a moment; 0 before the first commit. */
  positionAtTime(time: Microseconds): Promise<Position> {
    return this.#files.log.positionAtTime(time);
  }

  /** The last position of the transaction that has a position; null when none has. */
  transactionEnd(position: Position): Promise<Position | null> {
    return this.#files.log.transactionEnd(position);
  }

  /** The transactions after one, in order: limits.transferRows at most. */
  transactionsAfter(id: TransactionId): Promise<Transaction[]> {
    return this.#files.log.transactionsAfter(id);
  }

  /** The entity's versions after a position, up to another: the first limits.transferRows, in order. */
  nextVersions<E extends Entity>(entity: E, after: Position, end: Position): Version<E>[] {
    return this.#files.log.nextVersions(entity, after, end);
  }

  /** Those of the versions after `after`, up to `last`, that were in force at a position, and live. */
  liveVersions<E extends Entity>(
    entity: E,
    after: Position,
    last: Position,
    at: Position,
  ): Version<E>[] {
    return this.#files.log.liveVersions(entity, after, last, at);
  }

  /** The bytes stored under a SHA-256, a chunk at a time. @throws ContentsDamaged. */
  contents(sha256: string): AsyncGenerator<Uint8Array, void> {
    return this.#files.log.contents(sha256);
  }

  /** The size of the contents under a SHA-256, in bytes; null when there are none. */
  async contentsSize(sha256: string): Promise<number | null> {
    return (await findContents(this.#files.reading.kysely, sha256))?.size ?? null;
  }

  /** Proves that the history is as it was written. */
  verify(): Promise<Verified> {
    return verifyLog(this.#files.reading, this.#files.log, this.entities);
  }

  // ---- writing: one thing at a time --------------------------------------------------------------

  /** Runs changes in one transaction, as Store.transact does. */
  transact<T>(work: Work<T>, about: TransactionAbout = {}): Promise<Committed<T>> {
    return this.#writer.submit(work, about);
  }

  /** Runs changes as `transact` does, and takes them back. */
  tryOut<T>(work: Work<T>): Promise<Committed<T>> {
    return this.#writer.submit(work, { dryRun: true });
  }

  /** Uploads bytes as they come, for a transaction to keep; where they end too early nothing is left. */
  receiveUpload(bytes: AsyncIterable<Uint8Array>): Promise<Uploaded> {
    return this.#uploads.receive(bytes);
  }

  /** Removes an upload, unless a transaction kept it. @param upload its id. */
  discardUpload(upload: string): Promise<void> {
    return this.#uploads.discard(upload);
  }

  /** The records of a kind that were ever somebody's. */
  recordsOfOwner(entity: Entity, owner: string): Promise<RecordName[]> {
    return recordsOfOwner(this.#files.reading.kysely, entity, owner);
  }

  /**
   * Erases records, as Store.erase does, but for files: finishErasures sees to them.
   * @returns the receipt; null when all of it had been erased before.
   * @throws NotFound for an id that was never used, StorageFull where there is no room to write the log’s
   *   file anew; then nothing was done.
   */
  async erase(records: readonly RecordName[], about: TransactionAbout): Promise<Receipt | null> {
    const log = {
      files: this.#files,
      entities: this.entities,
      tree: this.#files.log.tree(),
      transact: <T>(work: Work<T>, terms?: TransactionAbout) => this.transact(work, terms),
    };
    return await eraseForReceipt(log, records, about);
  }

  /**
   * Has the files hold nothing that was erased, but for what other processes have open.
   * @throws Unavailable when others use the log all the time.
   */
  finishErasures(): Promise<void> {
    return finishErasures(this.#files, this.#beside);
  }

  /**
   * Appends transactions as they were, in one commit.
   * @param after where the log ends, as far as the caller knows.
   * @param contents those that the versions name and the log does not have.
   * @returns where it ends now.
   * @throws LogMoved when it ends elsewhere; HistoryRefused. Then nothing was written.
   */
  async appendHistory(
    after: Position,
    transactions: readonly PastTransaction[],
    contents: readonly PastContents[] = [],
  ): Promise<Position> {
    const { writing, watch } = this.#files;
    watch.refuseWhenGone('This was not done.');
    watch.refuseWhenUnsynced();
    await this.#steps.begin();
    try {
      const history = new HistoryWriter(writing);
      const { position } = history.end;
      if (position !== after) {
        throw new LogMoved(
          `Somebody else wrote into the log: it ended at position ${after}, and ends at ${position} ` +
            'now. What was imported is a beginning of the history, and nothing can follow it any more.',
        );
      }
      for (const each of contents) await keepContents(writing, each);
      for (const transaction of transactions) history.append(transaction);
      history.flush();
      this.#steps.commit();
      return history.end.position;
    } catch (error) {
      if (writing.inTransaction) this.#steps.rollBack();
      throw error;
    }
  }

  /** Finishes queued writes and releases the files. */
  async close(): Promise<void> {
    const { watch, checkpoints, reading, writing } = this.#files;
    const uploadsEnded = this.#uploads.close();
    await this.#writer.close();
    await uploadsEnded;
    await watch.stop();
    await checkpoints.close();
    try {
      writing.checkpoint();
    } finally {
      await reading.close();
      await writing.close();
    }
  }
}

async function keepContents({ kysely }: LogFile, contents: PastContents): Promise<void> {
  if (contents instanceof Uint8Array) {
    await writeBytes(kysely, contents, async () => {});
  } else if (!(await keepUpload(kysely, contents, async () => {}))) {
    throw new HistoryRefused(`The upload of ${contents.sha256} was given up. Import again.`);
  }
}

/** What is said of a directory that has none. */
export function noLog(directory: string): CannotOpen {
  return new CannotOpen(`There is no log in ${directory}. Name a data directory with --data.`);
}

/** Whether a directory has a log. */
export function hasLog(directory: string): boolean {
  return existsSync(logPathIn(directory));
}

/** Opens the log of a data directory, without a replica. @throws CannotOpen. */
export function openLog(options: LogAccessOptions): Promise<LogAccess> {
  return LogAccess.open(options);
}
