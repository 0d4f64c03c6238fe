import { type ApolloClient, gql, type TypedDocumentNode } from '@apollo/client';

export interface Todo {
  readonly __typename: 'Todo';
  readonly id: string;
  readonly revision: number;
  readonly subject: string | null;
  readonly status: string | null;
  readonly priority: number;
}

/** What is shown of a todo: one fragment everywhere, so that every answer updates all of it. */
export const todoShown: TypedDocumentNode<Todo> = gql`
  fragment TodoShown on Todo {
    id
    revision
    subject
    status
    priority
  }
`;

const updateTodo = gql`
  mutation UpdateTodo($input: UpdateTodoInput!) {
    updateTodo(input: $input) {
      __typename
      ... on UpdateTodoPayload { todo { ...TodoShown } }
      ... on Problem { code message }
      ... on RevisionConflict { expected actual changedFields }
    }
  }
  ${todoShown}
`;

/**
 * Changes a todo as it was shown: at once in the cache, then on the server. When someone else was
 * faster, the cache shows the todo as before, and the answer is a RevisionConflict.
 */
export function changeTodo(
  client: ApolloClient,
  shown: Todo,
  patch: Partial<Pick<Todo, 'subject' | 'status' | 'priority'>>,
) {
  const { id, revision } = shown;
  const todo = { ...shown, ...patch, revision: revision + 1 };
  return client.mutate({
    mutation: updateTodo,
    variables: { input: { id, expectedRevision: revision, ...patch } },
    optimisticResponse: { updateTodo: { __typename: 'UpdateTodoPayload', todo } },
  });
}
