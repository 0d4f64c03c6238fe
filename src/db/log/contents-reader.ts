/**
 * Stored bytes on their way out, each time compared with the SHA-256 that they are stored under: a
 * disk that has changed them is noticed before whoever reads could take them for whole.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { LRUCache } from 'lru-cache';
import { limits } from '../shared/limits.ts';
import { ContentsDamaged } from '../shared/problems.ts';
import { turns } from '../shared/turns.ts';
import { readChunk } from './contents.ts';
import type { LogTables } from './tables.ts';

export class ContentsReader {
  readonly #db: Kysely<LogTables>;
  /**
   * Digests of the chunks of contents that were read whole and found good. They stand for a
   * SHA-256 that only the whole can prove, so that a part of it need not be read with the whole.
   */
  readonly #chunkDigests = new LRUCache<string, readonly Uint8Array[]>({
    maxSize: limits.chunkDigestsBytesMax,
    sizeCalculation: (digests) => 64 * (1 + digests.length),
    fetchMethod: (sha256) => this.#digestChunks(sha256),
    // Whoever waits for digests gets them, kept or not.
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
    const hash = createHash('sha256');
    let held: Uint8Array | null = null;
    for await (const chunk of this.#chunks(sha256)) {
      hash.update(chunk);
      if (held) yield held;
      held = chunk;
    }
    if (hash.digest('hex') !== sha256) throw new ContentsDamaged(sha256, held === null);
    if (held) yield held;
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
    const size = limits.contentChunkBytes;
    const digests = (await this.#chunkDigests.fetch(sha256)) as readonly Uint8Array[];
    const end = Math.min(digests.length, Math.floor(last / size) + 1);
    for (let number = Math.floor(first / size); number < end; number += 1) {
      const chunk = await readChunk(this.#db, sha256, number);
      const digest = digests[number] as Uint8Array;
      if (!chunk || Buffer.compare(digestOf(chunk), digest) !== 0) {
        throw new ContentsDamaged(sha256, false);
      }
      const begin = number * size;
      yield chunk.subarray(Math.max(first - begin, 0), last - begin + 1);
    }
  }

  async #digestChunks(sha256: string): Promise<readonly Uint8Array[]> {
    const digests: Uint8Array[] = [];
    for await (const chunk of this.whole(sha256)) digests.push(digestOf(chunk));
    return digests;
  }

  /** The chunks that the size of the contents asks for: none missing, too many or too short. */
  async *#chunks(sha256: string): AsyncGenerator<Uint8Array, void> {
    const contents = await this.#db
      .selectFrom('contents')
      .select('size')
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    const size = contents?.size ?? 0;
    for (let number = 0, begin = 0; ; number += 1, begin += limits.contentChunkBytes) {
      const chunk = await readChunk(this.#db, sha256, number);
      const length = Math.min(Math.max(size - begin, 0), limits.contentChunkBytes);
      if ((chunk?.length ?? 0) !== length) throw new ContentsDamaged(sha256, false);
      if (!chunk) return;
      yield chunk;
      await turns.yield();
    }
  }
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
