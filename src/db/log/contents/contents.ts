/** The bytes of files: kept once per SHA-256, as a list of chunks, apart from the versions. */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { LogTables } from '../tables.ts';
import { chunkOf, type StoredChunk } from './chunk-encoding.ts';
import { ChunkStore } from './chunk-store.ts';
import { chunksOf } from './chunker.ts';
import { proveContents } from './contents-reader.ts';
import { addContents, type ContentsInfo, findContents } from './contents-rows.ts';

/**
 * Keeps bytes, as writeContents does.
 * @returns their SHA-256, and how many they are.
 */
export async function writeBytes(
  db: Kysely<LogTables>,
  bytes: Uint8Array,
  pause: () => Promise<void>,
): Promise<ContentsInfo> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const info = { sha256, size: bytes.length };
  await writeContents(db, info, chunksMade(bytes), pause);
  return info;
}

function* chunksMade(bytes: Uint8Array): Generator<StoredChunk, void> {
  for (const piece of chunksOf(bytes)) yield chunkOf(piece);
}

/**
 * Keeps chunks as contents under the SHA-256 of all of them, unless they are there already.
 * @param pause lets others go on between chunks.
 * @throws ContentsDamaged when what is there already are not these bytes any more: a file that
 *   named them could not be read.
 */
export async function writeContents(
  db: Kysely<LogTables>,
  { sha256, size }: ContentsInfo,
  chunks: Iterable<StoredChunk>,
  pause: () => Promise<void>,
): Promise<void> {
  if (await findContents(db, sha256)) return await proveContents(db, sha256);
  const contents = await addContents(db, { sha256, size });
  const store = new ChunkStore(db);
  let begin = 0;
  for (const stored of chunks) {
    const chunk = await store.put(stored, sha256);
    await db.insertInto('content_chunks').values({ contents, begin, chunk }).execute();
    begin += stored.size;
    await pause();
  }
}
