/** A page of the records that match at a position, and how many there are. */
import { type RawBuilder, sql } from 'kysely';
import type { Entity, OrderKey, Position, Version } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import { Order, type Place } from '../criteria/order.ts';
import type { ReadSource, Replica } from '../replica/replica.ts';
import { type ReplicaTable, versionOf } from '../replica/replica-table.ts';
import { turns } from '../shared/turns.ts';
import { compileFilter } from './filter-sql.ts';
import { inForceAt } from './in-force.ts';
import { findInOrder, isInTableOrder } from './ordered-page.ts';
import { columnsOf, findNewest, wholeOf } from './record-query.ts';
import { findWithUnmerged } from './unmerged-page.ts';

export interface PageQuery {
  /** The moment at which the list stands. */
  readonly at: Position;
  readonly filter?: RecordFilter | undefined;
  /** The entity's default order without it. */
  readonly orderBy?: readonly OrderKey[] | undefined;
  /** The page goes on after this place … */
  readonly after?: Place | undefined;
  /** … and stays before this one. */
  readonly before?: Place | undefined;
  /** How many records at most. */
  readonly limit: number;
  /** Take the page from the end of the list rather than from its beginning. */
  readonly fromEnd?: boolean | undefined;
}

/** The same with its order made. */
export interface OrderedQuery extends PageQuery {
  readonly order: Order;
}

export interface Page<E extends Entity> {
  /** In the order asked for, also when taken from the end. */
  readonly versions: readonly Version<E>[];
  /** Whether the list goes on past the page, in the direction in which it was taken. */
  readonly more: boolean;
}

export interface FoundPage<E extends Entity> extends Page<E> {
  /** The first record past the page, in that direction; null when the list does not go on. */
  readonly beyond: Version<E> | null;
}

/** Reads a page: one record more than asked for tells whether the list goes on. */
export async function queryPage<E extends Entity>(
  replica: Replica,
  entity: E,
  query: PageQuery,
): Promise<FoundPage<E>> {
  const order = new Order(entity, query.orderBy ?? entity.defaultOrder);
  const asked = { ...query, order, limit: query.limit + 1 };
  const found = await replica.readAt(query.at, (source) => find(replica, entity, asked, source));
  const versions = found.slice(0, query.limit);
  if (query.fromEnd) versions.reverse();
  const beyond = found[query.limit] ?? null;
  return { versions, more: beyond !== null, beyond };
}

/** How many records match at a position. */
export async function queryCount(
  replica: Replica,
  entity: Entity,
  { at, filter }: Pick<PageQuery, 'at' | 'filter'>,
): Promise<number> {
  return await replica.readAt(at, async (source) => {
    const { rows } = await sql<{ readonly count: bigint }>`
      select count(*) as count from (${inForceAt(replica.table(entity), at, source)})
      where ${compileFilter(entity, filter ?? {})}`.execute(replica.kysely);
    return Number(rows[0]?.count);
  });
}

/** The delta is laid over what was merged, or joined with it while memory holds only part of it. */
async function find<E extends Entity>(
  replica: Replica,
  entity: E,
  query: OrderedQuery,
  source: ReadSource,
): Promise<Version<E>[]> {
  const unmerged = source.withDelta ? replica.unmerged.of(entity) : null;
  if (source.withDelta && !unmerged) {
    return present(await findSorted(replica, entity, query, source));
  }
  const merged = { ...source, withDelta: false };
  const findMerged = isInTableOrder(replica.table(entity), query)
    ? (limit: number) => findInOrder(replica, entity, { ...query, limit }, merged)
    : (limit: number) => findSorted(replica, entity, { ...query, limit }, merged);
  if (!unmerged) return present(await findMerged(query.limit));
  return await findWithUnmerged(entity, query, unmerged, findMerged);
}

/** What a page is read as before the delta is laid over it: null for what was superseded since. */
export type FoundVersions<E extends Entity> = readonly (Version<E> | null)[];

/** Where the delta does not count, or was read too, nothing can be superseded meanwhile. */
function present<E extends Entity>(found: FoundVersions<E>): Version<E>[] {
  return found.filter((version) => version !== null);
}

function findSorted<E extends Entity>(
  replica: Replica,
  entity: E,
  query: OrderedQuery,
  source: ReadSource,
): Promise<FoundVersions<E>> {
  return source.fromCurrent
    ? findInCurrent(replica, entity, query, source)
    : findInBase(replica, entity, query, source);
}

/**
 * First which records make up the page, from narrow columns alone; then those records, by the
 * index on their ids. A merge between the two puts newer versions in the place of some.
 */
async function findInCurrent<E extends Entity>(
  replica: Replica,
  entity: E,
  query: OrderedQuery,
  source: ReadSource,
): Promise<FoundVersions<E>> {
  const picking = pick(replica.table(entity), query, source, sql`id, position`);
  const { rows: picked } = await sql<Picked>`${picking}`.execute(replica.kysely);
  if (picked.length === 0) return [];
  const ids = picked.map(({ id }) => id);
  const found = await findNewest(replica, entity, ids, source.withDelta);
  const byPosition = new Map(found.map((version) => [version.position, version]));
  return picked.map(({ position }) => byPosition.get(Number(position) as Position) ?? null);
}

interface Picked {
  readonly id: string;
  readonly position: bigint;
}

/** The same in one query: by position, which no two versions share. */
async function findInBase<E extends Entity>(
  replica: Replica,
  entity: E,
  query: OrderedQuery,
  source: ReadSource,
): Promise<Version<E>[]> {
  const table = replica.table(entity);
  const columns = columnsOf(table);
  const delta = sql`
    union all select ${columns} from ${sql.table(table.delta)} where position > ${source.merged}`;
  const { rows } = await sql<{ readonly whole: string }>`
    with picked as materialized (${pick(table, query, source, sql`position`)})
    select ${wholeOf(table)} as whole from picked
    join (
      select ${columns} from ${sql.table(table.base)} where position <= ${source.merged}
      ${source.withDelta ? delta : sql``}
    ) as record using (position)
    order by ${query.order.clause(query.fromEnd ?? false)}`.execute(replica.kysely);
  return await turns.map(rows, ({ whole }) => versionOf(entity, whole));
}

/** Which records make up the page, in its order. */
function pick(
  table: ReplicaTable,
  query: OrderedQuery,
  source: ReadSource,
  selected: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const conditions = [compileFilter(table.entity, query.filter ?? {})];
  if (query.after) conditions.push(query.order.beyond(query.after, false));
  if (query.before) conditions.push(query.order.beyond(query.before, true));
  return sql`
    select ${selected} from (${inForceAt(table, query.at, source)})
    where ${sql.join(conditions, sql` and `)}
    order by ${query.order.clause(query.fromEnd ?? false)}
    limit ${sql.lit(query.limit)}`;
}
