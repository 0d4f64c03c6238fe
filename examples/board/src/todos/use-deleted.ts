/**
 * The deleted todos at the moment that the board shows, the last one first. A list has them among the
 * others, which it is read through for until all of them were met, or a limit is.
 */
import { useCallback, useEffect, useState } from 'react';
import { type Client, useClient } from 'urql';
import type { AsOf } from '../graphql/log.ts';
import {
  type DeletedVariables,
  deletedQuery,
  type TodoFilter,
  type TodoRow,
} from '../graphql/todos.ts';
import { useAfterChanges } from '../live.ts';
import { useMoment } from '../time/moment.tsx';
import { ofTodos } from '../time/use-board-query.ts';
import { whyUnread } from '../ui/unread.ts';

/** The server's largest page, and how many are read before one gives up. */
const pageSize = 1_000;
const pagesMost = 10;

interface Deleted {
  readonly todos: readonly TodoRow[];
  /** How many more there are, changed last before all that were read. */
  readonly missing: number;
}

export interface DeletedState {
  /** Null until they are known; those known last while others are asked for. */
  readonly deleted: Deleted | null;
  readonly problem: string | null;
}

/** @param filter what else holds for them. */
export function useDeleted(filter: TodoFilter): DeletedState {
  const client = useClient();
  const { asOf } = useMoment();
  const position = asOf?.position ?? null;
  const [state, setState] = useState<DeletedState>({ deleted: null, problem: null });
  const [asked, setAsked] = useState(0);
  useAfterChanges(
    useCallback(() => setAsked((times) => times + 1), []),
    ofTodos,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of a todo asks again
  useEffect(() => {
    let current = true;
    const read = async () => {
      const asked = await readDeleted(client, filter, position === null ? null : { position });
      if (current) setState((known) => ({ deleted: known.deleted, problem: null, ...asked }));
    };
    read();
    return () => {
      current = false;
    };
  }, [client, filter, position, asked]);
  return state;
}

async function readDeleted(
  client: Client,
  live: TodoFilter,
  asOf: AsOf,
): Promise<Partial<DeletedState>> {
  const all: TodoFilter = { ...live, includeDeleted: true };
  const todos: TodoRow[] = [];
  let total = 0;
  let after: string | null = null;
  for (let page = 0; page < pagesMost; page += 1) {
    const variables: DeletedVariables = { live, all, first: pageSize, after, asOf };
    const policy = { requestPolicy: 'network-only' } as const;
    const { data, error } = await client.query(deletedQuery, variables, policy).toPromise();
    if (!data) return { problem: error ? whyUnread(error) : 'no answer.' };
    // Later pages hold on to the moment of the first one; what is counted beside them does not.
    if (page === 0) total = data.all.totalCount - data.live.totalCount;
    todos.push(...data.all.edges.map(({ node }) => node).filter((it) => it.deletedAt !== null));
    after = data.all.pageInfo.hasNextPage ? data.all.pageInfo.endCursor : null;
    if (after === null || todos.length >= total) return { deleted: { todos, missing: 0 } };
  }
  return { deleted: { todos, missing: total - todos.length } };
}
