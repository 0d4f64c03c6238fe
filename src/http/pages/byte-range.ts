/** Byte ranges of downloads, as RFC 9110, section 14, has them. */

/** A stretch of bytes, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The stretch that a Range header asks for.
 * @param size of the whole in bytes.
 * @returns null when the whole is to be sent: nothing was asked, several ranges, or no bytes;
 *   `unsatisfiable` when the range lies past the end.
 */
export function parseByteRange(
  header: string | null,
  size: number,
): ByteRange | 'unsatisfiable' | null {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header ?? '') ?? [];
  if (from === '' && to === '') return null;
  // "-500" asks for the last 500 bytes, or for all where there are fewer, even none.
  if (from === '') {
    const count = Math.min(Number(to), size);
    if (count > 0) return { first: size - count, last: size - 1 };
    return Number(to) > 0 ? null : 'unsatisfiable';
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return null;
  return first < size ? { first, last } : 'unsatisfiable';
}
