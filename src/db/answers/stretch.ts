/**
 * How long an answer holds. What was answered at one position is the answer at others, too: from
 * the last change that touched it up to the next.
 */
import type { Position } from '../../entities/index.ts';

export interface Stretch {
  /**
   * Whether the answer is the answer at a position, too.
   * @param position one that RecentChanges has reached.
   * @returns false also where that is not known any more.
   */
  holdsAt(position: Position): boolean;
}

/** What something came to, and where it comes to the same. */
export interface Answer<T> {
  readonly value: T;
  readonly stretch: Stretch;
}

/** Of what was fixed when it was committed: versions, transactions, what was at given positions. */
export const forEver: Stretch = { holdsAt: () => true };

/** Of what depends on more than positions. */
export const nowhere: Stretch = { holdsAt: () => false };

/** Of what nothing is known about other positions. */
export function onlyAt(at: Position): Stretch {
  return { holdsAt: (position) => position === at };
}
