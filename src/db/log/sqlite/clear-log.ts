/** Has a log hold nothing, and be another one. */
import { sql } from 'kysely';
import type { Entity } from '../../../entities/index.ts';
import type { LogFile } from './log-file.ts';
import { defineLog } from './migrations.ts';

/**
 * Takes all tables out of the file and defines a new log there, in one commit: whatever ends this before
 * leaves the log as it was.
 * @param entities kinds of records that the new log has tables of.
 */
export async function clearLog(file: LogFile, entities: readonly Entity[]): Promise<void> {
  await file.kysely.connection().execute(async (db) => {
    // Tables go one by one; that none refers to another is true only when all are gone.
    await sql`pragma foreign_keys = off`.execute(db);
    await sql`begin immediate`.execute(db);
    try {
      const { rows } = await sql<{ name: string }>`
        select name from sqlite_schema where type = 'table' and name not like 'sqlite!_%' escape '!'`.execute(
        db,
      );
      for (const { name } of rows) await sql`drop table ${sql.table(name)}`.execute(db);
      await sql`pragma user_version = 0`.execute(db);
      await defineLog(db, entities);
      await sql`commit`.execute(db);
    } catch (error) {
      if (file.inTransaction) await sql`rollback`.execute(db);
      throw error;
    }
    await sql`pragma foreign_keys = on`.execute(db);
  });
}
