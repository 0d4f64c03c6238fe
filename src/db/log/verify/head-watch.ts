/** The head of a log that is verified, and whether one that is known from elsewhere leads to it. */
import type { Position } from '../../../entities/index.ts';
import { hexOf } from '../../shared/hex.ts';
import type { Defect } from '../defect.ts';
import type { LogHead } from '../log-tree.ts';
import { GrowingTree } from '../merkle-tree.ts';

/** A head that was noted elsewhere. */
export interface KnownHead {
  /** Null where nobody noted it: it is looked for at every position, which takes longer. */
  readonly position: number | null;
  /** In hexadecimal. */
  readonly digest: string;
}

export class HeadWatch {
  readonly #tree = new GrowingTree();
  readonly #known: KnownHead | null;
  #knownAt: Position | null = null;

  constructor(known: KnownHead | null) {
    this.#known = known;
    this.#compare();
  }

  /** The next version, by its digest. */
  onVersion(digest: Uint8Array): void {
    this.#tree.add(digest);
    this.#compare();
  }

  /** The head at the last version that was seen. */
  get head(): LogHead {
    return { position: this.#tree.size as Position, digest: this.#digest() };
  }

  /** The position of the known head, once it was met; null before, and where none is known. */
  get knownAt(): Position | null {
    return this.#knownAt;
  }

  /** What is wrong with the versions, when all were seen; null when the known head was met. */
  defect(): Defect | null {
    if (!this.#known || this.#knownAt !== null) return null;
    const { position, digest } = this.#known;
    const { size } = this.#tree;
    if (position === null) {
      const message = `No head of this log has the digest ${digest}: it was altered, or ends before.`;
      return { position: null, message };
    }
    if (position > size) {
      const message = `The log ends at position ${size}, before the known head at ${position}.`;
      return { position: size + 1, message };
    }
    const message =
      `The head at position ${position} is not the one that is known: something up to there was ` +
      'altered, and all digests after it were made anew.';
    return { position: null, message };
  }

  #compare(): void {
    if (!this.#known || this.#knownAt !== null) return;
    const { position, digest } = this.#known;
    if (position !== null && position !== this.#tree.size) return;
    if (this.#digest() === digest) this.#knownAt = this.#tree.size as Position;
  }

  #digest(): string {
    return hexOf(this.#tree.root);
  }
}
