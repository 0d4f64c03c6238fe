/** Finished answers are given again without executing, as long as everything in them holds. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { openApi, type TestApi, write } from './support/api.ts';

/** Counts what operations read of lists and records. */
function countReads(store: Store): { readonly count: number } {
  const reads = Object.getPrototypeOf(Object.getPrototypeOf(store)) as Store;
  const spies = (['list', 'records', 'count', 'groups', 'overTime'] as const).map((name) =>
    vi.spyOn(reads, name),
  );
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return {
    get count() {
      return spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    },
  };
}

async function openTodos(): Promise<TestApi> {
  const api = await openApi();
  for (const [id, priority] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ] as const) {
    await write(api, 'create', 'Todo', { id, priority, status: 'open' });
  }
  return api;
}

/** Asks so often that the answer is kept; returns the last. */
async function askThrice(api: TestApi, query: string, variables = {}) {
  await api.ask(query, variables);
  await api.ask(query, variables);
  return await api.ask(query, variables);
}

const page = '{ todos(first: 2) { edges { node { id subject } } } }';

const kept: [string, string][] = [
  ['a page', page],
  [
    'a page with its cursors',
    '{ todos(first: 1) { edges { cursor } pageInfo { endCursor hasNextPage } } }',
  ],
  ['a count', '{ todos { totalCount } }'],
  ['groups', '{ todoGroups(by: [STATUS]) { status count } }'],
  [
    'a record with its history',
    '{ todo(id: "a") { subject history { edges { cursor node { subject transaction { actor } } } } } }',
  ],
  ['a record that is not there', '{ todo(id: "x") { id } }'],
  [
    'what a record was',
    '{ todo(id: "a", asOf: { position: "1" }) { subject blame { field revision } } }',
  ],
  [
    'a list as it was',
    '{ todos(asOf: { transaction: "2" }) { totalCount edges { cursor node { id } } } }',
  ],
  [
    'a series',
    '{ todosOverTime(from: "2020-01-01T00:00:00Z", to: "2020-01-03T00:00:00Z", every: DAY) { count } }',
  ],
  [
    'several of them',
    '{ a: todo(id: "a") { id } b: todos { totalCount } lakeFiles { totalCount } }',
  ],
];

test.each(kept)('%s is not read again, and shows where it is answered', async (_what, query) => {
  const api = await openTodos();
  const first = await askThrice(api, query);
  expect(first.errors).toBeUndefined();
  await write(api, 'create', 'LakeFile', { filename: 'f', text: 'x' });
  const again = query.includes('lakeFiles') ? await askThrice(api, query) : first;
  const reads = countReads(api.store);
  const later = await api.ask(query);
  expect(reads.count).toBe(0);
  expect(later.data).toEqual(again.data);
  expect(later.extensions?.position).toBe('4');
});

const changes: [string, string, string][] = [
  ['a page', page, 'update'],
  ['a page with its cursors', '{ todos(first: 1) { pageInfo { endCursor } } }', 'create'],
  ['a count', '{ todos { totalCount } }', 'create'],
  ['groups', '{ todoGroups(by: [STATUS]) { status count } }', 'create'],
  ['a record', '{ todo(id: "a") { subject } }', 'update'],
  ['the history of a record', '{ todo(id: "a") { history { totalCount } } }', 'update'],
  ['a record that was not there', '{ todo(id: "new") { id } }', 'create'],
  ['the newest transactions', '{ transactions(first: 1) { edges { node { id } } } }', 'update'],
  ['changes', '{ changes(after: 1) { position } }', 'update'],
  ['the log', '{ log { position } }', 'update'],
  ['a node', '{ node(nodeId: "VG9kbzph") { ... on Todo { subject } } }', 'update'],
];

test.each(changes)('%s is answered anew once that is another', async (_what, query, kind) => {
  const api = await openTodos();
  const before = await askThrice(api, query);
  expect(before.errors).toBeUndefined();
  const input = kind === 'create' ? { id: 'new', priority: 1 } : { id: 'a', subject: 'changed' };
  await write(api, kind as 'create', 'Todo', input);
  const after = await api.ask(query);
  expect(after.data).not.toEqual(before.data);
  expect(after.extensions?.position).toBe('4');
});

describe('paging', () => {
  test('goes on at a position that shows all that was written before the page', async () => {
    const api = await openTodos();
    const first = '{ todos(first: 2) { edges { node { id } } pageInfo { endCursor } } }';
    await askThrice(api, first);
    // Past the end of the page, which would be the same.
    await write(api, 'update', 'Todo', { id: 'c', subject: 'changed' });
    const { endCursor } = (await api.data(first)).todos.pageInfo;
    const next = `{ todos(after: "${endCursor}") { edges { node { id subject } } } }`;
    expect((await api.data(next)).todos.edges).toEqual([{ node: { id: 'c', subject: 'changed' } }]);
  });
});

describe('what is asked', () => {
  test('is told apart by its document, its operation and its variables', async () => {
    const api = await openTodos();
    const query = 'query ($id: ID!) { todo(id: $id) { id } }';
    for (const id of ['a', 'b', 'a', 'b', 'a', 'b']) {
      expect(await api.data(query, { id })).toEqual({ todo: { id } });
    }
    expect((await askThrice(api, '{ todo(id: "a") { priority } }')).data).toEqual({
      todo: { priority: 1 },
    });
  });

  test('is refused each time where it is wrong', async () => {
    const api = await openTodos();
    const query = 'query ($first: Int) { todos(first: $first) { totalCount } }';
    await askThrice(api, query, { first: 1 });
    const wrong = await askThrice(api, query, { first: -1 });
    expect(wrong.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  });

  test('is written each time where it writes', async () => {
    const api = await openTodos();
    const mutation =
      'mutation { createTodo(input: {}) { ... on CreateTodoPayload { todo { id } } } }';
    await askThrice(api, mutation);
    expect(await api.data('{ todos { totalCount } }')).toEqual({ todos: { totalCount: 6 } });
  });
});
