/**
 * Stored bytes on their way out, each time compared with the SHA-256 that they are stored under: a
 * disk that has changed them is noticed before whoever reads could take them for whole.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { LRUCache } from 'lru-cache';
import { limits } from '../../shared/limits.ts';
import { ContentsDamaged } from '../../shared/problems.ts';
import { turns } from '../../shared/turns.ts';
import type { LogTables } from '../tables.ts';
import { decoded } from './chunk-store.ts';
import { findContents } from './contents-rows.ts';

/** A chunk of contents that were read whole and found good. */
interface GoodChunk {
  /** Where it begins in the contents, in bytes. */
  readonly begin: number;
  readonly chunk: number;
  readonly digest: Uint8Array;
}

interface ReadChunk extends GoodChunk {
  readonly bytes: Uint8Array;
}

export class ContentsReader {
  readonly #db: Kysely<LogTables>;
  /**
   * Chunks of contents that were read whole and found good. They stand for a SHA-256 that only the
   * whole can prove, so that a part of it need not be read with the whole.
   */
  readonly #goodChunks = new LRUCache<string, readonly GoodChunk[]>({
    maxSize: limits.goodChunksBytesMax,
    sizeCalculation: (chunks) => 128 * (1 + chunks.length),
    fetchMethod: (sha256) => this.#proveChunks(sha256),
    // Whoever waits for them gets them, kept or not.
    ignoreFetchAbort: true,
  });

  constructor(db: Kysely<LogTables>) {
    this.#db = db;
  }

  /**
   * All bytes in order, a chunk at a time. The last chunk is held back until the digest of all is
   * known.
   * @throws ContentsDamaged instead of the last chunk, or sooner.
   */
  async *whole(sha256: string): AsyncGenerator<Uint8Array, void> {
    for await (const { bytes } of this.#proven(sha256)) yield bytes;
  }

  /**
   * Some of the bytes in order, a chunk at a time. The first reading of a part reads the whole
   * once; later ones read no more than the chunks in which the part lies.
   * @param first the first byte wanted.
   * @param last the last byte wanted, included.
   * @throws ContentsDamaged before any byte that is not as it was stored, and before the first
   *   when it is not known yet that the whole is good, and it is not.
   */
  async *part(sha256: string, first: number, last: number): AsyncGenerator<Uint8Array, void> {
    const chunks = (await this.#goodChunks.fetch(sha256)) as readonly GoodChunk[];
    const after = chunks.findIndex(({ begin }) => begin > first);
    const from = Math.max((after < 0 ? chunks.length : after) - 1, 0);
    for (const { begin, chunk, digest } of chunks.slice(from)) {
      if (begin > last) return;
      const { bytes, digest: proven } = await this.#read(sha256, chunk);
      if (Buffer.compare(proven, digest) !== 0) throw new ContentsDamaged(sha256, false);
      yield bytes.subarray(Math.max(first - begin, 0), last - begin + 1);
    }
  }

  async #proveChunks(sha256: string): Promise<readonly GoodChunk[]> {
    const chunks: GoodChunk[] = [];
    for await (const { begin, chunk, digest } of this.#proven(sha256)) {
      chunks.push({ begin, chunk, digest });
    }
    return chunks;
  }

  /** All chunks in order, the last held back until the digest of all is known. */
  async *#proven(sha256: string): AsyncGenerator<ReadChunk, void> {
    const hash = createHash('sha256');
    let held: ReadChunk | null = null;
    for await (const chunk of this.#chunks(sha256)) {
      hash.update(chunk.bytes);
      if (held) yield held;
      held = chunk;
    }
    if (hash.digest('hex') !== sha256) throw new ContentsDamaged(sha256, held === null);
    if (held) yield held;
  }

  /** The chunks that the size of the contents asks for: none missing, and none too many. */
  async *#chunks(sha256: string): AsyncGenerator<ReadChunk, void> {
    const contents = await findContents(this.#db, sha256);
    if (!contents) return;
    let end = 0;
    for (;;) {
      const next = await this.#db
        .selectFrom('content_chunks')
        .select(['begin', 'chunk'])
        .where('contents', '=', contents.id)
        .where('begin', '>=', end)
        .orderBy('begin')
        .limit(1)
        .executeTakeFirst();
      if (!next) break;
      const read = await this.#read(sha256, next.chunk);
      const begin = end;
      end += read.bytes.length;
      if (next.begin !== begin || end > contents.size) throw new ContentsDamaged(sha256, false);
      yield { ...next, ...read };
      await turns.yield();
    }
    if (end !== contents.size) throw new ContentsDamaged(sha256, false);
  }

  async #read(sha256: string, chunk: number): Promise<Pick<ReadChunk, 'digest' | 'bytes'>> {
    const stored = await this.#db
      .selectFrom('chunks')
      .select(['digest', 'size', 'encoding', 'bytes'])
      .where('id', '=', chunk)
      .executeTakeFirst();
    if (!stored) throw new ContentsDamaged(sha256, false);
    return { digest: stored.digest, bytes: decoded(stored, sha256) };
  }
}

/** Reads contents whole. @throws ContentsDamaged when they are not as they were stored. */
export async function proveContents(db: Kysely<LogTables>, sha256: string): Promise<void> {
  for await (const _ of new ContentsReader(db).whole(sha256));
}
