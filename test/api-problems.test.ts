/** Problems: what goes wrong with a write is an answer that a client can switch on. */
import { expect, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { openApi, type TestApi, write } from './support/api.ts';

/** Refused, and nothing of it was kept. */
async function refused(
  api: TestApi,
  ...args: Parameters<typeof write> extends [unknown, ...infer Rest] ? Rest : never
) {
  const before = await api.position();
  const answer = await write(api, ...args);
  expect(answer.__typename).not.toContain('Payload');
  expect(answer.message).toMatch(/\w+ .*\.$/s);
  expect(await api.position()).toBe(before);
  return answer;
}

const kinds = [
  { entity: 'Todo', values: {} },
  { entity: 'LakeFile', values: { filename: 'f', text: 'hello' } },
] as const;

test.for(kinds)('changing or deleting an unknown $entity is NotFound', async ({ entity }) => {
  const api = await openApi();
  const notFound = { __typename: 'NotFound', code: 'NOT_FOUND', id: 'x' };
  expect(await refused(api, 'update', entity, { id: 'x', status: 's' })).toMatchObject(notFound);
  expect(await refused(api, 'delete', entity, { id: 'x' })).toMatchObject(notFound);
});

test.for(kinds)('a deleted $entity is NotFound, and its id stays taken', async (kind) => {
  const { entity, values } = kind;
  const api = await openApi();
  await write(api, 'create', entity, { id: 'x', ...values });
  await write(api, 'delete', entity, { id: 'x' });
  const notFound = { __typename: 'NotFound', code: 'NOT_FOUND', id: 'x' };
  expect(await refused(api, 'update', entity, { id: 'x', status: 's' })).toMatchObject(notFound);
  expect(await refused(api, 'delete', entity, { id: 'x' })).toMatchObject(notFound);
  expect(await refused(api, 'create', entity, { id: 'x', ...values })).toMatchObject({
    __typename: 'AlreadyExists',
    code: 'ALREADY_EXISTS',
    id: 'x',
  });
});

test.for(kinds)('an id of a $entity that exists is AlreadyExists', async ({ entity, values }) => {
  const api = await openApi();
  await write(api, 'create', entity, { id: 'x', ...values });
  expect(await refused(api, 'create', entity, { id: 'x', ...values })).toMatchObject({
    __typename: 'AlreadyExists',
    code: 'ALREADY_EXISTS',
    id: 'x',
  });
});

test.for(kinds)('an expectation that failed tells what changed of a $entity', async (kind) => {
  const { entity, values } = kind;
  const api = await openApi();
  await write(api, 'create', entity, { id: 'x', ...values });
  await write(api, 'update', entity, { id: 'x', status: 's', labels: ['l'] });
  await write(api, 'update', entity, { id: 'x', description: 'd' });
  const conflict = {
    __typename: 'RevisionConflict',
    code: 'REVISION_CONFLICT',
    expected: 1,
    actual: 3,
    changedFields: ['status', 'labels', 'description'],
  };
  const stale = { id: 'x', expectedRevision: 1 };
  expect(await refused(api, 'update', entity, { ...stale, status: 't' })).toMatchObject(conflict);
  expect(await refused(api, 'delete', entity, stale)).toMatchObject(conflict);
  const future = await refused(api, 'delete', entity, { id: 'x', expectedRevision: 9 });
  expect(future).toMatchObject({ expected: 9, actual: 3, changedFields: [] });
  for (const expectedRevision of [0, -1]) {
    for (const verb of ['update', 'delete'] as const) {
      const answer = await refused(api, verb, entity, { id: 'x', expectedRevision });
      expect(answer).toMatchObject({
        __typename: 'InvalidInput',
        issues: [{ path: ['expectedRevision'], message: expect.stringContaining('1 or more') }],
      });
    }
  }
});

test.for(kinds)('an expectation that holds lets a $entity be written', async (kind) => {
  const { entity, values } = kind;
  const api = await openApi();
  await write(api, 'create', entity, { id: 'x', ...values });
  const patch = { id: 'x', expectedRevision: 1, status: 's' };
  expect(await write(api, 'update', entity, patch)).toMatchObject({ changed: true });
  const unsaid = { id: 'x', expectedRevision: null, status: 't' };
  expect(await write(api, 'update', entity, unsaid)).toMatchObject({ changed: true });
  const deleted = await write(api, 'delete', entity, { id: 'x', expectedRevision: 3 });
  expect(deleted.record.revision).toBe(4);
});

test('a stale patch that would change nothing is still a conflict', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x' });
  await write(api, 'update', 'Todo', { id: 'x', status: 's' });
  const stale = { id: 'x', expectedRevision: 1, status: 's' };
  expect((await refused(api, 'update', 'Todo', stale)).__typename).toBe('RevisionConflict');
});

const lone = '\ud800';
const half = expect.stringContaining('half of a surrogate pair');
const tooLong = (max: number) => expect.stringContaining(`at most ${max}`);
const invalidTodos: [string, object, string[], unknown][] = [
  ['a priority below 0', { priority: -1 }, ['priority'], expect.stringContaining('from 0 to')],
  ['a priority over its limit', { priority: 1_000_001 }, ['priority'], expect.any(String)],
  ['half a surrogate pair in a field', { subject: `a${lone}` }, ['subject'], half],
  ['half a surrogate pair in a label', { labels: ['ok', lone] }, ['labels', '1'], half],
  ['U+0000 in a field', { body: 'a\0b' }, ['body'], expect.stringContaining('U+0000')],
  ['a subject over its limit', { subject: 'x'.repeat(1_001) }, ['subject'], tooLong(1_000)],
  ['a body over its limit', { body: 'x'.repeat(65_537) }, ['body'], tooLong(65_536)],
  ['a status over its limit', { status: 'x'.repeat(257) }, ['status'], tooLong(256)],
  ['a user over its limit', { userId: 'x'.repeat(257) }, ['userId'], tooLong(256)],
  ['a label over its limit', { labels: ['x'.repeat(257)] }, ['labels', '0'], tooLong(256)],
  ['too many labels', { labels: Array(101).fill('x') }, ['labels'], tooLong(100)],
];

test.for(invalidTodos)('%s is InvalidInput', async ([, values, path, message]) => {
  const api = await openApi();
  const issues = [{ path, message }];
  expect(await refused(api, 'create', 'Todo', { id: 'x', ...values })).toMatchObject({
    __typename: 'InvalidInput',
    code: 'INVALID_INPUT',
    issues,
  });
  await write(api, 'create', 'Todo', { id: 'x' });
  const patch = { id: 'x', ...values };
  expect((await refused(api, 'update', 'Todo', patch)).issues).toEqual(issues);
});

test('what is exactly at its limit is kept', async () => {
  const api = await openApi();
  const values = {
    id: 'i'.repeat(256),
    userId: 'u'.repeat(256),
    subject: 's'.repeat(1_000),
    body: 'b'.repeat(65_536),
    priority: 1_000_000,
    status: 's'.repeat(256),
    labels: Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(256, 'x')),
  };
  expect((await write(api, 'create', 'Todo', values)).record).toMatchObject(values);
});

test.for([
  ['empty', ''],
  ['too long', 'x'.repeat(257)],
  ['half a surrogate pair', lone],
  ['with U+0000', 'a\0'],
])('an id that is %s is InvalidInput', async ([, id]) => {
  const api = await openApi();
  const issues = [{ path: ['id'] }];
  expect(await refused(api, 'create', 'Todo', { id })).toMatchObject({ issues });
  const file = { id, filename: 'f', text: '' };
  expect(await refused(api, 'create', 'LakeFile', file)).toMatchObject({ issues });
});

test.for([
  ['half a surrogate pair', lone],
  ['too long', 'x'.repeat(4_097)],
])('a reason that is %s is InvalidInput', async ([, reason]) => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x' });
  const issues = [{ path: ['reason'] }];
  const options = { reason };
  expect(await refused(api, 'create', 'Todo', {}, options)).toMatchObject({ issues });
  expect(await refused(api, 'delete', 'Todo', { id: 'x' }, options)).toMatchObject({ issues });
});

test('every broken rule is an issue of its own', async () => {
  const api = await openApi();
  const input = { subject: lone, priority: -1, labels: [lone, 'ok', 'x'.repeat(300)] };
  const { issues } = await refused(api, 'create', 'Todo', input);
  expect(issues.map(({ path }: { path: string[] }) => path.join('.'))).toEqual([
    'subject',
    'priority',
    'labels.0',
    'labels.2',
  ]);
});

test('a mutation that is refused stops no other one of its operation', async () => {
  const api = await openApi();
  const data = await api.data(`mutation {
    first: createTodo(input: { id: "a" }) { __typename }
    again: createTodo(input: { id: "a" }) { __typename }
    other: updateTodo(input: { id: "a", status: "s" }) { __typename }
  }`);
  expect(data).toEqual({
    first: { __typename: 'CreateTodoPayload' },
    again: { __typename: 'AlreadyExists' },
    other: { __typename: 'UpdateTodoPayload' },
  });
});

test('a refused write says the position at which a client sees what refused it', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: 'x' });
  await api.store.update(Todo, 'x', { status: 'taken' });
  const stale = '{ id: "x", status: "mine", expectedRevision: 1 }';
  const { data, extensions } = await api.ask(
    `mutation { updateTodo(input: ${stale}) { ... on RevisionConflict { actual } } }`,
  );
  expect(data).toEqual({ updateTodo: { actual: 2 } });
  expect(extensions).toEqual({ position: '2' });
});
