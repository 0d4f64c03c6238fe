/** Which columns name a row: told by how many different values they have. */
import type { Column } from '../graphql/tables.ts';

export interface GuessedKey {
  readonly columns: readonly string[];
  /** Whether they tell all rows apart. */
  readonly isUnique: boolean;
}

/**
 * SQL that tells of a table `t` how many rows there are, and how many of them each column tells apart.
 * @param together columns that do so with each of them.
 */
export function distinctCounts(columns: readonly Column[], together: readonly string[]): string {
  const counts = columns.map(({ name }) => {
    const names = [...new Set([...together, name])].map((it) => `"${it.replaceAll('"', '""')}"`);
    return `count(distinct ${names.length > 1 ? `(${names.join(', ')})` : names[0]})`;
  });
  return `select count(*), ${counts.join(', ')} from t`;
}

/**
 * One column more: one that tells all rows apart, of these one that is called so; else the one that
 * comes nearest.
 * @param counts what `distinctCounts` answers.
 */
export function widenedKey(
  columns: readonly Column[],
  together: readonly string[],
  [rows = 0, ...distinct]: readonly number[],
): GuessedKey {
  const [best] = columns
    .map(({ name }, index) => ({ name, told: distinct[index] ?? 0 }))
    .filter(({ name }) => !together.includes(name))
    .map((column) => ({ ...column, place: placeOf(column.name, column.told, rows) }))
    .sort((one, other) => other.place - one.place);
  return best
    ? { columns: [...together, best.name], isUnique: best.told === rows }
    : { columns: together, isUnique: true };
}

function placeOf(name: string, told: number, rows: number): number {
  const isCalledSo = /^(?:id|key)$/i.test(name) ? 2 : /id$|^name$/i.test(name) ? 1 : 0;
  return (told === rows ? 4 : told / (rows + 1)) + isCalledSo;
}
