/** Dry runs: the full answer, and nothing is written. */
import { expect, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { type ApiAnswer, codesOf, openApi, type TestApi, write } from './support/api.ts';
import { mutate, mutationField, refused, send } from './support/mutate.ts';
import { rawLog, temporaryDirectory } from './support/temporary-store.ts';

const dryRun = { dryRun: true };
const everything = `
  id revision position subject status labels createdAt updatedAt deletedAt
  current {
    id revision position operation changes { field before after }
    transaction { id reason firstPosition lastPosition versions { edges { node { id } } } }
  }
  history { totalCount edges { node { id operation } } }
  blame { field revision actor }`;

/** What the log holds, whatever its tables. */
function rowCounts(directory: string): Record<string, number> {
  const raw = rawLog(directory);
  const tables = raw.prepare(`select name from sqlite_schema where type = 'table'`).pluck().all();
  return Object.fromEntries(
    tables.map((name) => [name, raw.prepare(`select count(*) from "${name}"`).pluck().get()]),
  ) as Record<string, number>;
}

const idsOf = ({ edges }: ApiAnswer['data']) =>
  edges.map((edge: ApiAnswer['data']) => edge.node.id);

test('a tried creation answers as it would be, whatever is asked of it', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'before' });
  const input = { id: 'x', subject: 'a', labels: ['l'] };
  const options = { ...dryRun, reason: 'why' };
  const answer = await mutate(
    api,
    'createTodo',
    { input, options },
    `todo { ${everything} } transaction { id }`,
  );
  expect(answer).toMatchObject({
    __typename: 'CreateTodoPayload',
    transaction: null,
    todo: {
      id: 'x',
      revision: 1,
      position: '2',
      subject: 'a',
      labels: ['l'],
      deletedAt: null,
      current: {
        id: 'x@1',
        operation: 'CREATE',
        transaction: { id: '2', reason: 'why', firstPosition: '2', lastPosition: '2' },
      },
      history: { totalCount: 1 },
    },
  });
  const { current, history, blame } = answer.todo;
  expect(current.changes).toContainEqual({ field: 'subject', before: null, after: 'a' });
  expect(idsOf(current.transaction.versions)).toEqual(['x@1']);
  expect(idsOf(history)).toEqual(['x@1']);
  expect(new Set(blame.map(({ revision }: { revision: number }) => revision))).toEqual(
    new Set([1]),
  );
  expect(await api.data('{ todo(id: "x") { id } log { position } }')).toEqual({
    todo: null,
    log: { position: '1' },
  });
});

test('a tried patch shows its change on top of the history that there is', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  await write(api, 'update', 'Todo', { id: 'x', status: 's' });
  const input = { id: 'x', subject: 'b', expectedRevision: 1 };
  const answer = await mutate(
    api,
    'updateTodo',
    { input, options: { ...dryRun, onConflict: 'REBASE' } },
    `changed rebasedOver { id transaction { id } } todo { ${everything} } transaction { id }`,
  );
  expect(answer).toMatchObject({ changed: true, transaction: null });
  expect(answer.rebasedOver).toEqual([{ id: 'x@2', transaction: { id: '2' } }]);
  const { todo } = answer;
  expect(todo).toMatchObject({ revision: 3, subject: 'b', status: 's' });
  expect(todo.current.changes).toEqual([{ field: 'subject', before: 'a', after: 'b' }]);
  expect(idsOf(todo.history)).toEqual(['x@3', 'x@2', 'x@1']);
  const blame = todo.blame.map(({ field, revision }: ApiAnswer['data']) => [field, revision]);
  expect(Object.fromEntries(blame)).toMatchObject({ subject: 3, status: 2, priority: 1 });
  const paged = await mutate(
    api,
    'updateTodo',
    { input, options: { ...dryRun, onConflict: 'REBASE' } },
    'todo { newest: history(first: 1) { edges { node { id } } pageInfo { hasNextPage } } ' +
      'oldest: history(first: 2, order: ASC) { edges { node { id } } } }',
  );
  expect(idsOf(paged.todo.newest)).toEqual(['x@3']);
  expect(paged.todo.newest.pageInfo.hasNextPage).toBe(true);
  expect(idsOf(paged.todo.oldest)).toEqual(['x@1', 'x@2']);
});

test('a dry run leaves no trace in log, replica or feed', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  const before = rowCounts(directory);
  const watching = api.store.follow({ after: (await api.store.head()) as never });
  const next = watching.next();
  const args: [string, object][] = [
    ['createTodo', { input: { id: 'y' } }],
    ['updateTodo', { input: { id: 'x', subject: 'b' } }],
    ['deleteTodo', { id: 'x' }],
    ['createLakeFile', { input: { filename: 'f', text: 'bytes' } }],
    ['createTodos', { inputs: [{ id: 'y' }, { id: 'z' }] }],
    ['updateTodos', { inputs: [{ id: 'x', subject: 'c' }] }],
    ['transact', { operations: [{ createTodo: { id: 'y' } }, { deleteTodo: { id: 'y' } }] }],
    ['revertTransaction', { id: '1' }],
  ];
  for (const [name, rest] of args) {
    const options = { ...dryRun, idempotencyKey: `try ${name}` };
    const answer = await mutate(api, name, { ...rest, options });
    expect(answer.transaction).toBeNull();
    expect(answer.__typename).toContain('Payload');
  }
  expect(rowCounts(directory)).toEqual(before);
  expect(await api.store.get(Todo, 'x')).toMatchObject({ revision: 1, values: { subject: 'a' } });
  expect(await api.store.get(Todo, 'y')).toBeNull();
  // The first thing that a follower sees is the next real write, at the next position.
  await write(api, 'create', 'Todo', { id: 'real' });
  expect((await next).value).toMatchObject({ id: 'real', position: 2 });
  expect(await api.store.verify()).toEqual({ versions: 2, defect: null });
});

test('a dry run meets every problem that the write would', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x' });
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: '' });
  const cases: [string, string, object][] = [
    ['AlreadyExists', 'createTodo', { input: { id: 'x' } }],
    ['AlreadyExists', 'createLakeFile', { input: { filename: 'f', text: '' } }],
    ['InvalidInput', 'createTodo', { input: { priority: -1 } }],
    ['RevisionConflict', 'updateTodo', { input: { id: 'x', expectedRevision: 9 } }],
    ['NotFound', 'deleteTodo', { id: 'y' }],
    ['InvalidInput', 'restoreTodo', { id: 'x' }],
    ['InvalidInput', 'createTodos', { inputs: [] }],
    ['NotFound', 'transact', { operations: [{ deleteTodo: { id: 'y' } }] }],
    ['NotFound', 'revertTransaction', { id: '99' }],
  ];
  for (const [problem, name, args] of cases) {
    const { __typename } = await refused(api, name, { ...args, options: dryRun });
    expect([name, __typename]).toEqual([name, problem]);
  }
});

test('a patch that changes nothing says so', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  const same = { input: { id: 'x', subject: 'a' }, options: dryRun };
  const answer = await mutate(api, 'updateTodo', same, `changed todo { ${everything} }`);
  expect(answer).toMatchObject({ changed: false, todo: { revision: 1 } });
  expect(answer.todo.current.transaction.id).toBe('1');
});

test('several changes of one record are shown as the chain that they would be', async () => {
  const api = await openApi();
  const operations = [
    { createTodo: { id: 'x', subject: 'a' } },
    { updateTodo: { id: 'x', subject: 'b' } },
    { updateTodo: { id: 'x', expectedRevision: 2, subject: 'c' } },
  ];
  const answer = await mutate(
    api,
    'transact',
    { operations, options: dryRun },
    'versions { id changes { field before after } transaction { id } } transaction { id }',
  );
  expect(answer.versions.map(({ id }: { id: string }) => id)).toEqual(['x@1', 'x@2', 'x@3']);
  expect(answer.versions[2].changes).toEqual([{ field: 'subject', before: 'b', after: 'c' }]);
  expect(await api.store.get(Todo, 'x')).toBeNull();
});

test('contents that were only tried cannot be read, and nothing pretends otherwise', async () => {
  const api = await openApi();
  const file = (text: string) =>
    send(
      api,
      'createLakeFile',
      { input: { filename: 'f', text }, options: dryRun },
      'lakeFile { filename size text data }',
    );
  const tried = await file('bytes');
  expect(tried.data.result.lakeFile).toEqual({ filename: 'f', size: 5, text: null, data: null });
  expect(codesOf(tried)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
  expect(tried.errors?.[0]?.extensions.argument).toBe('dryRun');
  expect(tried.errors?.[0]?.message).toContain('keeps no contents');
  // Contents that are stored already can be read.
  await write(api, 'create', 'LakeFile', { filename: 'g', text: 'bytes' });
  expect((await file('bytes')).data.result.lakeFile.text).toBe('bytes');
  expect((await file('')).data.result.lakeFile.text).toBe('');
});

test('what one field tried the next fields do not see', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  const todo = 'todo { subject history { edges { node { id subject } } } }';
  const update = (subject: string, options: object) =>
    mutationField('updateTodo', { input: { id: 'x', subject }, options }, todo);
  const { first, second, third } = await api.data(`mutation {
    first: ${update('tried', dryRun)}
    second: ${update('real', {})}
    third: ${mutationField('updateTodo', { input: { id: 'x', priority: -1 } }, todo)}
  }`);
  const subjects = ({ todo }: ApiAnswer['data']) =>
    todo.history.edges.map((edge: ApiAnswer['data']) => edge.node.subject);
  expect(subjects(first)).toEqual(['tried', 'a']);
  expect(subjects(second)).toEqual(['real', 'a']);
  expect(third.__typename).toBe('InvalidInput');
});

test('real writes that come with a tried one keep their positions and their fate', async () => {
  const api: TestApi = await openApi();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      mutate(
        api,
        'createTodo',
        { input: { id: `t${index}` }, options: { dryRun: index % 3 === 0 } },
        'todo { id } transaction { firstPosition }',
      ),
    ),
  );
  const written = answers.filter(({ transaction }) => transaction !== null);
  expect(written).toHaveLength(40);
  const positions = written.map(({ transaction }) => Number(transaction.firstPosition));
  expect(positions.toSorted((a, b) => a - b)).toEqual(written.map((_, index) => index + 1));
  expect((await api.store.list(Todo)).versions).toHaveLength(40);
  expect(await api.store.verify()).toEqual({ versions: 40, defect: null });
});
