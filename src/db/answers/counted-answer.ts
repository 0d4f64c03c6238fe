/**
 * An answer that counts. Past its stretch it is brought up to date by what changed since, which
 * costs a look at each change, where counting anew costs a scan.
 */
import type { Entity, Position } from '../../entities/index.ts';
import type { VersionChange } from '../log/version-change.ts';
import { limits } from '../shared/limits.ts';
import type { RecentChanges } from './recent-changes.ts';
import { ScannedStretch, type Touches } from './scanned-stretch.ts';
import type { Answer } from './stretch.ts';

/** Takes changes in order, and tells what the answer is after them. */
interface Tally<T> {
  add(change: VersionChange): void;
  /** Null where it has to be worked out anew. */
  answer(): T | null;
}

/** What is counted, and how. */
export interface Counting<T> {
  readonly entity: Entity;
  readonly touches: Touches;
  /** A tally that begins with an answer; null when it could not be brought up to date. */
  readonly tallyOf: (value: T) => Tally<T> | null;
}

export class CountedAnswer<T> implements Answer<T> {
  readonly value: T;
  readonly stretch: ScannedStretch;
  readonly #changes: RecentChanges;
  readonly #counting: Counting<T>;

  /** @param at where the answer was worked out. */
  constructor(value: T, at: Position, changes: RecentChanges, counting: Counting<T>) {
    this.value = value;
    this.stretch = new ScannedStretch(changes, counting.entity, at, counting.touches);
    this.#changes = changes;
    this.#counting = counting;
  }

  /**
   * The answer at a later position, one that RecentChanges has reached.
   * @returns null when the changes are not known any more, or to count anew costs less.
   */
  at(position: Position): CountedAnswer<T> | null {
    const { entity, tallyOf } = this.#counting;
    const changes = this.#changes.between(entity, this.stretch.through, position);
    const tally = changes && tallyOf(this.value);
    if (!tally) return null;
    const deadline = performance.now() + limits.touchTimeMaxMs;
    for (const change of changes) {
      if (performance.now() > deadline) return null;
      tally.add(change);
    }
    const value = tally.answer();
    if (value === null) return null;
    return new CountedAnswer(value, position, this.#changes, this.#counting);
  }
}
