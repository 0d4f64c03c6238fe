/** Idempotency keys: the same write again gets the first result and writes nothing. */
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { schemaVersion } from '../src/db/log/sqlite/migrations.ts';
import { Todo } from '../src/entities/index.ts';
import { requestDigest } from '../src/resolvers/request-digest.ts';
import { openApi, TestApi, write } from './support/api.ts';
import { mutate, refused, send } from './support/mutate.ts';
import { toFormat3 } from './support/older-log.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

type Args = Parameters<typeof mutate>[2];

const asked =
  'todo { id revision position subject updatedAt history { edges { node { id } } } } ' +
  'transaction { id reason committedAt }';
const key = (idempotencyKey: string, more: object = {}) => ({
  options: { idempotencyKey, ...more },
});

test('the same creation again gives the first result, made once', async () => {
  const api = await openApi();
  const args = { input: { subject: 'a' }, ...key('k', { reason: 'why' }) };
  const first = await mutate(api, 'createTodo', args, asked);
  await write(api, 'update', 'Todo', { id: first.todo.id, subject: 'changed since' });
  const position = await api.position();
  const again = await mutate(api, 'createTodo', args, asked);
  expect(again).toEqual(first);
  expect(again.todo).toMatchObject({ subject: 'a', revision: 1 });
  expect(await api.position()).toBe(position);
  expect((await api.store.list(Todo)).versions).toHaveLength(1);
});

test('a repeated write answers at the position of the first', async () => {
  const api = await openApi();
  const args = { input: { subject: 'a' }, ...key('k') };
  const first = await send(api, 'createTodo', args, 'todo { id }');
  await write(api, 'create', 'Todo', {});
  expect(first.extensions?.position).toBe('1');
  expect(await send(api, 'createTodo', args, 'todo { id }')).toEqual(first);
});

test('requests that come together under one key are made once', async () => {
  const api = await openApi();
  const args = { input: { subject: 'a' }, ...key('k') };
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => mutate(api, 'createTodo', args, asked)),
  );
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(await api.position()).toBe('1');
});

test('every kind of write is remembered with all that it answered', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  await write(api, 'update', 'Todo', { id: 'x', status: 's' });
  const versions = 'changed versions { id operation } transaction { id }';
  const writes: [string, Args, string][] = [
    [
      'updateTodo',
      {
        input: { id: 'x', expectedRevision: 1, subject: 'b' },
        ...key('update', { onConflict: 'REBASE' }),
      },
      `changed rebasedOver { id } ${asked}`,
    ],
    ['deleteTodo', { id: 'x', ...key('delete') }, asked],
    ['restoreTodo', { id: 'x', ...key('restore') }, `changed ${asked}`],
    [
      'createTodos',
      { inputs: [{ id: 'm' }, { id: 'n' }], ...key('creates') },
      'todos { id position } transaction { id }',
    ],
    [
      'updateTodos',
      { inputs: [{ id: 'm', status: 'o' }, { id: 'n' }], ...key('updates') },
      'changed todos { id revision } transaction { id }',
    ],
    [
      'createLakeFile',
      { input: { filename: 'f', text: 'bytes' }, ...key('file') },
      'lakeFile { id text } transaction { id }',
    ],
    [
      'transact',
      {
        operations: [{ deleteTodo: { id: 'm' } }, { createTodo: { id: 'o' } }],
        ...key('transact'),
      },
      versions,
    ],
    ['revertTransaction', { id: '8', ...key('revert') }, versions],
  ];
  const first = [];
  for (const [name, args, fields] of writes) first.push(await mutate(api, name, args, fields));
  for (const answer of first) expect(answer.transaction).not.toBeNull();
  expect(first[0].rebasedOver).toEqual([{ id: 'x@2' }]);
  const position = await api.position();
  const again = [];
  for (const [name, args, fields] of writes) again.push(await mutate(api, name, args, fields));
  expect(again).toEqual(first);
  expect(await api.position()).toBe(position);
});

test('a write that had nothing to write is remembered too', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  const args = { input: { id: 'x', subject: 'a' }, ...key('k') };
  const first = await mutate(api, 'updateTodo', args, `changed ${asked}`);
  expect(first).toMatchObject({ changed: false, transaction: null });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'b' });
  expect(await mutate(api, 'updateTodo', args, `changed ${asked}`)).toEqual(first);
  expect(await api.store.get(Todo, 'x')).toMatchObject({ values: { subject: 'b' } });
});

test('a key that had other input is a mismatch, whatever the difference', async () => {
  const api = await openApi();
  const input = { id: 'x', subject: 'a' };
  await mutate(api, 'createTodo', { input, ...key('k') });
  const others: [string, Args][] = [
    ['createTodo', { input: { ...input, subject: 'b' }, ...key('k') }],
    ['createTodo', { input: { ...input, body: null }, ...key('k') }],
    ['createTodo', { input, ...key('k', { reason: 'r' }) }],
    ['updateTodo', { input, ...key('k') }],
    ['deleteTodo', { id: 'x', ...key('k') }],
    ['createTodos', { inputs: [input], ...key('k') }],
    ['transact', { operations: [{ createTodo: input }], ...key('k') }],
    ['restoreTodo', { id: 'x', revision: 1, ...key('k') }],
    ['createLakeFile', { input: { filename: 'f', text: '' }, ...key('k') }],
    ['revertTransaction', { id: '1', ...key('k') }],
  ];
  for (const [name, args] of others) {
    const answer = await refused(api, name, args);
    expect(answer).toMatchObject({
      __typename: 'IdempotencyMismatch',
      code: 'IDEMPOTENCY_MISMATCH',
      message: expect.stringContaining('"k"'),
    });
  }
});

test('the order in which fields are given makes no difference', async () => {
  const api = await openApi();
  const input = { id: 'x', subject: 'a', labels: ['l', 'm'] };
  const first = await mutate(api, 'createTodo', { input, ...key('k', { reason: 'r' }) }, asked);
  const turned = { labels: ['l', 'm'], subject: 'a', id: 'x' };
  const options = { onConflict: 'FAIL', reason: 'r', idempotencyKey: 'k' };
  expect(await mutate(api, 'createTodo', { options, input: turned }, asked)).toEqual(first);
});

test('requests that differ in anything have different digests', () => {
  const requests = [
    { a: 1 },
    { a: '1' },
    { a: null },
    { a: [] },
    { a: {} },
    { a: [1] },
    { a: [[1]] },
    { a: 1, b: 2 },
    { a: { b: 1 } },
    { a: [['b', 1]] },
    { a: { fields: [['b', 1]] } },
    { a: Buffer.from('x') },
    { a: Buffer.from('y') },
    { a: { bytes: 'x' } },
  ];
  const digests = requests.flatMap((args) => [requestDigest('m', args), requestDigest('n', args)]);
  expect(new Set(digests).size).toBe(2 * requests.length);
  expect(requestDigest('m', { a: 1, b: undefined })).toBe(requestDigest('m', { a: 1 }));
  expect(() => requestDigest('m', { a: new Blob(['x']) })).toThrow(TypeError);
});

test('a refused write is not remembered: its key is free for another', async () => {
  const api = await openApi();
  const invalid = { input: { id: 'x', priority: -1 }, ...key('k') };
  expect((await refused(api, 'createTodo', invalid)).__typename).toBe('InvalidInput');
  const valid = { input: { id: 'x', priority: 1 }, ...key('k') };
  expect((await mutate(api, 'createTodo', valid)).__typename).toBe('CreateTodoPayload');
});

test('a dry run is not remembered, and shows what its key would give', async () => {
  const api = await openApi();
  const input = { subject: 'a' };
  const tried = await mutate(api, 'createTodo', { input, ...key('k', { dryRun: true }) }, asked);
  expect(tried.transaction).toBeNull();
  const made = await mutate(api, 'createTodo', { input, ...key('k') }, asked);
  expect(made.transaction).not.toBeNull();
  expect(await mutate(api, 'createTodo', { input, ...key('k', { dryRun: true }) }, asked)).toEqual(
    made,
  );
});

test.for([
  ['empty', ''],
  ['too long', 'k'.repeat(257)],
  ['not well-formed', 'a\ud800'],
])('a key that is %s is InvalidInput', async ([, idempotencyKey]) => {
  const api = await openApi();
  const document = `mutation ($options: WriteOptions) {
    result: createTodo(input: {}, options: $options) {
      __typename ... on InvalidInput { issues { path } }
    }
  }`;
  expect((await api.data(document, { options: { idempotencyKey } })).result).toEqual({
    __typename: 'InvalidInput',
    issues: [{ path: ['idempotencyKey'] }],
  });
  expect(await api.position()).toBe('0');
});

test('a key of 256 characters is one', async () => {
  const api = await openApi();
  const args = { input: {}, ...key('k'.repeat(256)) };
  const first = await mutate(api, 'createTodo', args, asked);
  expect(await mutate(api, 'createTodo', args, asked)).toEqual(first);
});

test('a key outlives the server that met it', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const args = { input: { subject: 'a' }, ...key('k') };
  const first = await mutate(new TestApi(store), 'createTodo', args, asked);
  await store.close();
  const reopened = new TestApi(await openTemporary({ directory }));
  expect(await mutate(reopened, 'createTodo', args, asked)).toEqual(first);
  expect(await reopened.position()).toBe('1');
});

test('two servers on one directory make a write once', async () => {
  const directory = temporaryDirectory();
  const one = await openApi({ directory });
  const other = await openApi({ directory });
  for (let count = 0; count < 10; count += 1) {
    const args = { input: { subject: `${count}` }, ...key(`k${count}`) };
    const [a, b] = await Promise.all(
      [one, other].map((api) => mutate(api, 'createTodo', args, asked)),
    );
    expect(a).toEqual(b);
  }
  expect(await one.position()).toBe('10');
  expect(await one.store.verify()).toEqual({ versions: 10, defect: null });
});

test('keys can be neither changed, deleted nor replaced', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  await mutate(api, 'createTodo', { input: {}, ...key('k') });
  const raw = rawLog(directory);
  const columns = 'key, request_digest, transaction_id, position, results';
  for (const statement of [
    `update idempotency_keys set request_digest = 'x'`,
    'delete from idempotency_keys',
    `insert or replace into idempotency_keys (${columns}) values ('k', 'x', null, 0, '[]')`,
    `insert or replace into idempotency_keys (${columns}) values ('l', 'x', 1, 0, '[]')`,
  ]) {
    expect(() => raw.exec(statement)).toThrow('idempotency_keys is append-only');
  }
});

test('a log that was written before there were keys gains them when it is opened', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'x', subject: 'a' });
  await store.close();
  const raw = new Database(logPath(directory));
  toFormat3(raw);
  const triggers = ['update', 'delete', 'replace'].map(
    (name) => `drop trigger log_refuses_${name};`,
  );
  raw.exec(`${triggers.join(' ')} alter table log drop column digest; drop table idempotency_keys`);
  raw.pragma('user_version = 1');
  raw.close();
  const api = await openApi({ directory });
  expect(rawLog(directory).pragma('user_version', { simple: true })).toBe(schemaVersion);
  expect(await api.store.get(Todo, 'x')).toMatchObject({ values: { subject: 'a' } });
  const args = { input: { id: 'x', subject: 'b' }, ...key('k') };
  const first = await mutate(api, 'updateTodo', args, asked);
  expect(await mutate(api, 'updateTodo', args, asked)).toEqual(first);
  expect(await api.store.verify()).toEqual({ versions: 2, defect: null });
});
