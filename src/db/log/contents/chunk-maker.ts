/**
 * Makes what is stored of chunks in a thread of its own, which compresses them and finds their digests: of
 * a large upload that is most of the work, and the event loop has others to serve.
 */
import { Worker } from 'node:worker_threads';
import { ownFile } from '../../shared/own-file.ts';
import { storeClosing } from '../../shared/problems.ts';
import type { StoredChunk } from './chunk-encoding.ts';

interface Asked {
  readonly resolve: (chunk: StoredChunk) => void;
  readonly reject: (error: unknown) => void;
}

export class ChunkMaker {
  #thread: Worker | null = null;
  /** Those whose chunks are being made, in the order in which they asked. */
  #asked: Asked[] = [];
  #isClosed = false;

  /**
   * @param bytes of a chunk. Their memory is handed over: nobody can read them here any more.
   * @throws Unavailable once it is closed, and what ended the thread.
   */
  make(bytes: Uint8Array<ArrayBuffer>): Promise<StoredChunk> {
    if (this.#isClosed) return Promise.reject(storeClosing());
    return new Promise((resolve, reject) => {
      this.#thread ??= this.#start();
      this.#thread.postMessage(bytes, [bytes.buffer]);
      this.#asked.push({ resolve, reject });
      // The process stays while somebody waits for a chunk.
      this.#thread.ref();
    });
  }

  /** Ends the thread; whoever waits for a chunk does so in vain. */
  close(): void {
    this.#isClosed = true;
    this.#end(storeClosing());
  }

  #start(): Worker {
    const { path, execArgv } = ownFile('db/log/contents/chunk-thread');
    const thread = new Worker(path, { execArgv: [...execArgv] });
    thread.on('message', (chunk: StoredChunk) => {
      this.#asked.shift()?.resolve(chunk);
      if (this.#asked.length === 0) thread.unref();
    });
    // The next who asks has another one.
    thread.on('error', (error) => this.#end(error));
    return thread;
  }

  #end(reason: unknown): void {
    const asked = this.#asked;
    this.#asked = [];
    this.#thread?.terminate();
    this.#thread = null;
    for (const { reject } of asked) reject(reason);
  }
}
