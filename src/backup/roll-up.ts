/**
 * Which segments are to become one, so that a backup that is brought up to date every second stays a
 * few files: segments are of sizes, each so many times larger than the one below it, and as many of a
 * size as make one of the next do so. Thus each byte is written once more for each size.
 */
import { limits } from '../db/index.ts';

/** Segments of a size that become one of the next. */
const fanOut = 8;
const smallestBytes = 256 * 1024;

/**
 * @param sizes of the segments in bytes, in their order.
 * @returns how many of the last are to become one; 0 when none are.
 */
export function mergeableOf(sizes: readonly number[]): number {
  for (let [least, most] = [0, smallestBytes]; least < limits.mergedSegmentBytesMax; ) {
    const larger = sizes.findLastIndex((bytes) => bytes > most);
    const last = sizes.slice(larger + 1);
    const sum = last.reduce((all, bytes) => all + bytes, 0);
    const alike = last.filter((bytes) => bytes > least).length;
    if (alike >= fanOut && sum <= limits.mergedSegmentBytesMax) return last.length;
    [least, most] = [most, most * fanOut];
  }
  return 0;
}
