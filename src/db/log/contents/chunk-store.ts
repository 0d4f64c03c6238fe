/** Chunks of contents: each stored once, by its digest, and compressed where that pays. */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Kysely } from 'kysely';
import type { LogTables } from '../tables.ts';
import { chunkSizes } from './chunker.ts';

type ChunkEncoding = LogTables['chunks']['encoding'];

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

/**
 * Stores a chunk unless it is stored already.
 * @returns the number by which contents name it.
 * @throws ChunkDamaged when what is stored under its digest are not these bytes any more.
 */
export async function putChunk(db: Kysely<LogTables>, bytes: Uint8Array): Promise<number> {
  const digest = digestOf(bytes);
  const known = await db
    .selectFrom('chunks')
    .select(['id', 'digest', 'size', 'encoding', 'bytes'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (known) {
    decoded(known);
    return known.id;
  }
  const { id } = await db
    .insertInto('chunks')
    .values({ digest, size: bytes.length, ...encoded(bytes) })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** A chunk as it is stored. */
export type StoredChunk = Pick<LogTables['chunks'], 'digest' | 'size' | 'encoding' | 'bytes'>;

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

function encoded(bytes: Uint8Array): { encoding: ChunkEncoding; bytes: Uint8Array } {
  const deflated = deflatedIfItPays(bytes.subarray(0, sampleBytes)) && deflatedIfItPays(bytes);
  return deflated ? { encoding: 'deflate', bytes: deflated } : { encoding: 'none', bytes };
}

function deflatedIfItPays(bytes: Uint8Array): Uint8Array | null {
  const deflated = deflateRawSync(bytes, compression);
  return deflated.length <= bytes.length * compressedShareMax ? deflated : null;
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
