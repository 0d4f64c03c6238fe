/** The bytes of files: kept once per SHA-256, as a list of chunks, apart from the versions. */
import type { Kysely } from 'kysely';
import type { LogTables } from '../tables.ts';
import { chunkOf, putChunk } from './chunk-store.ts';
import { chunksOf } from './chunker.ts';
import { proveContents } from './contents-reader.ts';
import { addContents, findContents } from './contents-rows.ts';

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
  if (await findContents(db, sha256)) return await proveContents(db, sha256);
  const contents = await addContents(db, { sha256, size: bytes.length });
  let begin = 0;
  for (const piece of chunksOf(bytes)) {
    const chunk = await putChunk(db, chunkOf(piece), sha256);
    await db.insertInto('content_chunks').values({ contents, begin, chunk }).execute();
    begin += piece.length;
    await pause();
  }
}
