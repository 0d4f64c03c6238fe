/** Several changes of several kinds of records in one transaction: all or none. */
import { expect, test } from 'vitest';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { codesOf, openApi, write } from './support/api.ts';
import { mutate, refused, send } from './support/mutate.ts';

const asked =
  'changed transaction { id firstPosition lastPosition reason } ' +
  'versions { __typename id operation ... on TodoVersion { subject } ... on LakeFileVersion { filename } }';

test('changes of several kinds are one transaction, in their order', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'old', subject: 'a' });
  const operations = [
    { createTodo: { id: 'x', subject: 'b' } },
    { createLakeFile: { id: 'f', filename: 'f', text: 'bytes' } },
    { updateTodo: { id: 'x', expectedRevision: 1, subject: 'c' } },
    { updateLakeFile: { match: { filename: 'f' }, filename: 'g' } },
    { deleteTodo: { id: 'old', expectedRevision: 1 } },
    { deleteLakeFile: { id: 'f' } },
    { createLakeFile: { id: 'h', filename: 'g', text: 'others' } },
  ];
  const answer = await mutate(api, 'transact', { operations, options: { reason: 'why' } }, asked);
  expect(answer).toEqual({
    __typename: 'TransactPayload',
    changed: true,
    transaction: { id: '2', firstPosition: '2', lastPosition: '8', reason: 'why' },
    versions: [
      { __typename: 'TodoVersion', id: 'x@1', operation: 'CREATE', subject: 'b' },
      { __typename: 'LakeFileVersion', id: 'f@1', operation: 'CREATE', filename: 'f' },
      { __typename: 'TodoVersion', id: 'x@2', operation: 'UPDATE', subject: 'c' },
      { __typename: 'LakeFileVersion', id: 'f@2', operation: 'UPDATE', filename: 'g' },
      { __typename: 'TodoVersion', id: 'old@2', operation: 'DELETE', subject: 'a' },
      { __typename: 'LakeFileVersion', id: 'f@3', operation: 'DELETE', filename: 'g' },
      { __typename: 'LakeFileVersion', id: 'h@1', operation: 'CREATE', filename: 'g' },
    ],
  });
  expect(await api.data('{ todo(id: "x") { subject } lakeFile(id: "h") { text } }')).toEqual({
    todo: { subject: 'c' },
    lakeFile: { text: 'others' },
  });
  expect(await api.store.verify()).toEqual({ versions: 8, defect: null });
});

test('one change that cannot be undoes all, and the message says which it was', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x' });
  const create = { createLakeFile: { id: 'f', filename: 'f', text: 'bytes' } };
  const cases: [object, object][] = [
    [{ deleteTodo: { id: 'y' } }, { __typename: 'NotFound', id: 'y' }],
    [{ createTodo: { id: 'x' } }, { __typename: 'AlreadyExists', id: 'x' }],
    [{ createLakeFile: { filename: 'f', text: '' } }, { __typename: 'AlreadyExists', id: 'f' }],
    [{ updateTodo: { id: 'x', expectedRevision: 2 } }, { __typename: 'RevisionConflict' }],
  ];
  for (const [operation, problem] of cases) {
    const answer = await refused(api, 'transact', { operations: [create, operation] });
    expect(answer).toMatchObject(problem);
    expect(answer.message).toMatch(/^Input 1\.(create|update|delete)(Todo|LakeFile): /);
  }
  expect(await api.store.get(LakeFile, 'f')).toBeNull();
});

test('every invalid input is told of where it stands', async () => {
  const api = await openApi();
  const operations = [
    { createTodo: { id: 'x', priority: -1 } },
    { createTodo: { id: 'y' } },
    { createLakeFile: { filename: 'f', text: 'a', data: 'YQ==' } },
    { deleteTodo: { id: 'y', expectedRevision: 0 } },
  ];
  const answer = await refused(api, 'transact', { operations });
  expect(answer.issues.map(({ path }: { path: string[] }) => path)).toEqual([
    ['0', 'createTodo', 'priority'],
    ['2', 'createLakeFile', 'text'],
    ['3', 'deleteTodo', 'expectedRevision'],
  ]);
});

test('no operations is InvalidInput; an operation of none or of two things is a bad request', async () => {
  const api = await openApi();
  expect(await refused(api, 'transact', { operations: [] })).toMatchObject({
    __typename: 'InvalidInput',
    issues: [{ path: ['operations'], message: expect.stringContaining('but were 0') }],
  });
  const document = `mutation ($operations: [OperationInput!]!) {
    transact(operations: $operations) { __typename }
  }`;
  for (const operation of [{}, { deleteTodo: null }, { deleteTodo: { id: 'x' }, createTodo: {} }]) {
    expect(await api.codes(document, { operations: [operation] })).toEqual(['BAD_USER_INPUT']);
  }
  expect(codesOf(await send(api, 'transact', { operations: [{}] }))).toHaveLength(1);
  expect(await api.position()).toBe('0');
});

test('changes that change nothing write nothing', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  const operations = [{ updateTodo: { id: 'x', subject: 'a' } }, { updateTodo: { id: 'x' } }];
  expect(await mutate(api, 'transact', { operations }, asked)).toMatchObject({
    changed: false,
    transaction: null,
    versions: [{ id: 'x@1' }, { id: 'x@1' }],
  });
  expect(await api.position()).toBe('1');
});

test('stale patches are rebased where that is asked for', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x' });
  await write(api, 'update', 'Todo', { id: 'x', status: 's' });
  const operations = [{ updateTodo: { id: 'x', expectedRevision: 1, subject: 'b' } }];
  const conflict = await refused(api, 'transact', { operations });
  expect(conflict).toMatchObject({ __typename: 'RevisionConflict', changedFields: ['status'] });
  const options = { onConflict: 'REBASE' };
  await mutate(api, 'transact', { operations, options }, asked);
  expect((await api.store.get(Todo, 'x'))?.values).toMatchObject({ subject: 'b', status: 's' });
});

test('more than 10,000 operations are InvalidInput', async () => {
  const api = await openApi();
  const operations = Array.from({ length: 10_001 }, () => ({ createTodo: {} }));
  const document = `mutation ($operations: [OperationInput!]!) {
    transact(operations: $operations) { ... on InvalidInput { issues { path } } }
  }`;
  const { transact } = await api.data(document, { operations });
  expect(transact).toEqual({ issues: [{ path: ['operations'] }] });
});
