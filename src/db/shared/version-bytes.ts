/** How much memory a version takes. */
import type { Version } from '../../entities/index.ts';

/** What a version takes besides its texts, roughly. */
const overheadBytes = 1_024;

/** An estimate: two bytes for each character that the values hold. */
export function bytesOfVersion({ id, values }: Pick<Version, 'id' | 'values'>): number {
  let characters = id.length;
  for (const name in values) characters += charactersOf((values as AnyValues)[name]);
  return overheadBytes + 2 * characters;
}

/** The same of several together. */
export function bytesOfVersions(versions: readonly Version[]): number {
  return versions.reduce((sum, version) => sum + bytesOfVersion(version), 0);
}

type AnyValues = Readonly<Record<string, unknown>>;

function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (!Array.isArray(value)) return 0;
  let sum = 0;
  for (const text of value) sum += charactersOf(text);
  return sum;
}
