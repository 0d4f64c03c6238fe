/** Which columns name a row, as far as that can be guessed. */
import { useMemo, useState } from 'react';
import { type Column, lakeQuery } from '../graphql/tables.ts';
import { useAsked } from './use-asked.ts';

interface Key {
  /** Null while it is being guessed. */
  readonly key: readonly string[] | null;
  readonly choose: (key: readonly string[]) => void;
}

/** @param position at which the file has the revision. */
export function useKey(
  file: string,
  revision: number,
  position: string,
  columns: readonly Column[],
): Key {
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const sql = useMemo(() => distinctCounts(columns), [columns]);
  const { data, problem } = useAsked(
    lakeQuery,
    chosen ? null : { sql, tables: [{ name: 't', file, revision }], first: 1, asOf: { position } },
  );
  const row = data?.lakeQuery.rows[0];
  const key = chosen ?? (row || problem ? guessedKey(columns, (row ?? []).map(Number)) : null);
  return { key, choose: setChosen };
}

/** How many rows there are, and how many different values each column has. */
function distinctCounts(columns: readonly Column[]): string {
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
