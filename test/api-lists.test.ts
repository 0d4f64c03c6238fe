/** Lists in any order, of any moment, and by conditions of any depth. */
import { expect, test } from 'vitest';
import { limits } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { openApi, type TestApi } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';

async function withTodos(todos: readonly object[]): Promise<TestApi> {
  const api = await openApi();
  for (const todo of todos) await api.store.append(Todo, todo);
  return api;
}

const some = [
  { id: 'a', subject: 'Paint the fence', status: 'open', priority: 2, labels: ['home', 'Garden'] },
  { id: 'b', subject: 'buy PAINT', status: 'done', priority: 1, body: 'green, not blue' },
  { id: 'c', status: null, priority: 2, description: 'über alles' },
  { id: 'd', subject: 'fence', status: 'open', priority: 1, labels: ['paint shop'] },
];

const list = `query (
  $orderBy: [TodoOrder!], $filter: TodoFilter, $asOf: AsOf,
  $first: Int, $after: String, $last: Int, $before: String
) {
  todos(
    orderBy: $orderBy, filter: $filter, asOf: $asOf,
    first: $first, after: $after, last: $last, before: $before
  ) { totalCount edges { cursor node { id } } pageInfo { hasNextPage endCursor startCursor } }
}`;

async function idsOf(api: TestApi, variables: object): Promise<string> {
  const { todos } = await api.data(list, { ...variables });
  return todos.edges.map((edge: { node: { id: string } }) => edge.node.id).join('');
}

// ---- orders --------------------------------------------------------------------------------------

test('a list comes in the order asked for, nulls last either way', async () => {
  const api = await withTodos(some);
  await api.store.update(Todo, 'a', { body: 'soon' });
  const orders: [object[], string][] = [
    [[{ field: 'ID', direction: 'DESC' }], 'dcba'],
    [[{ field: 'ID' }], 'abcd'],
    [[{ field: 'STATUS' }, { field: 'ID', direction: 'DESC' }], 'bdac'],
    [[{ field: 'STATUS', direction: 'DESC' }, { field: 'ID' }], 'adbc'],
    [[{ field: 'SUBJECT' }], 'abdc'],
    [[{ field: 'CREATED_AT', direction: 'DESC' }], 'dcba'],
    [[{ field: 'UPDATED_AT', direction: 'DESC' }], 'adcb'],
    [[{ field: 'PRIORITY', direction: null }, { field: 'UPDATED_AT' }], 'bdca'],
    [[], 'bcda'],
  ];
  for (const [orderBy, ids] of orders) {
    expect([orderBy, await idsOf(api, { orderBy })]).toEqual([orderBy, ids]);
  }
});

test('pages of an order follow each other both ways, across nulls', async () => {
  const api = await withTodos(some);
  const orderBy = [{ field: 'STATUS', direction: 'DESC' }, { field: 'ID' }];
  let after: string | null = null;
  let forward = '';
  do {
    const { todos } = await api.data(list, { orderBy, first: 1, after });
    forward += todos.edges[0].node.id;
    after = todos.pageInfo.hasNextPage ? todos.pageInfo.endCursor : null;
  } while (after);
  expect(forward).toBe('adbc');
  const { todos } = await api.data(list, { orderBy, last: 1 });
  expect(await idsOf(api, { orderBy, last: 2, before: todos.pageInfo.startCursor })).toBe('db');
});

test('an order that cannot be is refused', async () => {
  const api = await withTodos(some);
  const twice = { orderBy: [{ field: 'ID' }, { field: 'STATUS' }, { field: 'ID' }] };
  const many = {
    orderBy: Array.from({ length: limits.orderKeysMax + 1 }, () => ({ field: 'ID' })),
  };
  for (const variables of [twice, many]) {
    const { errors } = await api.ask(list, variables);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('orderBy'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  }
  const byStatus = await api.data(list, { orderBy: [{ field: 'STATUS' }], first: 1 });
  const after = byStatus.todos.pageInfo.endCursor;
  expect(await api.codes(list, { orderBy: [{ field: 'ID' }], after })).toEqual(['BAD_USER_INPUT']);
});

// ---- moments -------------------------------------------------------------------------------------

test('one request compares two moments of a list', async () => {
  const api = await withTodos(some);
  const then = await api.position();
  await api.store.update(Todo, 'a', { priority: 0, status: 'done' });
  await api.store.delete(Todo, 'b');
  const compare = `query ($then: Position!) {
    then: todos(asOf: { position: $then }) { totalCount edges { node { id priority revision } } }
    now: todos { totalCount edges { node { id priority revision history { totalCount } } } }
    none: todos(asOf: { position: "0" }) { totalCount edges { node { id } } }
  }`;
  const data = await api.data(compare, { then });
  const ids = (page: { edges: { node: { id: string } }[] }) =>
    page.edges.map(({ node }) => node.id).join('');
  expect([ids(data.then), ids(data.now), ids(data.none)]).toEqual(['dbca', 'adc', '']);
  expect([data.then.totalCount, data.now.totalCount, data.none.totalCount]).toEqual([4, 3, 0]);
  expect(data.now.edges[0].node).toMatchObject({ priority: 0, history: { totalCount: 2 } });
});

test('below a list as of a moment, history ends at that moment', async () => {
  const api = await withTodos([{ id: 'a' }]);
  const then = await api.position();
  await api.store.update(Todo, 'a', { status: 'done' });
  const { todos } = await api.data(
    `query ($then: Position!) { todos(asOf: { position: $then }) {
      edges { node { revision history { totalCount edges { node { revision } } } } }
    } }`,
    { then },
  );
  const history = { totalCount: 1, edges: [{ node: { revision: 1 } }] };
  expect(todos.edges).toEqual([{ node: { revision: 1, history } }]);
});

test('a page goes on at the moment of the first, and contradicts no other moment', async () => {
  const api = await withTodos(some);
  const asOf = { position: await api.position() };
  await api.store.delete(Todo, 'c');
  const first = await api.data(list, { asOf, first: 2 });
  const after = first.todos.pageInfo.endCursor;
  expect(await idsOf(api, { asOf, after })).toBe('ca');
  expect(await idsOf(api, { after })).toBe('ca');
  const earlier = { asOf: { position: '1' }, after };
  expect(await api.codes(list, earlier)).toEqual(['BAD_USER_INPUT']);
});

// ---- conditions ----------------------------------------------------------------------------------

test('conditions are joined by and, or and not', async () => {
  const api = await withTodos(some);
  const open = { status: { eq: 'open' } };
  const first = { priority: { eq: 1 } };
  const found: [object, string][] = [
    [{ and: [open, first] }, 'd'],
    [{ or: [open, first] }, 'abd'],
    [{ not: open }, 'bc'],
    [{ not: { not: open } }, 'ad'],
    [{ not: { or: [open, first] } }, 'c'],
    [{ or: [{ and: [open, first] }, { status: { isNull: true } }] }, 'cd'],
    [{ ...open, not: first }, 'a'],
    [{ and: [] }, 'abcd'],
    [{ or: [] }, ''],
    [{ not: {} }, ''],
    [{ and: null, or: null, not: null }, 'abcd'],
    [{ not: { status: { ne: 'open' } } }, 'ad'],
    [{ id: { in: ['a', 'c', 'nope'] } }, 'ac'],
    [{ id: { startsWith: 'd' } }, 'd'],
  ];
  for (const [filter, ids] of found) {
    const answer = await idsOf(api, { filter, orderBy: [{ field: 'ID' }] });
    expect([filter, answer]).toEqual([filter, ids]);
  }
});

test('a search finds every word, in any case and any of the texts', async () => {
  const api = await withTodos(some);
  const found: [string, string][] = [
    ['paint', 'abd'],
    ['PAINT fence', 'ad'],
    ['  paint\n green ', 'b'],
    ['ÜBER', 'c'],
    ['garden', 'a'],
    ['paintshop', ''],
    ['open', ''],
    ['%', ''],
    ['', 'abcd'],
    ['home garden', 'a'],
  ];
  for (const [search, ids] of found) {
    const answer = await idsOf(api, { filter: { search }, orderBy: [{ field: 'ID' }] });
    expect([search, answer]).toEqual([search, ids]);
  }
  expect(await idsOf(api, { filter: { not: { search: 'paint' } } })).toBe('c');
});

test('records are found by when they were created and last changed', async () => {
  const api = await withTodos(some);
  const times = await api.data('{ todos { edges { node { id createdAt updatedAt } } } }');
  const c = times.todos.edges.find(({ node }: { node: { id: string } }) => node.id === 'c').node;
  await api.store.update(Todo, 'a', { body: 'soon' });
  const found: [object, string][] = [
    [{ createdAt: { lte: c.createdAt } }, 'abc'],
    [{ createdAt: { gt: c.createdAt } }, 'd'],
    [{ updatedAt: { lt: c.updatedAt } }, 'b'],
    [{ updatedAt: { gte: c.updatedAt } }, 'acd'],
  ];
  for (const [filter, ids] of found) {
    const answer = await idsOf(api, { filter, orderBy: [{ field: 'ID' }] });
    expect([filter, answer]).toEqual([filter, ids]);
  }
});

test('deleted records are listed for who asks for them', async () => {
  const api = await withTodos(some);
  await api.store.delete(Todo, 'b');
  const query = `{ todos(filter: { includeDeleted: true, priority: { eq: 1 } }) {
    totalCount edges { node { id deletedAt subject } } } }`;
  const { todos } = await api.data(query);
  expect(todos.totalCount).toBe(2);
  expect(todos.edges).toContainEqual({
    node: { id: 'b', subject: 'buy PAINT', deletedAt: expect.stringContaining('T') },
  });
  expect(await idsOf(api, { filter: { includeDeleted: false } })).toBe('dca');
});

test('files are ordered, searched and filtered like everything else', async () => {
  const api = await openApi();
  for (const [filename, size] of [
    ['b.csv', 3],
    ['a.json', 20],
  ] as const) {
    await api.store.append(LakeFile, { ...lakeFile(filename), path: 'data', size });
  }
  const query = `query ($filter: LakeFileFilter, $orderBy: [LakeFileOrder!]) {
    lakeFiles(filter: $filter, orderBy: $orderBy) { edges { node { filename } } }
  }`;
  const names = async (variables: object) =>
    (await api.data(query, { ...variables })).lakeFiles.edges.map(
      ({ node }: { node: { filename: string } }) => node.filename,
    );
  expect(await names({ orderBy: [{ field: 'FILENAME' }] })).toEqual(['a.json', 'b.csv']);
  expect(await names({ orderBy: [{ field: 'SIZE' }] })).toEqual(['b.csv', 'a.json']);
  expect(await names({ filter: { search: 'DATA .csv' } })).toEqual(['b.csv']);
  expect(await names({ filter: { or: [{ size: { gt: '19' } }] } })).toEqual(['a.json']);
});

test('a filter that cannot be is refused, and says which part', async () => {
  const api = await withTodos(some);
  const nested = (depth: number): object => (depth === 0 ? {} : { not: nested(depth - 1) });
  const refused: [object, string][] = [
    [nested(50), 'filter'],
    [nested(limits.filterDepthMax), 'filter'],
    [{ or: Array.from({ length: limits.filterConditionsMax + 1 }, () => ({})) }, 'filter'],
    [{ and: [{ includeDeleted: true }] }, 'filter.and.0.includeDeleted'],
    [
      { or: [{}, { not: { status: { in: Array(1_001).fill('x') } } }] },
      'filter.or.1.not.status.in',
    ],
    [
      {
        search: Array(limits.searchWordsMax + 1)
          .fill('x')
          .join(' '),
      },
      'filter.search',
    ],
    [{ search: '\ud800' }, 'filter.search'],
  ];
  for (const [filter, argument] of refused) {
    const { errors } = await api.ask(list, { filter });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining(`${argument}:`),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  }
  expect(await idsOf(api, { filter: nested(limits.filterDepthMax - 2) })).not.toBeUndefined();
});

// ---- totals --------------------------------------------------------------------------------------

test('a total counts the whole list at the position of the page', async () => {
  const api = await withTodos(some);
  const filter = { priority: { eq: 1 } };
  const first = await api.data(list, { filter, first: 1 });
  expect(first.todos.totalCount).toBe(2);
  await api.store.append(Todo, { id: 'e', priority: 1 });
  const next = await api.data(list, { filter, first: 1, after: first.todos.pageInfo.endCursor });
  expect(next.todos.totalCount).toBe(2);
  expect((await api.data(list, { filter, first: 0 })).todos.totalCount).toBe(3);
  const { todo } = await api.data(
    '{ todo(id: "a") { history(first: 1) { totalCount } current { transaction { versions { totalCount } } } } }',
  );
  expect(todo.history.totalCount).toBe(1);
  expect(todo.current.transaction.versions.totalCount).toBe(1);
});
