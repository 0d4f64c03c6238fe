/** Asks what may take long and is not kept: rows of tables. Who no longer needs an answer ends its making. */
import { useEffect, useState } from 'react';
import type { AnyVariables, TypedDocumentNode } from 'urql';
import { past } from '../client.ts';
import { whyUnread } from '../ui/unread.ts';

export interface Asked<Data> {
  /** The last answer, while another one is waited for too; null before the first, and after a problem. */
  readonly data: Data | null;
  readonly isAsking: boolean;
  readonly problem: string | null;
}

/**
 * @param variables null asks nothing.
 * @param times another number asks the same once more.
 */
export function useAsked<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables | null,
  times = 0,
): Asked<Data> {
  const [answer, setAnswer] = useState<(Omit<Asked<Data>, 'isAsking'> & { key: string }) | null>(
    null,
  );
  const question = variables && JSON.stringify(variables);
  const key = `${times} ${question}`;
  useEffect(() => {
    if (question === null) return;
    const { unsubscribe } = past
      .query(query, JSON.parse(question) as Variables)
      .subscribe(({ data, error }) => {
        if (error) setAnswer({ key, data: null, problem: whyUnread(error) });
        else if (data) setAnswer({ key, data, problem: null });
      });
    return unsubscribe;
  }, [query, question, key]);
  const isAsking = question !== null && answer?.key !== key;
  return {
    data: answer?.data ?? null,
    isAsking,
    problem: isAsking ? null : (answer?.problem ?? null),
  };
}
