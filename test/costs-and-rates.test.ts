/** What operations cost, what one may cost, and what one client may do in a minute. */
import { expect, test } from 'vitest';
import { type AppOptions, createApp } from '../src/app.ts';
import { Todo } from '../src/entities/index.ts';
import { byFunction, ClientAddresses } from '../src/http/index.ts';
import { TokenBuckets } from '../src/http/server/token-buckets.ts';
import { listen } from './support/api.ts';
import { Conversation } from './support/conversation.ts';
import { openTemporary } from './support/temporary-store.ts';

async function open(options: AppOptions = {}) {
  const store = await openTemporary();
  const { url } = await listen(createApp(store, options));
  /** By the short road; with an origin by the long one. */
  const ask = async (query: string, headers: object = {}, more: object = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, ...more }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
    const body = (await response.json()) as any;
    const { status } = response;
    return { status, retryAfter: response.headers.get('retry-after'), ...body };
  };
  return { store, url, ask, roads: [{}, { origin: url }] };
}

const told = { extensions: { cost: true } };
const page = (size: number) => `{ todos(first: ${size}) { edges { node { id } } } }`;

test('what an operation costs is told to whoever asks for it, by every road', async () => {
  const { store, url, ask, roads } = await open();
  await store.append(Todo, { id: 'a' });
  for (const headers of roads) {
    // Answers that are kept are told about as well.
    for (let count = 0; count < 3; count += 1) {
      const max = 100_000;
      for (const [query, is] of [
        ['{ __typename }', 1],
        ['{ todo(id: "a") { id } }', 1],
        ['{ a: todo(id: "a") { id } b: todo(id: "b") { id } }', 2],
      ] as const) {
        const { data, extensions } = await ask(query, headers, told);
        expect([query, data !== undefined, extensions.cost]).toEqual([query, true, { is, max }]);
        expect((await ask(query, headers)).extensions?.cost).toBeUndefined();
      }
    }
    const [small, large] = [
      await ask(page(10), headers, told),
      await ask(page(100), headers, told),
    ];
    expect(large.extensions.cost.is - small.extensions.cost.is).toBe(180);
    expect(large.extensions.position).toBe('1');
  }
  const conversation = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
  const payload = { query: '{ todo(id: "a") { id } }', ...told };
  conversation.send({ type: 'subscribe', id: '1', payload });
  expect((await conversation.next()).payload.extensions.cost.is).toBe(1);
  const asked = new URLSearchParams({ query: page(10), extensions: '{"cost":true}' });
  const response = await fetch(`${url}/graphql?${asked}`, {
    headers: { accept: 'application/json' },
  });
  expect((await response.json()).extensions.cost.is).toBeGreaterThan(10);
});

test('with the setting every answer tells its cost', async () => {
  const { ask, roads } = await open({ costReport: true });
  for (const headers of roads) {
    expect((await ask('{ __typename }', headers)).extensions.cost.is).toBe(1);
  }
});

test('an operation that may cost too much is refused before it runs, by every road', async () => {
  const { store, url, ask, roads } = await open({ limits: { operationCostMax: 50 } });
  for (const headers of roads) {
    expect((await ask(page(10), headers)).errors).toBeUndefined();
    const { status, errors } = await ask(page(100), headers);
    expect([status, errors[0].extensions]).toEqual([
      200,
      { code: 'COST_TOO_HIGH', cost: expect.any(Number), max: 50 },
    ]);
    const query = 'query ($n: Int) { todos(first: $n) { edges { node { id } } } }';
    expect((await ask(query, headers, { variables: { n: 5 } })).errors).toBeUndefined();
    expect((await ask(query, headers, { variables: { n: 500 } })).errors[0].extensions.code).toBe(
      'COST_TOO_HIGH',
    );
    const many = Array.from(
      { length: 60 },
      (_, at) => `m${at}: createTodo(input: {}) { ... on CreateTodoPayload { todo { id } } }`,
    );
    expect((await ask(`mutation { ${many.join(' ')} }`, headers)).errors[0].extensions.code).toBe(
      'COST_TOO_HIGH',
    );
  }
  expect(await store.head()).toBe(0);
  const conversation = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
  conversation.subscribe('1', page(100));
  expect(JSON.stringify(await conversation.next())).toContain('COST_TOO_HIGH');
});

const write = 'mutation { createTodo(input: {}) { __typename } }';

test('mutations beyond the rate are answered 429, with when to come back, by every road', async () => {
  const { store, url, ask, roads } = await open({ limits: { mutationsPerMinuteMax: 3 } });
  for (let count = 0; count < 3; count += 1) {
    expect((await ask(write, roads[count % 2])).errors).toBeUndefined();
  }
  for (const headers of roads) {
    const { status, retryAfter, errors, data } = await ask(write, headers);
    expect([status, data]).toEqual([429, undefined]);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(Number(retryAfter)).toBeLessThanOrEqual(20);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining('(mutationsPerMinuteMax)'),
      extensions: { code: 'RATE_LIMITED', retryAfterSeconds: Number(retryAfter) },
    });
    // Reads are not meant.
    expect((await ask('{ log { position } }', headers)).status).toBe(200);
  }
  const conversation = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
  conversation.subscribe('1', write);
  expect(JSON.stringify(await conversation.next())).toContain('RATE_LIMITED');
  expect(await store.head()).toBe(3);
});

test('each field of a mutation counts, and what goes beyond is owed', async () => {
  const { ask } = await open({ limits: { mutationsPerMinuteMax: 60 } });
  const many = Array.from(
    { length: 70 },
    (_, at) => `m${at}: createTodo(input: {}) { __typename }`,
  );
  expect((await ask(`mutation { ${many.join(' ')} }`)).status).toBe(200);
  const { status, retryAfter } = await ask(write);
  expect(status).toBe(429);
  expect(Number(retryAfter)).toBeGreaterThan(8);
});

test('costs beyond the rate are answered 429, by GET and for subscriptions as well', async () => {
  const { url, ask } = await open({ limits: { costPerMinuteMax: 1_000 } });
  expect((await ask(page(1_000))).status).toBe(200);
  expect((await ask('{ __typename }')).status).toBe(429);
  const get = await fetch(`${url}/graphql?query=${encodeURIComponent(page(1))}`, {
    headers: { accept: 'application/json' },
  });
  expect([get.status, get.headers.has('retry-after')]).toEqual([429, true]);
  const stream = await ask('subscription { changes { id } }', {
    accept: 'text/event-stream, application/json;q=0.1',
  }).catch(() => null);
  expect(stream?.status ?? 429).toBe(429);
});

test('what is refused for another reason is not counted', async () => {
  const { ask } = await open({ limits: { costPerMinuteMax: 100 } });
  for (let count = 0; count < 200; count += 1) {
    expect((await ask('{ nothing }')).errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  }
  expect((await ask('{ __typename }')).status).toBe(200);
});

test('clients are told apart by who they are, and otherwise by where they are', async () => {
  const limits = { mutationsPerMinuteMax: 1 };
  const clients = new ClientAddresses(['127.0.0.1']);
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const strangers = await open({ limits, clients });
  expect((await strangers.ask(write, from('1.1.1.1'))).status).toBe(200);
  expect((await strangers.ask(write, from('1.1.1.1'))).status).toBe(429);
  expect((await strangers.ask(write, from('2.2.2.2'))).status).toBe(200);

  const identity = byFunction(({ header }) => ({
    id: header('authorization') ?? '',
    roles: ['admin'],
    claims: {},
  }));
  const known = await open({ limits, clients, identity });
  const as = (id: string, address: string) => ({ authorization: id, ...from(address) });
  expect((await known.ask(write, as('ada', '1.1.1.1'))).status).toBe(200);
  expect((await known.ask(write, as('ada', '2.2.2.2'))).status).toBe(429);
  expect((await known.ask(write, as('bob', '1.1.1.1'))).status).toBe(200);
});

test('a bucket fills evenly, holds a minute’s worth, and forgets nothing that is owed', () => {
  let now = 0;
  const buckets = new TokenBuckets(60, () => now);
  for (let count = 0; count < 60; count += 1) expect(buckets.take('a', 1)).toBe(0);
  expect(buckets.take('a', 1)).toBe(1);
  expect(buckets.take('b', 1)).toBe(0);
  now += 999;
  expect(buckets.take('a', 1)).toBe(1);
  now += 1;
  expect(buckets.take('a', 1)).toBe(0);
  expect(buckets.take('a', 1)).toBe(1);
  now += 3_600_000;
  expect(buckets.take('a', 120)).toBe(0);
  expect(buckets.take('a', 1)).toBe(61);
  now += 61_000;
  expect(buckets.take('a', 1)).toBe(0);
});
