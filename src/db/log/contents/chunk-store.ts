/** Chunks of contents: each stored once, by its digest, and compressed where that pays. */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Kysely } from 'kysely';
import type { LogTables } from '../tables.ts';
import { chunkSizes } from './chunker.ts';

/** What the beginning of a chunk tells of all of it: most files are the same kind of bytes all through. */
const sampleBytes = 4 * 1024;
/** Compressed chunks may take so much of what they hold: less is not worth the time it takes. */
const compressedShareMax = 0.875;
/** Level 1: a third of the time that zlib takes by default, for a tenth more bytes. */
const compression = { level: 1 } as const;

/** A stored chunk whose bytes are not what they were stored as. */
export class ChunkDamaged extends Error {
  override readonly name = 'ChunkDamaged';
}

/** A chunk as it is stored. */
export type StoredChunk = Pick<LogTables['chunks'], 'digest' | 'size' | 'encoding' | 'bytes'>;

/** Makes of bytes what is stored of them: this takes most of the time, and nobody has to wait for it. */
export function chunkOf(bytes: Uint8Array): StoredChunk {
  const deflated = deflatedIfItPays(bytes.subarray(0, sampleBytes)) && deflatedIfItPays(bytes);
  const encoding = deflated ? 'deflate' : 'none';
  return { digest: digestOf(bytes), size: bytes.length, encoding, bytes: deflated ?? bytes };
}

/**
 * Stores a chunk unless it is stored already.
 * @returns the number by which contents name it.
 * @throws ChunkDamaged when what is stored under its digest is not what it was any more.
 */
export async function putChunk(db: Kysely<LogTables>, chunk: StoredChunk): Promise<number> {
  const known = await db
    .selectFrom('chunks')
    .select(['id', 'digest', 'size', 'encoding', 'bytes'])
    .where('digest', '=', chunk.digest)
    .executeTakeFirst();
  if (known) {
    decoded(known);
    return known.id;
  }
  const { id } = await db
    .insertInto('chunks')
    .values(chunk)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** What a chunk holds. @throws ChunkDamaged when it is not what was stored. */
export function decoded({ digest, size, encoding, bytes }: StoredChunk): Uint8Array {
  const plain = encoding === 'deflate' ? inflated(bytes) : bytes;
  if (plain.length !== size || !digestOf(plain).equals(digest)) {
    throw new ChunkDamaged('A chunk of contents has been changed.');
  }
  return plain;
}

function inflated(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: chunkSizes.max });
  } catch (cause) {
    throw new ChunkDamaged('A chunk of contents cannot be decompressed any more.', { cause });
  }
}

function deflatedIfItPays(bytes: Uint8Array): Uint8Array | null {
  const deflated = deflateRawSync(bytes, compression);
  return deflated.length <= bytes.length * compressedShareMax ? deflated : null;
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
