import { type Client, type CombinedError, gql, type TypedDocumentNode } from '@urql/core';
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
function isOver({ graphQLErrors, response }: CombinedError): boolean {
  const isExpired = graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED');
  return isExpired && response?.status !== 401;
}

/**
 * Keeps the todos in the cache as they are on the server, from a position on. When the connection
 * is lost it goes on after the last event: none is missed, none comes twice.
 * @returns stops it.
 */
export function followTodos(
  client: Client,
  after: string,
  onChange: (change: TodoChange) => void = () => {},
  onRefused: (error: CombinedError) => void = console.error,
): () => void {
  let position = after;
  let stop = () => {};
  const follow = () => {
    const feed = client.subscription(changes, { after: position });
    const { unsubscribe } = feed.subscribe(({ data, error, hasNext }) => {
      // What the server refuses it would refuse again; everything else is the connection.
      if (error?.graphQLErrors.length && !isOver(error)) return onRefused(error);
      // urql shows the last event once more beside such an end.
      if (hasNext && data && !error) {
        position = data.todoChanges.position;
        onChange(data.todoChanges);
      } else if (!hasNext) {
        // A feed never ends by itself: the connection was lost, or the server is being restarted.
        const timer = setTimeout(follow, 1_000);
        stop = () => clearTimeout(timer);
      }
    });
    stop = unsubscribe;
  };
  follow();
  return () => stop();
}
