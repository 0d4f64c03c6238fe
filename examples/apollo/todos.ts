/**
 * Lists todos, edits one and follows them all, with Apollo Client:
 *
 *     node --import tsx todos.ts [http://127.0.0.1:4000/graphql]
 */
import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  gql,
  HttpLink,
  InMemoryCache,
  Observable,
  type TypedDocumentNode,
} from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { print } from 'graphql';
import { createClient } from 'graphql-sse';

const url = process.argv[2] ?? process.env.EVERSTATE_URL ?? 'http://127.0.0.1:4000/graphql';

// ---- the client ---------------------------------------------------------------------------------

// Queries and mutations are requests; a subscription is a response that goes on.
const streams = createClient({ url, retryAttempts: 0 });
const streamLink = new ApolloLink(
  ({ query, variables }) =>
    new Observable((observer) =>
      streams.subscribe(
        { query: print(query), variables },
        {
          next: (result) => observer.next(result as ApolloLink.Result),
          error: (error) => observer.error(error),
          complete: () => observer.complete(),
        },
      ),
    ),
);

const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    streamLink,
    new HttpLink({ uri: url }),
  ),
  cache: new InMemoryCache({
    // Whatever an update comes to, in one fragment; docs/clients.md asks the server for all of them.
    possibleTypes: { Problem: ['NotFound', 'RevisionConflict', 'InvalidInput'] },
    typePolicies: {
      Query: { fields: { todos: relayStylePagination(['filter', 'orderBy']) } },
      // An event has the id of its todo, and none of its own.
      TodoChange: { keyFields: false },
    },
  }),
});

// ---- the documents ------------------------------------------------------------------------------

interface Todo {
  readonly __typename: 'Todo';
  readonly id: string;
  readonly revision: number;
  readonly subject: string | null;
  readonly status: string | null;
}

const todoShown: TypedDocumentNode<Todo> = gql`
  fragment TodoShown on Todo {
    id
    revision
    subject
    status
  }
`;

// All of an operation answers at one position: what the log says there is what the list shows.
const listTodos: TypedDocumentNode<{
  log: { position: string };
  todos: {
    totalCount: number;
    edges: { node: Todo }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}> = gql`
  query ListTodos($after: String) {
    log { position }
    todos(first: 10, after: $after) {
      totalCount
      edges { node { ...TodoShown } }
      pageInfo { hasNextPage endCursor }
    }
  }
  ${todoShown}
`;

type Answer =
  | { __typename: 'UpdateTodoPayload'; todo: Todo }
  | { __typename: 'RevisionConflict' | 'NotFound' | 'InvalidInput'; code: string; message: string };

const updateTodo: TypedDocumentNode<{ updateTodo: Answer }> = gql`
  mutation UpdateTodo($input: UpdateTodoInput!) {
    updateTodo(input: $input, options: { reason: "The example edits it" }) {
      __typename
      ... on UpdateTodoPayload { todo { ...TodoShown } }
      ... on Problem { code message }
    }
  }
  ${todoShown}
`;

const todoChanges: TypedDocumentNode<{
  todoChanges: { kind: string; position: string; id: string | null; todo: Todo | null };
}> = gql`
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

// ---- listing ------------------------------------------------------------------------------------

const line = ({ id, subject, status, revision }: Todo) =>
  `${id}: ${subject ?? 'no subject'}, ${status ?? 'no status'}, revision ${revision}`;

/** The first pages of the list, and the position at which it stood: its later pages, too. */
async function list(pagesMax: number): Promise<{ todos: Todo[]; position: string }> {
  const query = client.watchQuery({ query: listTodos });
  const { data: first } = await client.query({ query: listTodos });
  if (!first) throw new Error('The list did not come.');
  let page = first;
  const todos = page.todos.edges.map(({ node }) => node);
  for (let count = 1; count < pagesMax && page.todos.pageInfo.hasNextPage; count += 1) {
    const { endCursor } = page.todos.pageInfo;
    const { data } = await query.fetchMore({ variables: { after: endCursor } });
    if (!data) break;
    page = data;
    todos.push(...page.todos.edges.map(({ node }) => node));
  }
  console.log(`${todos.length} of ${first.todos.totalCount} todos:`);
  for (const todo of todos) console.log(`  ${line(todo)}`);
  return { todos, position: first.log.position };
}

// ---- editing ------------------------------------------------------------------------------------

/** Sets a todo's status, unless someone changed it since it was shown. */
async function setStatus(shown: Todo, status: string): Promise<void> {
  const { id, revision } = shown;
  const { data } = await client.mutate({
    mutation: updateTodo,
    variables: { input: { id, expectedRevision: revision, status } },
    // What readers of the cache see until the answer is there.
    optimisticResponse: {
      updateTodo: {
        __typename: 'UpdateTodoPayload',
        todo: { ...shown, status, revision: revision + 1 },
      },
    },
  });
  const answer = data?.updateTodo;
  if (answer?.__typename === 'UpdateTodoPayload') console.log(`Changed ${line(answer.todo)}`);
  else console.log(`Refused: ${answer?.code}`);
}

// ---- following ----------------------------------------------------------------------------------

/** Prints each change after a position, and goes on where it was when the connection is lost. */
function follow(position: string): void {
  let last = position;
  client
    .subscribe({ query: todoChanges, variables: { after: position }, fetchPolicy: 'no-cache' })
    .subscribe({
      next({ data, error }) {
        if (CombinedGraphQLErrors.is(error)) throw error;
        if (!data) return;
        const { kind, id, todo } = data.todoChanges;
        last = data.todoChanges.position;
        console.log(`${last} ${kind}${id ? ` ${todo ? line(todo) : id}` : ''}`);
      },
      // A feed never ends by itself.
      complete: () => void setTimeout(() => follow(last), 1_000),
    });
}

const { todos, position } = await list(2);
const [todo] = todos;
if (todo) {
  await setStatus(todo, todo.status === 'done' ? 'open' : 'done');
  // What was shown is not what is there any more.
  await setStatus(todo, 'forgotten');
}
console.log(`Following after position ${position}; Ctrl-C ends it.`);
follow(position);
