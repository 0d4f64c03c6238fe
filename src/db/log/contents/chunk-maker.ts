/**
 * Makes what is stored of chunks in threads of their own, which compress them and find their digests: of a
 * large upload that is most of the work, and the event loop has others to serve.
 */
import { availableParallelism } from 'node:os';
import { limits } from '../../shared/limits.ts';
import { OwnThread } from '../../shared/own-thread.ts';
import type { StoredChunk } from './chunk-encoding.ts';

export class ChunkMaker {
  readonly #threads = Array.from(
    { length: Math.min(availableParallelism(), limits.chunkThreadsMax) },
    () => new OwnThread<Uint8Array, StoredChunk>('db/log/contents/chunk-thread'),
  );

  /**
   * @param bytes of a chunk. Their memory is handed over: nobody can read them here any more.
   * @throws Unavailable once it is closed, and what ended the thread that made it.
   */
  make(bytes: Uint8Array<ArrayBuffer>): Promise<StoredChunk> {
    // The first of those that owe least: one that has begun is quicker than one that has not.
    const thread = this.#threads.reduce((least, each) => (each.owed < least.owed ? each : least));
    return thread.ask(bytes, [bytes]);
  }

  /** Ends the threads; whoever waits for a chunk does so in vain. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}
