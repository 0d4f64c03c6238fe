/** A page of the records that were live at a position. */
import { type RawBuilder, sql } from 'kysely';
import type { Entity, OrderKey, Position, Version } from '../entities/index.ts';
import { compileFilter, type RecordFilter } from './filter.ts';
import { Order, type Place } from './order.ts';
import type { Replica } from './replica.ts';
import { type ReplicaRow, type ReplicaTable, versionOfReplicaRow } from './replica-table.ts';

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

export interface Page<E extends Entity> {
  /** In the order asked for, also when taken from the end. */
  readonly versions: readonly Version<E>[];
  /** Whether the list goes on past the page, in the direction in which it was taken. */
  readonly more: boolean;
}

/** Reads a page in one query: one record more than asked for tells whether the list goes on. */
export async function queryPage<E extends Entity>(
  replica: Replica,
  entity: E,
  query: PageQuery,
): Promise<Page<E>> {
  const rows = await replica.readAt(query.at, (fromCurrent) =>
    queryRows(replica, entity, query, fromCurrent),
  );
  const versions = rows.slice(0, query.limit).map((row) => versionOfReplicaRow(entity, row));
  if (query.fromEnd) versions.reverse();
  return { versions, more: rows.length > query.limit };
}

/** First the few positions that make up the page, then their columns: text is read only for them. */
async function queryRows(
  replica: Replica,
  entity: Entity,
  query: PageQuery,
  fromCurrent: boolean,
): Promise<ReplicaRow[]> {
  const table = replica.table(entity);
  const order = new Order(entity, query.orderBy ?? entity.defaultOrder);
  const backward = query.fromEnd ?? false;
  const conditions = [sql`operation <> 'DELETE'`, compileFilter(entity, query.filter ?? {})];
  if (query.after) conditions.push(order.beyond(query.after, false));
  if (query.before) conditions.push(order.beyond(query.before, true));
  const columns = sql.join(table.columnNames.map((name) => sql.ref(name)));
  const source = sql.table(fromCurrent ? table.current : table.base);
  const { rows } = await sql<ReplicaRow>`
    with picked as materialized (
      select position from (${inForceAt(table, query.at, fromCurrent)})
      where ${sql.join(conditions, sql` and `)}
      order by ${order.clause(backward)}
      limit ${sql.lit(query.limit + 1)}
    )
    select record.* from picked
    join (
      select ${columns} from ${source} union all select ${columns} from ${sql.table(table.delta)}
    ) as record using (position)
    order by ${order.clause(backward)}`.execute(replica.kysely);
  return rows;
}

/**
 * The versions in force at a position: of the base those whose interval holds it, or all of
 * current; those of the delta; less what the delta superseded by then. Comparing integer positions
 * there is several times cheaper than comparing ids.
 */
function inForceAt(table: ReplicaTable, at: Position, fromCurrent: boolean): RawBuilder<unknown> {
  const columns = sql.join(table.columnNames.map((name) => sql.ref(name)));
  const delta = sql.table(table.delta);
  const merged = fromCurrent
    ? sql`select ${columns} from ${sql.table(table.current)}`
    : sql`select ${columns} from ${sql.table(table.base)}
        where position <= ${at} and until_position > ${at}`;
  return sql`
    from (${merged} union all select ${columns} from ${delta} where position <= ${at}) as version
    anti join (select previous_position from ${delta} where position <= ${at}) as newer
    on version.position = newer.previous_position`;
}
