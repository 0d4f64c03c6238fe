/**
 * Large values as JSON, in pieces of bounded work: whoever takes them can let others have a turn
 * between two, where JSON.stringify would hold the event loop until it is done.
 */

/** What one piece holds at most; a single long text is a piece, too. */
const pieceValuesMax = 2_000;
/** A text counts for a value more with each of so many characters. */
const valueCharacters = 64;

/**
 * The JSON of a value: concatenated, what JSON.stringify makes of it.
 * @param value what JSON can hold; in objects, undefined is left out.
 */
export function* jsonPieces(value: unknown): Generator<string, void> {
  if (typeof value !== 'object' || isSmall(value)) yield JSON.stringify(value);
  else if (Array.isArray(value)) yield* listPieces(value);
  else yield* objectPieces(value as Readonly<Record<string, unknown>>);
}

/** Whether a value is no more than one piece. */
export function isSmall(value: unknown): boolean {
  return valuesUpTo(value, pieceValuesMax) <= pieceValuesMax;
}

function* listPieces(list: readonly unknown[]): Generator<string, void> {
  let separator = '[';
  for (const item of list) {
    yield separator;
    yield* jsonPieces(item ?? null);
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

function* objectPieces(object: Readonly<Record<string, unknown>>): Generator<string, void> {
  let separator = '{';
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    yield* jsonPieces(value);
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

/** Counts the values in a value, until there are more than `max`. */
function valuesUpTo(value: unknown, max: number): number {
  if (typeof value === 'string') return 1 + value.length / valueCharacters;
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const name in value) {
    count += valuesUpTo((value as Readonly<Record<string, unknown>>)[name], max - count);
    if (count > max) break;
  }
  return count;
}
