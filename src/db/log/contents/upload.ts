/**
 * Bytes on their way in. Chunks of an upload are stored as they come, by commits of their own, so that a
 * slow one holds nobody up and a large one takes little memory. No version names them before a
 * transaction keeps them, and what none keeps is collected.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { turns } from '../../shared/turns.ts';
import { chunkOf, putChunk, type StoredChunk } from './chunk-store.ts';
import { Chunker } from './chunker.ts';
import type { Uploaded, WithinCommit } from './upload-rows.ts';

export class Upload {
  readonly id: string;
  readonly #commit: WithinCommit;
  readonly #clock: Clock;
  readonly #hash = createHash('sha256');
  readonly #chunker = new Chunker();
  #waiting: StoredChunk[] = [];
  #waitingBytes = 0;
  #storedBytes = 0;
  #size = 0;

  private constructor(id: string, commit: WithinCommit, clock: Clock) {
    this.id = id;
    this.#commit = commit;
    this.#clock = clock;
  }

  /** Begins an upload. @param commit runs work within a commit of the log. */
  static async begin(commit: WithinCommit, clock: Clock): Promise<Upload> {
    const id = randomUUID();
    await commit(async (db) => {
      await db.insertInto('uploads').values({ id, touched_at: clock() }).execute();
    });
    return new Upload(id, commit, clock);
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
    await this.#store();
    return { upload: this.id, sha256: this.#hash.digest('hex'), size: this.#size };
  }

  async #add(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(chunkOf(bytes));
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= limits.uploadBatchBytes) await this.#store();
    else await turns.yield();
  }

  async #store(): Promise<void> {
    const chunks = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (chunks.length === 0) return;
    await this.#commit(async (db, pause) => {
      for (const stored of chunks) {
        const chunk = await putChunk(db, stored);
        const row = { upload: this.id, begin: this.#storedBytes, chunk };
        await db.insertInto('upload_chunks').values(row).execute();
        this.#storedBytes += stored.size;
        await pause();
      }
      await db
        .updateTable('uploads')
        .set({ touched_at: this.#clock() })
        .where('id', '=', this.id)
        .execute();
    });
  }
}
