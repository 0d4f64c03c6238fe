/** What clients and load balancers see over HTTP of a store whose storage fails. */
import { mkdirSync, renameSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { Unavailable } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { Stage } from '../src/http/index.ts';
import { findPort } from '../src/listen.ts';
import { TestApi } from './support/api.ts';
import { everstate, ready } from './support/server.ts';
import { logPath, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { openWatched } from './support/watched-store.ts';

const origin = 'http://everstate.test';
const createTodo = `mutation ($id: ID!) {
  createTodo(input: { id: $id }) { ... on CreateTodoPayload { todo { id } } }
}`;

/** A store whose data directory can be moved away. */
async function openMovable() {
  const directory = join(temporaryDirectory(), 'data');
  mkdirSync(directory);
  const { store, changes } = await openWatched(directory, { replicaInMemory: true });
  return { api: new TestApi(store), directory, changes };
}

/** A store whose replica has no room in its memory, so that nothing can be read from it. */
async function openWithoutReplica() {
  const { store, changes } = await openWatched(temporaryDirectory(), {
    replicaInMemory: true,
    replicaMemoryMaxMb: 10,
  });
  const api = new TestApi(store);
  const input = { filename: 'kept.txt', text: 'kept', id: 'f' };
  await api.data(
    'mutation ($input: CreateLakeFileInput!) { createLakeFile(input: $input) { __typename } }',
    { input },
  );
  const body = 'x'.repeat(60_000);
  for (let round = 0; round < 6; round += 1) {
    const inputs = Array.from({ length: 100 }, (_, index) => ({
      body: `${round}/${index}${body}`,
    }));
    await Promise.all(inputs.map((input) => store.append(Todo, input)));
  }
  await until(() => store.health().replica === 'failed');
  return { api, store, changes };
}

async function post(api: TestApi, query: string, variables: object = {}, accept = '*/*') {
  return await api.send({
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query, variables }),
  });
}

describe('GET /health', () => {
  test('answers 200 while the store can be read and written', async () => {
    const { api } = await openMovable();
    const response = await api.send({}, `${origin}/health`);
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: 'ok', log: 'ok', replica: 'ok' },
    ]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const head = await api.send({ method: 'HEAD' }, `${origin}/health`);
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await api.send({ method: 'POST' }, `${origin}/health`);
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('answers 503 and what is wrong while it cannot, and leaks no path', async () => {
    const { api, directory } = await openMovable();
    renameSync(directory, `${directory}-away`);
    await until(() => api.store.health().log === 'gone');
    const response = await api.send({}, `${origin}/health`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({ status: 'unavailable', log: 'gone', replica: 'ok' });
    renameSync(`${directory}-away`, directory);
    await until(() => api.store.health().log === 'ok');
    expect((await api.send({}, `${origin}/health`)).status).toBe(200);
  });

  test('is the only URL that answers so', async () => {
    const { api } = await openMovable();
    const query = encodeURIComponent('{ log { position } }');
    const response = await api.send({}, `${origin}/graphql?query=${query}&for=/health`);
    expect((await response.json()).data).toEqual({ log: { position: '0' } });
    expect((await api.send({}, `${origin}/other/health`)).status).toBe(404);
  });
});

describe('GET /health/live', () => {
  test('answers 200 while the process does, whatever its store does', async () => {
    const { api, directory } = await openMovable();
    renameSync(directory, `${directory}-away`);
    await until(() => api.store.health().log === 'gone');
    const response = await api.send({}, `${origin}/health/live`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    renameSync(`${directory}-away`, directory);
  });
});

describe('GET /health/ready', () => {
  const ready = (api: TestApi) => api.send({}, `${origin}/health/ready`);

  test('answers 200 while requests would be answered at once', async () => {
    const { api } = await openMovable();
    const response = await ready(api);
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: 'ok', log: 'ok', replica: 'ok' },
    ]);
    const post = await api.send({ method: 'POST' }, `${origin}/health/ready`);
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('answers 503 while the log cannot be written', async () => {
    const { api, directory } = await openMovable();
    renameSync(directory, `${directory}-away`);
    await until(() => api.store.health().log === 'gone');
    const response = await ready(api);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toEqual({ status: 'unavailable', log: 'gone', replica: 'ok' });
    renameSync(`${directory}-away`, directory);
    await until(() => api.store.health().log === 'ok');
    expect((await ready(api)).status).toBe(200);
  });

  test('answers 503 while there is no replica', async () => {
    const { api } = await openWithoutReplica();
    const response = await ready(api);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: 'unavailable', log: 'ok' });
  });

  test('answers 503 while reads would wait for the replica longer than they may', async () => {
    const directory = temporaryDirectory();
    const { store } = await openWatched(directory);
    const other = await openWatched(directory);
    const body = 'x'.repeat(200);
    const write = () =>
      other.store.transact(async (log) => {
        for (let count = 0; count < 10_000; count += 1) await log.create(Todo, { body });
      });
    const answerOf = async (readyLagMaxMs: number) => {
      const app = createApp(store, { readyLagMaxMs });
      const response = await app.fetch(`${origin}/health/ready`);
      return [response.status, (await response.json()).replica];
    };
    await write();
    expect(await answerOf(1)).toEqual([503, 'behind']);
    expect(await answerOf(30_000)).toEqual([200, 'ok']);
    // What it lacked it has then, and is asked no more of than before.
    expect(await answerOf(1)).toEqual([200, 'ok']);
  });

  test('answers 503 once the store closes', async () => {
    const { api } = await openMovable();
    await api.store.close();
    expect((await ready(api)).status).toBe(503);
  });
});

test('a server is alive and not ready until its store is open', async () => {
  const directory = temporaryDirectory();
  await (await openWatched(directory)).store.close();
  // Whoever starts needs the log for a moment, which somebody else has.
  const other = new Database(logPath(directory));
  onTestFinished(() => void other.close());
  other.exec('begin immediate');
  const port = await findPort({ host: '127.0.0.1', port: 0 });
  const child = everstate(['serve', '--data', directory, '--port', String(port)]);
  const health = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/health${path}`);
    return [response.status, (await response.json()).status];
  };
  await until(async () => {
    const answer = await health('/live').catch(() => null);
    return answer?.[0] === 200;
  });
  expect(await health('/ready')).toEqual([503, 'starting']);
  expect(await health('')).toEqual([503, 'starting']);
  other.exec('rollback');
  await ready(child);
  for (const path of ['', '/live', '/ready']) expect(await health(path)).toEqual([200, 'ok']);
});

test('a server that closes is alive and not ready', async () => {
  const stage = new Stage();
  stage.serve();
  const server = createServer((request, response) => {
    if (!stage.answers(request, response)) response.end('served');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const health = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()];
  };
  expect(await health('/health/ready')).toEqual([200, 'served']);
  stage.close();
  expect(await health('/health/ready?verbose')).toEqual([503, '{"status":"closing"}\n']);
  expect(await health('/health/live')).toEqual([200, '{"status":"ok"}\n']);
  expect(await health('/graphql')).toEqual([200, 'served']);
});

test('a write that storage refuses is told by code, status and Retry-After', async () => {
  const { api, directory, changes } = await openMovable();
  renameSync(directory, `${directory}-away`);
  for (const accept of ['application/json', 'application/graphql-response+json']) {
    const response = await post(api, createTodo, { id: 'x' }, accept);
    const { data, errors } = await response.json();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(data ?? null).toEqual(null);
    expect(errors[0].extensions.code).toBe('STORAGE_FAILED');
    expect(JSON.stringify(errors)).not.toContain(directory);
  }
  const read = await post(api, '{ todos { totalCount } }');
  expect([read.status, (await read.json()).data]).toEqual([200, { todos: { totalCount: 0 } }]);
  // One line for the change, none for the requests.
  expect(changes).toHaveLength(1);
  expect(api.logged).toEqual([]);
  renameSync(`${directory}-away`, directory);
});

test('without a replica, what the log answers goes on, and the rest is 503 for a while', async () => {
  const { api } = await openWithoutReplica();
  const read = await post(api, '{ todos(first: 1) { edges { node { id } } } }');
  expect([read.status, read.headers.get('retry-after')]).toEqual([503, '1']);
  expect((await read.json()).errors[0].extensions.code).toBe('UNAVAILABLE');
  const log = await post(api, '{ log { position } changes(first: 1) { changes { position } } }');
  expect([log.status, (await log.json()).errors]).toEqual([200, undefined]);
  const file = await api.send({}, `${origin}/files/f/1`);
  expect([file.status, await file.text()]).toEqual([200, 'kept']);
  const written = await post(api, createTodo, { id: 'later' });
  expect([written.status, (await written.json()).data.createTodo.todo.id]).toEqual([200, 'later']);
  expect(api.logged).toEqual([]);
});

test('a mutation that was made is never 503, whatever fails below it', async () => {
  const { api } = await openWithoutReplica();
  const unavailable = new Unavailable('Not now.');
  Object.assign(api.store, { revisions: () => Promise.reject(unavailable) });
  const query = `mutation { createTodo(input: { id: "made" }) { ... on CreateTodoPayload {
    todo { id history(first: 1) { edges { node { revision } } } } } } }`;
  const response = await post(api, query);
  expect(response.status).toBe(200);
  expect((await response.json()).errors[0].extensions.code).toBe('UNAVAILABLE');
  const position = await api.position();
  expect(position).toBe('602');
});
