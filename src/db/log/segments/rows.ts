/** Rows that go from a database into another one of the same connection, as they are. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { LogTables } from '../tables.ts';

/** Where a table is: in which of the databases that a connection has. */
export interface TableAt {
  readonly schema: string;
  readonly name: string;
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

/** The columns of a table; none when there is no such table. */
async function columnsOf(
  db: Kysely<LogTables>,
  { schema, name }: TableAt,
): Promise<readonly Column[]> {
  const { rows } = await sql<Column>`
    select name, type, "notnull", pk from pragma_table_info(${name}, ${schema})`.execute(db);
  return rows;
}

export async function hasTable(db: Kysely<LogTables>, table: TableAt): Promise<boolean> {
  return (await columnsOf(db, table)).length > 0;
}

/** The columns of a table that hold texts, without those of its key. */
export async function textColumnsOf(db: Kysely<LogTables>, table: TableAt): Promise<string[]> {
  const columns = await columnsOf(db, table);
  return columns.filter(({ type, pk }) => type === 'TEXT' && pk === 0).map(({ name }) => name);
}

/**
 * Creates a table with the columns and the primary key of another, and nothing else; one that is
 * there gains the columns that it lacks.
 */
export async function createLike(
  db: Kysely<LogTables>,
  model: TableAt,
  table: TableAt,
): Promise<void> {
  const columns = await columnsOf(db, model);
  const known = (await columnsOf(db, table)).map(({ name }) => name);
  const definitions = columns.map(({ name, type, notnull, pk }) => {
    const rule = pk > 0 ? ' primary key' : notnull > 0 ? ' not null' : '';
    return { name, definition: sql`${sql.ref(name)} ${sql.raw(type + rule)}` };
  });
  if (known.length === 0) {
    const all = sql.join(definitions.map(({ definition }) => definition));
    await sql`create table ${at(table)} (${all}) strict`.execute(db);
    return;
  }
  for (const { name, definition } of definitions) {
    if (known.includes(name)) continue;
    await sql`alter table ${at(table)} add column ${definition}`.execute(db);
  }
}

/**
 * Inserts rows of a table into another one, which has at least its columns.
 * @param which what follows `from`: conditions, an order.
 * @returns how many they were.
 */
export async function copyRows(
  db: Kysely<LogTables>,
  from: TableAt,
  to: TableAt,
  which: RawBuilder<unknown>,
): Promise<number> {
  const columns = sql.join((await columnsOf(db, from)).map(({ name }) => sql.ref(name)));
  const { numAffectedRows } = await sql`
    insert into ${at(to)} (${columns}) select ${columns} from ${at(from)} ${which}`.execute(db);
  return Number(numAffectedRows);
}

/** A table, in SQL. */
export function at({ schema, name }: TableAt): RawBuilder<unknown> {
  return sql.id(schema, name);
}
