/** The bytes of files: stored once per SHA-256, in chunks, apart from the versions. */
import type { Kysely } from 'kysely';
import { limits } from '../shared/limits.ts';
import { ContentsDamaged } from '../shared/problems.ts';
import type { LogTables } from './tables.ts';

export interface ContentsInfo {
  /** In hexadecimal. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * Stores the bytes under their SHA-256 unless they are there already.
 * @throws ContentsDamaged when what is there already are not these bytes any more: a file that
 *   named them could not be read.
 */
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
  if (known) return await refuseOtherBytes(db, sha256, bytes);
  await db.insertInto('contents').values({ sha256, size: bytes.length }).execute();
  for (let number = 0; number * limits.contentChunkBytes < bytes.length; number += 1) {
    await db
      .insertInto('content_chunks')
      .values({ sha256, number, bytes: chunkOf(bytes, number) })
      .execute();
  }
}

/** The stored bytes with this number, counted from 0; null when there are none. */
export async function readChunk(
  db: Kysely<LogTables>,
  sha256: string,
  number: number,
): Promise<Uint8Array | null> {
  const chunk = await db
    .selectFrom('content_chunks')
    .select('bytes')
    .where('sha256', '=', sha256)
    .where('number', '=', number)
    .executeTakeFirst();
  return chunk?.bytes ?? null;
}

async function refuseOtherBytes(
  db: Kysely<LogTables>,
  sha256: string,
  bytes: Uint8Array,
): Promise<void> {
  for (let number = 0; ; number += 1) {
    const stored = await readChunk(db, sha256, number);
    const expected = chunkOf(bytes, number);
    if (Buffer.compare(stored ?? new Uint8Array(), expected) !== 0) {
      throw new ContentsDamaged(sha256, number === 0 && !stored);
    }
    if (!stored) return;
  }
}

function chunkOf(bytes: Uint8Array, number: number): Uint8Array {
  const begin = number * limits.contentChunkBytes;
  return bytes.subarray(begin, begin + limits.contentChunkBytes);
}
