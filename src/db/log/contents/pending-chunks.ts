/** Chunks of an upload that wait to be stored. What is stored of them is made meanwhile. */
import { limits } from '../../shared/limits.ts';
import { turns } from '../../shared/turns.ts';
import { chunkOf, type StoredChunk } from './chunk-encoding.ts';
import type { ChunkMaker } from './chunk-maker.ts';

interface PendingChunk {
  readonly size: number;
  readonly made: Promise<StoredChunk>;
}

export class PendingChunks {
  readonly #maker: ChunkMaker;
  #chunks: PendingChunk[] = [];
  #bytes = 0;
  /** How many bytes were added, ever. */
  #added = 0;

  constructor(maker: ChunkMaker) {
    this.#maker = maker;
  }

  /** How many bytes they hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a chunk, and takes its memory. @returns once others have had their turns. */
  async add(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const size = bytes.length;
    this.#added += size;
    this.#bytes += size;
    // A small upload is done sooner than a thread has begun.
    const isFew = this.#added <= limits.uploadHeldBytesMax;
    const made = isFew ? Promise.resolve(chunkOf(bytes)) : this.#maker.make(bytes);
    // Whoever stores it hears of what went wrong, which may be later.
    made.catch(() => {});
    this.#chunks.push({ size, made });
    await turns.yield();
  }

  /**
   * The first of them, in order, until they hold so many bytes; all, if they hold less. They wait until
   * they are dropped: storing them may fail.
   * @throws what ChunkMaker throws.
   */
  first(bytes: number): Promise<StoredChunk[]> {
    const first: Promise<StoredChunk>[] = [];
    let held = 0;
    for (const { size, made } of this.#chunks) {
      if (held >= bytes) break;
      first.push(made);
      held += size;
    }
    return Promise.all(first);
  }

  /** The first so many are stored. */
  drop(count: number): void {
    for (const { size } of this.#chunks.splice(0, count)) this.#bytes -= size;
  }
}
