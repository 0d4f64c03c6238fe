import {
  type ApolloClient,
  CombinedGraphQLErrors,
  gql,
  type TypedDocumentNode,
} from '@apollo/client';
import { defer, mergeMap, type Observable, repeat } from 'rxjs';
import { type Todo, todoShown } from './todos.ts';

export interface TodoChange {
  readonly kind: 'CAUGHT_UP' | 'ENTER' | 'UPDATE' | 'LEAVE';
  readonly position: string;
  readonly id: string | null;
  readonly todo: Todo | null;
}

const changes: TypedDocumentNode<{ todoChanges: TodoChange }, { after: string }> = gql`
  subscription FollowTodos($after: Position!) {
    todoChanges(after: $after) {
      kind
      position
      id
      todo { ...TodoShown }
    }
  }
  ${todoShown}
`;

/** Whether a token has expired while it was followed: the next attempt has another. */
function isOver({ errors }: CombinedGraphQLErrors): boolean {
  return errors.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED');
}

/**
 * Keeps the todos in the cache as they are on the server, from a position on. When the connection
 * is lost it goes on after the last event: none is missed, none comes twice.
 */
export function followTodos(client: ApolloClient, after: string): Observable<TodoChange> {
  let position = after;
  const follow = () =>
    client.subscribe({ query: changes, variables: { after: position }, fetchPolicy: 'no-cache' });
  return defer(follow).pipe(
    mergeMap(({ data, error }) => {
      // What the server refuses it would refuse again; everything else is the connection.
      if (CombinedGraphQLErrors.is(error) && !isOver(error)) throw error;
      if (!data) return [];
      position = data.todoChanges.position;
      take(client, data.todoChanges);
      return [data.todoChanges];
    }),
    // A feed never ends by itself: the connection was lost, or the server is being restarted.
    repeat({ delay: 1_000 }),
  );
}

function take({ cache }: ApolloClient, { kind, id, todo }: TodoChange): void {
  if (kind === 'CAUGHT_UP') return;
  const reference = cache.identify({ __typename: 'Todo', id: id as string }) as string;
  if (kind === 'LEAVE' || !todo) {
    // Lists leave out what the cache no longer has.
    cache.evict({ id: reference });
    cache.gc();
    return;
  }
  // An answer to a mutation may have been quicker than the event.
  const known = cache.readFragment({ id: reference, fragment: todoShown });
  if (known && known.revision >= todo.revision) return;
  cache.writeFragment({ id: reference, fragment: todoShown, data: todo });
}
