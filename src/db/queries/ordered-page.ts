/**
 * A page of what has been merged, in the order in which base and current tables lie. Their rows in
 * order are scanned from where the page begins until it is full, however many there are; those
 * merged since, which follow out of order, are sorted.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { ReadSource, Replica } from '../replica/replica.ts';
import { inOrderColumn, type ReplicaTable } from '../replica/replica-table.ts';
import { compileFilter } from './filter-sql.ts';
import type { OrderedQuery } from './page.ts';

/** A version of a page. */
export interface Picked {
  readonly position: bigint;
}

/** Whether a page goes forward in the order in which the tables lie. */
export function isInTableOrder({ order }: ReplicaTable, query: OrderedQuery): boolean {
  return !query.fromEnd && query.order.text() === order.text();
}

/**
 * The query of what makes up a page, at most `query.limit`, by what has been merged alone: the
 * positions of its versions, in order.
 * @param query one for which isInTableOrder holds.
 */
export function pickInOrder(
  { rowOrder }: Replica,
  table: ReplicaTable,
  query: OrderedQuery,
  { fromCurrent }: Pick<ReadSource, 'fromCurrent'>,
): RawBuilder<Picked> {
  const stored = fromCurrent ? table.current : table.base;
  const pick = { table, stored, fromCurrent, query };
  const parts = stretchesOf(pick);
  if (rowOrder.isDisturbed(stored, query.at)) parts.push(rowsOutOfOrder(pick));
  const [only] = parts;
  // To sort what lies in order takes DuckDB a fifth of such a query, most of it to plan.
  if (only && parts.length === 1) return sql<Picked>`select position from (${only})`;
  const rows = sql.join(
    parts.map((part) => sql`(${part})`),
    sql` union all `,
  );
  return sql<Picked>`
    select position from (${rows}) order by ${query.order.clause(false)}
    limit ${sql.lit(query.limit)}`;
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
 * (preserve_insertion_order) and stops when a limit without an order is reached.
 */
function stretchesOf(pick: Picking): RawBuilder<unknown>[] {
  const { stored, query } = pick;
  const stretches = query.after ? query.order.stretchesAfter(query.after) : [sql<SqlBool>`true`];
  return stretches.map(
    (stretch) => sql`
      select ${selected(query)} from ${sql.table(stored)}
      where ${sql.ref(inOrderColumn)} and ${stretch} and ${conditionOf(pick)}
      limit ${sql.lit(query.limit)}`,
  );
}

/** The first of the rows out of order. */
function rowsOutOfOrder(pick: Picking): RawBuilder<unknown> {
  const { stored, query } = pick;
  const beyond = query.after ? sql` and ${query.order.beyond(query.after, false)}` : sql``;
  return sql`
    select ${selected(query)} from ${sql.table(stored)}
    where ${sql.ref(inOrderColumn)} = false and ${conditionOf(pick)}${beyond}
    order by ${query.order.clause(false)} limit ${sql.lit(query.limit)}`;
}

/** The position is one of the columns of every order. */
function selected({ order }: OrderedQuery): RawBuilder<unknown> {
  return sql.join(order.columns.map((name) => sql.ref(name)));
}

function conditionOf({ table, fromCurrent, query }: Picking): RawBuilder<SqlBool> {
  const conditions = [compileFilter(table.entity, query.filter ?? {})];
  if (!fromCurrent) conditions.push(sql`position <= ${query.at} and until_position > ${query.at}`);
  if (query.before) conditions.push(query.order.beyond(query.before, true));
  return sql`${sql.join(conditions, sql` and `)}`;
}
