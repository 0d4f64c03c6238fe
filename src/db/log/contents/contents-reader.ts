/**
 * Stored bytes on their way out, each time compared with the SHA-256 that they are stored under: a
 * disk that has changed them is noticed before whoever reads could take them for whole.
 */
import { createHash } from 'node:crypto';
import type { CompiledQuery, Kysely } from 'kysely';
import { LRUCache } from 'lru-cache';
import { limits } from '../../shared/limits.ts';
import { ContentsDamaged } from '../../shared/problems.ts';
import { turns } from '../../shared/turns.ts';
import type { LogTables } from '../tables.ts';
import { decoded, type StoredChunk } from './chunk-encoding.ts';
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

/** Of how many chunks it is looked up at once where they lie. */
const placesAtOnce = 256;

export class ContentsReader {
  readonly #db: Kysely<LogTables>;
  /** Asks for the chunk with some number. It is written once, for each 64 KiB or so are another chunk. */
  readonly #chunkQuery: CompiledQuery<StoredChunk>;
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
    this.#chunkQuery = db
      .selectFrom('chunks')
      .select(['digest', 'size', 'encoding', 'bytes'])
      .where('id', '=', 0)
      .compile();
  }

  /**
   * All bytes in order, a chunk at a time. The first reading holds the last chunk back until the
   * digest of all is known; later ones compare the chunks that were found good.
   * @throws ContentsDamaged instead of the last chunk, or sooner.
   */
  async *whole(sha256: string): AsyncGenerator<Uint8Array, void> {
    const known = this.#goodChunks.get(sha256);
    const chunks: GoodChunk[] = [];
    for await (const { bytes, ...chunk } of this.#proven(sha256, known)) {
      if (!known) chunks.push(chunk);
      yield bytes;
    }
    if (!known) this.#goodChunks.set(sha256, chunks);
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
    const place = (found: number) => (found < 0 ? chunks.length : found);
    const from = Math.max(place(chunks.findIndex(({ begin }) => begin > first)) - 1, 0);
    const to = place(chunks.findIndex(({ begin }) => begin > last));
    for (const good of chunks.slice(from, to)) {
      const read = await this.#read(sha256, good.chunk);
      refuseOther(sha256, good, read);
      yield read.bytes.subarray(Math.max(first - good.begin, 0), last - good.begin + 1);
      await turns.yield();
    }
  }

  async #proveChunks(sha256: string): Promise<readonly GoodChunk[]> {
    const chunks: GoodChunk[] = [];
    for await (const { bytes: _, ...chunk } of this.#proven(sha256)) chunks.push(chunk);
    return chunks;
  }

  /**
   * All chunks in order, the last held back until the digest of all is known.
   * @param known those that were found good before: each is compared with its own, and not all of
   *   them with the SHA-256.
   */
  async *#proven(sha256: string, known?: readonly GoodChunk[]): AsyncGenerator<ReadChunk, void> {
    const hash = known ? null : createHash('sha256');
    let held: ReadChunk | null = null;
    let count = 0;
    for await (const chunk of this.#chunks(sha256)) {
      if (known) refuseOther(sha256, known[count], chunk);
      hash?.update(chunk.bytes);
      count += 1;
      if (held) yield held;
      held = chunk;
    }
    const isWhole = hash ? hash.digest('hex') === sha256 : count === known?.length;
    if (!isWhole) throw new ContentsDamaged(sha256, held === null);
    if (held) yield held;
  }

  /** The chunks that the size of the contents asks for: none missing, and none too many. */
  async *#chunks(sha256: string): AsyncGenerator<ReadChunk, void> {
    const contents = await findContents(this.#db, sha256);
    if (!contents) return;
    let end = 0;
    for await (const { begin, chunk } of this.#places(contents.id)) {
      const read = await this.#read(sha256, chunk);
      const expected = end;
      end += read.bytes.length;
      if (begin !== expected || end > contents.size) throw new ContentsDamaged(sha256, false);
      yield { begin, chunk, ...read };
      await turns.yield();
    }
    if (end !== contents.size) throw new ContentsDamaged(sha256, false);
  }

  /** Where the chunks of contents begin, in order. */
  async *#places(contents: number): AsyncGenerator<Pick<ReadChunk, 'begin' | 'chunk'>, void> {
    for (let after = -1; ; ) {
      const places = await this.#db
        .selectFrom('content_chunks')
        .select(['begin', 'chunk'])
        .where('contents', '=', contents)
        .where('begin', '>', after)
        .orderBy('begin')
        .limit(placesAtOnce)
        .execute();
      yield* places;
      if (places.length < placesAtOnce) return;
      after = places.at(-1)?.begin as number;
    }
  }

  async #read(sha256: string, chunk: number): Promise<Pick<ReadChunk, 'digest' | 'bytes'>> {
    const query = { ...this.#chunkQuery, parameters: [chunk] };
    const { rows } = await this.#db.executeQuery<StoredChunk>(query);
    const [stored] = rows;
    if (!stored) throw new ContentsDamaged(sha256, false);
    return { digest: stored.digest, bytes: decoded(stored, sha256) };
  }
}

/** @throws ContentsDamaged for a chunk that is not the one that was found good. */
function refuseOther(
  sha256: string,
  good: GoodChunk | undefined,
  { digest }: Pick<ReadChunk, 'digest'>,
): void {
  if (!good || Buffer.compare(digest, good.digest) !== 0) throw new ContentsDamaged(sha256, false);
}

/** Reads contents whole. @throws ContentsDamaged when they are not as they were stored. */
export async function proveContents(db: Kysely<LogTables>, sha256: string): Promise<void> {
  for await (const _ of new ContentsReader(db).whole(sha256));
}
