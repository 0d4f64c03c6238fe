/**
 * A page of what has been merged, in the order in which base and current tables lie. Their rows in
 * order are scanned from where the page begins until it is full, however many there are; those
 * merged since, which follow out of order, are sorted.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Entity, Position } from '../../entities/index.ts';
import type { ReadSource, Replica } from '../replica/replica.ts';
import {
  inOrderColumn,
  type ReplicaTable,
  versionOf,
  wholeColumn,
} from '../replica/replica-table.ts';
import { turns } from '../shared/turns.ts';
import { compileFilter } from './filter-sql.ts';
import type { FoundVersions, OrderedQuery } from './page-query.ts';
import { columnsOf, findNewest, wholeOf } from './record-query.ts';

interface OrderedRow {
  /** The whole version; null where it is still to be read. */
  readonly [wholeColumn]: string | null;
  readonly id: string;
  readonly position: bigint;
}

/** Whether a page goes forward in the order in which the tables lie. */
export function isInTableOrder({ order }: ReplicaTable, query: OrderedQuery): boolean {
  return !query.fromEnd && query.order.text() === order.text();
}

/**
 * The first records of a page, at most `query.limit`, by what has been merged alone. Those out of
 * order are read by their ids; a merge in between puts newer versions in the place of some.
 * @param query one for which isInTableOrder holds.
 */
export async function findInOrder<E extends Entity>(
  replica: Replica,
  entity: E,
  query: OrderedQuery,
  { fromCurrent }: Pick<ReadSource, 'fromCurrent'>,
): Promise<FoundVersions<E>> {
  const table = replica.table(entity);
  const stored = fromCurrent ? table.current : table.base;
  const pick = { table, stored, fromCurrent, query };
  const parts = stretchesOf(pick);
  if (replica.rowOrder.isDisturbed(stored, query.at)) parts.push(rowsOutOfOrder(pick));
  const rows = sql.join(
    parts.map((part) => sql`(${part})`),
    sql` union all `,
  );
  const { rows: found } = await sql<OrderedRow>`
    select ${sql.ref(wholeColumn)}, id, position from (${rows}) order by ${query.order.clause(false)}
    limit ${sql.lit(query.limit)}`.execute(replica.kysely);
  const unread = found.flatMap((row) => (row[wholeColumn] === null ? [row.id] : []));
  const read = unread.length > 0 ? await findNewest(replica, entity, unread, false) : [];
  const byPosition = new Map(read.map((version) => [version.position, version]));
  return await turns.map(found, ({ [wholeColumn]: whole, position }) =>
    whole === null
      ? (byPosition.get(Number(position) as Position) ?? null)
      : versionOf(entity, whole),
  );
}

interface Picking {
  readonly table: ReplicaTable;
  /** Base or current. */
  readonly stored: string;
  readonly fromCurrent: boolean;
  readonly query: OrderedQuery;
}

/**
 * The rows in order, one query for each stretch after the cursor. DuckDB keeps the order of a table
 * and stops when a limit without an order is reached: as it says of preserve_insertion_order.
 */
function stretchesOf(pick: Picking): RawBuilder<unknown>[] {
  const { table, stored, fromCurrent, query } = pick;
  const whole = fromCurrent ? sql.ref(wholeColumn) : wholeOf(table);
  const stretches = query.after ? query.order.stretchesAfter(query.after) : [sql<SqlBool>`true`];
  return stretches.map(
    (stretch) => sql`
      select ${selected(pick, whole)} from ${sql.table(stored)}
      where ${sql.ref(inOrderColumn)} and ${stretch} and ${conditionOf(pick)}
      limit ${sql.lit(query.limit)}`,
  );
}

/** The first of the rows out of order. Sorting them whole would read all of their texts. */
function rowsOutOfOrder(pick: Picking): RawBuilder<unknown> {
  const { table, stored, fromCurrent, query } = pick;
  const beyond = query.after ? sql` and ${query.order.beyond(query.after, false)}` : sql``;
  const first = (columns: RawBuilder<unknown>) => sql`
    select ${columns} from ${sql.table(stored)}
    where ${sql.ref(inOrderColumn)} = false and ${conditionOf(pick)}${beyond}
    order by ${query.order.clause(false)} limit ${sql.lit(query.limit)}`;
  if (fromCurrent) return first(selected(pick, sql`null`));
  return sql`
    select ${selected(pick, wholeOf(table))}
    from (select ${columnsOf(table)} from ${sql.table(stored)}
      where ${sql.ref(inOrderColumn)} = false)
    where position in (${first(sql`position`)})`;
}

function selected({ query }: Picking, whole: RawBuilder<unknown>): RawBuilder<unknown> {
  const columns = [...new Set([...query.order.columns, 'id'])].map((name) => sql.ref(name));
  return sql.join([...columns, sql`${whole} as ${sql.ref(wholeColumn)}`]);
}

function conditionOf({ table, fromCurrent, query }: Picking): RawBuilder<SqlBool> {
  const conditions = [compileFilter(table.entity, query.filter ?? {})];
  if (!fromCurrent) conditions.push(sql`position <= ${query.at} and until_position > ${query.at}`);
  if (query.before) conditions.push(query.order.beyond(query.before, true));
  return sql`${sql.join(conditions, sql` and `)}`;
}
