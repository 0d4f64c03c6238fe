/**
 * The rows of a table in an order, part by part. Whatever DuckDB sorts at a time takes memory, which
 * all else that it does then lacks: of a table larger than memory it took all.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Order, Place } from '../criteria/order.ts';

/** Rows of a table that are looked at to find out how to divide it, and which part of it at least. */
const sampledRows = 100_000;
const sampledPercentMin = 5;

/**
 * Conditions that divide a table's rows into parts that follow each other in an order.
 * @param bytesMax how large a part is, about, in bytes of its rows as text. The table is scanned for
 *   each of them.
 * @param condition of the rows that are wanted, as SQL.
 */
export async function partsInOrder(
  connection: DuckDBConnection,
  table: string,
  order: Order,
  bytesMax: number,
  condition = 'true',
): Promise<RawBuilder<SqlBool>[]> {
  const bounds = await boundsOf(connection, table, order, bytesMax, condition);
  const wanted = sql.raw<SqlBool>(condition);
  return [...bounds, null].map((bound, index) => {
    const before = bounds[index - 1];
    const conditions = [wanted];
    if (before) conditions.push(order.beyond(before, false));
    if (bound) conditions.push(sql<SqlBool>`not ${order.beyond(bound, false)}`);
    return sql<SqlBool>`${sql.join(conditions, sql` and `)}`;
  });
}

/** The places at which one part ends and the next begins. */
async function boundsOf(
  connection: DuckDBConnection,
  table: string,
  order: Order,
  bytesMax: number,
  condition: string,
): Promise<Place[]> {
  const percent = await sampledPercent(connection, table);
  const sampled = `"${table}" sampled tablesample system(${percent}%) where ${condition}`;
  const measured = await connection.runAndReadAll(
    `select coalesce(sum(strlen(sampled::varchar)), 0) from ${sampled}`,
  );
  const bytes = (Number(measured.getRowsJS()[0]?.[0]) * 100) / percent;
  const parts = Math.ceil(bytes / bytesMax);
  if (parts < 2) return [];
  const places = order.columns.map((column) => `"${column}"`).join(', ');
  const found = await connection.runAndReadAll(
    `select ${places} from (
       select ${places}, row_number() over (order by ${order.text()}) as row, count(*) over () as rows
       from ${sampled}
     ) where row % ceil(rows / ${parts}) = 0 order by row`,
  );
  return found
    .getRowsJS()
    .map((place) => place.map((value) => (typeof value === 'bigint' ? Number(value) : value)))
    .map((place) => place as Place);
}

/** DuckDB samples whole vectors of 2,048 rows: of a small table it might take none. */
async function sampledPercent(connection: DuckDBConnection, table: string): Promise<number> {
  const counted = await connection.runAndReadAll(`select count(*) from "${table}"`);
  const rows = Number(counted.getRowsJS()[0]?.[0]);
  return Math.min(100, Math.max(sampledPercentMin, Math.ceil((100 * sampledRows) / rows)));
}
