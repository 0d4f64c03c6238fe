/** The operations in the words of Everstate's schema. */
import { countsOf, deepAfter, type Operations, pageRows, seriesPoints } from './operations.ts';

const versionRow = 'revision userId subject priority status labels';
const row = `id ${versionRow}`;
const wholeRow = `${row} body description`;
const points = Array.from({ length: seriesPoints }, (_, number) => number);

interface Connection {
  readonly edges: readonly { readonly node: Record<string, unknown> }[];
}

export const everstateOperations: Operations = {
  byId: {
    document: `query($id: ID!) { todo(id: $id) { ${wholeRow} } }`,
    read: ({ todo }) => todo,
  },
  page: {
    document: `query($status: String!) {
      todos(first: ${pageRows}, filter: { status: { eq: $status } }) { edges { node { ${row} } } }
    }`,
    read: ({ todos }) => nodesOf(todos),
  },
  pageOf: {
    document: `query($status: String!, $userId: String!) {
      todos(first: ${pageRows}, filter: { status: { eq: $status }, userId: { eq: $userId } }) {
        edges { node { ${row} } }
      }
    }`,
    read: ({ todos }) => nodesOf(todos),
  },
  deepPage: {
    document: `query($status: String!, $after: String!) {
      todos(first: ${pageRows}, after: $after, filter: { status: { eq: $status } }) {
        edges { node { ${row} } }
      }
    }`,
    read: ({ todos }) => nodesOf(todos),
  },
  counts: {
    document: '{ todoGroups(by: [STATUS]) { status count } }',
    read: ({ todoGroups }) => countsOf(todoGroups),
  },
  history: {
    document: `query($id: ID!) {
      todo(id: $id) { history(first: 100) { edges { node { position ${versionRow} } } } }
    }`,
    read: ({ todo }) => nodesOf(todo.history),
  },
  asOf: {
    document: `query($position: Position!) {
      todos(first: ${pageRows}, asOf: { position: $position }) { edges { node { ${row} } } }
    }`,
    variables: ({ position }) => ({ position: String(position) }),
    read: ({ todos }) => nodesOf(todos),
  },
  series: {
    document: `query(${points.map((number) => `$p${number}: Position!`).join(' ')}) {
      ${points
        .map(
          (number) =>
            `c${number}: todoGroups(by: [STATUS], asOf: { position: $p${number} }) { status count }`,
        )
        .join('\n')}
    }`,
    variables: ({ positions }) =>
      Object.fromEntries(positions.map((position, number) => [`p${number}`, String(position)])),
    read: (data) => points.map((number) => countsOf(data[`c${number}`])),
  },
  update: {
    document: `mutation($input: UpdateTodoInput!) {
      updateTodo(input: $input) {
        ... on UpdateTodoPayload { todo { id revision } }
        ... on Problem { code message }
      }
    }`,
    variables: (input) => ({ input }),
    read: ({ updateTodo }) => ({ revision: updateTodo.todo.revision }),
  },
  createMany: {
    document: `mutation($rows: [CreateTodoInput!]!) {
      createTodos(inputs: $rows) {
        ... on CreateTodosPayload { transaction { id } }
        ... on Problem { code message }
      }
    }`,
    read: ({ createTodos }) => Boolean(createTodos.transaction.id) as true,
  },
};

/** Where the deep page begins. */
export const everstateCursor = {
  document: `query($status: String!) {
    todos(first: ${deepAfter}, filter: { status: { eq: $status } }) { pageInfo { endCursor } }
  }`,
  read: (data: unknown): string => {
    const { todos } = data as { todos: { pageInfo: { endCursor: string } } };
    return todos.pageInfo.endCursor;
  },
};

export const everstateEvents =
  'subscription { todoChanges { id version { revision subject priority status } } }';

function nodesOf({ edges }: Connection): Record<string, unknown>[] {
  return edges.map(({ node }) => node);
}
