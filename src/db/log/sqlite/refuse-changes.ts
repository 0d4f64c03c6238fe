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
