/** The bytes of files: kept once per SHA-256, as a list of chunks, apart from the versions. */
import type { Kysely } from 'kysely';
import { ContentsDamaged } from '../../shared/problems.ts';
import type { LogTables } from '../tables.ts';
import { ChunkDamaged, chunkOf, putChunk } from './chunk-store.ts';
import { chunksOf } from './chunker.ts';
import { ContentsReader } from './contents-reader.ts';

export interface ContentsInfo {
  /** In hexadecimal. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * Keeps the bytes under their SHA-256 unless they are there already.
 * @param pause lets others go on between chunks.
 * @throws ContentsDamaged when what is there already are not these bytes any more: a file that
 *   named them could not be read.
 */
export async function writeContents(
  db: Kysely<LogTables>,
  sha256: string,
  bytes: Uint8Array,
  pause: () => Promise<void>,
): Promise<void> {
  const known = await db
    .selectFrom('contents')
    .select('id')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (known) {
    for await (const _ of new ContentsReader(db).whole(sha256));
    return;
  }
  const { id } = await db
    .insertInto('contents')
    .values({ sha256, size: bytes.length })
    .returning('id')
    .executeTakeFirstOrThrow();
  let begin = 0;
  for (const bytesOfChunk of chunksOf(bytes)) {
    const chunk = await putSound(db, sha256, bytesOfChunk);
    await db.insertInto('content_chunks').values({ contents: id, begin, chunk }).execute();
    begin += bytesOfChunk.length;
    await pause();
  }
}

async function putSound(db: Kysely<LogTables>, sha256: string, bytes: Uint8Array): Promise<number> {
  try {
    return await putChunk(db, chunkOf(bytes));
  } catch (error) {
    if (error instanceof ChunkDamaged) throw new ContentsDamaged(sha256, false);
    throw error;
  }
}
