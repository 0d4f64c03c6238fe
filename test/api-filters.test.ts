/** Lists of what matches: every operator, through GraphQL. */
import { expect, test } from 'vitest';
import { matcherOf } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { openApi } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';

async function withTodos() {
  const api = await openApi();
  const todos = [
    { id: 'a', userId: 'u1', status: 'open', priority: 1, labels: ['x'], subject: 'Paint' },
    { id: 'b', userId: 'u1', status: 'done', priority: 2, labels: ['x', 'y'], subject: 'paint it' },
    { id: 'c', userId: 'u2', status: null, priority: 3, labels: [], subject: '100%' },
    {
      id: 'd',
      userId: null,
      status: 'open',
      priority: 4,
      labels: ['x,y'],
      body: 'b',
      description: 'd',
    },
  ];
  for (const todo of todos) await api.store.append(Todo, todo);
  return api;
}

const list = 'query ($filter: TodoFilter) { todos(filter: $filter) { edges { node { id } } } }';

const found = [
  [{}, 'abcd'],
  [null, 'abcd'],
  [{ userId: { eq: 'u1' } }, 'ab'],
  [{ userId: { ne: 'u1' } }, 'cd'],
  [{ userId: { in: ['u1', 'u2'] } }, 'abc'],
  [{ userId: { in: [] } }, ''],
  [{ userId: { notIn: ['u1'] } }, 'cd'],
  [{ userId: { notIn: [] } }, 'abcd'],
  [{ userId: { isNull: true } }, 'd'],
  [{ userId: { isNull: false } }, 'abc'],
  [{ userId: null }, 'abcd'],
  [{ status: { eq: 'open' }, userId: { eq: 'u1' } }, 'a'],
  [{ status: { startsWith: 'op' } }, 'ad'],
  [{ subject: { contains: 'aint' } }, 'ab'],
  [{ subject: { startsWith: 'paint' } }, 'b'],
  [{ subject: { startsWith: 'aint' } }, ''],
  [{ subject: { endsWith: 'aint' } }, 'a'],
  [{ subject: { endsWith: '' } }, 'abc'],
  [{ subject: { containsInsensitive: 'PAINT' } }, 'ab'],
  [{ userId: { containsInsensitive: 'U' } }, 'abc'],
  [{ id: { containsInsensitive: 'A' } }, 'a'],
  [{ and: null, or: null, not: null, search: null, includeDeleted: null }, 'abcd'],
  [{ updatedAt: { isNull: false } }, 'abcd'],
  [{ createdAt: { eq: '2026-11-23T00:00:00Z' } }, ''],
  [{ createdAt: { ne: '2026-11-23T00:00:00Z', in: [] } }, ''],
  [{ subject: { contains: '%' } }, 'c'],
  [{ subject: { eq: "' or 1=1 --" } }, ''],
  [{ body: { isNull: false } }, 'd'],
  [{ description: { eq: 'd' } }, 'd'],
  [{ priority: { eq: 2 } }, 'b'],
  [{ priority: { ne: 2 } }, 'acd'],
  [{ priority: { in: [1, 4] } }, 'ad'],
  [{ priority: { lt: 2 } }, 'a'],
  [{ priority: { lte: 2 } }, 'ab'],
  [{ priority: { gt: 2 } }, 'cd'],
  [{ priority: { gte: 2 } }, 'bcd'],
  [{ priority: { gte: 2, lt: 4 } }, 'bc'],
  [{ priority: { isNull: true } }, ''],
  [{ labels: { has: 'x' } }, 'ab'],
  [{ labels: { has: 'x,y' } }, 'd'],
  [{ labels: { hasAny: ['y', 'x,y'] } }, 'bd'],
  [{ labels: { hasAny: [] } }, ''],
  [{ labels: { hasAll: ['x', 'y'] } }, 'b'],
  [{ labels: { hasAll: [] } }, 'abcd'],
  [{ labels: { isEmpty: true } }, 'c'],
  [{ labels: { isEmpty: false } }, 'abd'],
] as const;

test('every operator finds what matches it, in lists and version by version', async () => {
  const api = await withTodos();
  const { versions } = await api.store.list(Todo);
  for (const [filter, ids] of found) {
    const { todos } = await api.data(list, { filter });
    const got = todos.edges.map(({ node }: { node: { id: string } }) => node.id).join('');
    const matched = versions.filter(matcherOf(Todo, filter ?? {})).map(({ id }) => id);
    expect([filter, got, matched.join('')]).toEqual([filter, ids, ids]);
  }
});

test('files are found by size, digest and name', async () => {
  const api = await openApi();
  const { sha256 } = lakeFile('a');
  await api.store.append(LakeFile, {
    id: 'a',
    ...lakeFile('a'),
    path: 'p',
    filetype: 'csv',
    version: 2,
  });
  await api.store.append(LakeFile, { id: 'b', ...lakeFile('b'), size: 2 ** 40 });
  const ids = async (filter: object) => {
    const document =
      'query ($filter: LakeFileFilter) { lakeFiles(filter: $filter) { edges { node { id } } } }';
    const { lakeFiles } = await api.data(document, { filter });
    return lakeFiles.edges.map(({ node }: { node: { id: string } }) => node.id).join('');
  };
  expect(await ids({ size: { gte: 2 ** 40 } })).toBe('b');
  expect(await ids({ size: { eq: String(2 ** 40) } })).toBe('b');
  expect(await ids({ size: { in: [0, 1] } })).toBe('a');
  expect(await ids({ sha256: { eq: sha256 } })).toBe('ba');
  expect(await ids({ filename: { in: ['a', 'c'] }, path: { eq: 'p' } })).toBe('a');
  expect(await ids({ filetype: { isNull: true } })).toBe('b');
  expect(await ids({ version: { lt: 3 } })).toBe('a');
});

test('pages of a filtered list hold only what matches', async () => {
  const api = await withTodos();
  const document = `query ($after: String) {
    todos(first: 1, after: $after, filter: { status: { eq: "open" } }) {
      edges { node { id } } pageInfo { endCursor hasNextPage }
    }
  }`;
  const first = (await api.data(document)).todos;
  const second = (await api.data(document, { after: first.pageInfo.endCursor })).todos;
  expect([first.edges, second.edges]).toEqual([[{ node: { id: 'a' } }], [{ node: { id: 'd' } }]]);
  expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
});

test('conditions that cannot be are refused', async () => {
  const api = await withTodos();
  const wrong = [
    { userId: { in: Array(1_001).fill('u') } },
    { labels: { hasAny: Array(1_001).fill('x') } },
    { userId: { in: [null] } },
    { status: { eq: '\ud800' } },
    { status: { in: ['open', '\udc00'] } },
    { subject: { contains: '\ud800' } },
    { labels: { has: '\ud800' } },
    { labels: { hasAll: ['\ud800'] } },
    { priority: { lt: 2 ** 31 } },
    { priority: { eq: '1' } },
    { colour: { eq: 'red' } },
    { status: { like: 'o%' } },
  ];
  for (const filter of wrong) {
    expect([filter, await api.codes(list, { filter })]).toEqual([filter, ['BAD_USER_INPUT']]);
  }
});

test('half a surrogate pair finds nothing that holds its replacement', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: '\ufffd', subject: '\ufffd', labels: ['\ufffd'] });
  const { todo } = await api.data('query ($id: ID!) { todo(id: $id) { id } }', { id: '\ud800' });
  expect(todo).toBeNull();
});
