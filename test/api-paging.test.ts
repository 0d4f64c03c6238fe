/** Lists in pages, as the Relay specification has them. */
import fc from 'fast-check';
import { connectionFromArray } from 'graphql-relay';
import { expect, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { openApi, TestApi, write } from './support/api.ts';
import { checkProperty } from './support/property.ts';
import { withStore } from './support/temporary-store.ts';

const page = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: TodoFilter) {
  todos(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const read = async (api: TestApi, variables: object = {}): Promise<Page> =>
  (await api.data(page, { ...variables })).todos;
const idsOf = ({ edges }: Page) => edges.map(({ node }) => node.id);

async function withTodos(count: number): Promise<TestApi> {
  const api = await openApi();
  for (let index = 0; index < count; index += 1) {
    await api.store.append(Todo, { id: `t${index}`, priority: index % 3 });
  }
  return api;
}

test('todos come by priority, the newest first where it ties', async () => {
  const api = await openApi();
  for (const [id, priority] of [
    ['a', 2],
    ['b', 1],
    ['c', 2],
    ['d', null],
    ['e', 1],
  ] as const) {
    await write(api, 'create', 'Todo', { id, priority });
  }
  expect(idsOf(await read(api))).toEqual(['e', 'b', 'c', 'a', 'd']);
  await write(api, 'update', 'Todo', { id: 'b', status: 'touched' });
  await write(api, 'update', 'Todo', { id: 'd', priority: 0 });
  expect(idsOf(await read(api))).toEqual(['d', 'b', 'e', 'c', 'a']);
  await write(api, 'delete', 'Todo', { id: 'e' });
  expect(idsOf(await read(api))).toEqual(['d', 'b', 'c', 'a']);
});

test('an empty list is an empty page', async () => {
  const api = await openApi();
  const pageInfo = {
    hasNextPage: false,
    hasPreviousPage: false,
    startCursor: null,
    endCursor: null,
  };
  for (const size of [{}, { first: 0 }, { first: 5 }, { last: 0 }, { last: 5 }]) {
    expect(await read(api, size)).toEqual({ edges: [], pageInfo });
  }
});

test('a page has 50 records when no size is asked for, and at most 1,000', async () => {
  const api = await openApi();
  await api.store.transact(async (log) => {
    for (let index = 0; index < 1_001; index += 1) await log.create(Todo, {});
  });
  const sizes = [{}, { first: null }, { first: 1_000 }, { last: 1_000 }];
  const pages = await Promise.all(sizes.map((size) => read(api, size)));
  expect(pages.map(({ edges }) => edges.length)).toEqual([50, 50, 1_000, 1_000]);
  expect(pages.map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, true, true, false]);
  expect(pages[3]?.pageInfo.hasPreviousPage).toBe(true);
});

test('pages are what graphql-relay gives for the same arguments, whatever they are', async () => {
  const api = await withTodos(5);
  const whole = await read(api);
  const ids = idsOf(whole);
  const ours = whole.edges.map(({ cursor }) => cursor);
  const theirs = connectionFromArray(ids, {}).edges.map(({ cursor }) => cursor);
  const places = [undefined, 0, 1, 2, 3, 4];
  const sizes = [0, 1, 2, 4, 5, 6, 1_000];
  for (const after of places) {
    for (const before of places) {
      const asked = [{}, ...sizes.map((first) => ({ first })), ...sizes.map((last) => ({ last }))];
      await Promise.all(
        asked.map(async (size) => {
          const cursors = (known: readonly string[]) => ({
            ...(after === undefined ? {} : { after: known[after] as string }),
            ...(before === undefined ? {} : { before: known[before] as string }),
          });
          const expected = connectionFromArray(ids, { ...size, ...cursors(theirs) });
          const { edges, pageInfo } = await read(api, { ...size, ...cursors(ours) });
          expect(edges.map(({ node }) => node.id)).toEqual(expected.edges.map(({ node }) => node));
          expect(edges.map(({ cursor }) => ours.indexOf(cursor))).toEqual(
            expected.edges.map(({ cursor }) => theirs.indexOf(cursor)),
          );
          expect(pageInfo).toEqual({
            hasNextPage: expected.pageInfo.hasNextPage,
            hasPreviousPage: expected.pageInfo.hasPreviousPage,
            startCursor: edges[0]?.cursor ?? null,
            endCursor: edges.at(-1)?.cursor ?? null,
          });
        }),
      );
    }
  }
});

const writes = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 12 }).map((number) => `t${number}`),
    verb: fc.constantFrom('create', 'update', 'delete'),
    priority: fc.integer({ min: 0, max: 2 }),
  }),
  { maxLength: 4 },
);

test('pages taken while others write are those of the moment of the first', () =>
  checkProperty(
    'stable pages',
    fc.record({
      meanwhile: fc.array(writes, { minLength: 1, maxLength: 6 }),
      size: fc.integer({ min: 1, max: 4 }),
      backward: fc.boolean(),
    }),
    15,
    async ({ meanwhile, size, backward }) => {
      await withStore({ replicaInMemory: true, replicaLimits: { mergeRows: 5 } }, async (store) => {
        const api = new TestApi(store);
        for (let index = 0; index < 9; index += 1) {
          await store.append(Todo, { id: `t${index}`, priority: index % 3 });
        }
        const expected = idsOf(await read(api));
        const seen: string[] = [];
        let cursor: string | null = null;
        for (let turn = 0; turn < 20; turn += 1) {
          const step = backward ? { last: size, before: cursor } : { first: size, after: cursor };
          const { edges, pageInfo } = await read(api, step);
          const ids = edges.map(({ node }) => node.id);
          if (backward) seen.unshift(...ids);
          else seen.push(...ids);
          cursor = backward ? pageInfo.startCursor : pageInfo.endCursor;
          if (!(backward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) break;
          for (const { id, verb, priority } of meanwhile[turn] ?? []) {
            const input = verb === 'delete' ? { id } : { id, priority };
            await write(api, verb as 'create', 'Todo', input);
          }
        }
        expect(seen).toEqual(expected);
      });
    },
  ));

test('what stands below a page that goes on stands at its moment, too', async () => {
  const api = await withTodos(4);
  const { pageInfo } = await read(api, { first: 2 });
  await write(api, 'update', 'Todo', { id: 't2', subject: 'new' });
  const { todos } = await api.data(
    `query ($after: String) { todos(after: $after) { edges { node {
      id subject current { revision } history { edges { node { revision } } }
    } } } }`,
    { after: pageInfo.endCursor },
  );
  expect(todos.edges[1].node).toEqual({
    id: 't2',
    subject: null,
    current: { revision: 1 },
    history: { edges: [{ node: { revision: 1 } }] },
  });
});

test('first and last do not go together, and neither is negative or huge', async () => {
  const api = await withTodos(1);
  const sizes = [
    { first: 1, last: 1 },
    { first: 0, last: 0 },
    { first: -1 },
    { last: -1 },
    { first: 1_001 },
    { last: 1_001 },
    { first: 2 ** 31 - 1 },
    { first: 2 ** 31 },
    { first: 1.5 },
    { first: '1' },
  ];
  for (const size of sizes) {
    const codes = await api.codes(page, size);
    expect([size, codes]).toEqual([
      size,
      [expect.stringMatching(/^(BAD_USER_INPUT|DOCUMENT_TOO_LARGE)$/)],
    ]);
  }
});

test('a cursor leads on only where it comes from', async () => {
  const api = await withTodos(3);
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: '' });
  const lists = await api.data(`{
    todos { edges { cursor node { history { edges { cursor } } } } }
    lakeFiles { edges { cursor } }
  }`);
  const [edge] = lists.todos.edges;
  const own = JSON.parse(Buffer.from(edge.cursor, 'base64url').toString()) as unknown[];
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [list, , ...place] = own;
  const wrong = {
    empty: '',
    garbage: 'x',
    'not JSON': Buffer.from('{').toString('base64url'),
    'not a list': encode({}),
    'of nothing': encode([]),
    'without a place': encode([list, 1]),
    'with too long a place': encode([...own, 1]),
    'with a list in its place': encode([list, 1, [], ...place.slice(1)]),
    'without a position': encode([list, 'x', ...place]),
    'with a negative position': encode([list, -1, ...place]),
    'with a position that is yet to come': encode([list, 99, ...place]),
    'with a fraction of a position': encode([list, 0.5, ...place]),
    'of another list': lists.lakeFiles.edges[0].cursor,
    'of a history': edge.node.history.edges[0].cursor,
    'half a surrogate pair': '\ud800',
  };
  for (const [name, cursor] of Object.entries(wrong)) {
    expect([name, await api.codes(page, { after: cursor })]).toEqual([name, ['BAD_USER_INPUT']]);
    expect([name, await api.codes(page, { before: cursor })]).toEqual([name, ['BAD_USER_INPUT']]);
  }
  await write(api, 'create', 'Todo', {});
  const later = (await read(api)).pageInfo.endCursor;
  const mixed = await api.codes(page, { after: edge.cursor, before: later });
  expect(mixed).toEqual(['BAD_USER_INPUT']);
});
