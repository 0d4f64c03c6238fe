/** Clients that send slowly, or nothing: they are rid of, and nobody else notices. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isUpload, serverBounds, watchBodies } from '../src/http/index.ts';
import { listen, openApi } from './support/api.ts';
import { connectTo } from './support/raw-http.ts';
import { Tus } from './support/tus.ts';

/** As small as a busy machine can tell from none. */
const limits = {
  headTimeMaxMs: 400,
  requestTimeMaxMs: 1_200,
  uploadPaceMs: 400,
  uploadPaceBytesMin: 500,
  slowLookMs: 50,
  idleTimeMaxMs: 300,
};

const pieceMs = 25;

async function serve() {
  const api = await openApi();
  const { url, server } = await listen(api.app, serverBounds(limits));
  watchBodies(server, isUpload, limits);
  return { api, url, server };
}

/** Sends a text a piece at a time, until it is sent or the server has had enough. */
async function drip(socket: Socket, text: string, pieceLength = 1): Promise<void> {
  for (let from = 0; from < text.length && socket.writable; from += pieceLength) {
    socket.write(text.slice(from, from + pieceLength));
    await sleep(pieceMs);
  }
}

/** What the server answers until it closes the connection, and after how many milliseconds. */
async function untilClosed(socket: Socket): Promise<{ text: string; tookMs: number }> {
  const begin = performance.now();
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  // Its own half of the connection stays open, whatever the server does.
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return { text, tookMs: performance.now() - begin };
}

const ask = '{"query":"{ __typename }"}';
const head = (length: number) =>
  `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
const chunkedHead =
  'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';

/** Somebody else is answered as ever. */
async function expectServed(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: ask });
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
}

test('whoever opens a connection and says nothing loses it', async () => {
  const { url } = await serve();
  const sockets = await Promise.all(Array.from({ length: 50 }, () => connectTo(url)));
  const closed = Promise.all(sockets.map(untilClosed));
  await expectServed(url);
  for (const { text, tookMs } of await closed) {
    expect(text).toMatch(/^(HTTP\/1\.1 408 Request Timeout\r\n|$)/);
    expect(tookMs).toBeGreaterThan(limits.headTimeMaxMs - 100);
  }
});

test('a head that comes letter by letter is answered 408, and the connection closed', async () => {
  const { url, api } = await serve();
  const socket = await connectTo(url);
  const closed = untilClosed(socket);
  await Promise.all([drip(socket, `GET / HTTP/1.1\r\nx: ${'y'.repeat(10_000)}`), closed]);
  const { text, tookMs } = await closed;
  expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(tookMs).toBeGreaterThan(limits.headTimeMaxMs - 100);
  await expectServed(url);
  expect(api.logged).toEqual([]);
});

test.each([
  ['whose length is told', head(5_000), 'x'.repeat(5_000)],
  ['in chunks', chunkedHead, '1\r\nx\r\n'.repeat(1_000)],
  ['that is too large for the short road', head(100_000), ' '.repeat(100_000)],
])('a body %s and that comes letter by letter is cut off', async (_what, begin, body) => {
  const { url, api } = await serve();
  const socket = await connectTo(url);
  const closed = untilClosed(socket);
  socket.write(begin);
  await Promise.all([drip(socket, body, 6), closed]);
  const { text, tookMs } = await closed;
  expect(text).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  expect(tookMs).toBeGreaterThan(limits.requestTimeMaxMs - 100);
  await expectServed(url);
  expect(api.logged, 'it is nobody’s fault here').toEqual([]);
});

test('a body that stops half way is cut off, as is a client that leaves', async () => {
  const { url, api, server } = await serve();
  const stopped = await connectTo(url);
  stopped.write(head(ask.length) + ask.slice(0, 5));
  const left = await connectTo(url);
  left.write(head(ask.length) + ask.slice(0, 5));
  await sleep(pieceMs);
  left.destroy();
  await untilClosed(stopped);
  const connections = () =>
    new Promise<number>((counted) => server.getConnections((_error, count) => counted(count)));
  while ((await connections()) > 0) await sleep(pieceMs);
  await expectServed(url);
  expect(api.logged).toEqual([]);
});

test('whoever is slow within the limits is answered', async () => {
  const { url } = await serve();
  const socket = await connectTo(url);
  await drip(socket, head(ask.length), 40);
  await drip(socket, ask, 4);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
});

const fileBytes = 10_000;
const put = `PUT /files/by-path/f HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${fileBytes}\r\n\r\n`;

test('an upload takes as long as it likes, while its bytes come', async () => {
  const { url, api } = await serve();
  const socket = await connectTo(url);
  const begin = performance.now();
  const answered = once(socket, 'data');
  socket.write(put);
  await drip(socket, 'x'.repeat(fileBytes), 100);
  expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 201 /);
  expect(performance.now() - begin).toBeGreaterThan(1.5 * limits.requestTimeMaxMs);
  expect(api.logged).toEqual([]);
});

const begin = async (url: string) => {
  const tus = new Tus((path, init) => fetch(`${url}${path}`, init));
  const path = await tus.begin(fileBytes, { filename: 'f' });
  return `PATCH ${path} HTTP/1.1\r\nhost: localhost\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: ${fileBytes}\r\n\r\n`;
};

test.each([
  ['that is put', async () => put],
  ['that can be resumed', begin],
  [
    'in a form',
    async () =>
      `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${fileBytes}\r\n\r\n`,
  ],
])('an upload %s and stands still, or nearly, is cut off', async (_what, headOf) => {
  const { url, api } = await serve();
  const head = await headOf(url);
  const [still, slow] = [await connectTo(url), await connectTo(url)];
  const closed = Promise.all([still, slow].map(untilClosed));
  still.write(head);
  slow.write(head);
  await Promise.all([drip(slow, 'x'.repeat(fileBytes)), closed]);
  for (const { text, tookMs } of await closed) {
    expect(text).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    expect(tookMs).toBeGreaterThan(limits.uploadPaceMs - 100);
  }
  await expectServed(url);
  expect(api.logged).toEqual([]);
});

test('an answer that takes longer than its request may is not cut off', async () => {
  const { url } = await serve();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { changes { id } }' }),
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  // It may say that it is still there, and that is no end.
  const read = async (): Promise<string> => ((await reader.read()).done ? 'ended' : await read());
  const ended = read().catch(() => 'broken');
  const still = sleep(2 * limits.requestTimeMaxMs).then(() => 'still open');
  expect(await Promise.race([ended, still])).toBe('still open');
  await reader.cancel();
});

test('a connection that has nothing to ask is closed after a while', async () => {
  const { url } = await serve();
  const socket = await connectTo(url);
  socket.write(head(ask.length) + ask);
  await once(socket, 'data');
  const { tookMs } = await untilClosed(socket);
  expect(tookMs).toBeLessThan(10_000);
});

test('a head that is too large is answered 431, however it grows', async () => {
  const api = await openApi();
  const { url } = await listen(api.app, serverBounds());
  for (const large of [
    `GET /graphql?query=${'a'.repeat(17_000)} HTTP/1.1\r\nhost: a\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(17_000)}\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: a\r\n${'name: value\r\n'.repeat(1_900)}\r\n`,
  ]) {
    const socket = await connectTo(url);
    const closed = untilClosed(socket);
    socket.write(large);
    expect((await closed).text).toMatch(/^HTTP\/1\.1 431 /);
  }
  await expectServed(url);
});
