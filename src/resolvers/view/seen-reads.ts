/**
 * Reading a store as one viewer sees it. Scans look for what is seen; of versions that the log has
 * those are given that are seen.
 */
import {
  limits,
  type RecordFilter,
  type Sight,
  type SnapshotQuery,
  type StoreReads,
  type TableSource,
  tookTooLong,
} from '../../db/index.ts';
import type {
  Entity,
  Microseconds,
  Position,
  Transaction,
  TransactionId,
  Version,
} from '../../entities/index.ts';
import { leftChange, type SeenChange, seenChange } from './seen-change.ts';

/** Changes between two positions, and up to where all of them are told. */
export interface SeenChanges {
  readonly changes: readonly SeenChange[];
  readonly end: Position;
}

interface WantedChanges {
  readonly entities: readonly Entity[];
  /** How many at most. */
  readonly limit: number;
  /** From the newest on, rather than from the oldest; in order all the same. */
  readonly newest: boolean;
}

type Query<Name extends 'list' | 'pathParts' | 'groups' | 'overTime' | 'transactionPage'> =
  Parameters<StoreReads[Name]>;

export class SeenReads {
  readonly #reads: StoreReads;
  readonly #sight: Sight;

  constructor(reads: StoreReads, sight: Sight) {
    this.#reads = reads;
    this.#sight = sight;
  }

  /** A page of the live records that are seen, as StoreReads has it. */
  list<E extends Entity>(entity: E, query: NonNullable<Query<'list'>[1]>) {
    return this.#reads.list(entity, this.#narrowed(entity, query));
  }

  /** The different parts that follow in the paths of live records that are seen. */
  pathParts(entity: Entity, query: Query<'pathParts'>[1]): Promise<string[]> {
    return this.#reads.pathParts(entity, this.#narrowed(entity, query));
  }

  /** How many live records match of those that are seen. */
  count(
    entity: Entity,
    query: { readonly filter?: RecordFilter | undefined; readonly at: Position },
  ) {
    return this.#reads.count(entity, this.#narrowed(entity, query));
  }

  /** The same in groups, as StoreReads has them. */
  groups(entity: Entity, query: Query<'groups'>[1]) {
    return this.#reads.groups(entity, this.#narrowed(entity, query));
  }

  /** The same over time, as StoreReads has it. */
  overTime(entity: Entity, query: Query<'overTime'>[1]) {
    return this.#reads.overTime(entity, this.#narrowed(entity, query));
  }

  /** Yields the records that matched at a position and are seen, in the order of their last change. */
  snapshot<E extends Entity>(
    entity: E,
    { filter, ...query }: SnapshotQuery,
  ): AsyncGenerator<Version<E>, void, undefined> {
    const narrowed = this.#sight.narrowed(entity, filter) ?? {};
    return this.#reads.snapshot(entity, { ...query, filter: narrowed });
  }

  /** The live records that are seen at a position, as a table. */
  recordsTable(entity: Entity, at: Position): Promise<TableSource> {
    this.dependOnList(entity, undefined, at);
    const filter = this.#sight.narrowed(entity, undefined);
    return this.#reads.recordsTable(entity, { at, filter });
  }

  /** Tells the stretch in which nothing of a record changes. */
  dependOnRecord(entity: Entity, id: string, at: Position): void {
    this.#reads.dependOnRecord(entity, id, at);
  }

  /** Tells the stretch in which nothing changes of all that a filter admits and is seen. */
  dependOnList(entity: Entity, filter: RecordFilter | undefined, at: Position): void {
    this.#reads.dependOnList(entity, this.#sight.narrowed(entity, filter), at);
  }

  positionAtTime(time: Microseconds): Promise<Position> {
    return this.#reads.positionAtTime(time);
  }

  /** A page of the transactions with a version that is seen, as StoreReads has it. */
  transactionPage(query: Query<'transactionPage'>[0]) {
    return this.#reads.transactionPage({ ...query, admit: this.#admit });
  }

  /** How many transactions match of those with a version that is seen. */
  transactionCount(query: Pick<Query<'transactionPage'>[0], 'filter' | 'at'>) {
    return this.#reads.transactionCount({ ...query, admit: this.#admit });
  }

  /** Whether any version of a transaction is seen. */
  async seesPartOf(transaction: Transaction): Promise<boolean> {
    if (this.#sight.isUnlimited) return true;
    return (await this.#seenOf([transaction])).has(transaction.id);
  }

  /**
   * The versions at positions after `after`, up to `end`, that are seen, in order.
   * @param limit how many at most, the oldest of them.
   */
  async versionsBetween(after: Position, end: Position, limit: number): Promise<Version[]> {
    if (this.#sight.isUnlimited) return await this.#reads.versionsBetween(after, end, { limit });
    const found: Version[] = [];
    for await (const versions of this.#walk(after, end, { newest: false })) {
      found.push(...versions.filter((version) => this.#sight.sees(version)));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /** How many versions after a position, up to another, are seen. */
  async countBetween(after: Position, end: Position): Promise<number> {
    if (this.#sight.isUnlimited) return end - after;
    let count = 0;
    for await (const versions of this.#walk(after, end, { newest: false })) {
      count += versions.filter((version) => this.#sight.sees(version)).length;
    }
    return count;
  }

  /**
   * The changes between two positions: each version that is seen, and where a record that was seen
   * is seen no longer. Whoever sees little has not all of a long log looked through at a time: from
   * the oldest on, it ends after limits.scannedVersionsMax.
   * @throws Unavailable when looking for the newest takes longer than limits.queryTimeMaxMs.
   */
  async changesBetween(
    after: Position,
    end: Position,
    wanted: WantedChanges,
  ): Promise<SeenChanges> {
    const { entities, limit, newest } = wanted;
    if (entities.every((entity) => this.#sight.seesAll(entity))) {
      const versions = await this.#reads.versionsBetween(after, end, wanted);
      const last = versions.at(-1)?.position ?? end;
      const isCut = !newest && versions.length === limit;
      return { changes: versions.map(seenChange), end: isCut ? last : end };
    }
    const found: SeenChange[] = [];
    let scanned = 0;
    for await (const versions of this.#walk(after, end, { entities, newest })) {
      const changes = await this.#changesOf(versions);
      if (newest) found.unshift(...changes);
      else found.push(...changes);
      if (found.length >= limit) break;
      scanned += versions.length;
      if (!newest && scanned >= limits.scannedVersionsMax) {
        return { changes: found, end: versions.at(-1)?.position ?? end };
      }
    }
    const changes = newest ? found.slice(-limit) : found.slice(0, limit);
    const isCut = !newest && changes.length === limit;
    return { changes, end: isCut ? (changes.at(-1)?.position ?? end) : end };
  }

  /** What a viewer is told of versions: of those that are not seen, which ones superseded what was. */
  async #changesOf(versions: readonly Version[]): Promise<SeenChange[]> {
    const hidden = versions.filter((version) => !this.#sight.sees(version));
    const left = new Set<Version>();
    for (const entity of new Set(hidden.map((version) => version.entity))) {
      const own = hidden.filter((each) => each.entity === entity && each.revision > 1);
      const keys = own.map(({ id, revision }) => ({ id, from: revision - 1, to: revision - 1 }));
      const before = await this.#reads.revisions(entity, keys);
      for (const [index, version] of own.entries()) {
        const [previous] = before[index] ?? [];
        if (previous && this.#sight.sees(previous)) left.add(version);
      }
    }
    return versions.flatMap((version) => {
      if (this.#sight.sees(version)) return seenChange(version);
      return left.has(version) ? leftChange(version) : [];
    });
  }

  /** Yields versions between two positions, some at a time, in order within each. */
  async *#walk(
    after: Position,
    end: Position,
    { entities, newest }: { readonly entities?: readonly Entity[]; readonly newest: boolean },
  ): AsyncGenerator<Version[], void, undefined> {
    const deadline = performance.now() + limits.queryTimeMaxMs;
    const limit = limits.pageRowsMax;
    let [from, to] = [after, end];
    while (from < to) {
      if (performance.now() > deadline) {
        throw tookTooLong();
      }
      const versions = await this.#reads.versionsBetween(from, to, {
        limit,
        newest,
        ...(entities && { entities }),
      });
      if (versions.length > 0) yield versions;
      if (versions.length < limit) return;
      if (newest) to = ((versions[0] as Version).position - 1) as Position;
      else from = (versions.at(-1) as Version).position;
    }
  }

  /** Of transactions those with a version that is seen; null where all have. */
  get #admit() {
    if (this.#sight.isUnlimited) return null;
    return (transactions: readonly Transaction[]) => this.#seenOf(transactions);
  }

  /** The transactions of which a version is seen. They are walked through together, in log order. */
  async #seenOf(transactions: readonly Transaction[]): Promise<ReadonlySet<TransactionId>> {
    const left = [...transactions].sort((a, b) => a.id - b.id);
    const seen = new Set<TransactionId>();
    let told = 0 as Position;
    while (left[0]) {
      const { id, firstPosition, lastPosition } = left[0];
      if (seen.has(id) || lastPosition <= told) {
        left.shift();
        continue;
      }
      const after = Math.max(told, firstPosition - 1) as Position;
      const end = Math.min(after + limits.pageRowsMax, left.at(-1)?.lastPosition ?? 0) as Position;
      for (const version of await this.#reads.versionsBetween(after, end)) {
        if (this.#sight.sees(version)) seen.add(version.transactionId);
      }
      told = end;
    }
    return seen;
  }

  #narrowed<Q extends { readonly filter?: RecordFilter | undefined }>(entity: Entity, query: Q): Q {
    return { ...query, filter: this.#sight.narrowed(entity, query.filter) };
  }
}
