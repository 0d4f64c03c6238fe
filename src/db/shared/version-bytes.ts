/** How much memory a version takes. */
import type { Version } from '../../entities/index.ts';

/** What a version takes besides its texts, roughly. */
const overheadBytes = 1_024;

/** An estimate: two bytes for each character that the values hold. */
export function bytesOfVersion({ id, values }: Version): number {
  const texts = Object.values(values as Readonly<Record<string, unknown>>).flat();
  const characters = texts.reduce<number>(
    (sum, text) => sum + (typeof text === 'string' ? text.length : 0),
    id.length,
  );
  return overheadBytes + 2 * characters;
}
