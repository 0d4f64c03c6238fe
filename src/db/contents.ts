/** The bytes of files: stored once per SHA-256, in chunks, apart from the versions. */
import type { Kysely } from 'kysely';
import { limits } from './limits.ts';
import type { LogTables } from './log-file.ts';

export interface ContentsInfo {
  /** In hexadecimal. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/** Stores the bytes under their SHA-256 unless they are there already. */
export async function writeContents(
  db: Kysely<LogTables>,
  sha256: string,
  bytes: Uint8Array,
): Promise<void> {
  const known = await db
    .selectFrom('contents')
    .select('sha256')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (known) return;
  await db.insertInto('contents').values({ sha256, size: bytes.length }).execute();
  for (let number = 0; number * limits.contentChunkBytes < bytes.length; number += 1) {
    const begin = number * limits.contentChunkBytes;
    await db
      .insertInto('content_chunks')
      .values({ sha256, number, bytes: bytes.subarray(begin, begin + limits.contentChunkBytes) })
      .execute();
  }
}

/**
 * The stored bytes in order, a chunk at a time; nothing when no such contents are stored.
 * @param first the first byte wanted.
 * @param last the last byte wanted, included.
 */
export async function* readContents(
  db: Kysely<LogTables>,
  sha256: string,
  first: number,
  last: number,
): AsyncGenerator<Uint8Array, void> {
  const size = limits.contentChunkBytes;
  for (let number = Math.floor(first / size); number * size <= last; number += 1) {
    const chunk = await db
      .selectFrom('content_chunks')
      .select('bytes')
      .where('sha256', '=', sha256)
      .where('number', '=', number)
      .executeTakeFirst();
    if (!chunk) return;
    const begin = number * size;
    yield chunk.bytes.subarray(Math.max(first - begin, 0), last - begin + 1);
  }
}
