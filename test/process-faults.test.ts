/**
 * A server whose machine fails under it: a file system that becomes read-only, no file descriptors,
 * a process that stands still, connections that are cut. The oracle is the client's own record of what
 * was acknowledged.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openStore } from '../src/db/index.ts';
import { positionZero, shippedEntities } from '../src/entities/index.ts';
import { randomNumbers } from './support/random.ts';
import { connectTo } from './support/raw-http.ts';
import { type Answer, everstate, ready, type TestServer } from './support/server.ts';
import { failingDisk } from './support/small-disk.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { Writers } from './support/writers.ts';

/** How long a server stands still under load; FAULT_STOP_MS=20000 is for whoever has the time. */
const stopMs = Number(process.env.FAULT_STOP_MS ?? 3_000);
/** How long a server that is told to end may take for it while clients go on sending. */
const drainMaxMs = 8_000;

// Each starts a server or two, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

async function serve(directory: string): Promise<TestServer> {
  return await ready(everstate(['serve', '--port', '0', '--data', directory]));
}

const health = async (server: TestServer) =>
  (await (await fetch(new URL('/health', server.url))).json()) as { log: string; replica: string };

/** Ends a server in which nothing failed; operations may have been slow. */
async function expectEnds(server: TestServer): Promise<void> {
  const { code, stderr } = await server.process.stop('SIGTERM');
  expect(code).toBe(0);
  const lines = stderr.split('\n').filter((line) => line !== '');
  expect(lines.filter((line) => JSON.parse(line).msg !== 'an operation was slow')).toEqual([]);
}

/** The ids in the log, in order, by a store of this process. */
async function idsIn(directory: string): Promise<string[]> {
  const store = await openStore({ directory, entities: shippedEntities, replicaInMemory: true });
  try {
    expect((await store.verify()).defect).toBeNull();
    return (await store.versionsBetween(positionZero, await store.head())).map(({ id }) => id);
  } finally {
    await store.close();
  }
}

test('a file system that becomes read-only refuses writes, and reads go on', async (context) => {
  const disk = failingDisk(context, 32);
  const directory = join(disk.directory, 'data');
  const server = await serve(directory);
  const writers = new Writers(server, 4);
  await until(() => writers.acknowledged.length > 50);
  disk.makeReadOnly();
  await until(() => writers.codes.length > 50);
  await writers.stop();
  expect(new Set(writers.codes)).toEqual(new Set(['STORAGE_FAILED']));
  expect((await health(server)).log).toBe('failed');
  const { todos } = await server.data('{ todos(first: 1) { totalCount } }');
  expect(todos.totalCount).toBe(writers.acknowledged.length);
  expect((await server.process.stop('SIGTERM')).code).toBe(0);
  disk.repair();
  const ids = await idsIn(directory);
  for (const id of writers.acknowledged) expect(ids).toContain(id);
  const again = await serve(directory);
  await again.data('mutation { createTodo(input: {}) { __typename } }');
  expect((await again.process.stop('SIGTERM')).code).toBe(0);
});

test('without file descriptors those who are connected are served, and all are once there are some', async (context) => {
  const directory = join(temporaryDirectory(), 'data');
  const server = await serve(directory);
  const { pid } = server.process.child;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const acknowledged: string[] = [];
  const codes: unknown[] = [];
  const create = async (id: string) => {
    const query = `mutation { createTodo(input: { id: "${id}" }) { __typename } }`;
    const { data, errors } = await askBy(agent, server.url, query);
    if (data?.createTodo?.__typename === 'CreateTodoPayload') acknowledged.push(id);
    else codes.push(errors?.[0]?.extensions?.code);
  };
  for (let count = 0; count < 10; count += 1) await create(`before${count}`);
  try {
    const open = readdirSync(`/proc/${pid}/fd`).length;
    execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${open + 8}:`], { stdio: 'ignore' });
  } catch {
    context.skip('there is no prlimit here');
  }
  const sockets: Socket[] = [];
  const refused = await fillConnections(server, sockets);
  expect(refused).toBeGreaterThan(0);
  for (let count = 0; count < 50; count += 1) await create(`during${count}`);
  const count = '{ todos(first: 1) { totalCount } }';
  const during = await askBy(agent, server.url, count);
  expect(during.data?.todos.totalCount).toBe(acknowledged.length);
  for (const socket of sockets) socket.destroy();
  await until(async () => (await health(server).catch(() => null))?.log === 'ok');
  for (let count = 0; count < 10; count += 1) await create(`after${count}`);
  expect((await server.data(count)).todos.totalCount).toBe(acknowledged.length);
  expect(acknowledged.slice(-1)).toEqual(['after9']);
  expect(codes).toEqual([]);
  agent.destroy();
  expect((await server.process.stop('SIGTERM')).code).toBe(0);
  expect(await idsIn(directory)).toEqual(acknowledged);
});

/** Opens connections until the server closes those that come: it has no more descriptors. */
async function fillConnections(server: TestServer, sockets: Socket[]): Promise<number> {
  let refused = 0;
  for (let count = 0; count < 200 && refused < 5; count += 1) {
    const socket = await connectTo(server.url);
    socket.on('error', () => {});
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const isServed = await new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true));
      socket.once('close', () => resolve(false));
      socket.once('end', () => resolve(false));
    });
    if (isServed) sockets.push(socket);
    else refused += 1;
  }
  return refused;
}

/** Sends an operation by an agent's own connection. */
async function askBy(agent: Agent, url: string, query: string): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      url,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve(JSON.parse(text) as Answer);
      },
    );
    sent.once('error', reject);
    sent.end(JSON.stringify({ query }));
  });
}

test(`a server that stands still for ${stopMs} ms under load goes on where it was`, {
  timeout: 60_000 + stopMs,
}, async () => {
  const directory = join(temporaryDirectory(), 'data');
  const server = await serve(directory);
  const changes = server.subscribe('subscription { changes(after: "0") { id } }');
  const followed: string[] = [];
  const following = (async () => {
    for await (const { data } of changes) followed.push(data.changes.id);
  })();
  const writers = new Writers(server, 6);
  await until(() => writers.acknowledged.length > 100);
  server.process.child.kill('SIGSTOP');
  await sleep(stopMs);
  const before = writers.acknowledged.length;
  server.process.child.kill('SIGCONT');
  await until(() => writers.acknowledged.length > before + 100);
  await writers.stop();
  expect(writers.codes).toEqual([]);
  expect(await health(server)).toMatchObject({ log: 'ok', replica: 'ok' });
  const { todos } = await server.data('{ todos(first: 1) { totalCount } }');
  expect(todos.totalCount).toBe(writers.acknowledged.length);
  await until(() => followed.length === writers.acknowledged.length);
  await expectEnds(server);
  await following;
  const ids = await idsIn(directory);
  expect([...ids].sort()).toEqual([...writers.acknowledged].sort());
  expect(followed).toEqual(ids);
});

test(`a server that is told to end under load answers what it took, and ends within ${drainMaxMs} ms`, async () => {
  const directory = join(temporaryDirectory(), 'data');
  const server = await serve(directory);
  const writers = new Writers(server, 8);
  await until(() => writers.acknowledged.length > 100);
  const began = performance.now();
  await expectEnds(server);
  expect(performance.now() - began).toBeLessThan(drainMaxMs);
  await writers.stop();
  // Whatever was written was acknowledged: nobody’s connection was cut between the two.
  expect((await idsIn(directory)).sort()).toEqual([...writers.acknowledged].sort());
});

test('a write whose connection is cut at any moment is made once, when it is sent again', async () => {
  const directory = join(temporaryDirectory(), 'data');
  const server = await serve(directory);
  const random = randomNumbers(Date.now() % 2 ** 31);
  const writes = 60;
  for (let number = 0; number < writes; number += 1) {
    const body = JSON.stringify({
      query: `mutation { createTodo(
        input: { subject: "s${number}" }, options: { idempotencyKey: "k${number}" }
      ) { ... on CreateTodoPayload { todo { id } } } }`,
    });
    const socket = await connectTo(server.url);
    socket.on('error', () => {});
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    // Each third is cut after the commit for sure: its answer was on the way.
    if (number % 3 === 0) {
      await new Promise((resolve) => socket.once('readable', resolve));
    } else {
      await sleep(random(4));
    }
    socket.resetAndDestroy();
    const answers: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { data } = await server.ask(JSON.parse(body).query);
      answers.push(data.createTodo.todo.id);
    }
    expect(new Set(answers).size).toBe(1);
  }
  expect((await server.process.stop('SIGTERM')).code).toBe(0);
  const store = await openTemporary({ directory, replicaInMemory: true });
  const versions = await store.versionsBetween(positionZero, await store.head());
  const subjects = versions.map(({ values }) => (values as { subject: string }).subject);
  expect(subjects).toEqual(Array.from({ length: writes }, (_, number) => `s${number}`));
  expect((await store.totals()).transactions).toBe(writes);
});
