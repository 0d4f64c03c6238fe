/** Restoring: an earlier state, or a deleted record, comes back as a new revision. */
import { expect, test } from 'vitest';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { type ApiAnswer, codesOf, openApi, type TestApi, write } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';
import { mutate, refused, send } from './support/mutate.ts';
import { openTemporary } from './support/temporary-store.ts';

const asked =
  'changed transaction { id reason } todo { id revision position subject labels status deletedAt ' +
  'createdAt current { operation changes { field before after } } history { edges { node { operation } } } }';

/** A todo with the subjects a, b, c in its revisions 1, 2 and 3. */
async function threeRevisions(api: TestApi): Promise<void> {
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a', labels: ['l'] });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'b', status: 's' });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'c', labels: [] });
}

const invalid = (path: string, message: string) => ({
  __typename: 'InvalidInput',
  issues: [{ path: [path], message: expect.stringContaining(message) }],
});

test('a revision comes back as a new one, with everything that it held', async () => {
  const api = await openApi();
  await threeRevisions(api);
  const restored = await mutate(
    api,
    'restoreTodo',
    { id: 'x', revision: 1, options: { reason: 'a mistake' } },
    asked,
  );
  expect(restored).toMatchObject({
    __typename: 'RestoreTodoPayload',
    changed: true,
    transaction: { id: '4', reason: 'a mistake' },
    todo: { revision: 4, subject: 'a', labels: ['l'], status: null, deletedAt: null },
  });
  expect(restored.todo.current).toEqual({
    operation: 'RESTORE',
    changes: [
      { field: 'subject', before: 'c', after: 'a' },
      { field: 'status', before: 's', after: null },
      { field: 'labels', before: [], after: ['l'] },
    ],
  });
  const { todo } = await api.data('{ todo(id: "x") { revision subject } }');
  expect(todo).toEqual({ revision: 4, subject: 'a' });
  expect(await api.store.verify()).toEqual({ versions: 4, defect: null });
});

test('the state of any moment comes back: by position, transaction or time', async () => {
  let seconds = Date.UTC(2020, 0, 1) / 1_000;
  const api = await openApi({ clock: () => ++seconds * 1_000_000 });
  await threeRevisions(api);
  const [, second] = await api.store.history(Todo, 'x');
  const time = new Date((second?.committedAt ?? 0) / 1_000).toISOString();
  for (const asOf of [{ position: '2' }, { transaction: '2' }, { time }]) {
    await mutate(api, 'restoreTodo', { id: 'x', revision: 3 });
    const { todo, changed } = await mutate(api, 'restoreTodo', { id: 'x', asOf }, asked);
    expect(changed).toBe(true);
    expect(todo).toMatchObject({ subject: 'b', status: 's', labels: ['l'] });
  }
});

test('a deleted record comes back as it was, with its history and its creation', async () => {
  const api = await openApi();
  await threeRevisions(api);
  const before = (await api.data('{ todo(id: "x") { createdAt } }')).todo.createdAt;
  await write(api, 'delete', 'Todo', { id: 'x' });
  const { todo, changed } = await mutate(api, 'restoreTodo', { id: 'x' }, asked);
  expect(changed).toBe(true);
  expect(todo).toMatchObject({ revision: 5, subject: 'c', deletedAt: null, createdAt: before });
  const operations = todo.history.edges.map((edge: ApiAnswer['data']) => edge.node.operation);
  expect(operations).toEqual(['RESTORE', 'DELETE', 'UPDATE', 'UPDATE', 'CREATE']);
  await write(api, 'update', 'Todo', { id: 'x', subject: 'd' });
});

test('a deleted record comes back in an earlier state too', async () => {
  const api = await openApi();
  await threeRevisions(api);
  await write(api, 'delete', 'Todo', { id: 'x' });
  const { todo } = await mutate(api, 'restoreTodo', { id: 'x', revision: 2 }, asked);
  expect(todo).toMatchObject({ revision: 5, subject: 'b', status: 's' });
});

test('a record that has the state already stays as it is', async () => {
  const api = await openApi();
  await threeRevisions(api);
  await write(api, 'update', 'Todo', { id: 'x', subject: 'a', labels: ['l'], status: null });
  const position = await api.position();
  for (const revision of [1, 4]) {
    const answer = await mutate(api, 'restoreTodo', { id: 'x', revision }, asked);
    expect(answer).toMatchObject({ changed: false, transaction: null, todo: { revision: 4 } });
  }
  expect(await api.position()).toBe(position);
});

test.for([0, -1, 5, 2_147_483_647])('revision %i, which is none, is InvalidInput', async (n) => {
  const api = await openApi();
  await threeRevisions(api);
  await write(api, 'delete', 'Todo', { id: 'x' });
  const answer = await refused(api, 'restoreTodo', { id: 'x', revision: n });
  expect(answer).toMatchObject(invalid('revision', n === 5 ? 'was 5' : `was ${n}`));
});

test('a state that is a deletion is InvalidInput, by revision as by moment', async () => {
  const api = await openApi();
  await threeRevisions(api);
  await write(api, 'delete', 'Todo', { id: 'x' });
  const byRevision = await refused(api, 'restoreTodo', { id: 'x', revision: 4 });
  expect(byRevision).toMatchObject(invalid('revision', 'Give an earlier one'));
  const byMoment = await refused(api, 'restoreTodo', { id: 'x', asOf: { position: '4' } });
  expect(byMoment).toMatchObject(invalid('asOf', 'Give an earlier one'));
});

test('a moment before the record existed is InvalidInput', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'other' });
  await threeRevisions(api);
  for (const position of ['0', '1']) {
    const answer = await refused(api, 'restoreTodo', { id: 'x', asOf: { position } });
    expect(answer).toMatchObject(invalid('asOf', 'at position 2'));
  }
});

test('a moment to come is a bad request', async () => {
  const api = await openApi();
  await threeRevisions(api);
  const moments = [{ position: '9' }, { time: '2999-01-01T00:00:00Z' }, { transaction: '9' }];
  for (const asOf of moments) {
    const answer = await send(api, 'restoreTodo', { id: 'x', asOf });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.errors?.[0]?.extensions.argument).toMatch(/^asOf\./);
  }
});

test('revision and moment together, or neither for a live record, is InvalidInput', async () => {
  const api = await openApi();
  await threeRevisions(api);
  const both = { id: 'x', revision: 1, asOf: { position: '1' } };
  expect(await refused(api, 'restoreTodo', both)).toMatchObject(invalid('revision', 'asOf'));
  expect(await refused(api, 'restoreTodo', { id: 'x' })).toMatchObject(
    invalid('revision', 'is not deleted'),
  );
});

test('an id that was never used is NotFound', async () => {
  const api = await openApi();
  for (const name of ['restoreTodo', 'restoreLakeFile']) {
    expect(await refused(api, name, { id: 'x' })).toMatchObject({
      __typename: 'NotFound',
      id: 'x',
    });
  }
});

test('a file comes back with its contents, unless its name is taken since', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'x', filename: 'f', text: 'first' });
  await write(api, 'update', 'LakeFile', { id: 'x', text: 'second' });
  await write(api, 'delete', 'LakeFile', { id: 'x' });
  await write(api, 'create', 'LakeFile', { id: 'y', filename: 'f', text: 'other' });
  const taken = await refused(api, 'restoreLakeFile', { id: 'x' });
  expect(taken).toMatchObject({ __typename: 'AlreadyExists', id: 'y' });
  expect(taken.message).toContain('Change or delete that one first.');
  await write(api, 'delete', 'LakeFile', { id: 'y' });
  const restored = await mutate(
    api,
    'restoreLakeFile',
    { id: 'x', revision: 1 },
    'changed lakeFile { text size revision }',
  );
  expect(restored).toMatchObject({ changed: true, lakeFile: { text: 'first', size: 5 } });
});

test('a live file renamed away does not come back to a name that another took', async () => {
  const store = await openTemporary();
  await store.append(LakeFile, { id: 'x', ...lakeFile('old') });
  await store.update(LakeFile, 'x', { filename: 'new' });
  await store.append(LakeFile, { id: 'y', ...lakeFile('old') });
  await expect(store.restore(LakeFile, 'x', { revision: 1 })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    id: 'y',
  });
  expect((await store.get(LakeFile, 'x'))?.values.filename).toBe('new');
});
