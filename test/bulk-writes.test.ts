/** Writing many records in one transaction: all or none. */
import { expect, test } from 'vitest';
import { limits } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type ApiAnswer, openApi, type TestApi, write } from './support/api.ts';
import { mutate, refused } from './support/mutate.ts';

const problems = `
  ... on Problem {
    code message
    ... on InvalidInput { issues { path message } }
    ... on RevisionConflict { expected actual changedFields }
  }`;

/** Too many inputs for a document: they travel as a variable. */
async function bulk(
  api: TestApi,
  name: 'createTodos' | 'updateTodos',
  inputs: object[],
  options: object = {},
): Promise<ApiAnswer['data']> {
  const verb = name.startsWith('create') ? 'Create' : 'Update';
  const document = `mutation ($inputs: [${verb}TodoInput!]!, $options: WriteOptions) {
    result: ${name}(inputs: $inputs, options: $options) {
      __typename
      ... on ${verb}TodosPayload {
        todos { id revision subject priority }
        ${verb === 'Update' ? 'changed' : ''}
        transaction { id firstPosition lastPosition reason }
      }
      ${problems}
    }
  }`;
  return (await api.data(document, { inputs, options })).result;
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `t${index}`, subject: `s${index}` }));

test('many todos are created in one transaction, in the order of their inputs', async () => {
  const api = await openApi();
  const inputs = [{ subject: 'a' }, { id: 'b', priority: 1 }, { subject: 'c' }];
  const answer = await bulk(api, 'createTodos', inputs, { reason: 'import' });
  expect(answer).toMatchObject({
    __typename: 'CreateTodosPayload',
    todos: [{ subject: 'a' }, { id: 'b', priority: 1 }, { subject: 'c' }],
    transaction: { id: '1', firstPosition: '1', lastPosition: '3', reason: 'import' },
  });
  expect((await api.store.list(Todo)).versions).toHaveLength(3);
});

test('many todos are changed in one transaction; those that stay as they are, stay', async () => {
  const api = await openApi();
  await bulk(api, 'createTodos', numbered(3));
  const inputs = [
    { id: 't2', subject: 'new' },
    { id: 't0', subject: 's0' },
    { id: 't1', expectedRevision: 1, subject: null },
  ];
  expect(await bulk(api, 'updateTodos', inputs)).toMatchObject({
    __typename: 'UpdateTodosPayload',
    changed: true,
    todos: [
      { id: 't2', revision: 2, subject: 'new' },
      { id: 't0', revision: 1, subject: 's0' },
      { id: 't1', revision: 2, subject: null },
    ],
    transaction: { firstPosition: '4', lastPosition: '5' },
  });
  const again = inputs.map(({ expectedRevision: _, ...input }) => input);
  expect(await bulk(api, 'updateTodos', again)).toMatchObject({
    changed: false,
    transaction: null,
  });
});

test(`${limits.bulkRecordsMax} todos go through at once, and one more does not`, async () => {
  const api = await openApi();
  const answer = await bulk(api, 'createTodos', numbered(limits.bulkRecordsMax));
  expect(answer.todos).toHaveLength(limits.bulkRecordsMax);
  expect(answer.todos.at(-1)).toMatchObject({ id: 't9999', subject: 's9999' });
  expect(await api.position()).toBe('10000');
  const patches = numbered(limits.bulkRecordsMax).map(({ id }) => ({ id, status: 'done' }));
  expect((await bulk(api, 'updateTodos', patches)).changed).toBe(true);
  expect(await api.store.verify()).toEqual({ versions: 20_000, defect: null });
  for (const name of ['createTodos', 'updateTodos'] as const) {
    const refusal = await bulk(api, name, numbered(limits.bulkRecordsMax + 1));
    expect(refusal).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['inputs'], message: 'must be from 1 to 10000, but were 10001.' }],
    });
  }
  expect(await api.position()).toBe('20000');
});

test('other work of the process goes on while a large bulk is written', async () => {
  const api = await openApi();
  let turns = 0;
  const watch = setInterval(() => {
    turns += 1;
  }, 1);
  const inputs = numbered(limits.bulkRecordsMax);
  await api.store.write(async (log) => {
    for (const input of inputs) await log.create(Todo, input);
    return [];
  });
  clearInterval(watch);
  expect(turns).toBeGreaterThan(10);
});

test.for(['createTodos', 'updateTodos'])('%s of nothing is InvalidInput', async (name) => {
  const api = await openApi();
  expect(await refused(api, name, { inputs: [] })).toMatchObject({
    __typename: 'InvalidInput',
    issues: [{ path: ['inputs'], message: expect.stringContaining('but were 0') }],
  });
});

test.for(['createTodos', 'updateTodos'])('%s of one id twice is InvalidInput', async (name) => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'known' });
  const inputs = [{ id: 'a' }, { id: 'known' }, { id: 'a' }];
  expect(await refused(api, name, { inputs })).toMatchObject({
    __typename: 'InvalidInput',
    issues: [{ path: ['inputs'], message: expect.stringContaining('0 and 2 both have "a"') }],
  });
});

test('every invalid input is told of, each under its index', async () => {
  const api = await openApi();
  const inputs = [{ priority: -1, subject: 'x'.repeat(1_001) }, { id: 'fine' }, { priority: -2 }];
  const { issues } = await refused(api, 'createTodos', { inputs });
  expect(issues.map(({ path }: { path: string[] }) => path)).toEqual([
    ['0', 'subject'],
    ['0', 'priority'],
    ['2', 'priority'],
  ]);
  expect(await api.store.get(Todo, 'fine')).toBeNull();
});

test('of very many invalid inputs only the first are told of', async () => {
  const api = await openApi();
  const inputs = Array.from({ length: 1_000 }, () => ({ priority: -1 }));
  const { issues } = await bulk(api, 'createTodos', inputs);
  expect(issues).toHaveLength(limits.bulkIssuesMax);
});

test('one input that cannot be undoes all, and the message says which it was', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x' });
  const taken = await refused(api, 'createTodos', { inputs: [{ id: 'a' }, { id: 'x' }] });
  expect(taken).toMatchObject({ __typename: 'AlreadyExists', id: 'x' });
  expect(taken.message).toMatch(/^Input 1: /);
  const missing = await refused(api, 'updateTodos', {
    inputs: [{ id: 'x', subject: 'b' }, { id: 'y' }],
  });
  expect(missing).toMatchObject({ __typename: 'NotFound', id: 'y' });
  expect(missing.message).toMatch(/^Input 1: /);
  const stale = await refused(api, 'updateTodos', {
    inputs: [{ id: 'x', expectedRevision: 7, subject: 'b' }],
  });
  expect(stale).toMatchObject({ __typename: 'RevisionConflict', expected: 7, actual: 1 });
  expect(stale.message).toMatch(/^Input 0: /);
  expect(await api.store.get(Todo, 'x')).toMatchObject({ revision: 1 });
});

test('wherever in a long bulk an input cannot be, it is told of as in a short one', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'taken' });
  for (const place of [0, 7, 31, 32, 63, 64, 99]) {
    const inputs: { id: string; priority?: number }[] = numbered(100);
    inputs[place] = { id: 'taken' };
    const taken = await refused(api, 'createTodos', { inputs });
    expect(taken).toMatchObject({ __typename: 'AlreadyExists', id: 'taken' });
    expect(taken.message).toMatch(new RegExp(`^Input ${place}: `));
    inputs[place] = { id: 'wrong', priority: -1 };
    inputs[50] = { id: 'wrong, too', priority: -1 };
    const { issues } = await refused(api, 'createTodos', { inputs });
    const places = [place, 50].sort((a, b) => a - b).map((each) => [String(each), 'priority']);
    expect(issues.map(({ path }: { path: string[] }) => path)).toEqual(places);
  }
  expect((await api.store.totals()).position).toBe(1);
  expect(await bulk(api, 'createTodos', numbered(100))).toMatchObject({
    todos: numbered(100),
    transaction: { firstPosition: '2', lastPosition: '101' },
  });
  expect(await api.store.verify()).toMatchObject({ defect: null });
});

test('stale patches of a bulk are rebased where that is asked for', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x' });
  await write(api, 'update', 'Todo', { id: 'x', status: 's' });
  const inputs = [{ id: 'x', expectedRevision: 1, subject: 'b' }];
  const options = { onConflict: 'REBASE' };
  const answer = await mutate(api, 'updateTodos', { inputs, options }, 'todos { subject status }');
  expect(answer.todos).toEqual([{ subject: 'b', status: 's' }]);
});

test('a bulk is one transaction: no reader ever sees a part of it', async () => {
  const api = await openApi();
  const seen = new Set<number>();
  const writing = bulk(api, 'createTodos', numbered(3_000));
  let done = false;
  void writing.finally(() => {
    done = true;
  });
  while (!done) {
    const { todos } = await api.data('{ todos(first: 1) { totalCount } }');
    seen.add(todos.totalCount);
  }
  await writing;
  const { todos } = await api.data('{ todos(first: 1) { totalCount } }');
  seen.add(todos.totalCount);
  expect([...seen].filter((count) => count !== 0)).toEqual([3_000]);
});
