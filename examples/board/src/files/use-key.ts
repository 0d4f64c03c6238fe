/** Which columns name a row: those that somebody chose, and a guess before that. */
import { useMemo, useState } from 'react';
import { type Column, lakeQuery } from '../graphql/tables.ts';
import { distinctCounts, type GuessedKey, widenedKey } from './key-guess.ts';
import { useAsked } from './use-asked.ts';

interface Key {
  /** Null while it is being guessed. */
  readonly key: readonly string[] | null;
  readonly choose: (key: readonly string[]) => void;
}

/** What more columns do not tell apart is somebody's to say; the server names such rows. */
const guessedMost = 3;

/** @param position at which the file has the revision. */
export function useKey(
  file: string,
  revision: number,
  position: string,
  columns: readonly Column[],
): Key {
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const [guess, setGuess] = useState<GuessedKey>({ columns: [], isUnique: false });
  const isGuessed = guess.isUnique || guess.columns.length === guessedMost;
  const sql = useMemo(() => distinctCounts(columns, guess.columns), [columns, guess]);
  const tables = [{ name: 't', file, revision }];
  const { data, isAsking, problem } = useAsked(
    lakeQuery,
    chosen || isGuessed ? null : { sql, tables, first: 1, asOf: { position } },
  );
  const counts = data?.lakeQuery.rows[0]?.map(Number);
  if (!chosen && !isGuessed && !isAsking && (counts || problem)) {
    const widened = widenedKey(columns, guess.columns, counts ?? []);
    setGuess(counts ? widened : { ...widened, isUnique: true });
  }
  return { key: chosen ?? (isGuessed ? guess.columns : null), choose: setChosen };
}
