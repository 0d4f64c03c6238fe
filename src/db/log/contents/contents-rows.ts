/** The rows that say which contents the log has. */
import type { Kysely } from 'kysely';
import type { LogTables } from '../tables.ts';

/** What an empty file has: there is nothing to be stored of it. */
export const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export interface ContentsInfo {
  /** In hexadecimal. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/** @returns the number of contents, and their size in bytes; undefined when there are none. */
export async function findContents(
  db: Kysely<LogTables>,
  sha256: string,
): Promise<{ readonly id: number; readonly size: number } | undefined> {
  return await db
    .selectFrom('contents')
    .select(['id', 'size'])
    .where('sha256', '=', sha256)
    .executeTakeFirst();
}

/** Adds contents, for chunks to be named by. @returns their number. */
export async function addContents(
  db: Kysely<LogTables>,
  { sha256, size }: ContentsInfo,
): Promise<number> {
  const { id } = await db
    .insertInto('contents')
    .values({ sha256, size })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
