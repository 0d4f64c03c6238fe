/** Random numbers that a seed repeats. */

/** A whole number from 0 to below `end`. */
export type RandomNumber = (end: number) => number;

/** The generator mulberry32. */
export function randomNumbers(seed: number): RandomNumber {
  let state = seed;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
}
