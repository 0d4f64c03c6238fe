/** Byte ranges of downloads, as RFC 9110, section 14, has them. */
import { requestLimits } from '../server/request-limits.ts';

/** A stretch of bytes, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The stretches that a Range header asks for, in its order.
 * @param size of the whole in bytes.
 * @returns null when the whole is to be sent: nothing was asked, or nothing that can be read; stretches
 *   that overlap, or more than limits.rangesMax; all there is of nothing. `unsatisfiable` when no stretch
 *   has a byte that there is.
 */
export function parseByteRanges(
  header: string | null,
  size: number,
): readonly ByteRange[] | 'unsatisfiable' | null {
  const [, set = ''] = /^bytes=(.*)$/i.exec(header?.trim() ?? '') ?? [];
  // Empty elements of a list count for nothing.
  const specs = set.split(',').flatMap((each) => each.trim() || []);
  if (specs.length === 0 || specs.length > requestLimits.rangesMax) return null;
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = parseRange(spec, size);
    if (range === null) return null;
    if (range !== 'unsatisfiable') ranges.push(range);
  }
  if (ranges.length === 0) return 'unsatisfiable';
  return overlap(ranges) ? null : ranges;
}

/** @returns null for what is no range, or the whole of nothing. */
function parseRange(spec: string, size: number): ByteRange | 'unsatisfiable' | null {
  const [, from, to] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return null;
  // "-500" asks for the last 500 bytes, or for all where there are fewer, even none.
  if (from === '') {
    const count = Math.min(Number(to), size);
    if (count > 0) return { first: size - count, last: size - 1 };
    return Number(to) > 0 ? null : 'unsatisfiable';
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return null;
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first < size ? { first, last } : 'unsatisfiable';
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const inOrder = ranges.toSorted((a, b) => a.first - b.first);
  return inOrder.some(({ last }, index) => last >= (inOrder[index + 1]?.first ?? last + 1));
}
