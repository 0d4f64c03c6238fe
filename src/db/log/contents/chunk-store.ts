/** Chunks of contents: each is stored once, by its digest. */
import type { Kysely } from 'kysely';
import { hexOf } from '../../shared/hex.ts';
import type { LogTables } from '../tables.ts';
import { decoded, type StoredChunk } from './chunk-encoding.ts';

/**
 * Stores a chunk unless it is stored already.
 * @param sha256 of the contents that it is for; its own digest where that is not known yet.
 * @returns the number by which contents name it.
 * @throws ContentsDamaged when what is stored under its digest is not what it was any more.
 */
export async function putChunk(
  db: Kysely<LogTables>,
  chunk: StoredChunk,
  sha256 = hexOf(chunk.digest),
): Promise<number> {
  const known = await db
    .selectFrom('chunks')
    .select(['id', 'digest', 'size', 'encoding', 'bytes'])
    .where('digest', '=', chunk.digest)
    .executeTakeFirst();
  if (known) {
    decoded(known, sha256);
    return known.id;
  }
  const { id } = await db
    .insertInto('chunks')
    .values(chunk)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
