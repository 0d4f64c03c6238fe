/** Which columns name a row, as far as that can be guessed. */
import { useMemo, useState } from 'react';
import { type Column, lakeQuery } from '../graphql/tables.ts';
import { distinctCounts, guessedKey } from './key-guess.ts';
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
