/**
 * SHA-256 of uploads as far as they have come. A digest under way lives in memory alone: without it, as
 * after a restart, what came before is read once more at the end.
 */
import type { Hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from '../../shared/limits.ts';

interface DigestSoFar {
  /** How many bytes it is of: whole chunks. */
  readonly bytes: number;
  readonly hash: Hash;
}

export class UploadDigests {
  readonly #digests = new LRUCache<string, DigestSoFar>({ max: limits.uploadDigestsMax });

  /** Keeps the digest of so many first bytes of an upload, as it is now. */
  keep(upload: string, bytes: number, hash: Hash): void {
    this.#digests.set(upload, { bytes, hash: hash.copy() });
  }

  /** @returns the digest of so many first bytes, to go on with; null when it is not known. */
  of(upload: string, bytes: number): Hash | null {
    const known = this.#digests.get(upload);
    return known?.bytes === bytes ? known.hash.copy() : null;
  }
}
