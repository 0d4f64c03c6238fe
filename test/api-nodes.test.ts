/** Records by nodeId, transactions by id, and the log in pages. */
import { expect, test } from 'vitest';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { openApi, type TestApi } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';

const node = `query ($nodeId: ID!, $asOf: AsOf) {
  node(nodeId: $nodeId, asOf: $asOf) {
    __typename nodeId ... on Todo { id subject } ... on LakeFile { id filename }
  }
}`;

test('a record of any kind is found by its nodeId', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: 'same:id', subject: 'a todo' });
  await api.store.append(LakeFile, { ...lakeFile('f.txt'), id: 'same:id' });
  const { todo, lakeFile: file } = await api.data(
    '{ todo(id: "same:id") { nodeId } lakeFile(id: "same:id") { nodeId } }',
  );
  expect((await api.data(node, todo)).node).toEqual({
    __typename: 'Todo',
    nodeId: todo.nodeId,
    id: 'same:id',
    subject: 'a todo',
  });
  expect((await api.data(node, file)).node).toMatchObject({
    __typename: 'LakeFile',
    filename: 'f.txt',
  });
  await api.store.delete(Todo, 'same:id');
  expect((await api.data(node, todo)).node).toBeNull();
  const then = await api.data(node, { ...todo, asOf: { position: '1' } });
  expect(then.node).toMatchObject({ subject: 'a todo' });
});

test('what is no nodeId is refused; one of nothing is null', async () => {
  const api = await openApi();
  const encoded = (text: string) => Buffer.from(text).toString('base64url');
  for (const nodeId of ['', 'Todo:x', encoded('Todo'), encoded('Nope:x'), encoded(':x'), '!!!!']) {
    const { errors } = await api.ask(node, { nodeId });
    expect([nodeId, errors?.[0]?.extensions.code]).toEqual([nodeId, 'BAD_USER_INPUT']);
  }
  expect((await api.data(node, { nodeId: encoded('Todo:x') })).node).toBeNull();
});

test('a transaction is found by its id', async () => {
  const api = await openApi();
  const { transaction } = await api.store.transact(
    async (log) => {
      await log.create(Todo, { id: 'a' });
      await log.create(LakeFile, { ...lakeFile('f'), id: 'f' });
    },
    { actor: 'ann', reason: 'both' },
  );
  const query = `query ($id: ID!) {
    transaction(id: $id) {
      id actor reason firstPosition lastPosition
      versions { totalCount edges { node { __typename id } } }
    }
  }`;
  expect((await api.data(query, { id: String(transaction?.id) })).transaction).toEqual({
    id: '1',
    actor: 'ann',
    reason: 'both',
    firstPosition: '1',
    lastPosition: '2',
    versions: {
      totalCount: 2,
      edges: [
        { node: { __typename: 'TodoVersion', id: 'a@1' } },
        { node: { __typename: 'LakeFileVersion', id: 'f@1' } },
      ],
    },
  });
  expect((await api.data(query, { id: '2' })).transaction).toBeNull();
  for (const id of ['', '0', '-1', 'x', '1.5', '9'.repeat(40)]) {
    expect(await api.codes(query, { id })).toEqual(['BAD_USER_INPUT']);
  }
});

// ---- the log in pages ----------------------------------------------------------------------------

const changes = `query ($after: Position, $first: Int, $entities: [EntityName!]) {
  changes(after: $after, first: $first, entities: $entities) {
    changes { position entity id version { revision operation } } position hasMore
  }
}`;

interface Page {
  readonly changes: readonly { readonly position: string; readonly entity: string }[];
  readonly position: string;
  readonly hasMore: boolean;
}

async function readAll(api: TestApi, variables: object, after?: string): Promise<Page['changes']> {
  const page: Page = (await api.data(changes, { ...variables, after })).changes;
  const rest = page.hasMore ? await readAll(api, variables, page.position) : [];
  return [...page.changes, ...rest];
}

async function withLog() {
  const api = await openApi();
  for (let index = 1; index <= 10; index += 1) {
    await api.store.append(Todo, { id: `t${index}` });
    if (index % 3 === 0) {
      await api.store.append(LakeFile, { ...lakeFile(`${index}`), id: `f${index}` });
    }
  }
  return api;
}

test('pages of the log hold every version once, in order, whatever their size', async () => {
  const api = await withLog();
  const positions = Array.from({ length: 13 }, (_, index) => String(index + 1));
  for (const first of [1, 2, 5, 12, 13, 14, null]) {
    const found = await readAll(api, { first });
    expect(found.map(({ position }) => position)).toEqual(positions);
  }
  const files = await readAll(api, { first: 2, entities: ['LAKE_FILE'] });
  expect(files.map(({ position }) => position)).toEqual(['4', '8', '12']);
  const both = await readAll(api, { first: 4, entities: ['LAKE_FILE', 'TODO', 'TODO'] });
  expect(both.map(({ position }) => position)).toEqual(positions);
  expect(await readAll(api, { entities: [] })).toEqual([]);
});

test('a page says where to go on: past what it left out, and no further than it read', async () => {
  const api = await withLog();
  const page = async (variables: object): Promise<Page> =>
    (await api.data(changes, { ...variables })).changes;
  expect(await page({ after: '12', entities: ['LAKE_FILE'] })).toEqual({
    changes: [],
    position: '13',
    hasMore: false,
  });
  expect(await page({ first: 0 })).toMatchObject({ changes: [], position: '0', hasMore: true });
  expect(await page({ after: '2', first: 1 })).toMatchObject({ position: '3', hasMore: true });
  const end = await page({ after: '13' });
  expect(end).toEqual({ changes: [], position: '13', hasMore: false });
  await api.store.update(Todo, 't1', { status: 'done' });
  expect((await page({ after: end.position })).changes).toEqual([
    { position: '14', entity: 'TODO', id: 't1', version: { revision: 2, operation: 'UPDATE' } },
  ]);
});

test('a page of the log that cannot be is refused', async () => {
  const api = await withLog();
  for (const variables of [{ after: '14' }, { first: -1 }, { first: 1_001 }, { after: 'x' }]) {
    expect(await api.codes(changes, { ...variables })).toEqual(['BAD_USER_INPUT']);
  }
});
