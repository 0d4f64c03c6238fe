/** JSON is measured before it is parsed: what is too much, or nested too deeply, never is. */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { measureJson } from '../src/http/graphql/json-size.ts';
import { requestLimits } from '../src/http/server/request-limits.ts';
import { answerOf, codesOf, listen, openApi, TestApi } from './support/api.ts';
import { Conversation } from './support/conversation.ts';
import { checkProperty } from './support/property.ts';
import { openTemporary } from './support/temporary-store.ts';

interface Size {
  readonly values: number;
  readonly nesting: number;
}

/** What a value's JSON measures, told from the value. */
function sizeOf(value: unknown): Size {
  if (typeof value !== 'object' || value === null) return { values: 1, nesting: 0 };
  const inner = Object.values(value).map(sizeOf);
  const values = inner.reduce((sum, size) => sum + size.values, 0);
  const nesting = 1 + Math.max(0, ...inner.map((size) => size.nesting));
  return { values: 1 + Math.max(values, 1), nesting };
}

test('the size of a text is that of the value it stands for, whatever its strings say', async () => {
  const sign = fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', 'x', 'é', '\n');
  const text = fc.string({ unit: sign, maxLength: 200 });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.constantFrom(null, true, -1.5e300),
      fc.array(tie('value')),
      fc.dictionary(text, tie('value')),
    ),
  }));
  await checkProperty('measureJson', value, 500, async (one) => {
    for (const space of [0, 2])
      expect(measureJson(JSON.stringify(one, null, space))).toEqual(sizeOf(one));
  });
});

test('a text that is no JSON is measured, too', () => {
  const wrong = [
    '',
    '"',
    '"\\',
    `"${'x'.repeat(100)}\\`,
    ']]]',
    '[}',
    '"a',
    `"${'\\"'.repeat(999)}`,
  ];
  for (const text of wrong) expect(measureJson(text).nesting).toBeLessThan(2);
});

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const many = (values: number) => `[${'1,'.repeat(values)}1]`;
const body = (variable: string) => `{"query":"{ __typename }","variables":{"a":${variable}}}`;
const { jsonNestingMax, jsonValuesMax } = requestLimits;

/** Texts over a limit, by it. Those of megabytes hold JSON.parse for seconds. */
const tooMuch: readonly [limit: string, variable: string][] = [
  ['jsonNestingMax', deep(3_000)],
  ['jsonNestingMax', deep(jsonNestingMax)],
  ['jsonNestingMax', `${'{"and":'.repeat(3_000)}1${'}'.repeat(3_000)}`],
  ['jsonNestingMax', deep(4_000_000)],
  ['jsonValuesMax', many(jsonValuesMax)],
  ['jsonValuesMax', `[${'{},'.repeat(2_000_000)}1]`],
];

test('a body with too many values, or nested too deeply, is refused with the limit', async () => {
  const api = await openApi();
  const headers = { 'content-type': 'application/json' };
  const accept = 'application/graphql-response+json';
  for (const [limit, variable] of tooMuch) {
    const init = { method: 'POST', headers: { ...headers, accept }, body: body(variable) };
    const response = await api.send(init);
    const { errors } = await answerOf(response);
    expect([response.status, errors?.[0]?.extensions]).toEqual([
      413,
      { code: 'BODY_TOO_LARGE', limit, max: requestLimits[limit as 'jsonNestingMax'] },
    ]);
  }
  // Two levels are those of the body itself.
  for (const allowed of [deep(jsonNestingMax - 2), many(jsonValuesMax - 10)]) {
    const response = await api.send({ method: 'POST', headers, body: body(allowed) });
    expect((await answerOf(response)).data).toEqual({ __typename: 'Query' });
  }
  expect(api.logged).toEqual([]);
});

test('so are variables and extensions of a GET', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  for (const name of ['variables', 'extensions']) {
    const value = encodeURIComponent(`{"a":${deep(400)}}`);
    const response = await fetch(`${url}/graphql?query={__typename}&${name}=${value}`);
    expect([response.status, codesOf(await answerOf(response))]).toEqual([413, ['BODY_TOO_LARGE']]);
  }
  expect(api.logged).toEqual([]);
});

test('over WebSocket nesting is told for the operation; too many values end the connection', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const talk = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
  for (const levels of [3_000, jsonNestingMax, 400_000 / 4]) {
    talk.send(`{"type":"subscribe","id":"x","payload":${body(deep(levels))}}`);
    const { type, id, payload } = await talk.next();
    const extensions = { code: 'BODY_TOO_LARGE', limit: 'jsonNestingMax', max: jsonNestingMax };
    expect([type, id, payload[0].extensions]).toEqual(['error', 'x', extensions]);
  }
  talk.send(`{"type":"subscribe","id":"x","payload":${body(deep(jsonNestingMax - 3))}}`);
  expect(await talk.next()).toMatchObject({ type: 'next', id: 'x' });
  const closed = talk.closed();
  talk.send(`{"type":"subscribe","id":"x","payload":${body(many(jsonValuesMax))}}`);
  expect(await closed).toBe(`1009 More values than ${jsonValuesMax}`);
  expect(api.logged).toEqual([]);
});

test('nested messages that are no operations end the connection', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  for (const type of ['ping', 'connection_init', 'complete']) {
    const talk = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
    const closed = talk.closed();
    talk.send(`{"type":"${type}","id":"x","payload":{"a":${deep(3_000)}}}`);
    expect(await closed).toMatch(/^4400 /);
  }
  expect(api.logged).toEqual([]);
});

test('10,000 records of ordinary size are written at once', { timeout: 60_000 }, async () => {
  const api = await openApi();
  const inputs = Array.from({ length: 10_000 }, (_, number) => ({
    id: `task-${number}`,
    userId: 'ada',
    subject: `The task with the number ${number}`,
    body: 'Some words on what there is to do. '.repeat(8),
    priority: number % 100,
    status: 'open',
    description: 'Imported',
    labels: ['import', 'todo', `batch-${number % 10}`],
  }));
  const mutation = `mutation ($inputs: [CreateTodoInput!]!) {
    createTodos(inputs: $inputs) { ... on CreateTodosPayload { transaction { lastPosition } } }
  }`;
  const { createTodos } = await api.data(mutation, { inputs });
  expect(createTodos.transaction.lastPosition).toBe('10000');
});

test('how large a body may be is a setting', async () => {
  const store = await openTemporary();
  const api = new TestApi(store, { bodyBytesMax: 1_000 });
  onTestFinished(() => expect(api.logged).toEqual([]));
  const query = (length: number) => '{ __typename }'.padEnd(length);
  expect(await api.codes(query(1_000))).toEqual(['BODY_TOO_LARGE']);
  expect(await api.data(query(900))).toEqual({ __typename: 'Query' });
});
