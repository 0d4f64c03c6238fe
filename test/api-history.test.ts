/** History through GraphQL: versions, what each changed, and the transactions they belong to. */
import { connectionFromArray } from 'graphql-relay';
import { expect, test } from 'vitest';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { openApi, type TestApi, write } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';

const versionFields = `id position revision operation committedAt
  transaction { id committedAt reason actor firstPosition lastPosition }
  changes { field before after }`;

async function withRevisions(count: number): Promise<TestApi> {
  const api = await openApi();
  await api.store.append(Todo, { id: 'a', priority: 1 });
  for (let priority = 2; priority <= count; priority += 1) {
    await api.store.update(Todo, 'a', { priority });
  }
  return api;
}

test('every change is a version that says what, when and why', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'a', subject: 'x', labels: ['l'] }, { reason: 'new' });
  await write(api, 'update', 'Todo', { id: 'a', subject: null, status: 'open', priority: 3 });
  await write(api, 'delete', 'Todo', { id: 'a' }, { reason: 'enough' });
  const { todo } = await api.data(
    `{ todo(id: "a", includeDeleted: true) { history { edges { node { ${versionFields} } } } } }`,
  );
  const versions = todo.history.edges.map(({ node }: { node: object }) => node);
  expect(versions).toMatchObject([
    { id: 'a@3', position: '3', revision: 3, operation: 'DELETE', changes: [] },
    {
      id: 'a@2',
      position: '2',
      revision: 2,
      operation: 'UPDATE',
      changes: [
        { field: 'subject', before: 'x', after: null },
        { field: 'priority', before: 100, after: 3 },
        { field: 'status', before: null, after: 'open' },
      ],
    },
    {
      id: 'a@1',
      position: '1',
      revision: 1,
      operation: 'CREATE',
      changes: [
        { field: 'subject', before: null, after: 'x' },
        { field: 'priority', before: null, after: 100 },
        { field: 'labels', before: null, after: ['l'] },
      ],
    },
  ]);
  const reasons = versions.map(
    (version: { transaction: { reason: string } }) => version.transaction.reason,
  );
  expect(reasons).toEqual(['enough', null, 'new']);
  for (const { committedAt, position, transaction } of versions) {
    expect(transaction).toMatchObject({
      committedAt,
      actor: null,
      firstPosition: position,
      lastPosition: position,
    });
  }
});

test('a version is a Version, whatever its kind', async () => {
  const api = await openApi();
  const { transaction } = await api.store.transact(
    async (log) => {
      await log.create(Todo, { id: 't' });
      await log.create(LakeFile, { id: 'f', ...lakeFile('f') });
      await log.update(Todo, 't', { status: 's' });
    },
    { actor: 'someone', reason: 'together' },
  );
  const { todo } = await api.data(`{ todo(id: "t") { current { transaction {
    id actor reason firstPosition lastPosition
    versions { edges { node {
      __typename id revision transaction { id }
      ... on TodoVersion { status } ... on LakeFileVersion { filename }
    } } pageInfo { hasNextPage } }
  } } } }`);
  const id = String(transaction?.id);
  expect(todo.current.transaction).toEqual({
    id,
    actor: 'someone',
    reason: 'together',
    firstPosition: '1',
    lastPosition: '3',
    versions: {
      edges: [
        {
          node: {
            __typename: 'TodoVersion',
            id: 't@1',
            revision: 1,
            transaction: { id },
            status: null,
          },
        },
        {
          node: {
            __typename: 'LakeFileVersion',
            id: 'f@1',
            revision: 1,
            transaction: { id },
            filename: 'f',
          },
        },
        {
          node: {
            __typename: 'TodoVersion',
            id: 't@2',
            revision: 2,
            transaction: { id },
            status: 's',
          },
        },
      ],
      pageInfo: { hasNextPage: false },
    },
  });
});

test('the versions of a transaction come in pages', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: 'before' });
  await api.store.transact(async (log) => {
    for (let count = 0; count < 250; count += 1) await log.create(Todo, { id: `t${count}` });
  });
  await api.store.append(Todo, { id: 'after' });
  const document = `query ($id: ID!, $first: Int, $after: String) {
    todo(id: $id) { current { transaction { versions(first: $first, after: $after) {
      edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } } }
  }`;
  const versionsOf = async (variables: object) =>
    (await api.data(document, { id: 't0', ...variables })).todo.current.transaction.versions;
  const seen: string[] = [];
  let after: string | null = null;
  for (const expected of [100, 100, 50]) {
    const page: Awaited<ReturnType<typeof versionsOf>> = await versionsOf(after ? { after } : {});
    expect(page.edges).toHaveLength(expected);
    expect(page.pageInfo).toEqual({
      hasNextPage: expected === 100,
      hasPreviousPage: false,
      startCursor: page.edges[0].cursor,
      endCursor: page.edges.at(-1).cursor,
    });
    seen.push(...page.edges.map(({ node }: { node: { id: string } }) => node.id));
    after = page.pageInfo.endCursor;
  }
  expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => `t${index}@1`));
  expect((await versionsOf({ after })).edges).toEqual([]);
  expect(await versionsOf({ first: 0 })).toMatchObject({
    edges: [],
    pageInfo: { hasNextPage: true },
  });
  for (const first of [-1, 1_001]) {
    expect(await api.codes(document, { id: 't0', first })).toEqual(['BAD_USER_INPUT']);
  }
  const another = await api.codes(document, { id: 'before', after });
  expect(another).toEqual(['BAD_USER_INPUT']);
});

test.for(['ASC', 'DESC'])(
  'pages of a history in order %s are what graphql-relay gives',
  async (order) => {
    const count = 5;
    const api = await withRevisions(count);
    const ascending = Array.from({ length: count }, (_, index) => `a@${index + 1}`);
    const ids = order === 'ASC' ? ascending : ascending.toReversed();
    const document = `query ($order: SortDirection, $first: Int, $after: String, $last: Int, $before: String) {
    todo(id: "a") { history(order: $order, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } }
  }`;
    const read = async (variables: object) =>
      (await api.data(document, { order, ...variables })).todo.history;
    const ours: string[] = (await read({})).edges.map(({ cursor }: { cursor: string }) => cursor);
    const theirs = connectionFromArray(ids, {}).edges.map(({ cursor }) => cursor);
    const places = [undefined, 0, 1, 2, 3, 4];
    const sizes = [0, 1, 2, 4, 5, 6, 1_000];
    for (const after of places) {
      for (const before of places) {
        const asked = [
          {},
          ...sizes.map((first) => ({ first })),
          ...sizes.map((last) => ({ last })),
        ];
        await Promise.all(
          asked.map(async (size) => {
            const cursors = (known: readonly string[]) => ({
              ...(after === undefined ? {} : { after: known[after] as string }),
              ...(before === undefined ? {} : { before: known[before] as string }),
            });
            const expected = connectionFromArray(ids, { ...size, ...cursors(theirs) });
            const page = await read({ ...size, ...cursors(ours) });
            const { edges, pageInfo } = page as ReturnType<
              typeof connectionFromArray<{ id: string }>
            >;
            expect(edges.map(({ node }) => node.id)).toEqual(
              expected.edges.map(({ node }) => node),
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
  },
);

test('a history gives its newest 50 when nothing is said, and its oldest with last', async () => {
  const api = await withRevisions(60);
  const document = (args: string) =>
    `{ todo(id: "a") { history${args} { edges { node { revision } } pageInfo { hasNextPage hasPreviousPage } } } }`;
  const revisions = async (args: string) => {
    const { edges, pageInfo } = (await api.data(document(args))).todo.history;
    const [first, last] = [edges[0], edges.at(-1)].map(({ node }) => node.revision);
    return [edges.length, first, last, pageInfo.hasNextPage, pageInfo.hasPreviousPage];
  };
  expect(await revisions('')).toEqual([50, 60, 11, true, false]);
  expect(await revisions('(first: null)')).toEqual([50, 60, 11, true, false]);
  expect(await revisions('(order: ASC)')).toEqual([50, 1, 50, true, false]);
  expect(await revisions('(last: 3)')).toEqual([3, 3, 1, false, true]);
  expect(await revisions('(first: 3, last: null)')).toEqual([3, 60, 58, true, false]);
  expect(await revisions('(first: 1000)')).toEqual([60, 60, 1, false, false]);
  expect(await api.codes(document('(first: 50, last: 3)'))).toEqual(['BAD_USER_INPUT']);
});

test('cursors of a history lead nowhere else', async () => {
  const api = await withRevisions(3);
  await write(api, 'create', 'Todo', { id: 'b' });
  const list = await api.data(
    '{ todos { edges { cursor node { history { edges { cursor } } } } } }',
  );
  const [a, b] = list.todos.edges;
  const document = `query ($after: String) { todo(id: "a") { history(after: $after) { edges { node { id } } } } }`;
  const garbage = ['', 'x', 'null', '[]', Buffer.from('{}').toString('base64url'), '\ud800'];
  const future = Buffer.from(JSON.stringify(['Todo.history', 99, 'a', 1])).toString('base64url');
  const revision = Buffer.from(JSON.stringify(['Todo.history', 4, 'a', 4])).toString('base64url');
  const foreign = [a.cursor, b.node.history.edges[0].cursor, future, revision];
  for (const after of [...garbage, ...foreign]) {
    expect(await api.codes(document, { after })).toEqual(['BAD_USER_INPUT']);
  }
  const own = a.node.history.edges[0].cursor;
  expect((await api.data(document, { after: own })).todo.history.edges).toHaveLength(2);
});

test('a history goes on from its cursor while others write', async () => {
  const api = await withRevisions(4);
  const document = `query ($after: String) {
    todo(id: "a") { history(first: 2, after: $after) { edges { node { revision } } pageInfo { endCursor } } }
  }`;
  const first = (await api.data(document)).todo.history;
  await api.store.update(Todo, 'a', { status: 'meanwhile' });
  const second = (await api.data(document, { after: first.pageInfo.endCursor })).todo.history;
  const revisions = [...first.edges, ...second.edges].map(({ node }) => node.revision);
  expect(revisions).toEqual([4, 3, 2, 1]);
});

test('one history that is asked for twice is the same twice', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 't' });
  await write(api, 'update', 'Todo', { id: 't', status: 'open' });
  await write(api, 'update', 'Todo', { id: 't', status: 'done' });
  const revisions = '{ edges { node { revision } } }';
  const { a, b } = await api.data(`{
    a: todo(id: "t") { history ${revisions} again: history ${revisions} }
    b: todo(id: "t") { history ${revisions} oldest: history(order: ASC) ${revisions} }
  }`);
  const told = (connection: { edges: { node: { revision: number } }[] }) =>
    connection.edges.map(({ node }) => node.revision).join('');
  expect([a.history, a.again, b.history, b.oldest].map(told)).toEqual(['321', '321', '321', '123']);
});
