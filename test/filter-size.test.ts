/** However large a filter is, and however often it is asked for, nobody else waits for it. */
import { expect, test } from 'vitest';
import { limits } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { requestLimits } from '../src/http/index.ts';
import { openApi, type TestApi } from './support/api.ts';

const max = requestLimits.queryValuesMax;
const texts = (count: number) => Array.from({ length: count }, (_, index) => `x${index}`);

/** Lists that hold a number of values in all; each is three more: its filter, field and list. */
const lists = (count: number, values: number) => ({
  or: Array.from({ length: count }, () => ({ userId: { in: texts(values) } })),
});

/** The same list of todos several times. */
const listed = (aliases: number) =>
  `query ($filter: TodoFilter) { ${texts(aliases)
    .map((alias) => `${alias}: todos(filter: $filter, first: 1) { totalCount }`)
    .join(' ')} }`;

/** Asks while a timer wants the event loop. @returns the longest that it waited, in ms. */
async function longestWait(ask: () => Promise<unknown>): Promise<number> {
  let [longest, last] = [0, performance.now()];
  const timer = setInterval(() => {
    const now = performance.now();
    [longest, last] = [Math.max(longest, now - last), now];
  }, 1);
  await ask().finally(() => clearInterval(timer));
  return longest;
}

const refused = (api: TestApi, query: string, filter: object) =>
  expect(api.ask(query, { filter })).resolves.toMatchObject({
    errors: [{ extensions: { code: 'DOCUMENT_TOO_LARGE', limit: 'queryValuesMax', max: 10_000 } }],
  });

test('the values of a query are counted in all, at each use of a variable', async () => {
  const api = await openApi();
  // The filter, its `or`, and `first`.
  const besides = 3;
  const most = lists(10, (max - besides) / 10 - 3);
  const exact = { ...most, or: [...most.or, ...Array(7).fill({})] };
  expect(await api.data(listed(1), { filter: exact })).toEqual({ x0: { totalCount: 0 } });
  await refused(api, listed(1), { ...exact, or: [...exact.or, {}] });
  await refused(api, listed(2), exact);
  await refused(api, listed(100), lists(1, 100));
  await refused(api, listed(100), lists(100, 900));
  // What is more than any request may hold is not even parsed.
  expect(await api.codes(listed(100), { filter: lists(440, 900) })).toEqual(['BODY_TOO_LARGE']);
  const literal = `{ ${texts(90)
    .map((alias) => `${alias}: ...Same`)
    .join(' ')} }`.replaceAll(/x\d+: /g, '');
  const fragment = (name: string, inner: string) => `fragment ${name} on Query { ${inner} }`;
  const doubled = `${literal.replace('{', '{ x: __typename')} ${fragment(
    'Same',
    `todos(filter: { id: { in: [${texts(120).map((text) => `"${text}"`)}] } }) { totalCount }`,
  )}`;
  expect(await api.codes(doubled)).toEqual(['DOCUMENT_TOO_LARGE']);
});

test('defaults of variables and subscriptions count too; what is not given does not', async () => {
  const api = await openApi();
  const preset = `{ id: { in: [${texts(150).map((text) => `"${text}"`)}] } }`;
  const query = listed(70).replace('$filter: TodoFilter', `$filter: TodoFilter = ${preset}`);
  expect(await api.codes(query)).toEqual(['DOCUMENT_TOO_LARGE']);
  expect(await api.codes(query, { filter: null })).toEqual([]);
  expect(await api.codes(listed(100))).toEqual([]);
  const followed = 'subscription ($filter: TodoFilter) { todoChanges(filter: $filter) { kind } }';
  const response = await api.send({
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: followed, variables: { filter: lists(20, 900) } }),
  });
  expect(await response.text()).toContain('"limit":"queryValuesMax"');
});

test('the words of all searches of a filter are counted', async () => {
  const api = await openApi();
  const search = texts(limits.searchWordsMax).join(' ');
  const or = Array(limits.filterSearchWordsMax / limits.searchWordsMax).fill({ search });
  expect(await api.data(listed(1), { filter: { or } })).toEqual({ x0: { totalCount: 0 } });
  const { errors } = await api.ask(listed(1), { filter: { or, search: 'y' } });
  expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', argument: 'filter' });
});

test('the text of a filter is counted, before anything is done with it', async () => {
  const api = await openApi();
  const text = 'ṩ'.repeat(limits.filterFoldedLengthMax);
  for (const filter of [
    { search: text },
    { subject: { containsInsensitive: text } },
    { subject: { in: Array(10).fill(text) } },
    { subject: { contains: 'x'.repeat(limits.filterTextLengthMax) } },
  ]) {
    expect(await api.data(listed(1), { filter })).toEqual({ x0: { totalCount: 0 } });
    const begin = performance.now();
    const { errors } = await api.ask(listed(1), {
      filter: { and: [filter, { search: 'x' }, { body: { containsInsensitive: text, eq: text } }] },
    });
    expect(performance.now() - begin).toBeLessThan(1_000);
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', argument: 'filter' });
  }
  const filter = { reason: { containsInsensitive: `${text}x` } };
  const query =
    'query ($filter: TransactionFilter) { transactions(filter: $filter) { totalCount } }';
  expect(await api.codes(query, { filter })).toEqual(['BAD_USER_INPUT']);
});

test('10,000 records with all their fields are written at once', { timeout: 60_000 }, async () => {
  const api = await openApi();
  const inputs = Array.from({ length: limits.bulkRecordsMax }, (_, index) => ({
    id: `t${index}`,
    userId: 'u',
    subject: 's',
    body: 'b',
    priority: 1,
    status: 'open',
    description: 'd',
    labels: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'],
  }));
  const query = `mutation ($inputs: [CreateTodoInput!]!) {
    createTodos(inputs: $inputs) { ... on CreateTodosPayload { transaction { lastPosition } } } }`;
  const { createTodos } = await api.data(query, { inputs });
  expect(createTodos.transaction.lastPosition).toBe('10000');
  const twice = query.replace('createTodos(', 'one: createTodos(').replace(/}$/, (end) => {
    return `two: createTodos(inputs: $inputs) { __typename } ${end}`;
  });
  const { errors } = await api.ask(twice, { inputs });
  expect(errors?.[0]?.extensions).toMatchObject({ limit: 'writtenValuesMax' });
});

test('the largest filters hold nobody up', { timeout: 60_000 }, async () => {
  const api = await openApi();
  await api.store.append(Todo, { userId: 'x1' });
  const conditions = (count: number) => ({
    or: Array.from({ length: count }, (_, index) => ({ subject: { contains: `${index}` } })),
  });
  const searches = { or: Array(5).fill({ search: texts(20).join(' ') }) };
  for (const [aliases, filter] of [
    [1, lists(10, 990)],
    [1, lists(96, 100)],
    [1, lists(150, 60)],
    [1, conditions(240)],
    [100, lists(1, 90)],
    [100, conditions(30)],
    [100, searches],
  ] as const) {
    const waited = await longestWait(() => api.data(listed(aliases), { filter }));
    // Some 20 ms on an idle machine; it was seconds.
    expect(waited).toBeLessThan(500);
  }
});
