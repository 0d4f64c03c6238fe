/**
 * Bytes on their way in. Chunks of a large upload are stored as they come, by commits of their own, so that
 * a slow one holds nobody up and takes little memory. No version names them before a transaction keeps
 * them, and what none keeps is collected. Few bytes are left to that transaction, and so take one commit.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { StorageFailed } from '../../shared/problems.ts';
import type { StoredChunk } from './chunk-encoding.ts';
import type { ChunkMaker } from './chunk-maker.ts';
import { Chunker } from './chunker.ts';
import { PendingChunks } from './pending-chunks.ts';
import type { Uploaded } from './upload-rows.ts';

/** The next chunks of an upload. */
export interface ChunksOfUpload {
  readonly upload: string;
  /** Where they begin in the upload, in bytes. */
  readonly begin: number;
  readonly chunks: readonly StoredChunk[];
  /** Whether they are its last: all of it is to be on disk then. */
  readonly areLast: boolean;
  readonly now: ReturnType<Clock>;
}

/** Stores chunks of uploads. */
export interface ChunkStorer {
  /**
   * How often the disk did not take what was written. What had been stored before of an upload that has not
   * ended is not to be relied on then.
   */
  readonly lost: number;
  /**
   * Stores chunks in one commit. Their memory is handed over.
   * @returns where the upload ends then, in bytes.
   * @throws what writing the log throws, ContentsDamaged, and Unavailable once it is closed.
   */
  store(chunks: ChunksOfUpload): Promise<number>;
  /** Ends; whoever waits does so in vain. */
  close(): Promise<void>;
}

export interface UploadMeans {
  readonly maker: ChunkMaker;
  readonly storer: ChunkStorer;
  readonly clock: Clock;
  /** Told once nothing more of it is stored, of its own accord. */
  readonly onEnd: (upload: Upload) => void;
}

export class Upload {
  readonly id = randomUUID();
  readonly #clock: Clock;
  readonly #storer: ChunkStorer;
  readonly #hash = createHash('sha256');
  readonly #chunker = new Chunker();
  readonly #waiting: PendingChunks;
  readonly #lostBefore: number;
  readonly #onEnd: UploadMeans['onEnd'];
  /** What is being stored; null before anything is. */
  #storing: Promise<void> | null = null;
  #storedBytes = 0;
  #size = 0;
  #isGivenUp = false;

  constructor({ maker, storer, clock, onEnd }: UploadMeans) {
    this.#clock = clock;
    this.#storer = storer;
    this.#waiting = new PendingChunks(maker);
    this.#lostBefore = storer.lost;
    this.#onEnd = onEnd;
  }

  /** How many bytes have come. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes more bytes. @returns once there is room for others.
   * @throws what storing it throws.
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#refuseGivenUp();
    this.#hash.update(bytes);
    this.#size += bytes.length;
    for (const chunk of this.#chunker.push(bytes)) {
      await this.#waiting.add(chunk);
      if (this.#waiting.bytes >= limits.uploadWaitingBytes) await this.#store(false);
    }
  }

  /**
   * All bytes have come. @returns what a transaction keeps, on disk unless it is left to that one.
   * @throws what storing it throws.
   */
  async end(): Promise<Uploaded> {
    this.#refuseGivenUp();
    for (const chunk of this.#chunker.end()) await this.#waiting.add(chunk);
    const chunks = await this.#lastChunks();
    this.#onEnd(this);
    return { upload: this.id, sha256: this.#hash.digest('hex'), size: this.#size, chunks };
  }

  /** Gives it up. @returns once nothing more of it will be stored. */
  async giveUp(): Promise<void> {
    this.#isGivenUp = true;
    await this.#storing?.catch(() => {});
  }

  /** All chunks, where they are few; null once they are stored. */
  async #lastChunks(): Promise<StoredChunk[] | null> {
    if (!this.#storing && this.#size <= limits.uploadHeldBytesMax) {
      return await this.#waiting.first(Infinity);
    }
    do await this.#store(true);
    while (this.#waiting.bytes > 0);
    await this.#storing;
    this.#refuseLost();
    return null;
  }

  /** Begins to store some of what waits, once what was begun before is stored. */
  async #store(isEnd: boolean): Promise<void> {
    const chunks = await this.#waiting.first(limits.uploadBatchBytes);
    await this.#storing;
    this.#refuseGivenUp();
    this.#waiting.drop(chunks.length);
    const about = { upload: this.id, begin: this.#storedBytes, now: this.#clock() };
    const areLast = isEnd && this.#waiting.bytes === 0;
    this.#storing = this.#storer.store({ ...about, chunks, areLast }).then((end) => {
      this.#storedBytes = end;
    });
    // Whoever stores what follows hears of it, and whoever ends it.
    this.#storing.catch(() => {});
  }

  #refuseGivenUp(): void {
    if (this.#isGivenUp) throw new TypeError('The upload was given up.');
  }

  #refuseLost(): void {
    if (this.#storer.lost === this.#lostBefore) return;
    throw new StorageFailed(
      'The log could not be brought to disk while this was uploaded, so it was not kept. Upload it ' +
        'again once its disk works.',
    );
  }
}
