/** A page of the records that match at a position, and how many there are. */
import { type RawBuilder, sql } from 'kysely';
import type { Entity, Position, Version } from '../../entities/index.ts';
import { Order } from '../criteria/order.ts';
import type { Histories } from '../log/histories.ts';
import type { ReadSource, Replica } from '../replica/replica.ts';
import type { ReplicaTable } from '../replica/replica-table.ts';
import { compileFilter } from './filter-sql.ts';
import { inForceAt } from './in-force.ts';
import { isInTableOrder, type Picked, pickInOrder } from './ordered-page.ts';
import type { FoundPage, OrderedQuery, PageQuery } from './page.ts';
import { findWithUnmerged } from './unmerged-page.ts';

/**
 * Reads a page: one record more than asked for tells whether the list goes on. The replica tells
 * the positions of its versions, from narrow columns alone; the log has the versions.
 */
export async function queryPage<E extends Entity>(
  replica: Replica,
  histories: Histories,
  entity: E,
  query: PageQuery,
): Promise<FoundPage<E>> {
  const order = new Order(entity, query.orderBy ?? entity.defaultOrder);
  const asked = { ...query, order, limit: query.limit + 1 };
  const found = await replica.readAt(query.at, (source) =>
    find({ replica, histories, entity }, asked, source),
  );
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

/** What a page is read of: the entity's versions, by the replica and the log. */
interface Reading<E extends Entity> {
  readonly replica: Replica;
  readonly histories: Histories;
  readonly entity: E;
}

/** The delta is laid over what was merged, or joined with it while memory holds only part of it. */
async function find<E extends Entity>(
  { replica, histories, entity }: Reading<E>,
  query: OrderedQuery,
  source: ReadSource,
): Promise<Version<E>[]> {
  const table = replica.table(entity);
  const read = async (picking: RawBuilder<Picked>) => {
    const { rows } = await picking.execute(replica.kysely);
    const positions = rows.map(({ position }) => Number(position) as Position);
    return await histories.versionsAt(entity, positions);
  };
  const unmerged = source.withDelta ? replica.unmerged.of(entity) : null;
  if (source.withDelta && !unmerged) return await read(pickSorted(table, query, source));
  const merged = { ...source, withDelta: false };
  const findMerged = (limit: number) => {
    const asked = { ...query, limit };
    const inOrder = isInTableOrder(table, query);
    return read(
      inOrder ? pickInOrder(replica, table, asked, merged) : pickSorted(table, asked, merged),
    );
  };
  if (!unmerged) return await findMerged(query.limit);
  return await findWithUnmerged(entity, query, unmerged, findMerged);
}

/** What makes up a page, in its order: the positions of its versions. */
function pickSorted(
  table: ReplicaTable,
  query: OrderedQuery,
  source: ReadSource,
): RawBuilder<Picked> {
  const conditions = [compileFilter(table.entity, query.filter ?? {})];
  if (query.after) conditions.push(query.order.beyond(query.after, false));
  if (query.before) conditions.push(query.order.beyond(query.before, true));
  return sql<Picked>`
    select position from (${inForceAt(table, query.at, source)})
    where ${sql.join(conditions, sql` and `)}
    order by ${query.order.clause(query.fromEnd ?? false)}
    limit ${sql.lit(query.limit)}`;
}
