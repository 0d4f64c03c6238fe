/** Reproducible chance: the same seed draws the same numbers on every machine. */

/** Draws numbers from 0 up to, but not including, 1. */
export type Random = () => number;

/** The mulberry32 generator. @param seed a 32-bit integer. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 up to, but not including, `count`. */
export function drawIndex(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** One of the items, each as likely as any other. */
export function draw<T>(random: Random, items: readonly T[]): T {
  return items[drawIndex(random, items.length)] as T;
}
