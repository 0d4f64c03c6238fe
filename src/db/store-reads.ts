/** Reading a store: records, lists, counts and histories at positions, and the log as it is. */
import type {
  Entity,
  Microseconds,
  Position,
  Transaction,
  TransactionId,
  Version,
} from '../entities/index.ts';
import type { Answers } from './answers/answers.ts';
import { type Answer, nowhere, onlyAt, type Stretch } from './answers/stretch.ts';
import type { RecordFilter } from './criteria/filter.ts';
import type { LastSet, RecordKey, RevisionKey, RevisionsKey } from './log/histories.ts';
import type { LogReader } from './log/log-reader.ts';
import type {
  TransactionCountQuery,
  TransactionList,
  TransactionPage,
  TransactionQuery,
} from './log/transaction-list.ts';
import type { GroupQuery } from './queries/group-query.ts';
import type { Group } from './queries/grouping.ts';
import type { OverTimeQuery, TimePoint } from './queries/over-time-query.ts';
import type { Page, PageQuery } from './queries/page.ts';
import type { PathPartsQuery } from './queries/path-parts.ts';
import { type RecordsQuery, recordsTable } from './queries/records-table.ts';
import { type SnapshotQuery, Snapshots } from './queries/snapshots.ts';
import { limits } from './shared/limits.ts';
import { BadRequest } from './shared/problems.ts';
import type { StoreFiles } from './store-files.ts';
import type { StoreHead } from './store-head.ts';
import type { TableSource } from './tables/table-source.ts';

/** What reads go to. */
export interface ReadParts {
  readonly files: StoreFiles;
  readonly head: StoreHead;
  readonly answers: Answers;
  readonly transactions: TransactionList;
}

/** Told of the stretch in which each answer holds. */
type OnStretch = (stretch: Stretch) => void;

export class StoreReads {
  readonly #parts: ReadParts;
  readonly #head: StoreHead;
  readonly #log: LogReader;
  readonly #answers: Answers;
  readonly #transactions: TransactionList;
  readonly #snapshots = new Snapshots((entity, query) => this.list(entity, query));
  readonly #onStretch: OnStretch | null;

  /** @param onStretch null when nobody wants to know. */
  constructor(parts: ReadParts, onStretch: OnStretch | null) {
    this.#parts = parts;
    this.#head = parts.head;
    this.#log = parts.files.log;
    this.#answers = parts.answers;
    this.#transactions = parts.transactions;
    this.#onStretch = onStretch;
  }

  /** The same reads for somebody who wants to know how long what they answer holds. */
  readsTelling(onStretch: OnStretch): StoreReads {
    return new StoreReads(this.#parts, onStretch);
  }

  /**
   * Whether everything that was answered with these stretches would be answered again.
   * @param at a committed position.
   */
  hold(stretches: readonly Stretch[], at: Position): Promise<boolean> {
    return this.#answers.hold(stretches, at);
  }

  /**
   * The last committed position, whichever process committed it. Reads at this position include
   * every write that was acknowledged before.
   */
  head(): Promise<Position> {
    return this.#head.look();
  }

  /** A live record, now or at a position; null when there was none. */
  async get<E extends Entity>(entity: E, id: string, at?: Position): Promise<Version<E> | null> {
    const [version] = await this.records(entity, [{ id, at: at ?? (await this.#head.look()) }]);
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
    await this.#head.refuseFuture(Math.max(...keys.map((key) => key.at)) as Position);
    const versions = await this.#answers.records(entity, keys);
    for (const { id, at } of keys) this.dependOnRecord(entity, id, at);
    return versions;
  }

  /** Stretches of many histories at once, straight from the log: per key its revisions, oldest first. */
  async revisions<E extends Entity>(
    entity: E,
    keys: readonly RevisionsKey[],
  ): Promise<Version<E>[][]> {
    this.#head.refuseWhenClosing();
    const found = await this.#answers.revisions(entity, keys);
    const complete = keys.every(({ from, to }, index) => found[index]?.length === to - from + 1);
    if (!complete) this.#onStretch?.(nowhere);
    return found;
  }

  /** Which revision last set each field of many records, each up to a revision of its own. */
  async lastSet(entity: Entity, keys: readonly RevisionKey[]): Promise<LastSet[]> {
    this.#head.refuseWhenClosing();
    const found = await this.#answers.lastSet(entity, keys);
    if (found.some((lastSet) => Object.keys(lastSet).length === 0)) this.#onStretch?.(nowhere);
    return found;
  }

  /** Tells the stretch in which nothing changes of all that a filter admits. */
  dependOnList(entity: Entity, filter: RecordFilter | undefined, at: Position): void {
    if (this.#onStretch) this.#onStretch(this.#answers.ofList(entity, filter, at));
  }

  /** Tells the stretch in which nothing of a record changes. */
  dependOnRecord(entity: Entity, id: string, at: Position): void {
    if (this.#onStretch) this.#onStretch(this.#answers.ofRecord(entity, id, at));
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
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    const { versions, more } = this.#told(
      await this.#answers.page(entity, { ...query, at, limit }),
    );
    return { versions, more };
  }

  /**
   * The different parts that follow in the paths of live records that match, in order.
   * @throws BadRequest for a position after the head.
   */
  async pathParts(entity: Entity, query: PathPartsQuery): Promise<string[]> {
    await this.#head.refuseFuture(query.at);
    return this.#told(await this.#answers.pathParts(entity, query));
  }

  /** How many live records match; now unless a position is given. */
  async count<E extends Entity>(
    entity: E,
    query: { readonly filter?: PageQuery['filter']; readonly at?: Position } = {},
  ): Promise<number> {
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    return this.#told(await this.#answers.count(entity, { at, filter: query.filter }));
  }

  /**
   * How many live records match, in groups; now unless the query says at which position.
   * @throws BadRequest when there is nothing to group by, or there are too many groups.
   */
  async groups(
    entity: Entity,
    query: Omit<GroupQuery, 'at'> & { readonly at?: Position },
  ): Promise<Group[]> {
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    return this.#told(await this.#answers.groups(entity, { ...query, at }));
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
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    const before = await this.#log.positionsBefore(moments);
    const positions = before.map((position) => Math.min(position, at) as Position);
    return this.#told(await this.#answers.overTime(entity, { ...grouping, positions }, at));
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

  /** The last position committed at or before a moment; 0 before the first commit. */
  positionAtTime(time: Microseconds): Promise<Position> {
    this.#onStretch?.(nowhere);
    return this.#log.positionAtTime(time);
  }

  /** Transactions by id, in the order asked for; null where there is none. */
  async transactions(ids: readonly TransactionId[]): Promise<(Transaction | null)[]> {
    const found = await this.#log.transactions(ids);
    if (found.includes(null)) this.#onStretch?.(nowhere);
    return found;
  }

  /** A page of the transactions that match; now unless the query says at which position. */
  async transactionPage(
    query: Omit<TransactionQuery, 'at'> & { readonly at?: Position },
  ): Promise<TransactionPage> {
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    this.#onStretch?.(onlyAt(at));
    return await this.#transactions.page({ ...query, at });
  }

  /** How many transactions match; now unless a position is given. */
  async transactionCount(
    query: Omit<TransactionCountQuery, 'at'> & { readonly at?: Position } = {},
  ): Promise<number> {
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    this.#onStretch?.(onlyAt(at));
    return await this.#transactions.count({ ...query, at });
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
   * The live records that match at a position, as a table: a column per field, by its name, besides `id`,
   * `revision`, `position`, `createdAt` and `updatedAt`.
   * @throws BadRequest for a position after the head.
   */
  async recordsTable(entity: Entity, query: RecordsQuery): Promise<TableSource> {
    await this.#head.refuseFuture(query.at);
    return recordsTable(this.#parts.files.replica, entity, query);
  }

  /** Yields the live records that matched at a position, in the order of their last change. */
  snapshot<E extends Entity>(
    entity: E,
    query: SnapshotQuery,
  ): AsyncGenerator<Version<E>, void, undefined> {
    return this.#snapshots.read(entity, query);
  }

  #told<T>({ value, stretch }: Answer<T>): T {
    this.#onStretch?.(stretch);
    return value;
  }
}
