/** The short road of plain operations leads to the very answers that Yoga's gives. */
import { Agent, createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createYoga } from 'graphql-yoga';
import { expect, onTestFinished, test } from 'vitest';
import { Unavailable } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { noIdentity, PlainOperations, Viewers } from '../src/http/index.ts';
import { buildSchema } from '../src/schema/index.ts';
import { openApi, type TestApi } from './support/api.ts';

interface Sent {
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of this file alone: all share a process, and some have servers that answer with anything. */
const agent = new Agent({ keepAlive: true });

/** Sends a POST; @returns what was answered, less what is another each time. */
function post(url: string, { body, headers = {} }: Sent) {
  return new Promise<{ status: number | undefined; headers: object; text: string }>(
    (resolve, reject) => {
      const sent = request(url, {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          // Its answer, and an error that the log has more of, tell it.
          'x-request-id': 'the-same',
          ...headers,
        },
      });
      sent.once('error', reject);
      sent.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.once('end', () => {
          const { date: _, ...others } = response.headers;
          resolve({ status: response.statusCode, headers: others, text });
        });
      });
      sent.end(body);
    },
  );
}

/** What no client sends, and what only Yoga's road takes. */
const byYoga = { 'content-encoding': 'identity' };

async function expectSame(url: string, sent: Sent) {
  const plain = await post(url, sent);
  expect(plain).toEqual(await post(url, { ...sent, headers: { ...sent.headers, ...byYoga } }));
  return plain;
}

const json = (query: unknown, more: object = {}): Sent => ({
  body: JSON.stringify({ query, ...more }),
});
const some = '{ todo(id: "a") { id subject } }';
const fragment = (depth: number) => `{ ${'todo(id: "a") { current { '.repeat(depth)}`;

const requests: readonly [string, Sent, number][] = [
  ['a query', json(some), 200],
  [
    'a query with variables',
    json('query($i: ID!) { todo(id: $i) { id } }', { variables: { i: 'a' } }),
    200,
  ],
  ['nulls besides', json(some, { variables: null, operationName: null, extensions: null }), 200],
  [
    'an operation by its name',
    json(`query A ${some} query B { log { versions } }`, { operationName: 'B' }),
    200,
  ],
  ['an operation whose name is none', json(`query A ${some}`, { operationName: 'C' }), 400],
  ['a choice that is not made', json(`query A ${some} query B ${some}`), 400],
  [
    'a dry run',
    json('mutation { createTodo(input: { subject: "é" }, dryRun: true) { __typename } }'),
    200,
  ],
  [
    'a mutation that is refused',
    json('mutation { deleteTodo(input: { id: "none" }) { ... on Problem { code message } } }'),
    200,
  ],
  ['a field that fails', json('{ todo(id: "a", asOf: { position: "99" }) { id } }'), 200],
  [
    'a field that fails beside others',
    json(`{ log { versions } todo(id: "a", asOf: { position: "99" }) { id } }`),
    200,
  ],
  [
    'a variable that does not fit',
    json('query($i: Int) { todos(first: $i) { edges { cursor } } }', { variables: { i: 'x' } }),
    200,
  ],
  ['a document that is not valid', json('{ nothing }'), 200],
  ['a document that is none', json('{'), 200],
  ['a document that is too deep', json(fragment(150)), 200],
  [
    'a list that may be too long',
    json('{ todos(first: 1000) { edges { node { history(first: 1000) { edges { cursor } } } } } }'),
    200,
  ],
  [
    'a large answer',
    json(
      `{ ${Array.from({ length: 99 }, (_, i) => `a${i}: todo(id: "a") { ...t }`).join(' ')} } fragment t on Todo { ${Array.from({ length: 12 }, (_, i) => `b${i}: id c${i}: updatedAt`).join(' ')} }`,
    ),
    200,
  ],
  [
    'a subscription',
    { ...json('subscription { todoChanges { id } }'), headers: { accept: 'application/json' } },
    406,
  ],
  ['a list of operations', { body: `[${JSON.stringify({ query: some })}]` }, 400],
  ['a parameter that is none', json(some, { more: 1 }), 400],
  ['variables that are a list', json(some, { variables: [] }), 400],
  ['variables that are a text', json(some, { variables: '{}' }), 400],
  ['an operation name that is a number', json(some, { operationName: 1 }), 400],
  ['a query that is a number', json(1), 400],
  ['no query', { body: '{}' }, 400],
  ['no object', { body: '7' }, 400],
  ['no JSON', { body: '{' }, 400],
  ['no UTF-8', { body: Buffer.from([0x7b, 0xff, 0x7d]) }, 400],
  [
    'JSON that is too deep',
    {
      body: `{"query":"${some.replaceAll('"', '\\"')}","variables":${'['.repeat(300)}${']'.repeat(300)}}`,
    },
    413,
  ],
  [
    'UTF-8 by name',
    { ...json(some), headers: { 'content-type': 'application/json; charset=utf-8' } },
    200,
  ],
  [
    'another encoding',
    { ...json(some), headers: { 'content-type': 'application/json; charset=latin1' } },
    415,
  ],
  ['a form', { ...json(some), headers: { 'content-type': 'text/plain' } }, 415],
  [
    'the other JSON accepted',
    { ...json(some), headers: { accept: 'application/graphql-response+json' } },
    200,
  ],
  [
    'the other JSON accepted, of an invalid document',
    { ...json('{ nothing }'), headers: { accept: 'application/graphql-response+json' } },
    400,
  ],
  [
    'the other JSON accepted, of a new document that is not valid',
    { ...json('{ new }'), headers: { accept: 'application/graphql-response+json' } },
    400,
  ],
  [
    'the other JSON accepted, of a new document that is none',
    { ...json('{ new'), headers: { accept: 'application/graphql-response+json' } },
    400,
  ],
  ['anything accepted', { ...json(some), headers: { accept: '*/*' } }, 200],
  ['events accepted', { ...json(some), headers: { accept: 'text/event-stream' } }, 200],
  ['a page accepted', { ...json(some), headers: { accept: 'text/html' } }, 406],
  ['a page of this machine', { ...json(some), headers: { origin: 'http://localhost:5173' } }, 200],
];

async function servedApi(): Promise<{ api: TestApi; url: string }> {
  const api = await openApi();
  await api.store.append(Todo, { id: 'a', subject: 'ä' });
  return { api, url: await serve(api.app as RequestListener) };
}

/** Serves until the test ends; @returns where its endpoint is. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

test('what is asked by the short road is answered as by Yoga’s', async () => {
  const { url } = await servedApi();
  for (const [what, sent, status] of requests) {
    const answer = await expectSame(url, sent);
    expect([what, answer.status]).toEqual([what, status]);
  }
});

test('what fails is masked on both, and a store that closes says 503', async () => {
  const { api, url } = await servedApi();
  const get = api.store.records.bind(api.store);
  Object.assign(api.store, { records: () => Promise.reject(new Error('secret')) });
  const masked = await expectSame(url, json(some));
  expect(masked.text).toContain('INTERNAL_SERVER_ERROR');
  expect(masked.text).not.toContain('secret');
  Object.assign(api.store, { records: get });
  await api.store.close();
  expect((await expectSame(url, json(some))).status).toBe(503);
  const create = 'mutation { createTodo(input: {}) { __typename } }';
  expect((await expectSame(url, json(create))).status).toBe(503);
});

test('a mutation is made once, even when the answer to it fails, which is no 503', async () => {
  const { api, url } = await servedApi();
  const create = `mutation { createTodo(input: { id: "new" }) { ... on CreateTodoPayload {
    todo { id history { edges { node { id } } } } } } }`;
  const unavailable = new Unavailable('Not now.');
  Object.assign(api.store, { revisions: () => Promise.reject(unavailable) });
  const answer = await post(url, json(create));
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('UNAVAILABLE');
  expect((await api.store.get(Todo, 'new'))?.revision).toBe(1);
});

test('plain operations alone go by the short road', async () => {
  const { api } = await servedApi();
  let requestsOfYoga = 0;
  const plain = new PlainOperations(1_000, new Viewers(noIdentity), () => new Error('none'));
  const onRequest = () => {
    requestsOfYoga += 1;
  };
  const schema = buildSchema(api.store.entities);
  const yoga = createYoga({ schema, plugins: [plain.plugin, { onRequest }] });
  const url = await serve(plain.before(yoga) as RequestListener);
  await post(url, json('{ __typename }'));
  expect(requestsOfYoga).toBe(0);
  const others: Sent[] = [
    json('{ nothing }'),
    json('{ __typename }', { extensions: { large: 'x'.repeat(1_000) } }),
    { ...json('{ __typename }'), headers: byYoga },
    { ...json('{ __typename }'), headers: { origin: 'http://localhost' } },
    { ...json('{ __typename }'), headers: { accept: 'text/event-stream' } },
  ];
  for (const other of others) await post(url, other);
  expect(requestsOfYoga).toBe(others.length);
});
