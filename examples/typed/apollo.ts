/** Everstate through Apollo Client: a read, a write whose problems are data, and a list in pages. */
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import type { TodoPageQueryVariables } from './generated/graphql.ts';
import generated from './generated/possible-types.ts';
import { changeTodo, todoAt, todoPage } from './operations.ts';

export function connect(uri: string): ApolloClient {
  return new ApolloClient({
    cache: new InMemoryCache(generated),
    // By GET, what is asked as of a position is kept by the browser's cache.
    link: new HttpLink({ uri, useGETForQueries: true }),
  });
}

/** The subject of a todo, now or at a position; null when there was none. */
export async function subjectOf(client: ApolloClient, id: string, position?: string) {
  const asOf = position === undefined ? null : { position };
  const { data } = await client.query({ query: todoAt, variables: { id, asOf } });
  return data?.todo?.subject ?? null;
}

/** Changes a subject unless somebody else has changed the todo meanwhile; what came of it. */
export async function rename(
  client: ApolloClient,
  id: string,
  expectedRevision: number,
  subject: string,
) {
  const variables = { input: { id, expectedRevision, subject } };
  const { data } = await client.mutate({ mutation: changeTodo, variables });
  const result = data?.updateTodo;
  switch (result?.__typename) {
    case 'UpdateTodoPayload':
      return `revision ${result.todo.revision}`;
    case 'RevisionConflict':
      return `${result.changedFields.join(' and ')} changed in revision ${result.actual}`;
    default:
      return result?.message;
  }
}

/** All todos with a status, page by page; pages stand still while others write. */
export async function* subjectsWith(client: ApolloClient, status: string, first: number) {
  let after: string | null = null;
  do {
    const variables: TodoPageQueryVariables = { first, after, filter: { status: { eq: status } } };
    const { data } = await client.query({ query: todoPage, variables });
    if (!data) return;
    const { edges, pageInfo } = data.todos;
    for (const { node } of edges) yield node.subject;
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
}
