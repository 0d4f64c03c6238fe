/**
 * The store: the log, its replica and its feed as one. It is the whole of what the layers above
 * know of how versions are kept; none of its answers tells which database gave them.
 */
import { setImmediate } from 'node:timers/promises';
import type {
  CreateValues,
  Entity,
  Microseconds,
  PatchValues,
  Position,
  Transaction,
  TransactionId,
  Version,
} from '../entities/index.ts';
import type { FollowOptions, Span } from './follower.ts';
import { Followers } from './followers.ts';
import { type GroupQuery, queryGroups } from './group-query.ts';
import type { Group } from './grouping.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { type LastSet, queryLastSet, type RevisionKey } from './last-set-query.ts';
import { limits } from './limits.ts';
import type { LogFile } from './log-file.ts';
import { LogReader, type LogTotals } from './log-reader.ts';
import type { Updated } from './log-transaction.ts';
import type { LogWatch } from './log-watch.ts';
import { readRevision } from './logged-records.ts';
import { type OverTimeQuery, queryOverTime, type TimePoint } from './over-time-query.ts';
import { type Page, type PageQuery, queryCount, queryPage } from './page-query.ts';
import { BadRequest, Unavailable } from './problems.ts';
import { queryRecords, queryRevisions, type RecordKey, type RevisionsKey } from './record-query.ts';
import type { ReplicaKeeper } from './replica-keeper.ts';
import type { EarlierState } from './restore.ts';
import type { VersionChange } from './shared-spans.ts';
import { type SnapshotQuery, Snapshots } from './snapshots.ts';
import type { PatchCondition } from './stale-write.ts';
import { openStoreFiles, type StoreFiles, type StoreOptions } from './store-files.ts';
import type { StoreHealth } from './store-health.ts';
import type { TransactionAbout } from './transaction-head.ts';
import {
  type TransactionFilter,
  TransactionList,
  type TransactionPage,
  type TransactionQuery,
} from './transaction-list.ts';
import { type Verified, verifyLog } from './verify.ts';
import { type WriteTerms, type Written, writeOnTerms } from './write-terms.ts';
import { type Committed, type OnCommit, type Work, Writer } from './writer.ts';

/** What a write through a shorthand of the store may say. */
export interface WriteOptions extends TransactionAbout, PatchCondition {}

export class Store {
  readonly entities: readonly Entity[];
  /** Which log this is: no other has the same id, whatever its positions. */
  readonly logId: string;
  /** Names of kinds that have records in the log, and that the store was not opened with. */
  readonly hiddenKinds: readonly string[];
  readonly #writing: LogFile;
  readonly #reading: LogFile;
  readonly #log: LogReader;
  readonly #transactions: TransactionList;
  readonly #writer: Writer;
  readonly #keys: IdempotencyKeys;
  readonly #replica: ReplicaKeeper;
  readonly #watch: LogWatch;
  readonly #followers: Followers;
  readonly #snapshots = new Snapshots((entity, query) => this.list(entity, query));
  readonly #onFault: (error: unknown) => void;
  #head: Position;
  #seenDataVersion: number;
  #looking: Promise<Position> | null = null;
  #closed: Promise<void> | null = null;

  private constructor(entities: readonly Entity[], files: StoreFiles) {
    this.entities = entities;
    this.logId = files.logId;
    this.hiddenKinds = files.hiddenKinds;
    this.#onFault = files.onFault;
    this.#writing = files.writing;
    this.#reading = files.reading;
    this.#log = files.log;
    this.#transactions = new TransactionList(files.reading, () => this.#refuseWhenClosing());
    this.#replica = files.replica;
    this.#watch = files.watch;
    this.#head = files.replica.watermark;
    this.#seenDataVersion = -1;
    this.#followers = new Followers(
      files.log,
      () => this.#head,
      () => this.#lookForForeignCommits(),
    );
    const { writing, watch, clock } = files;
    const reader = new LogReader(writing, entities);
    this.#keys = new IdempotencyKeys(writing, reader, entities);
    const onCommit: OnCommit = (versions, end) => {
      this.#replica.offer(versions, end.position);
      this.#advance(end.position);
    };
    this.#writer = new Writer(writing, reader, watch, clock, onCommit, files.transactionTimeMaxMs);
  }

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

  // ---- reading ---------------------------------------------------------------------------------

  /**
   * The last committed position, whichever process committed it. Reads at this position include
   * every write that was acknowledged before.
   */
  head(): Promise<Position> {
    // Asking SQLite takes system calls: all who ask in one turn of the event loop share one look,
    // taken after the last of them asked.
    this.#looking ??= setImmediate().then(() => {
      this.#looking = null;
      return this.#look();
    });
    return this.#looking;
  }

  async #look(): Promise<Position> {
    this.#refuseWhenClosing();
    const dataVersion = this.#writing.dataVersion();
    if (dataVersion !== this.#seenDataVersion) {
      const { position } = await this.#log.totals();
      this.#seenDataVersion = dataVersion;
      this.#advance(position);
    }
    return this.#head;
  }

  /** A live record, now or at a position; null when there was none. */
  async get<E extends Entity>(entity: E, id: string, at?: Position): Promise<Version<E> | null> {
    const [version] = await this.records(entity, [{ id, at: at ?? (await this.head()) }]);
    return version && version.operation !== 'DELETE' ? version : null;
  }

  /**
   * Many records at once, each at a position of its own.
   * @returns per key the version in force, a deletion included; null before the record's creation.
   * @throws BadRequest for a position after the head.
   */
  async records<E extends Entity>(
    entity: E,
    keys: readonly RecordKey[],
  ): Promise<(Version<E> | null)[]> {
    if (keys.length === 0) return [];
    await this.#refuseFuture(Math.max(...keys.map((key) => key.at)) as Position);
    return await this.#replica.read((replica) => queryRecords(replica, entity, keys));
  }

  /** Stretches of many histories at once: per key its revisions, oldest first. */
  async revisions<E extends Entity>(
    entity: E,
    keys: readonly RevisionsKey[],
  ): Promise<Version<E>[][]> {
    if (keys.length === 0) return [];
    const at = await this.head();
    return await this.#replica.read((replica) => queryRevisions(replica, entity, keys, at));
  }

  /** Which revision last set each field of many records, each up to a revision of its own. */
  async lastSet(entity: Entity, keys: readonly RevisionKey[]): Promise<LastSet[]> {
    if (keys.length === 0) return [];
    const at = await this.head();
    return await this.#replica.read((replica) => queryLastSet(replica, entity, keys, at));
  }

  /** A page of the live records; now unless the query says at which position. */
  async list<E extends Entity>(
    entity: E,
    query: Omit<PageQuery, 'at' | 'limit'> & { at?: Position; limit?: number } = {},
  ): Promise<Page<E>> {
    const limit = query.limit ?? limits.pageRowsMax;
    if (!Number.isInteger(limit) || limit < 0 || limit > limits.pageRowsMax) {
      throw new BadRequest('limit', `must be from 0 to ${limits.pageRowsMax}, but was ${limit}.`);
    }
    const at = query.at ?? (await this.head());
    await this.#refuseFuture(at);
    return await this.#replica.read((replica) =>
      queryPage(replica, entity, { ...query, at, limit }),
    );
  }

  /** How many live records match; now unless a position is given. */
  async count<E extends Entity>(
    entity: E,
    query: { readonly filter?: PageQuery['filter']; readonly at?: Position } = {},
  ): Promise<number> {
    const at = query.at ?? (await this.head());
    await this.#refuseFuture(at);
    return await this.#replica.read((replica) =>
      queryCount(replica, entity, { at, filter: query.filter }),
    );
  }

  /**
   * How many live records match, in groups; now unless the query says at which position.
   * @throws BadRequest when there is nothing to group by, or there are too many groups.
   */
  async groups(
    entity: Entity,
    query: Omit<GroupQuery, 'at'> & { readonly at?: Position },
  ): Promise<Group[]> {
    const at = query.at ?? (await this.head());
    await this.#refuseFuture(at);
    return await this.#replica.read((replica) => queryGroups(replica, entity, { ...query, at }));
  }

  /**
   * How many live records matched right before each of some moments, in groups.
   * @param query the moments, at most limits.timePointsMax; and the position, now without it, past
   *   which nothing is seen: moments after it show what it shows.
   * @returns a point per moment.
   * @throws BadRequest when there are too many moments or groups.
   */
  async overTime(
    entity: Entity,
    query: Omit<OverTimeQuery, 'positions'> & {
      readonly moments: readonly Microseconds[];
      readonly at?: Position;
    },
  ): Promise<TimePoint[]> {
    const { moments, ...grouping } = query;
    if (moments.length > limits.timePointsMax) {
      const message = `may be at most ${limits.timePointsMax}, but were ${moments.length}.`;
      throw new BadRequest('moments', message);
    }
    const at = query.at ?? (await this.head());
    await this.#refuseFuture(at);
    const before = await this.#log.positionsBefore(moments);
    const positions = before.map((position) => Math.min(position, at) as Position);
    return await this.#replica.read((replica) =>
      queryOverTime(replica, entity, { ...grouping, positions }),
    );
  }

  /**
   * Revisions of a record, oldest first; all of them up to limits.pageRowsMax when no range is
   * given.
   */
  async history<E extends Entity>(
    entity: E,
    id: string,
    range: { readonly from?: number; readonly to?: number } = {},
  ): Promise<Version<E>[]> {
    const from = range.from ?? 1;
    const to = Math.min(range.to ?? Number.MAX_SAFE_INTEGER, from + limits.pageRowsMax - 1);
    return (await this.revisions(entity, [{ id, from, to }]))[0] ?? [];
  }

  /** One revision of a record, straight from the log; null when there is none. */
  async revision<E extends Entity>(
    entity: E,
    id: string,
    revision: number,
  ): Promise<Version<E> | null> {
    this.#refuseWhenClosing();
    return await readRevision(this.#reading, entity, id, revision);
  }

  /** The last position committed at or before a moment; 0 before the first commit. */
  positionAtTime(time: Microseconds): Promise<Position> {
    return this.#log.positionAtTime(time);
  }

  /** Transactions by id, in the order asked for; null where there is none. */
  transactions(ids: readonly TransactionId[]): Promise<(Transaction | null)[]> {
    return this.#log.transactions(ids);
  }

  /** A page of the transactions that match; now unless the query says at which position. */
  async transactionPage(
    query: Omit<TransactionQuery, 'at'> & { readonly at?: Position },
  ): Promise<TransactionPage> {
    const at = query.at ?? (await this.head());
    await this.#refuseFuture(at);
    return await this.#transactions.page({ ...query, at });
  }

  /** How many transactions match; now unless a position is given. */
  async transactionCount(
    query: { readonly filter?: TransactionFilter | undefined; readonly at?: Position } = {},
  ): Promise<number> {
    const at = query.at ?? (await this.head());
    await this.#refuseFuture(at);
    return await this.#transactions.count(at, query.filter);
  }

  /**
   * The versions at positions after `after`, up to `end`, in order, straight from the log.
   * @param only some kinds of records, and how many versions at most: from the oldest on, or from
   *   the newest.
   */
  versionsBetween(
    after: Position,
    end: Position,
    only: {
      readonly entities?: readonly Entity[];
      readonly limit?: number;
      readonly newest?: boolean;
    } = {},
  ): Promise<Version[]> {
    return this.#log.readBetween(after, end, only.entities, only.limit, only.newest);
  }

  /** Counts of the log, and how far the replica has applied it. */
  async totals(): Promise<LogTotals & { readonly replicaPosition: Position }> {
    return { ...(await this.#log.totals()), replicaPosition: this.#replica.watermark };
  }

  /** How log and replica are now. Writing needs the one, most reading needs both. */
  health(): StoreHealth {
    return { log: this.#watch.state, replica: this.#replica.state };
  }

  /**
   * The bytes stored under a SHA-256, a chunk at a time, checked against it on their way.
   * @param range only some of them; `last` is included. The first reading of a part reads the
   *   whole once, which is what can be checked.
   * @throws ContentsDamaged, before the last bytes, when they are not as they were stored.
   */
  contents(
    sha256: string,
    range?: { readonly first: number; readonly last: number },
  ): AsyncGenerator<Uint8Array, void> {
    return this.#log.contents(sha256, range);
  }

  /**
   * Proves that the history is as it was written: versions, contents of files, and what the log
   * keeps beside them. It reads everything; other work goes on meanwhile.
   * @returns the first thing that is wrong, with its position where it has one.
   */
  verify(): Promise<Verified> {
    return verifyLog(this.#reading, this.#log, this.entities);
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
   * Follows one kind of record as `follow` does: per stretch of the log its changes, none perhaps,
   * each with the version that it superseded.
   */
  followChanges<E extends Entity>(
    entity: E,
    options: Partial<FollowOptions> = {},
  ): AsyncGenerator<Span<VersionChange<E>>, void, undefined> {
    return this.#followers.changes(entity, options);
  }

  /** Yields the live records that matched at a position, in the order of their last change. */
  snapshot<E extends Entity>(
    entity: E,
    query: SnapshotQuery,
  ): AsyncGenerator<Version<E>, void, undefined> {
    return this.#snapshots.read(entity, query);
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

  /** Ends followers, finishes queued writes and releases the files, in that order. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.endFollowing();
    await this.#writer.close();
    await this.#replica.close();
    await this.#watch.stop();
    this.#checkpoint();
    await this.#reading.close();
    await this.#writing.close();
  }

  /** What the write-ahead log holds is safe there, too; it is taken in when there is room again. */
  #checkpoint(): void {
    try {
      this.#writing.checkpoint();
    } catch (error) {
      this.#onFault(error);
    }
  }

  #refuseWhenClosing(): void {
    if (this.#closed) throw new Unavailable('The store is closing.');
  }

  async #refuseFuture(at: Position): Promise<void> {
    if (at <= this.#head) return;
    const head = await this.head();
    if (at <= head) return;
    throw new BadRequest('at', `must not be after the last position ${head}, but was ${at}.`);
  }

  #advance(position: Position): void {
    if (position <= this.#head) return;
    this.#head = position;
    this.#followers.wake();
  }

  #lookForForeignCommits(): void {
    this.head().catch((error) => {
      // Closed since: nobody follows any more. Or the log’s storage failed, which was told already.
      if (!this.#closed && !(error instanceof Unavailable)) this.#onFault(error);
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
