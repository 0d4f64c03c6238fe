/** Everstate through urql: a read, a write whose problems are data, and a list in pages. */
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import type { TodoPageQueryVariables } from './generated/graphql.ts';
import { changeTodo, todoAt, todoPage } from './operations.ts';

export function connect(url: string): Client {
  return new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    // By GET, what is asked as of a position is kept by the browser's cache.
    preferGetMethod: 'within-url-limit',
  });
}

/** The subject of a todo, now or at a position; null when there was none. */
export async function subjectOf(client: Client, id: string, position?: string) {
  const asOf = position === undefined ? null : { position };
  const { data, error } = await client.query(todoAt, { id, asOf }).toPromise();
  if (error) throw error;
  return data?.todo?.subject ?? null;
}

/** Changes a subject unless somebody else has changed the todo meanwhile; what came of it. */
export async function rename(
  client: Client,
  id: string,
  expectedRevision: number,
  subject: string,
) {
  const input = { id, expectedRevision, subject };
  const { data, error } = await client.mutation(changeTodo, { input }).toPromise();
  if (!data) throw error;
  const result = data.updateTodo;
  switch (result.__typename) {
    case 'UpdateTodoPayload':
      return `revision ${result.todo.revision}`;
    case 'RevisionConflict':
      return `${result.changedFields.join(' and ')} changed in revision ${result.actual}`;
    default:
      return result.message;
  }
}

/** All todos with a status, page by page; pages stand still while others write. */
export async function* subjectsWith(client: Client, status: string, first: number) {
  let after: string | null = null;
  do {
    const variables: TodoPageQueryVariables = { first, after, filter: { status: { eq: status } } };
    const { data, error } = await client.query(todoPage, variables).toPromise();
    if (!data) throw error;
    const { edges, pageInfo } = data.todos;
    for (const { node } of edges) yield node.subject;
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
}
