/** A query at the moment that the board shows; at the present it is asked again after changes. */
import { useCallback } from 'react';
import { type AnyVariables, type TypedDocumentNode, type UseQueryState, useQuery } from 'urql';
import type { Change } from '../graphql/changes.ts';
import type { AsOf } from '../graphql/log.ts';
import { useAfterChanges } from '../live.ts';
import { useMoment } from './moment.tsx';

/**
 * @param when whether a change can make the answer another one.
 * @returns the answer; that to the last question is kept until the next one is there.
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
  const askAgain = useCallback(() => {
    if (asOf === null) ask({ requestPolicy: 'network-only' });
  }, [ask, asOf]);
  useAfterChanges(askAgain, when);
  return result;
}

export const ofTodos = (change: Change): boolean => change.entity === 'TODO';
export const ofFiles = (change: Change): boolean => change.entity === 'LAKE_FILE';
