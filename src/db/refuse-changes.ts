/** Append-only, enforced by the database. */
import { type Kysely, sql } from 'kysely';
import type { LogTables } from './log-file.ts';

/** Has SQLite itself refuse to change or delete the rows of a table. */
export async function refuseChanges(db: Kysely<LogTables>, table: string): Promise<void> {
  for (const change of ['update', 'delete']) {
    await sql`
      create trigger ${sql.ref(`${table}_refuses_${change}`)} before ${sql.raw(change)}
      on ${sql.table(table)} begin
        select raise(abort, ${sql.lit(`${table} is append-only: ${change} is refused`)});
      end`.execute(db);
  }
}
