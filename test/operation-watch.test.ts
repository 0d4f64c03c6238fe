/** Whoever watches is told of every operation, whichever road it comes by. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type App, createApp } from '../src/app.ts';
import type { FinishedOperation } from '../src/http/index.ts';
import { listen } from './support/api.ts';
import { takeEvents } from './support/events.ts';
import { openTemporary } from './support/temporary-store.ts';
import { until } from './support/until.ts';

interface Watched {
  readonly app: App;
  readonly url: string;
  readonly told: FinishedOperation[];
}

async function watch(limits = {}): Promise<Watched> {
  const told: FinishedOperation[] = [];
  const store = await openTemporary();
  const app = createApp(store, { limits, onOperation: (operation) => told.push(operation) });
  return { app, told, url: `${(await listen(app)).url}/graphql` };
}

async function post(url: string, params: object, headers = {}): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(params),
  });
  await response.arrayBuffer();
  return response;
}

const seen = ({ type, name, code }: FinishedOperation) => [type, name, code];
const query = 'query Head { log { position } }';

describe('over HTTP', () => {
  test('a plain operation is told once, with what it is and how long it took', async () => {
    const { url, told } = await watch();
    const response = await post(url, { query });
    expect(told.map(seen)).toEqual([['query', 'Head', 'OK']]);
    const [operation] = told;
    expect(operation?.requestId).toBe(response.headers.get('x-request-id'));
    expect(operation?.durationMs).toBeGreaterThan(0);
    expect(operation?.cost).toBe(1);
    expect(operation?.documentHash).toBe(createHash('sha256').update(query).digest('hex'));
  });

  test('so is one that goes the long road', async () => {
    const { url, told } = await watch();
    await (await fetch(`${url}?query=${encodeURIComponent(query)}`)).arrayBuffer();
    await post(url, { query }, { origin: 'http://localhost' });
    await post(url, { query: 'mutation { createTodo(input: {}) { __typename } }' });
    await post(url, {
      query: 'query A { a: __typename } query B { __typename }',
      operationName: 'B',
    });
    expect(told.map(seen)).toEqual([
      ['query', 'Head', 'OK'],
      ['query', 'Head', 'OK'],
      ['mutation', null, 'OK'],
      ['query', 'B', 'OK'],
    ]);
  });

  test('one that fails is told by its code, once', async () => {
    const { url, told } = await watch();
    const asked = 'query Past { todo(id: "x", asOf: { position: "9" }) { id } }';
    await post(url, { query: asked });
    expect(told.map(seen)).toEqual([['query', 'Past', 'BAD_USER_INPUT']]);
  });

  test('what is refused before it is executed is told by its code alone', async () => {
    const { url, told } = await watch({ operationCostMax: 5 });
    await post(url, { query: '{' });
    await post(url, { query: 'query Nothing { nothing }' });
    await post(url, { query: 'query Much { todos(first: 100) { edges { node { id } } } }' });
    expect(told.map(seen)).toEqual([
      ['unknown', null, 'GRAPHQL_PARSE_FAILED'],
      ['unknown', null, 'GRAPHQL_VALIDATION_FAILED'],
      ['query', 'Much', 'COST_TOO_HIGH'],
    ]);
  });

  test('a subscription is told when its events can begin', async () => {
    const { url, told } = await watch();
    const events = takeEvents(url, 'subscription All { changes { position } }', 1);
    await until(() => told.length === 1);
    expect(told.map(seen)).toEqual([['subscription', 'All', 'OK']]);
    await post(url, { query: 'mutation Make { createTodo(input: {}) { __typename } }' });
    await events;
    expect(told.map(seen)).toEqual([
      ['subscription', 'All', 'OK'],
      ['mutation', 'Make', 'OK'],
    ]);
  });
});

test('over WebSocket every operation is told under the id of what opened the socket', async () => {
  const { url, told } = await watch();
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
    headers: { 'x-request-id': 'socket-1' },
  });
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  const subscribe = (id: string, asked: string) =>
    socket.send(JSON.stringify({ type: 'subscribe', id, payload: { query: asked } }));
  await once(socket, 'message');
  for (const [id, asked] of [
    ['a', query],
    ['b', 'subscription All { changes { position } }'],
    ['c', '{ nothing }'],
  ] as const) {
    subscribe(id, asked);
    await until(() => told.length === ['a', 'b', 'c'].indexOf(id) + 1);
  }
  expect(told.map(seen)).toEqual([
    ['query', 'Head', 'OK'],
    ['subscription', 'All', 'OK'],
    ['unknown', null, 'GRAPHQL_VALIDATION_FAILED'],
  ]);
  expect(new Set(told.map(({ requestId }) => requestId))).toEqual(new Set(['socket-1']));
});
