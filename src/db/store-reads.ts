/** Reading a store: records, lists, counts and histories at positions, and the log as it is. */
import type {
  Entity,
  Microseconds,
  Position,
  Transaction,
  TransactionId,
  Version,
} from '../entities/index.ts';
import type { LogReader } from './log/log-reader.ts';
import { readRevision } from './log/logged-records.ts';
import type { LogFile } from './log/sqlite/log-file.ts';
import {
  type TransactionFilter,
  TransactionList,
  type TransactionPage,
  type TransactionQuery,
} from './log/transaction-list.ts';
import { GatheredGroups } from './queries/gathered-groups.ts';
import type { GroupQuery } from './queries/group-query.ts';
import type { Group } from './queries/grouping.ts';
import { type LastSet, queryLastSet, type RevisionKey } from './queries/last-set-query.ts';
import { type OverTimeQuery, queryOverTime, type TimePoint } from './queries/over-time-query.ts';
import { type Page, type PageQuery, queryCount, queryPage } from './queries/page-query.ts';
import {
  queryRecords,
  queryRevisions,
  type RecordKey,
  type RevisionsKey,
} from './queries/record-query.ts';
import { type SnapshotQuery, Snapshots } from './queries/snapshots.ts';
import type { ReplicaKeeper } from './replica/replica-keeper.ts';
import { limits } from './shared/limits.ts';
import { BadRequest } from './shared/problems.ts';
import type { StoreFiles } from './store-files.ts';
import type { StoreHead } from './store-head.ts';

export abstract class StoreReads {
  readonly #reading: LogFile;
  readonly #log: LogReader;
  readonly #replica: ReplicaKeeper;
  readonly #transactions: TransactionList;
  readonly #snapshots = new Snapshots((entity, query) => this.list(entity, query));
  readonly #groups = new GatheredGroups((query) => this.#replica.read(query));
  readonly #head: StoreHead;

  protected constructor(files: StoreFiles, head: StoreHead) {
    this.#reading = files.reading;
    this.#log = files.log;
    this.#replica = files.replica;
    this.#transactions = new TransactionList(files.reading, () => head.refuseWhenClosing());
    this.#head = head;
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
    return await this.#replica.read((replica) => queryRecords(replica, entity, keys));
  }

  /** Stretches of many histories at once: per key its revisions, oldest first. */
  async revisions<E extends Entity>(
    entity: E,
    keys: readonly RevisionsKey[],
  ): Promise<Version<E>[][]> {
    if (keys.length === 0) return [];
    const at = await this.#head.look();
    return await this.#replica.read((replica) => queryRevisions(replica, entity, keys, at));
  }

  /** Which revision last set each field of many records, each up to a revision of its own. */
  async lastSet(entity: Entity, keys: readonly RevisionKey[]): Promise<LastSet[]> {
    if (keys.length === 0) return [];
    const at = await this.#head.look();
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
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    return await this.#replica.read((replica) =>
      queryPage(replica, entity, { ...query, at, limit }),
    );
  }

  /** How many live records match; now unless a position is given. */
  async count<E extends Entity>(
    entity: E,
    query: { readonly filter?: PageQuery['filter']; readonly at?: Position } = {},
  ): Promise<number> {
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
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
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    return await this.#groups.ask(entity, { ...query, at });
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
    this.#head.refuseWhenClosing();
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
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
    return await this.#transactions.page({ ...query, at });
  }

  /** How many transactions match; now unless a position is given. */
  async transactionCount(
    query: { readonly filter?: TransactionFilter | undefined; readonly at?: Position } = {},
  ): Promise<number> {
    const at = query.at ?? (await this.#head.look());
    await this.#head.refuseFuture(at);
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

  /** Yields the live records that matched at a position, in the order of their last change. */
  snapshot<E extends Entity>(
    entity: E,
    query: SnapshotQuery,
  ): AsyncGenerator<Version<E>, void, undefined> {
    return this.#snapshots.read(entity, query);
  }
}
