/** Chunks that wait to be stored: they are made of bytes in other threads meanwhile. */
import { turns } from '../../shared/turns.ts';
import { chunkSoon, type StoredChunk } from './chunk-store.ts';

/** How many of an upload are made at the same time: others want those threads as well. */
const atATime = 2;

export class PendingChunks {
  #chunks: Promise<StoredChunk>[] = [];
  #bytes = 0;

  /** How many bytes they hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a chunk. @returns once there is room for another. */
  async add(bytes: Uint8Array): Promise<void> {
    const chunk = chunkSoon(bytes);
    // Whoever takes it is told; one that nobody takes is of no interest.
    chunk.catch(() => {});
    this.#chunks.push(chunk);
    this.#bytes += bytes.length;
    await this.#chunks.at(-atATime);
    await turns.yield();
  }

  /** All of them, in order. They wait until they are cleared: storing them may fail. */
  all(): Promise<StoredChunk[]> {
    return Promise.all(this.#chunks);
  }

  /** Those that waited are stored. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }
}
