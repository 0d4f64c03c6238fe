/** Which column names a row: told by how many different values each has. */
import type { Column } from '../graphql/tables.ts';

/** SQL that tells of a table `t` how many rows there are, and how many different values each column has. */
export function distinctCounts(columns: readonly Column[]): string {
  const counts = columns.map(({ name }) => `count(distinct "${name.replaceAll('"', '""')}")`);
  return `select count(*), ${counts.join(', ')} from t`;
}

/**
 * A column that is unique, one that is called so before others; where none is, the one that comes
 * nearest: the server tells which rows it does not tell apart.
 * @param counts of all rows, then of each column's different values.
 */
export function guessedKey(
  columns: readonly Column[],
  [rows = 0, ...distinct]: readonly number[],
): string[] {
  const place = ({ name }: Column, index: number) =>
    (distinct[index] === rows ? 4 : (distinct[index] ?? 0) / (rows + 1)) +
    (/^(?:id|key)$/i.test(name) ? 2 : /id$|^name$/i.test(name) ? 1 : 0);
  const [first] = columns
    .map((column, index) => ({ name: column.name, place: place(column, index) }))
    .sort((one, other) => other.place - one.place);
  return first ? [first.name] : [];
}
