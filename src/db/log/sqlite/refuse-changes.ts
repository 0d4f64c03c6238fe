/** Append-only, enforced by the database. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { LogTables } from '../tables.ts';

/**
 * Has SQLite itself refuse to change, delete or replace the rows of a table.
 * @param keys the table's unique keys, each the names of its columns. "insert or replace" deletes
 *   the row that it meets there, and tells no trigger of it unless a connection asks for that.
 */
export async function refuseChanges(
  db: Kysely<LogTables>,
  table: string,
  keys: readonly (readonly string[])[],
  isKept: RawBuilder<unknown> | null = null,
): Promise<void> {
  for (const change of ['update', 'delete']) {
    await sql`
      create trigger ${sql.ref(`${table}_refuses_${change}`)} before ${sql.raw(change)}
      on ${sql.table(table)} ${change === 'delete' && isKept ? sql`when ${isKept} ` : sql``}begin
        select raise(abort, ${sql.lit(`${table} is append-only: ${change} is refused`)});
      end`.execute(db);
  }
  const met = keys.map((columns) => {
    const same = columns.map((name) => sql`${sql.ref(name)} = new.${sql.ref(name)}`);
    return sql`exists (select 1 from ${sql.table(table)} where ${sql.join(same, sql` and `)})`;
  });
  await sql`
    create trigger ${sql.ref(`${table}_refuses_replace`)} before insert
    on ${sql.table(table)} when ${sql.join(met, sql` or `)} begin
      select raise(abort, ${sql.lit(`${table} is append-only: replace is refused`)});
    end`.execute(db);
}

/**
 * Runs work that may change the rows of some tables after all, as erasing does. It needs a
 * transaction that is taken back when the work fails: then nothing was ever allowed.
 */
export async function allowingChanges(
  db: Kysely<LogTables>,
  tables: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const { rows: triggers } = await sql<{ name: string; definition: string }>`
    select name, sql as definition from sqlite_schema
    where type = 'trigger' and tbl_name in (${sql.join(tables)})
    and name in (${sql.join(tables.flatMap((table) => refusals(table)))})`.execute(db);
  for (const { name } of triggers) await sql`drop trigger ${sql.ref(name)}`.execute(db);
  await work();
  for (const { definition } of triggers) await sql.raw(definition).execute(db);
}

function refusals(table: string): string[] {
  return ['update', 'delete'].map((change) => `${table}_refuses_${change}`);
}
