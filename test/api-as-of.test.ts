/** Time travel: records, and everything below them, as they were at a moment. */
import { expect, test } from 'vitest';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { answerOf, codesOf, listen, openApi, type TestApi, write } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';

const read = `query ($asOf: AsOf, $includeDeleted: Boolean) {
  todo(id: "a", asOf: $asOf, includeDeleted: $includeDeleted) {
    subject revision deletedAt current { revision } history { edges { node { revision } } }
  }
}`;

/** Created, changed twice and deleted, with others in between: positions 1, 3, 5 and 7. */
async function withStory(): Promise<{ api: TestApi; times: string[] }> {
  const api = await openApi();
  const times: string[] = [];
  const others = { create: 'o1', update: 'o2', delete: 'o3' } as const;
  const story = [
    ['create', { id: 'a', subject: 'one' }],
    ['update', { id: 'a', subject: 'two' }],
    ['update', { id: 'a', subject: 'three' }],
    ['delete', { id: 'a' }],
  ] as const;
  for (const [verb, input] of story) {
    const { transaction } = await write(api, verb, 'Todo', input);
    times.push(transaction.committedAt);
    await write(api, 'create', 'Todo', { subject: others[verb] });
  }
  return { api, times };
}

/** The moment a microsecond before another. */
function justBefore(time: string): string {
  const micros =
    BigInt(Date.parse(`${time.slice(0, 23)}Z`)) * 1000n + BigInt(time.slice(23, 26)) - 1n;
  const rest = String(micros % 1000n).padStart(3, '0');
  return new Date(Number(micros / 1000n)).toISOString().replace('Z', `${rest}Z`);
}

const todoAt = (subject: string, revision: number) => ({
  subject,
  revision,
  deletedAt: null,
  current: { revision },
  history: {
    edges: Array.from({ length: revision }, (_, index) => ({
      node: { revision: revision - index },
    })),
  },
});

test('a record as of a position ends there, and so does all below it', async () => {
  const { api } = await withStory();
  const at = async (position: string) => (await api.data(read, { asOf: { position } })).todo;
  expect(await at('0')).toBeNull();
  expect(await at('1')).toEqual(todoAt('one', 1));
  expect(await at('2')).toEqual(todoAt('one', 1));
  expect(await at('3')).toEqual(todoAt('two', 2));
  expect(await at('6')).toEqual(todoAt('three', 3));
  expect(await at('7')).toBeNull();
  expect(await at('8')).toBeNull();
});

test('a record as of a time is the one that was in force then, to the microsecond', async () => {
  const { api, times } = await withStory();
  const at = async (time: string) => (await api.data(read, { asOf: { time } })).todo;
  const expected = [null, todoAt('one', 1), todoAt('two', 2), todoAt('three', 3), null];
  for (const [index, time] of times.entries()) {
    expect(await at(justBefore(time))).toEqual(expected[index]);
    expect(await at(time)).toEqual(expected[index + 1]);
  }
  expect(await at('1970-01-01T00:00:00Z')).toBeNull();
  expect(await at('0000-01-01T00:00:00Z')).toBeNull();
});

test('one moment has many spellings', async () => {
  const { api, times } = await withStory();
  const time = times[1] as string;
  const summer = `${new Date(Date.parse(`${time.slice(0, 23)}Z`) + 7_200_000).toISOString().slice(0, 23)}${time.slice(23, 26)}+02:00`;
  for (const spelling of [
    time.toLowerCase(),
    time.replace('Z', '+00:00'),
    time.replace('Z', '000Z'),
    summer,
  ]) {
    const { todo } = await api.data(read, { asOf: { time: spelling } });
    expect(todo.revision).toBe(2);
  }
});

test('a record as of a transaction is the one that the transaction left', async () => {
  const { api } = await withStory();
  const at = async (transaction: string) => (await api.data(read, { asOf: { transaction } })).todo;
  expect(await at('1')).toEqual(todoAt('one', 1));
  expect(await at('3')).toEqual(todoAt('two', 2));
  expect(await at('4')).toEqual(todoAt('two', 2));
  expect(await at('7')).toBeNull();
});

test('a deleted record as of its deletion is its last state for who asks for it', async () => {
  const { api, times } = await withStory();
  const asOf = { position: '7' };
  const { todo } = await api.data(read, { asOf, includeDeleted: true });
  expect(todo).toMatchObject({ subject: 'three', revision: 4, deletedAt: times[3] });
  const earlier = await api.data(read, { asOf: { position: '6' }, includeDeleted: true });
  expect(earlier.todo).toEqual(todoAt('three', 3));
  expect((await api.data(read, { asOf: { position: '0' }, includeDeleted: true })).todo).toBeNull();
});

test('a file as of a moment has the contents of then', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'one' });
  await write(api, 'update', 'LakeFile', { id: 'f', text: 'two' });
  const { old, now } = await api.data(`{
    old: lakeFile(id: "f", asOf: { position: "1" }) { text downloadUrl history { edges { node { size } } } }
    now: lakeFile(id: "f") { text downloadUrl }
  }`);
  expect(old).toEqual({
    text: 'one',
    downloadUrl: '/files/f/1',
    history: { edges: [{ node: { size: 3 } }] },
  });
  expect(now).toEqual({ text: 'two', downloadUrl: '/files/f/2' });
});

test('fields of one operation may look at different moments, and it reports the head', async () => {
  const { api } = await withStory();
  const { data, extensions } = await api.ask(`{
    one: todo(id: "a", asOf: { position: "1" }) { subject }
    two: todo(id: "a", asOf: { transaction: "3" }) { subject }
    now: todo(id: "a") { subject }
    log { position }
  }`);
  expect(data).toEqual({
    one: { subject: 'one' },
    two: { subject: 'two' },
    now: null,
    log: { position: '8' },
  });
  expect(extensions).toEqual({ position: '8' });
});

test('as of a position within a transaction, only what came up to it is there', async () => {
  const api = await openApi();
  await api.store.transact(async (log) => {
    await log.create(Todo, { id: 'a', subject: 'one' });
    await log.create(LakeFile, { id: 'f', ...lakeFile('f') });
    await log.update(Todo, 'a', { subject: 'two' });
  });
  const document = `query ($asOf: AsOf) {
    todo(id: "a", asOf: $asOf) { subject } lakeFile(id: "f", asOf: $asOf) { id }
  }`;
  const at = async (position: string) => await api.data(document, { asOf: { position } });
  expect(await at('1')).toEqual({ todo: { subject: 'one' }, lakeFile: null });
  expect(await at('2')).toEqual({ todo: { subject: 'one' }, lakeFile: { id: 'f' } });
  expect(await at('3')).toEqual({ todo: { subject: 'two' }, lakeFile: { id: 'f' } });
});

const refused = [
  [{ position: '9' }, 'a position that is yet to come'],
  [{ position: '9223372036854775807' }, 'the largest position'],
  [{ time: '2999-01-01T00:00:00Z' }, 'a time that is yet to come'],
  [{ transaction: '99' }, 'an unknown transaction'],
  [{ transaction: '0' }, 'transaction 0'],
  [{ transaction: 'x' }, 'a transaction that is no number'],
  [{ transaction: '1e0' }, 'a transaction in another spelling'],
  [{ position: '-1' }, 'a negative position'],
  [{ position: '9223372036854775808' }, 'a position of more than 64 bits'],
  [{ position: '1.0' }, 'a position with a fraction'],
  [{ position: '' }, 'an empty position'],
  [{ position: true }, 'a position that is no number'],
  [{ time: 'yesterday' }, 'a time that is none'],
  [{ time: '2026-02-30T00:00:00Z' }, 'a day that is none'],
  [{ time: '2026-01-01T24:00:00Z' }, 'an hour that is none'],
  [{ time: '2026-01-01T00:00:00' }, 'a time without a zone'],
  [{ time: '2026-01-01T00:00:00Z[Europe/Berlin]' }, 'a time in a named zone'],
  [{ time: '2026-01-01T00:00:00 CET' }, 'a time with the letters of a zone'],
  [{ time: '2026-01-01T00:00:00+25:00' }, 'an offset that is none'],
  [{ time: '2026-01-01' }, 'a day without a time'],
  [{ time: 0 }, 'a time that is a number'],
  [{}, 'nothing'],
  [{ position: null }, 'null'],
  [{ position: '1', transaction: '1' }, 'two moments at once'],
  [{ place: '1' }, 'something else'],
] as const;

test('a moment that is yet to come, or none, is refused', async () => {
  const { api } = await withStory();
  for (const [asOf, name] of refused) {
    const codes = new Set(await api.codes(read, { asOf }));
    expect([name, ...codes]).toEqual([name, 'BAD_USER_INPUT']);
  }
  expect(await api.position()).toBe('8');
});

test('with a clock that stepped back, whatever was committed may be asked for, no more', async () => {
  const aheadMicros = 3_600_000_000;
  let now = Date.now() * 1000 + aheadMicros;
  const api = await openApi({ clock: () => now });
  const times: string[] = [];
  for (const subject of ['one', 'two', 'three']) {
    const verb = subject === 'one' ? 'create' : 'update';
    const { transaction } = await write(api, verb, 'Todo', { id: 'a', subject });
    times.push(transaction.committedAt);
    now -= 2 * aheadMicros;
  }
  const { url } = await listen(api.app);
  const ask = async (time: string) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: read, variables: { asOf: { time } } }),
    });
    return await answerOf(response);
  };
  for (const [index, subject] of ['one', 'two', 'three'].entries()) {
    const { data, errors } = await ask(times[index] as string);
    expect([errors, data?.todo.subject]).toEqual([undefined, subject]);
  }
  const last = times[2] as string;
  expect(await ask(justBefore(last))).toMatchObject({ data: { todo: { subject: 'two' } } });
  const after = new Date(Date.parse(`${last.slice(0, 23)}Z`) + 1).toISOString();
  expect(codesOf(await ask(after))).toEqual(['BAD_USER_INPUT']);
});

test('the time of the last commit may be asked for at once', async () => {
  const api = await openApi();
  for (let count = 0; count < 50; count += 1) {
    const { record, transaction } = await write(api, 'create', 'Todo', {});
    const document = `query ($id: ID!, $time: DateTime!) {
      todo(id: $id, asOf: { time: $time }) { revision }
    }`;
    const { todo } = await api.data(document, { id: record.id, time: transaction.committedAt });
    expect(todo).toEqual({ revision: 1 });
  }
});

test('a transaction ends where it is seen from, too', async () => {
  const api = await openApi();
  await api.data(`mutation { transact(operations: [
    { createTodo: { id: "a" } } { createTodo: { id: "b" } } { updateTodo: { id: "a", status: "s" } }
  ]) { __typename } }`);
  const versions =
    'transaction { versions(first: 2) { totalCount edges { node { id } } pageInfo { hasNextPage } } }';
  const seen = async (at: number) => {
    const { todo } = await api.data(`{ todo(id: "a", asOf: { position: "${at}" }) {
      current { ${versions} } history(order: ASC) { edges { node { ${versions} } } }
    } }`);
    const [first] = todo.history.edges;
    expect(first.node.transaction).toEqual(todo.current.transaction);
    const { totalCount, edges, pageInfo } = todo.current.transaction.versions;
    return [totalCount, edges.map(({ node }: { node: { id: string } }) => node.id), pageInfo];
  };
  expect(await seen(1)).toEqual([1, ['a@1'], { hasNextPage: false }]);
  expect(await seen(2)).toEqual([2, ['a@1', 'b@1'], { hasNextPage: false }]);
  expect(await seen(3)).toEqual([3, ['a@1', 'b@1'], { hasNextPage: true }]);
  const whole = await api.data('{ transaction(id: "1") { versions { totalCount } } }');
  expect(whole.transaction.versions.totalCount).toBe(3);
});
