/** Chunks that wait to be stored. */
import { turns } from '../../shared/turns.ts';
import { chunkOf, type StoredChunk } from './chunk-store.ts';

export class PendingChunks {
  #chunks: StoredChunk[] = [];
  #bytes = 0;

  /** How many bytes they hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All of them, in order. They wait until they are cleared: storing them may fail. */
  get all(): readonly StoredChunk[] {
    return this.#chunks;
  }

  /** Adds a chunk. @returns once others have had their turns. */
  async add(bytes: Uint8Array): Promise<void> {
    this.#chunks.push(chunkOf(bytes));
    this.#bytes += bytes.length;
    await turns.yield();
  }

  /** Those that waited are stored. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }
}
