/** How much each client may still take: a bucket that fills evenly, and is full at first. */
import { LRUCache } from 'lru-cache';
import { requestLimits } from './request-limits.ts';

const minuteMs = 60_000;

interface Bucket {
  /** What was left in it then; below 0 what is owed. */
  readonly left: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly atMs: number;
}

export class TokenBuckets {
  readonly #perMinuteMax: number;
  readonly #now: () => number;
  /** A full bucket is as good as none: those that are not asked for a minute are forgotten. */
  readonly #buckets = new LRUCache<string, Bucket>({
    // For `max`, it would take the memory of so many at once.
    maxSize: requestLimits.clientsKnownMax,
    sizeCalculation: () => 1,
  });

  /**
   * @param perMinuteMax how much a client may take in a minute, and at once.
   * @param now milliseconds of a clock.
   */
  constructor(perMinuteMax: number, now: () => number = () => performance.now()) {
    this.#perMinuteMax = perMinuteMax;
    this.#now = now;
  }

  /**
   * Takes an amount, while anything is left: what it takes beyond that is owed.
   * @returns 0 when it was taken; otherwise after how many seconds something will be left.
   */
  take(client: string, amount: number): number {
    const atMs = this.#now();
    const perMs = this.#perMinuteMax / minuteMs;
    const before = this.#buckets.get(client) ?? { left: this.#perMinuteMax, atMs };
    const filled = before.left + (atMs - before.atMs) * perMs;
    const left = Math.min(this.#perMinuteMax, filled);
    // At least a whole one, or there would be one more for each fraction of it.
    if (left < Math.min(1, amount)) return Math.max(1, Math.ceil((1 - left) / perMs / 1_000));
    this.#buckets.set(client, { left: left - amount, atMs });
    return 0;
  }
}
