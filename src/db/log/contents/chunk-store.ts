/** Chunks of contents: each stored once, by its digest, and compressed where that pays. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Kysely } from 'kysely';
import { hexOf } from '../../shared/hex.ts';
import { ContentsDamaged } from '../../shared/problems.ts';
import type { LogTables } from '../tables.ts';
import { chunkSizes } from './chunker.ts';

/** What the beginning of a chunk tells of all of it: most files are the same kind of bytes all through. */
const sampleBytes = 4 * 1024;
/** Compressed chunks may take so much of what they hold: less is not worth the time it takes. */
const compressedShareMax = 0.875;
/** Level 1: a third of the time that zlib takes by default, for a tenth more bytes. */
const compression = { level: 1 } as const;

/** A chunk as it is stored. */
export type StoredChunk = Pick<LogTables['chunks'], 'digest' | 'size' | 'encoding' | 'bytes'>;

/** Makes of bytes what is stored of them, in place: within a transaction nothing is waited for. */
export function chunkOf(bytes: Uint8Array): StoredChunk {
  return storedAs(bytes, samplePays(bytes) ? deflateRawSync(bytes, compression) : null);
}

const deflateElsewhere = promisify(deflateRaw);

/** The same, compressed in another thread: that takes most of the time. */
export async function chunkSoon(bytes: Uint8Array): Promise<StoredChunk> {
  return storedAs(bytes, samplePays(bytes) ? await deflateElsewhere(bytes, compression) : null);
}

function samplePays(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, sampleBytes);
  return pays(deflateRawSync(sample, compression), sample);
}

function storedAs(bytes: Uint8Array, deflated: Uint8Array | null): StoredChunk {
  const about = { digest: digestOf(bytes), size: bytes.length };
  return deflated && pays(deflated, bytes)
    ? { ...about, encoding: 'deflate', bytes: deflated }
    : { ...about, encoding: 'none', bytes };
}

function pays(deflated: Uint8Array, bytes: Uint8Array): boolean {
  return deflated.length <= bytes.length * compressedShareMax;
}

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

/** What a chunk of contents holds. @throws ContentsDamaged when it is not what was stored. */
export function decoded(
  { digest, size, encoding, bytes }: StoredChunk,
  sha256: string,
): Uint8Array {
  const plain = encoding === 'deflate' ? inflated(bytes) : bytes;
  if (plain?.length !== size || !digestOf(plain).equals(digest)) {
    throw new ContentsDamaged(sha256, false);
  }
  return plain;
}

/** Null for what nothing was deflated to. */
function inflated(bytes: Uint8Array): Uint8Array | null {
  try {
    return inflateRawSync(bytes, { maxOutputLength: chunkSizes.max });
  } catch {
    return null;
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
