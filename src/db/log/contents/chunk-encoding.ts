/** What is stored of a chunk of contents: compressed where that pays, with the digest of what it holds. */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ContentsDamaged } from '../../shared/problems.ts';
import type { LogTables } from '../tables.ts';
import { chunkSizes } from './chunker.ts';
import { compressedShareMax, mayCompress } from './compressibility.ts';

/** A third of the time that zlib takes by default, for a tenth more bytes. */
const level = 1;
/** The least room for a result that zlib takes, in bytes. */
const roomMin = 64;

/** A chunk as it is stored. */
export type StoredChunk = Pick<LogTables['chunks'], 'digest' | 'size' | 'encoding' | 'bytes'>;

/** Makes of bytes what is stored of them. Compressing 64 KiB takes half a millisecond. */
export function chunkOf(bytes: Uint8Array): StoredChunk {
  const about = { digest: digestOf(bytes), size: bytes.length };
  const compressed = mayCompress(bytes) ? deflated(bytes) : null;
  return compressed && compressed.length <= bytes.length * compressedShareMax
    ? { ...about, encoding: 'deflate', bytes: compressed }
    : { ...about, encoding: 'none', bytes };
}

/** In one piece: zlib would hand out its result in pieces of 16 KiB otherwise, which takes longer. */
function deflated(bytes: Uint8Array): Uint8Array {
  return deflateRawSync(bytes, { level, chunkSize: Math.max(bytes.length, roomMin) });
}

/** What a chunk of contents holds. @throws ContentsDamaged when it is not what was stored. */
export function decoded(
  { digest, size, encoding, bytes }: StoredChunk,
  sha256: string,
): Uint8Array {
  const plain = encoding === 'deflate' ? inflated(bytes, size) : bytes;
  if (plain?.length !== size || !digestOf(plain).equals(digest)) {
    throw new ContentsDamaged(sha256, false);
  }
  return plain;
}

/** Null for what nothing was deflated to. */
function inflated(bytes: Uint8Array, size: number): Uint8Array | null {
  // What a disk has made of a size is no reason to take that much memory.
  const max = chunkSizes.max;
  const room = Math.min(Math.max(size, roomMin), max);
  try {
    // zlib takes as much room again when its result fills it: one byte more is cheaper.
    return inflateRawSync(bytes, { maxOutputLength: max, chunkSize: room + 1 });
  } catch {
    return null;
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
