/**
 * Bytes on their way in. Chunks of an upload are stored as they come, by commits of their own, so that a
 * slow one holds nobody up and a large one takes little memory. No version names them before a
 * transaction keeps them, and what none keeps is collected. Few bytes are left to that transaction, and
 * so take one commit.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { ChunkMaker } from './chunk-maker.ts';
import { Chunker } from './chunker.ts';
import { PendingChunks } from './pending-chunks.ts';
import { addUploadChunks, type Uploaded, type WithinCommit } from './upload-rows.ts';

export class Upload {
  readonly id = randomUUID();
  readonly #commit: WithinCommit;
  readonly #clock: Clock;
  readonly #hash = createHash('sha256');
  readonly #chunker = new Chunker();
  readonly #waiting: PendingChunks;
  /** How many bytes are stored; null before the first are. */
  #storedBytes: number | null = null;
  #size = 0;

  /** @param commit runs work within a commit of the log. */
  constructor(commit: WithinCommit, clock: Clock, maker: ChunkMaker) {
    this.#commit = commit;
    this.#clock = clock;
    this.#waiting = new PendingChunks(maker);
  }

  /** How many bytes have come. */
  get size(): number {
    return this.#size;
  }

  /** Takes more bytes. @returns once there is room for others. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    for (const chunk of this.#chunker.push(bytes)) await this.#add(chunk);
  }

  /** All bytes have come. @returns what a transaction keeps. */
  async end(): Promise<Uploaded> {
    for (const chunk of this.#chunker.end()) await this.#add(chunk);
    const about = { upload: this.id, sha256: this.#hash.digest('hex'), size: this.#size };
    if (this.#storedBytes === null && this.#size <= limits.uploadHeldBytesMax) {
      return { ...about, chunks: await this.#waiting.first(Infinity) };
    }
    while (this.#waiting.bytes > 0) await this.#store();
    return { ...about, chunks: null };
  }

  /** Chunks that follow are made while some are stored. */
  async #add(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#waiting.add(bytes);
    if (this.#waiting.bytes >= limits.uploadWaitingBytes) await this.#store();
  }

  async #store(): Promise<void> {
    const chunks = await this.#waiting.first(limits.uploadBatchBytes);
    this.#storedBytes = await this.#commit(async (db, pause) => {
      const upload = { id: this.id, touched_at: this.#clock() };
      if (this.#storedBytes === null) await db.insertInto('uploads').values(upload).execute();
      else await db.updateTable('uploads').set(upload).where('id', '=', this.id).execute();
      return await addUploadChunks(db, this.id, this.#storedBytes ?? 0, chunks, pause);
    });
    this.#waiting.drop(chunks.length);
  }
}
