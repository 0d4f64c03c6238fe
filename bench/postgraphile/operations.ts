/** The operations in the words of PostGraphile's schema. */
import { type Counts, countsOf, deepAfter, type Operations, pageRows } from '../operations.ts';

const versionRow = 'revision userId subject priority status labels';
const row = `id: rowId ${versionRow}`;
const wholeRow = `${row} body description`;
const inOrder = 'orderBy: [PRIORITY_ASC, POSITION_DESC]';

interface CountAt {
  readonly position: string;
  readonly status: string;
  readonly count: number;
}

export const postgraphileOperations: Operations = {
  byId: {
    document: `query($id: String!) { todo: todoByRowId(rowId: $id) { ${wholeRow} } }`,
    read: ({ todo }) => todo,
  },
  page: {
    document: `query($status: String!) {
      todos: allTodosList(first: ${pageRows}, condition: { status: $status }, ${inOrder}) { ${row} }
    }`,
    read: ({ todos }) => todos,
  },
  pageOf: {
    document: `query($status: String!, $userId: String!) {
      todos: allTodosList(
        first: ${pageRows}, condition: { status: $status, userId: $userId }, ${inOrder}
      ) { ${row} }
    }`,
    read: ({ todos }) => todos,
  },
  deepPage: {
    document: `query($status: String!, $after: Cursor!) {
      todos: allTodos(
        first: ${pageRows}, after: $after, condition: { status: $status }, ${inOrder}
      ) { nodes { ${row} } }
    }`,
    read: ({ todos }) => todos.nodes,
  },
  counts: {
    document: '{ counts: countsByStatusList { status count } }',
    read: ({ counts }) => countsOf(counts),
  },
  history: {
    document: `query($id: String!) {
      versions: allVersionsList(condition: { rowId: $id }, orderBy: [REVISION_DESC]) {
        position ${versionRow}
      }
    }`,
    read: ({ versions }) => versions,
  },
  asOf: {
    document: `query($position: BigInt!) {
      todos: todosAsOfList(at: $position, rows: ${pageRows}) { ${row} }
    }`,
    variables: ({ position }) => ({ position: String(position) }),
    read: ({ todos }) => todos,
  },
  series: {
    document: `query($positions: [BigInt]!) {
      counts: countsAtList(positions: $positions) { position status count }
    }`,
    variables: ({ positions }) => ({ positions: positions.map(String) }),
    read: ({ counts }) => seriesOf(counts),
  },
  update: {
    document: `mutation($input: UpdateTodoInput!) {
      updateTodo(input: $input) { todo: result { id: rowId revision } }
    }`,
    variables: (input) => ({ input }),
    read: ({ updateTodo }) => ({ revision: updateTodo.todo.revision }),
  },
  createMany: {
    document: 'mutation($rows: JSON!) { createTodos(input: { rows: $rows }) { count: result } }',
    read: ({ createTodos }) => createTodos.count > 0 || fail(createTodos),
  },
};

/** Where the deep page begins. */
export const postgraphileCursor = {
  document: `query($status: String!) {
    todos: allTodos(first: ${deepAfter}, condition: { status: $status }, ${inOrder}) {
      edges { cursor }
    }
  }`,
  read: (data: unknown): string => {
    const { todos } = data as { todos: { edges: { cursor: string }[] } };
    return todos.edges.at(-1)?.cursor ?? '';
  },
};

export const postgraphileEvents =
  'subscription { todoChanges { id revision subject priority status } }';

function seriesOf(counts: readonly CountAt[]): Counts[] {
  const at = new Map<number, CountAt[]>();
  for (const count of counts) {
    const position = Number(count.position);
    at.set(position, [...(at.get(position) ?? []), count]);
  }
  return [...at].sort(([a], [b]) => a - b).map(([, rows]) => countsOf(rows));
}

function fail(answer: unknown): never {
  throw new TypeError(`Not the answer that was expected: ${JSON.stringify(answer)}`);
}
