/**
 * What one request brings to an upload that comes in several. Whole chunks are stored as they come. What
 * is none yet when the request ends is kept beside them, and cut anew with what follows: the chunks
 * are the same, in however many pieces the bytes come. The last ones are left to the transaction that
 * keeps the upload, so that one that has all its bytes was kept.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { turns } from '../../shared/turns.ts';
import type { LogTables } from '../tables.ts';
import { decoded, type StoredChunk } from './chunk-encoding.ts';
import type { ChunkMaker } from './chunk-maker.ts';
import { Chunker } from './chunker.ts';
import { PendingChunks } from './pending-chunks.ts';
import {
  advanceResumable,
  type EndedUpload,
  offsetOf,
  type Reached,
  type ResumableState,
  uploadedChunks,
} from './resumable-rows.ts';
import type { UploadDigests } from './upload-digests.ts';
import type { WithinCommit } from './upload-rows.ts';

/** What uploads of a store share. */
export interface UploadTools {
  readonly reading: Kysely<LogTables>;
  readonly commit: WithinCommit;
  readonly clock: Clock;
  readonly digests: UploadDigests;
  readonly maker: ChunkMaker;
}

const nothing = new Uint8Array();

export class ResumableUpload {
  readonly id: string;
  /** How many bytes it will have. */
  readonly size: number;
  readonly #tools: UploadTools;
  readonly #chunker: Chunker;
  /** Of the chunks so far, those that wait included; null when it is not known. */
  readonly #hash: Hash | null;
  #reached: Reached;
  readonly #waiting: PendingChunks;
  #offset: number;

  constructor({ id, size, chunkBytes, tail }: ResumableState, tools: UploadTools) {
    this.id = id;
    this.size = size;
    this.#tools = tools;
    this.#waiting = new PendingChunks(tools.maker);
    this.#reached = { chunkBytes, tail };
    this.#offset = offsetOf(this.#reached);
    this.#chunker = new Chunker(tail);
    this.#hash = chunkBytes === 0 ? createHash('sha256') : tools.digests.of(id, chunkBytes);
  }

  /** How many bytes have come, stored or not. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Takes more bytes; not more than there are to come. @returns once there is room for others.
   * @throws UploadMoved when others come to it at the same time, and what a write of the log throws.
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    for (const chunk of this.#chunker.push(bytes)) {
      await this.#add(chunk);
      const isLast = this.#reached.chunkBytes + this.#waiting.bytes === this.size;
      if (this.#waiting.bytes >= limits.uploadBatchBytes && !isLast) await this.#store(nothing);
    }
  }

  /**
   * No more bytes come for now. Those that came are stored, unless all have come.
   * @returns how many are stored.
   */
  async pause(): Promise<number> {
    const isNew = this.#offset > offsetOf(this.#reached);
    if (isNew && this.#offset < this.size) await this.#store(this.#chunker.held);
    return offsetOf(this.#reached);
  }

  /** All bytes have come. @returns what a transaction keeps. */
  async end(): Promise<EndedUpload> {
    for (const chunk of this.#chunker.end()) await this.#add(chunk);
    const chunks = await this.#waiting.first(Infinity);
    const hash = this.#hash ?? (await this.#hashOfAll(chunks));
    return {
      upload: this.id,
      sha256: hash.copy().digest('hex'),
      size: this.size,
      from: this.#reached,
      chunks,
      endedAt: this.#tools.clock(),
    };
  }

  async #add(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#hash?.update(bytes);
    await this.#waiting.add(bytes);
  }

  async #store(tail: Uint8Array): Promise<void> {
    const { commit, clock, digests } = this.#tools;
    // All of them: the digest that is kept is of all.
    const [chunks, from] = [await this.#waiting.first(Infinity), this.#reached];
    this.#reached = await commit((db, pause) =>
      advanceResumable(db, this.id, from, chunks, tail, clock(), pause),
    );
    this.#waiting.drop(chunks.length);
    if (this.#hash) digests.keep(this.id, this.#reached.chunkBytes, this.#hash);
  }

  /** Reads what is stored once more; what it comes to is kept, should the upload fail to end now. */
  async #hashOfAll(chunks: readonly StoredChunk[]): Promise<Hash> {
    const { reading, digests } = this.#tools;
    const hash = createHash('sha256');
    for await (const chunk of uploadedChunks(reading, this.id)) {
      hash.update(chunk);
      await turns.yield();
    }
    digests.keep(this.id, this.#reached.chunkBytes, hash);
    for (const chunk of chunks) hash.update(decoded(chunk, ''));
    return hash;
  }
}
