import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CreateValues,
  Entity,
  Microseconds,
  PatchValues,
  Position,
  Version,
} from '../entities/index.ts';
import { Answers } from './answers/answers.ts';
import type { ReadChanges } from './answers/recent-changes.ts';
import { Erasing, eraseForReceipt, finishErasures } from './erasing.ts';
import type { FollowOptions, Span } from './feed/follower.ts';
import { Followers } from './feed/followers.ts';
import { SharedSpans } from './feed/shared-spans.ts';
import type { ResumableState, ResumableTerms } from './log/contents/resumable-rows.ts';
import type { ResumableUpload } from './log/contents/resumable-upload.ts';
import type { Upload } from './log/contents/upload.ts';
import type { Uploaded, WithinCommit } from './log/contents/upload-rows.ts';
import { Uploads } from './log/contents/uploads.ts';
import type { Verified } from './log/defect.ts';
import { type RecordName, readErasedAt } from './log/erase.ts';
import { ExpiredKeys } from './log/expired-keys.ts';
import { Histories } from './log/histories.ts';
import { IdempotencyKeys } from './log/idempotency.ts';
import type { InclusionProof } from './log/inclusion-proof.ts';
import { LogReader, type LogTotals } from './log/log-reader.ts';
import type { Updated } from './log/log-transaction.ts';
import type { LogHead, LogTree } from './log/log-tree.ts';
import { attemptsOn } from './log/mend.ts';
import { proveVersion } from './log/prove.ts';
import type { EarlierState } from './log/restore.ts';
import type { PatchCondition } from './log/stale-write.ts';
import type { TransactionAbout } from './log/transaction-head.ts';
import { TransactionList } from './log/transaction-list.ts';
import { UploadStorer } from './log/upload-storer.ts';
import { verifyLog } from './log/verify/verify.ts';
import type { VersionChange } from './log/version-change.ts';
import { type WriteTerms, type Written, writeOnTerms } from './log/write-terms.ts';
import { type Committed, type OnCommit, type Work, Writer } from './log/writer.ts';
import type { Receipt } from './receipt.ts';
import { limits } from './shared/limits.ts';
import type { StoreMeasures } from './shared/measures.ts';
import { BadRequest, Unavailable } from './shared/problems.ts';
import type { StoreHealth } from './shared/store-health.ts';
import { openStoreFiles, type StoreFiles, type StoreOptions } from './store-files.ts';
import { StoreHead } from './store-head.ts';
import { measureStore } from './store-measures.ts';
import { StoreReads } from './store-reads.ts';
import { Tables } from './tables/tables.ts';

/** What a write through a shorthand of the store may say. */
export interface WriteOptions extends TransactionAbout, PatchCondition {}

export class Store extends StoreReads {
  readonly entities: readonly Entity[];
  /** Which log this is: no other has the same id, whatever its positions. */
  readonly logId: string;
  /** Names of kinds that have records in the log, and that the store was not opened with. */
  readonly hiddenKinds: readonly string[];
  /** What is asked of files and records as tables. */
  readonly tables: Tables;
  readonly #files: StoreFiles;
  readonly #head: StoreHead;
  readonly #answers: Answers;
  readonly #writer: Writer;
  readonly #keys: IdempotencyKeys;
  readonly #expiredKeys: ExpiredKeys;
  readonly #uploads: Uploads;
  readonly #followers: Followers;
  readonly #tree: LogTree;
  readonly #erasing: Erasing;
  #closed: Promise<void> | null = null;

  private constructor(entities: readonly Entity[], files: StoreFiles) {
    const { writing, watch, clock, replica, log } = files;
    const head = new StoreHead(writing, log, replica.watermark, () => this.#followers.wake());
    const spans = new SharedSpans(log);
    const readChanges: ReadChanges = async (after) => spans.read(after, entities, true);
    const refuseWhenClosing = () => head.refuseWhenClosing();
    const histories = new Histories(files.reading, entities, refuseWhenClosing);
    const { keptAnswersBytesMax } = files;
    const answers = new Answers(entities, replica, histories, readChanges, keptAnswersBytesMax);
    const transactions = new TransactionList(files.reading, refuseWhenClosing);
    super({ files, head, answers, transactions }, null);
    this.entities = entities;
    this.logId = files.logId;
    this.hiddenKinds = files.hiddenKinds;
    this.tables = new Tables(join(files.directory, 'tables'), files.onFault);
    this.#files = files;
    this.#head = head;
    this.#tree = log.tree();
    this.#answers = answers;
    this.#followers = new Followers(
      spans,
      () => head.known,
      () => this.#lookForForeignCommits(),
    );
    const reader = new LogReader(writing, entities);
    this.#keys = new IdempotencyKeys(writing, reader, entities);
    const onCommit: OnCommit = (committed, end) => {
      replica.offer(
        committed.map(({ version }) => version),
        end.position,
      );
      answers.add(committed, end.position);
      spans.offer(committed, end.position);
      head.advance(end.position);
    };
    this.#writer = new Writer(writing, reader, watch, clock, onCommit, {
      timeMaxMs: files.transactionTimeMaxMs,
      onGroupCommit: files.onGroupCommit,
      checkpoints: files.checkpoints,
    });
    watch.start(attemptsOn(writing, files.path, () => this.#writer.acknowledged));
    this.#uploads = new Uploads(
      files.reading.kysely,
      new UploadStorer(files),
      this.#beside,
      clock,
      files.onFault,
    );
    const { idempotencyKeyDays, reading, onFault } = files;
    this.#expiredKeys = new ExpiredKeys(
      reading.kysely,
      this.#beside,
      clock,
      idempotencyKeyDays,
      onFault,
    );
    const { tables } = this;
    const held = { log, answers, spans, replica, tables, onFault };
    this.#erasing = new Erasing(held, files.lastErasure);
    this.#finishErasures().catch((error) => {
      // Closed since: the next start sees to them.
      if (!this.#closed) onFault(error);
    });
  }

  /** Runs work on what the log keeps beside versions. */
  readonly #beside: WithinCommit = async (work) =>
    (await this.transact((log) => log.beside(work))).value;

  /**
   * Opens the data directory, brings its log to the current format and its replica to its end.
   * @throws CannotOpen with one line that says what is wrong and what to do; nothing is changed.
   */
  static async open(options: StoreOptions<readonly Entity[]>): Promise<Store> {
    return new Store(options.entities, await openStoreFiles(options));
  }

  // ---- writing ---------------------------------------------------------------------------------

  /**
   * Runs changes of any number of records in one transaction: all or none.
   * @param work awaits nothing but the transaction it is given.
   * @returns what the work returned, after the commit is on disk.
   * @throws a Problem, or whatever the work throws; then nothing of it was written.
   * @throws TransactionTimeout when the work takes longer than limits.transactionTimeMaxMs.
   */
  transact<T>(work: Work<T>, about: TransactionAbout = {}): Promise<Committed<T>> {
    return this.#writer.submit(work, about);
  }

  /**
   * Runs changes as `transact` does, on terms: done once per key, or only tried.
   * @throws what the work throws, and IdempotencyMismatch for a key that had other input.
   */
  write(work: Work<readonly Updated[]>, terms: WriteTerms = {}): Promise<Written> {
    return writeOnTerms(this.#writer, this.#keys, work, terms);
  }

  /** Creates a record. @throws AlreadyExists, InvalidInput. */
  async append<E extends Entity>(
    entity: E,
    input: CreateValues<E> & { readonly id?: string | null | undefined },
    about: TransactionAbout = {},
  ): Promise<Version<E>> {
    return (await this.transact((log) => log.create(entity, input), about)).value;
  }

  /** Changes a record. @throws NotFound, RevisionConflict, InvalidInput, AlreadyExists. */
  async update<E extends Entity>(
    entity: E,
    id: string,
    patch: PatchValues<E>,
    options: WriteOptions = {},
  ): Promise<Updated<E>> {
    return (await this.transact((log) => log.update(entity, id, patch, options), options)).value;
  }

  /** Deletes a record; its history stays. @throws NotFound, RevisionConflict. */
  async delete<E extends Entity>(
    entity: E,
    id: string,
    options: WriteOptions = {},
  ): Promise<Version<E>> {
    return (await this.transact((log) => log.delete(entity, id, options), options)).value;
  }

  /**
   * Brings back an earlier state of a record, or a deleted record.
   * @throws NotFound, InvalidInput, AlreadyExists.
   */
  async restore<E extends Entity>(
    entity: E,
    id: string,
    state: EarlierState = {},
    about: TransactionAbout = {},
  ): Promise<Updated<E>> {
    return (await this.transact((log) => log.restore(entity, id, state), about)).value;
  }

  /**
   * Erases records for good: what they hold and held, files included. A live one is deleted first, so that
   * whoever follows it hears that it is gone. That they were there stays in the log, and stays proven.
   * @param records limits.erasedRecordsMax at most.
   * @param about the deletion.
   * @returns the receipt, once the files of this process hold none of it; null when all of it had been
   *   erased before.
   * @throws NotFound for an id that was never used, StorageFull where there is no room to write the log’s
   *   file anew; then nothing was done.
   * @throws Unavailable when the files could not be written anew: that is done at the next start.
   */
  async erase(
    records: readonly RecordName[],
    about: TransactionAbout = {},
  ): Promise<Receipt | null> {
    const receipt = await eraseForReceipt(
      {
        files: this.#files,
        entities: this.entities,
        tree: this.#tree,
        transact: (work, terms) => this.transact(work, terms),
      },
      records,
      about,
    );
    if (!receipt) return null;
    await this.#erasing.forget();
    await this.#finishErasures();
    return receipt;
  }

  /** Has somebody told, perhaps more than once, when something was erased. @returns what ends it. */
  onErased(listener: () => void): () => void {
    return this.#erasing.onErased(listener);
  }

  /** When a version was erased; null where it was not. */
  erasedAt({ position }: Version): Microseconds | null {
    return readErasedAt(this.#files.reading, position);
  }

  /**
   * Begins an upload: bytes that come piece by piece, and that LogTransaction.keepUpload keeps.
   * @throws what a write throws.
   */
  beginUpload(): Upload {
    return this.#uploads.begin();
  }

  /**
   * Begins an upload that may come in several requests, to any process, and survives restarts.
   * @returns its id.
   * @throws TooManyUploads when its viewer has too many under way, and what a write throws.
   */
  beginResumable(terms: ResumableTerms): Promise<string> {
    return this.#uploads.beginResumable(terms);
  }

  /**
   * @param viewer whose it must be; null where nobody is asked who they are.
   * @returns an upload that was begun so; null when there is none, or it is somebody else's.
   */
  async findResumable(id: string, viewer: string | null): Promise<ResumableState | null> {
    this.#head.refuseWhenClosing();
    return await this.#uploads.findResumable(id, viewer);
  }

  /** Goes on with an upload where it is. LogTransaction.keepResumable keeps it when it has ended. */
  resume(state: ResumableState): ResumableUpload {
    return this.#uploads.resume(state);
  }

  /**
   * Uploads bytes as they come, for LogTransaction.keepUpload to keep.
   * @throws what the bytes throw, and what a write throws; then nothing of them is left.
   */
  receiveUpload(bytes: AsyncIterable<Uint8Array>): Promise<Uploaded> {
    return this.#uploads.receive(bytes);
  }

  /** Removes an upload, unless a transaction kept it. @param upload its id. */
  discardUpload(upload: string): Promise<void> {
    return this.#uploads.discard(upload);
  }

  /** Removes uploads that nobody came back to; this happens by itself every hour. */
  collectUploads(): Promise<void> {
    return this.#uploads.collect();
  }

  /**
   * Removes idempotency keys that have expired; this happens by itself every hour.
   * @returns how many there were.
   */
  collectKeys(): Promise<number> {
    return this.#expiredKeys.collect();
  }

  // ---- watching --------------------------------------------------------------------------------

  /**
   * Follows the log: yields every version after a position exactly once and in order, those of
   * other processes included, until the signal aborts or the store closes.
   * @param options only some kinds of records; all of them without.
   */
  follow(
    options: Partial<FollowOptions> & { readonly entities?: readonly Entity[] | undefined } = {},
  ): AsyncGenerator<Version, void, undefined> {
    return this.#followers.versions(options.entities ?? this.entities, options);
  }

  /**
   * Follows some kinds of records as `follow` does: per stretch of the log their changes, none perhaps,
   * each with the version that it superseded.
   */
  followChanges<E extends Entity>(
    entities: readonly E[],
    options: Partial<FollowOptions> = {},
  ): AsyncIterableIterator<Span<VersionChange<E>>, void, undefined> {
    return this.#followers.changes(entities, options);
  }

  /** How many followers there are: begun and not ended. */
  get followers(): number {
    return this.#followers.count;
  }

  /** How many followers wait for the next commit. */
  get waitingFollowers(): number {
    return this.#followers.waiting;
  }

  /** Ends every follower; one that begins later ends at once. */
  endFollowing(): void {
    this.#followers.end();
  }

  // ---- the store itself --------------------------------------------------------------------------

  /** Counts of the log, and how far the replica has applied it. */
  async totals(): Promise<LogTotals & { readonly replicaPosition: Position }> {
    return { ...(await this.#files.log.totals()), replicaPosition: this.#files.replica.watermark };
  }

  /** How log and replica are now. Writing needs the one, most reading needs both. */
  health(): StoreHealth {
    return { log: this.#files.watch.state, replica: this.#files.replica.state };
  }

  /** How much there is of what, and how far it is. */
  measure(): Promise<StoreMeasures> {
    return measureStore({
      files: this.#files,
      head: this.#head,
      answers: this.#answers,
      followers: this.#followers,
      tables: this.tables,
    });
  }

  /**
   * Has the replica apply all that was committed before, as a read has.
   * @returns whether it was done in time: then a read that began now would wait no longer.
   * @throws Unavailable when the log cannot be read, or the store closes.
   */
  async keepsUp(timeMaxMs: number = limits.readyLagMaxMs): Promise<boolean> {
    const head = await this.head();
    const { replica } = this.#files;
    // Why it fails is the keeper's to tell; whoever asks sees by its state that it did.
    const reached = replica
      .read((open) => open.reach(head))
      .then(
        () => true,
        () => false,
      );
    const waiting = new AbortController();
    const { signal } = waiting;
    const late = sleep(timeMaxMs, false, { signal, ref: false }).catch(() => false);
    return await Promise.race([reached, late]).finally(() => waiting.abort());
  }

  /**
   * One digest for all that was written up to a position: whoever notes it elsewhere can tell later
   * whether anything up to there was altered. The first one reads the digests of all versions.
   * @throws BadRequest for a position after the head.
   */
  async headAt(position: Position): Promise<LogHead> {
    await this.#head.refuseFuture(position);
    return await this.#tree.head(position);
  }

  /**
   * Proof that a version is in the log, for whoever has the head at a position.
   * @param at not before the version.
   * @throws BadRequest for a position before the version, or after the head.
   */
  async prove(version: Version, at: Position): Promise<InclusionProof> {
    const { position } = version;
    if (at < position) {
      throw new BadRequest('at', `must not be before the version, at ${position}, but was ${at}.`);
    }
    await this.#head.refuseFuture(at);
    return await proveVersion(this.#files.reading, this.#tree, version, at);
  }

  /**
   * Proves that the history is as it was written: versions, contents of files, and what the log
   * keeps beside them. It reads everything; other work goes on meanwhile.
   * @returns the first thing that is wrong, with its position where it has one.
   */
  verify(): Promise<Verified> {
    return verifyLog(this.#files.reading, this.#files.log, this.entities);
  }

  /** Ends followers, finishes queued writes and releases the files, in that order. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { replica, watch, checkpoints, reading, writing } = this.#files;
    this.#head.close();
    this.#erasing.close();
    this.endFollowing();
    const uploadsEnded = this.#uploads.close();
    this.#expiredKeys.close();
    this.tables.close();
    await this.#writer.close();
    await uploadsEnded;
    await replica.close();
    await watch.stop();
    await checkpoints.close();
    this.#checkpoint();
    await reading.close();
    await writing.close();
  }

  #finishErasures(): Promise<void> {
    return finishErasures(this.#files, this.#beside);
  }

  /** What the write-ahead log holds is safe there, too; it is taken in when there is room again. */
  #checkpoint(): void {
    try {
      this.#files.writing.checkpoint();
    } catch (error) {
      this.#files.onFault(error);
    }
  }

  #lookForForeignCommits(): void {
    this.head().catch((error) => {
      // Closed since: nobody follows any more. Or the log’s storage failed, which was told already.
      if (!this.#closed && !(error instanceof Unavailable)) this.#files.onFault(error);
    });
  }
}

/**
 * Opens a store of the given entities.
 * @throws CannotOpen with one line that says what is wrong and what to do; nothing is changed.
 */
export function openStore<const Entities extends readonly Entity[]>(
  options: StoreOptions<Entities>,
): Promise<Store> {
  return Store.open(options);
}
