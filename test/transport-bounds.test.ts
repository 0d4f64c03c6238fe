/**
 * Hostile transports, against a server that is a process of its own: clients that send what is hard
 * to read, or ask for much and read nothing. Others are served meanwhile, memory has a bound, and
 * comes back. What is measured is far from what a busy machine makes of it, and near to nothing of
 * what happens without the limits.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { openStore } from '../src/index.ts';
import { temporaryDirectory } from './support/temporary-store.ts';
import { WatchedServer } from './support/watched-server.ts';

const megabyte = 1024 * 1024;
/** Longest time that the event loop may be held while many do the same at once. */
const heldMaxMs = 200;
/** Longest time that anybody waits for a small answer, on a machine that does other things, too. */
const probeMaxMs = 4_000;

/** A server of so many todos with bodies of so many characters. */
async function serve(todos: number, bodyLength: number): Promise<WatchedServer> {
  const directory = temporaryDirectory();
  const store = await openStore({ directory, entities: shippedEntities });
  const body = 'x'.repeat(bodyLength);
  await store.transact(async (log) => {
    for (let count = 0; count < todos; count += 1) await log.create(Todo, { body });
  });
  await store.close();
  const server = await WatchedServer.start(directory);
  // What the first request of a process costs is not what is measured.
  await probe(server);
  await server.watched();
  await sleep(100);
  return server;
}

/** A small request of somebody else. @returns how long its answer took, in milliseconds. */
async function probe(server: WatchedServer): Promise<number> {
  const begin = performance.now();
  const response = await server.post('{"query":"{ __typename }"}');
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  return performance.now() - begin;
}

/** Probes for a while. @returns the longest time that an answer took. */
async function probeFor(server: WatchedServer, timeMs: number): Promise<number> {
  let longestMs = 0;
  for (const end = performance.now() + timeMs; performance.now() < end; await sleep(20)) {
    longestMs = Math.max(longestMs, await probe(server));
  }
  return longestMs;
}

/** Sends a request and reads nothing of its answer, until it leaves. */
function askWithoutReading(server: WatchedServer, query: string, accept: string): Socket {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  socket.pause();
  const body = JSON.stringify({ query });
  const head = `host: x\r\naccept: ${accept}\r\ncontent-type: application/json`;
  socket.write(
    `POST /graphql HTTP/1.1\r\n${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  onTestFinished(() => void socket.destroy());
  return socket;
}

async function openSocket(server: WatchedServer): Promise<WebSocket> {
  const socket = new WebSocket(server.socketUrl, 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  return socket;
}

function ask(socket: WebSocket, id: string, query: string): void {
  socket.send(JSON.stringify({ type: 'subscribe', id, payload: { query } }));
}

/** How much more than at first is in use when everybody has left; waits for it to come back. */
async function keptBytes(server: WatchedServer, usedBefore: number): Promise<number> {
  let kept = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 30 && kept > 50 * megabyte; count += 1) {
    await sleep(500);
    kept = (await server.watched()).usedBytes - usedBefore;
  }
  return kept;
}

/** 320 bodies of 60,000. */
const twentyMegabytes = '{ todos(first: 320) { edges { node { body } } } }';

/** Megabytes of text are memory that a busy machine hands out slowly, once; not three times. */
const inMegabytes = { timeout: 60_000, retry: 2 };

test('JSON that is hard to parse holds nobody up', inMegabytes, async () => {
  const server = await serve(1, 1);
  const nested = (bytes: number) => `${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}`;
  const values = (value: string, bytes: number) => `[${`${value},`.repeat(bytes / 4)}1]`;
  const texts = [
    nested(20e6),
    nested(7e6),
    values('[]', 7e6),
    values('{}', 7e6),
    `{${Array.from({ length: 500_000 }, (_, key) => `"${key}k":1`).join()}}`,
    `"${'\\"'.repeat(3.5e6)}`,
  ];
  const sent = texts
    .flatMap((text) => [text, text])
    .map(async (text) => {
      const body = `{"query":"{ __typename }","variables":{"unused":${text}}}`;
      // Of a body that is too large by its bytes the connection may break before it has been sent.
      const response = await server.post(body).catch(() => null);
      return response?.status ?? 413;
    });
  const probing = probeFor(server, 2_000);
  const statuses = await Promise.all(sent);
  expect(new Set(statuses)).toEqual(new Set([400, 413]));
  expect(await probing).toBeLessThan(probeMaxMs);
  const { heldMs, slowness } = await server.watched();
  expect(heldMs).toBeLessThan(heldMaxMs * slowness);
});

test('a WebSocket that reads gets all that it asked for', { timeout: 60_000 }, async () => {
  const server = await serve(320, 60_000);
  const socket = await openSocket(server);
  const answered = new Map<string, number>();
  const all = new Promise<void>((done) => {
    socket.on('message', (text) => {
      const { id, type, payload } = JSON.parse(String(text));
      if (type === 'next') answered.set(id, payload.data.todos.edges.length);
      else if (answered.size === 6) done();
    });
  });
  for (let id = 0; id < 6; id += 1) ask(socket, `${id}`, twentyMegabytes);
  await all;
  expect([...answered.values()]).toEqual(Array(6).fill(320));
});

test('what nobody reads is given back when they leave', { timeout: 120_000 }, async () => {
  const server = await serve(320, 60_000);
  const before = await server.watched();
  const sockets = await Promise.all(Array.from({ length: 4 }, () => openSocket(server)));
  for (const socket of sockets) {
    socket.pause();
    for (let id = 0; id < 10; id += 1) ask(socket, `${id}`, twentyMegabytes);
  }
  const connections = Array.from({ length: 6 }, () =>
    askWithoutReading(server, twentyMegabytes, 'application/json'),
  );
  await probeFor(server, 4_000);
  const { heldMs, slowness } = await server.watched();
  expect(heldMs).toBeLessThan(heldMaxMs * slowness);
  for (const socket of sockets) socket.terminate();
  for (const connection of connections) connection.destroy();
  expect(await keptBytes(server, before.usedBytes)).toBeLessThan(50 * megabyte);
});

test('feeds over server-sent events that nobody reads', { timeout: 120_000 }, async () => {
  const server = await serve(200, 20_000);
  const before = await server.watched();
  const feed = 'subscription { todoChanges(snapshot: true) { kind id todo { body } } }';
  const sockets = Array.from({ length: 600 }, () =>
    askWithoutReading(server, feed, 'text/event-stream'),
  );
  await probeFor(server, 6_000);
  const { heldMs, slowness, peakBytes } = await server.watched();
  expect(heldMs).toBeLessThan(heldMaxMs * slowness);
  // Without one page for all that begin alike it is a gigabyte.
  expect(peakBytes).toBeLessThan(700 * megabyte);
  for (const socket of sockets) socket.destroy();
  expect(await keptBytes(server, before.usedBytes)).toBeLessThan(50 * megabyte);
});
