/** Todos through GraphQL: writing, reading, patching, deleting. */
import { expect, test } from 'vitest';
import { openApi, todoFields, write } from './support/api.ts';

const read = `query ($id: ID!, $includeDeleted: Boolean) {
  todo(id: $id, includeDeleted: $includeDeleted) { ${todoFields} }
}`;
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

const whole = {
  id: 'a',
  userId: 'u1',
  subject: 'Paint the fence',
  body: 'Both sides, twice.',
  priority: 7,
  status: 'open',
  description: 'Green, not blue',
  labels: ['house', 'summer, dry', 'Ärger 🎨', ''],
};

test('a todo is answered by its creation, and read, as it was given', async () => {
  const api = await openApi();
  const created = await write(api, 'create', 'Todo', whole);
  expect(created.__typename).toBe('CreateTodoPayload');
  expect(created.record).toMatchObject({
    ...whole,
    revision: 1,
    position: '1',
    deletedAt: null,
    createdAt: expect.stringMatching(dateTime),
  });
  expect(created.record.updatedAt).toBe(created.record.createdAt);
  expect(created.record.updatedAt).toBe(created.transaction.committedAt);
  expect((await api.data(read, { id: 'a' })).todo).toEqual(created.record);
});

test('a todo of which nothing is given gets an id, the priority 100 and no labels', async () => {
  const api = await openApi();
  const { record } = await write(api, 'create', 'Todo', {});
  expect(record).toMatchObject({
    userId: null,
    subject: null,
    body: null,
    priority: 100,
    status: null,
    description: null,
    labels: [],
  });
  expect(record.id).toMatch(/^[0-9a-f-]{36}$/);
  const nulls = { userId: null, subject: null, priority: null, labels: null, id: null };
  expect((await write(api, 'create', 'Todo', nulls)).record.priority).toBe(100);
});

test('an id that is unknown is null, not an error', async () => {
  const api = await openApi();
  expect(await api.data(read, { id: 'nobody' })).toEqual({ todo: null });
});

test('a patch keeps what it leaves out and clears what it says is null', async () => {
  const api = await openApi();
  const before = (await write(api, 'create', 'Todo', whole)).record;
  const patch = { id: 'a', status: 'done', description: null };
  const { record, changed } = await write(api, 'update', 'Todo', patch);
  expect(changed).toBe(true);
  expect(record).toEqual({
    ...before,
    status: 'done',
    description: null,
    revision: 2,
    position: '2',
    updatedAt: record.updatedAt,
  });
  expect(record.updatedAt > before.updatedAt).toBe(true);
});

test('null for a field that always has a value is refused, and keeps everything', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', whole);
  const refused = await write(api, 'update', 'Todo', { id: 'a', priority: null, labels: null });
  expect(refused).toMatchObject({
    __typename: 'InvalidInput',
    code: 'INVALID_INPUT',
    issues: [{ path: ['priority'] }, { path: ['labels'] }],
  });
  expect((await api.data(read, { id: 'a' })).todo).toMatchObject({ ...whole, revision: 1 });
});

test('a patch that changes nothing writes nothing', async () => {
  const api = await openApi();
  const before = (await write(api, 'create', 'Todo', whole)).record;
  for (const patch of [{ id: 'a' }, whole, { id: 'a', labels: [...whole.labels] }]) {
    const answer = await write(api, 'update', 'Todo', patch);
    expect(answer).toMatchObject({ changed: false, transaction: null });
    expect(answer.record).toEqual(before);
  }
  expect(await api.position()).toBe('1');
});

test('labels are a list: the order counts, and a comma is just a comma', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'a', labels: ['a,b', 'c'] });
  const { record, changed } = await write(api, 'update', 'Todo', { id: 'a', labels: ['c', 'a,b'] });
  expect(changed).toBe(true);
  expect(record.labels).toEqual(['c', 'a,b']);
});

test('a deleted todo is gone from reads, and is its last state for who asks for it', async () => {
  const api = await openApi();
  const before = (await write(api, 'create', 'Todo', whole)).record;
  const { record, __typename } = await write(api, 'delete', 'Todo', { id: 'a' });
  expect(__typename).toBe('DeleteTodoPayload');
  expect(record).toEqual({
    ...before,
    revision: 2,
    position: '2',
    updatedAt: record.updatedAt,
    deletedAt: record.updatedAt,
  });
  expect((await api.data(read, { id: 'a' })).todo).toBeNull();
  expect((await api.data(read, { id: 'a', includeDeleted: false })).todo).toBeNull();
  expect((await api.data(read, { id: 'a', includeDeleted: true })).todo).toEqual(record);
  expect((await api.data('{ todos { edges { node { id } } } }')).todos.edges).toEqual([]);
});

test('current is the version in force, with the same values as the record', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', whole);
  await write(api, 'update', 'Todo', { id: 'a', status: 'done' }, { reason: 'Dry' });
  const { todo } = await api.data(`{ todo(id: "a") {
    userId subject body priority status description labels revision position updatedAt
    current {
      __typename id operation committedAt revision position
      userId subject body priority status description labels
      transaction { id reason } changes { field before after }
    }
  } }`);
  const { current, updatedAt, ...record } = todo;
  expect(current).toEqual({
    ...record,
    __typename: 'TodoVersion',
    id: 'a@2',
    operation: 'UPDATE',
    committedAt: updatedAt,
    transaction: { id: '2', reason: 'Dry' },
    changes: [{ field: 'status', before: 'open', after: 'done' }],
  });
});

test('records of different kinds that share an id have different node ids', async () => {
  const api = await openApi();
  const todo = (await write(api, 'create', 'Todo', { id: 'same' })).record;
  const file = { id: 'same', filename: 'f', text: '' };
  const lakeFile = (await write(api, 'create', 'LakeFile', file)).record;
  expect(todo.nodeId).not.toBe(lakeFile.nodeId);
  expect((await write(api, 'update', 'Todo', { id: 'same', status: 'x' })).record.nodeId).toBe(
    todo.nodeId,
  );
});

test('a change of owner leaves no stale record with the old owner', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'a', userId: 'old' });
  await write(api, 'update', 'Todo', { id: 'a', userId: 'new' });
  const list =
    'query ($user: String) { todos(filter: { userId: { eq: $user } }) { edges { node { id } } } }';
  expect((await api.data(list, { user: 'old' })).todos.edges).toEqual([]);
  expect((await api.data(list, { user: 'new' })).todos.edges).toEqual([{ node: { id: 'a' } }]);
});
