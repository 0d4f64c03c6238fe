/** A query at the moment that the board shows; at the present it is asked again after changes. */
import { useCallback, useState } from 'react';
import { type AnyVariables, type TypedDocumentNode, type UseQueryState, useQuery } from 'urql';
import type { Change } from '../graphql/changes.ts';
import type { AsOf } from '../graphql/log.ts';
import { useAfterChanges } from '../live.ts';
import { useMoment } from './moment.tsx';

/**
 * @param when whether a change can make the answer another one.
 * @returns the answer; that to the last question is kept until the next one is there, and that of
 *   another moment where this one cannot be read: `error` says so.
 */
export function useBoardQuery<Data, Variables extends { asOf: AsOf } & AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'asOf'>,
  when: (change: Change) => boolean,
): UseQueryState<Data, Variables> {
  const { asOf } = useMoment();
  const [result, ask] = useQuery<Data, Variables>({
    query,
    variables: { ...variables, asOf } as unknown as Variables,
  });
  const hasFailed = result.error !== undefined;
  const askAgain = useCallback(() => {
    if (asOf === null || hasFailed) ask({ requestPolicy: 'network-only' });
  }, [ask, asOf, hasFailed]);
  useAfterChanges(askAgain, when);
  const question = JSON.stringify(variables);
  const [kept, setKept] = useState<{ question: string; data: Data } | null>(null);
  const { data, stale, fetching } = result;
  if (data && !stale && data !== kept?.data) setKept({ question, data });
  const isKept = !data && !fetching && kept?.question === question;
  return isKept ? { ...result, data: kept.data } : result;
}

export const ofTodos = (change: Change): boolean => change.entity === 'TODO';
export const ofFiles = (change: Change): boolean => change.entity === 'LAKE_FILE';
