/**
 * Where contents are cut into chunks: by what they hold, so that a small change moves no cut but those
 * around it, and the other chunks are stored already. FastCDC: W. Xia et al., “FastCDC: a Fast and
 * Efficient Content-Defined Chunking Approach for Data Deduplication”, USENIX ATC 2016: a gear hash,
 * no cut before a least size, and two masks that keep sizes near the usual one. In 32 bits, as
 * JavaScript counts, so that a cut depends on the 32 bytes before it. Cuts are no part of the format:
 * with other ones less is found to be stored already, and all is read as before.
 */
import { createHash } from 'node:crypto';

/** Sizes of chunks, in bytes. The last one may be smaller. */
export const chunkSizes = { min: 16 * 1024, usual: 64 * 1024, max: 256 * 1024 } as const;

/** Two bits more, and two less, than make a cut likely every 2^16 bytes. */
const maskBefore = 0xff_ff_c0_00 | 0;
const maskAfter = 0xff_fc_00_00 | 0;

/** A number at random for each byte: of the SHA-256 of its place, so that they are nobody's choice. */
const gear = Int32Array.from({ length: 256 }, (_, byte) =>
  createHash('sha256').update(`gear ${byte}`).digest().readInt32LE(0),
);

/** The length of the first chunk of the bytes; all of them where they are its last ones. */
function firstCut(bytes: Uint8Array): number {
  if (bytes.length <= chunkSizes.min) return bytes.length;
  const usual = Math.min(chunkSizes.usual, bytes.length);
  const end = Math.min(chunkSizes.max, bytes.length);
  let hash = 0;
  let at: number = chunkSizes.min;
  for (; at < usual; at += 1) {
    hash = ((hash << 1) + (gear[bytes[at] as number] as number)) | 0;
    if ((hash & maskBefore) === 0) return at;
  }
  for (; at < end; at += 1) {
    hash = ((hash << 1) + (gear[bytes[at] as number] as number)) | 0;
    if ((hash & maskAfter) === 0) return at;
  }
  return end;
}

/** How many bytes are held at most: the fewer, the nearer they are to the processor. */
const roomBytes = 2 * chunkSizes.max;

/** Cuts bytes that come piece by piece: the chunks are the same, however they come. */
export class Chunker {
  /** What is held is in it from `begin` to `end`; before it are chunks that were given out. */
  #room: Uint8Array;
  #begin = 0;
  #end: number;

  /** @param held what was held of the same bytes before. */
  constructor(held: Uint8Array = new Uint8Array()) {
    this.#room = held;
    this.#end = held.length;
  }

  /** What came after the last chunk, and is none yet. */
  get held(): Uint8Array {
    return this.#room.subarray(this.#begin, this.#end);
  }

  /** @returns the chunks that are complete with these bytes, each in memory of its own. */
  *push(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>, void> {
    for (let left = bytes; left.length > 0; ) {
      if (this.#end === this.#room.length) this.#makeRoom(left.length);
      const taken = left.subarray(0, this.#room.length - this.#end);
      this.#room.set(taken, this.#end);
      this.#end += taken.length;
      left = left.subarray(taken.length);
      while (this.#end - this.#begin >= chunkSizes.max) {
        const { held } = this;
        const chunk = copyOf(held.subarray(0, firstCut(held)));
        // Before it is given out: whoever takes it may fail, and what is held is to follow it.
        this.#begin += chunk.length;
        yield chunk;
      }
    }
  }

  /** The chunks of what is left, once all bytes have come. */
  *end(): Generator<Uint8Array<ArrayBuffer>, void> {
    for (const chunk of chunksOf(this.held)) yield copyOf(chunk);
    this.#begin = this.#end;
  }

  /** What is held goes to the beginning, of other memory if it and what comes may take more. */
  #makeRoom(coming: number): void {
    const held = this.held;
    const size = Math.min(roomBytes, 2 * (held.length + coming));
    if (size > this.#room.length) this.#room = withoutZeros(size);
    this.#room.set(held);
    [this.#begin, this.#end] = [0, held.length];
  }
}

function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = withoutZeros(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Memory that holds anything: to fill it with zeros first took as long as to find the cuts. */
function withoutZeros(length: number): Uint8Array<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(length);
}

/** The chunks of bytes that are all there. */
export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let begin = 0; begin < bytes.length; ) {
    const length = firstCut(bytes.subarray(begin, begin + chunkSizes.max));
    yield bytes.subarray(begin, begin + length);
    begin += length;
  }
}
