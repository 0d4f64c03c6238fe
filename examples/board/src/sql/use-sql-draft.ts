/** The SQL that is being written, and what it may speak of: it stays while one looks at files. */
import { useMemo, useState } from 'react';
import type { LakeFile } from '../graphql/files.ts';
import type { QueriedTable } from '../graphql/tables.ts';
import { kinds, namedIn, namesFor } from './table-names.ts';

interface Question {
  readonly sql: string;
  readonly tables: readonly QueriedTable[];
  readonly first: number;
  /** Counts the questions: the same may be asked again. */
  readonly number: number;
}

export interface SqlDraft {
  readonly sql: string;
  readonly setSql: (sql: string) => void;
  /** Records, files elsewhere that it speaks of, and files in view. */
  readonly tables: readonly QueriedTable[];
  /** What was asked last; null before that, and once it was given up. */
  readonly question: Question | null;
  readonly ask: (sql: string, first: number) => void;
  readonly giveUp: () => void;
}

/** @param files those in view. */
export function useSqlDraft(files: readonly LakeFile[]): SqlDraft {
  const [sql, setText] = useState('');
  // What the text speaks of keeps its name, in whatever folder one is.
  const [spoken, setSpoken] = useState<readonly QueriedTable[]>([]);
  const [question, setQuestion] = useState<Question | null>(null);
  const tables = useMemo(() => {
    const inView = namesFor(files, [...kinds, ...spoken]);
    const elsewhere = spoken.filter(({ name }) => !inView.some((table) => table.name === name));
    return [...kinds, ...elsewhere, ...inView];
  }, [files, spoken]);
  const setSql = (text: string) => {
    setText(text);
    setSpoken(namedIn(text, tables.slice(kinds.length)));
  };
  const ask = (text: string, first: number) => {
    setSql(text);
    const number = (question?.number ?? 0) + 1;
    setQuestion({ sql: text, tables: namedIn(text, tables), first, number });
  };
  return { sql, setSql, tables, question, ask, giveUp: () => setQuestion(null) };
}
