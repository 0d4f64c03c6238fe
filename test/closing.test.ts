/** How a server ends: it waits for what gets on, and for nothing else. */
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { RequestsUnderWay } from '../src/http/index.ts';
import { openStore } from '../src/index.ts';
import { connectTo, exchange, upgradeLines } from './support/raw-http.ts';
import { everstate, ready, type TestServer } from './support/server.ts';
import { lastingDirectory, temporaryDirectory } from './support/temporary-store.ts';

/** More than the deadline, which what stands still must not cost. */
const deadlineMs = 10_000;
const fileBytes = 24_000_000;

async function serve(directory = join(temporaryDirectory(), 'data')): Promise<TestServer> {
  return await ready(everstate(['serve', '--port', '0', '--data', directory]));
}

/** Has a file and a feed that are more than a socket's buffers hold. */
const filled = lastingDirectory();
beforeAll(async () => {
  const store = await openStore({ directory: filled, entities: shippedEntities });
  await store.transact(async (log) => {
    const contents = await log.putContents(Buffer.alloc(fileBytes));
    await log.create(LakeFile, { id: 'f', filename: 'f', ...contents });
    for (let count = 0; count < 400; count += 1) {
      await log.create(Todo, { body: 'x'.repeat(60_000) });
    }
  });
  await store.close();
});

/** A data directory of its own with what is in the filled one. */
function filledDirectory(): string {
  const directory = join(temporaryDirectory(), 'data');
  cpSync(filled, directory, { recursive: true });
  return directory;
}

/** Ends the server; it must not have waited for its deadline. */
async function expectPromptEnd(server: TestServer): Promise<void> {
  const began = performance.now();
  const { code, stderr } = await server.process.stop('SIGTERM');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(performance.now() - began).toBeLessThan(deadlineMs);
}

/** Sends text, and then neither reads, sends nor closes anything. */
async function sendAndStop(server: TestServer, lines: readonly string[]): Promise<Socket> {
  const socket = await connectTo(server.url);
  socket.on('error', () => {});
  socket.pause();
  socket.write(lines.join('\r\n'));
  return socket;
}

const query = encodeURIComponent('subscription { todoChanges(after: "0") { todo { body } } }');

test.each([
  ['half a head', ['POST /graphql HTTP/1.1', 'Host: localhost']],
  [
    'half a body',
    [
      'POST /graphql HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      'Content-Length: 99',
      '',
      '{',
    ],
  ],
  ['a refused WebSocket', ['GET /nothing HTTP/1.1', 'Host: localhost', ...upgradeLines, '', '']],
  ['an open WebSocket', ['GET /graphql HTTP/1.1', 'Host: localhost', ...upgradeLines, '', '']],
  ['a download', ['GET /files/f/1 HTTP/1.1', 'Host: localhost', '', '']],
  [
    'a feed',
    [
      `GET /graphql?query=${query} HTTP/1.1`,
      'Host: localhost',
      'Accept: text/event-stream',
      '',
      '',
    ],
  ],
])('%s whose client does nothing more costs no deadline', async (_what, lines) => {
  const directory = filledDirectory();
  const server = await serve(directory);
  for (let count = 0; count < 5; count += 1) await sendAndStop(server, lines);
  await server.data('{ log { position } }');
  await new Promise((next) => setTimeout(next, 300));
  await expectPromptEnd(server);
});

test('a download that gets on is finished', async () => {
  const directory = filledDirectory();
  const server = await serve(directory);
  const socket = await sendAndStop(server, ['GET /files/f/1 HTTP/1.1', 'Host: localhost', '', '']);
  await server.data('{ log { position } }');
  const ended = server.process.stop('SIGTERM');
  await server.process.prints(/closing/);
  let bytes = 0;
  // Slower than the time that it may stand still.
  for await (const chunk of socket) {
    bytes += chunk.length;
    if (bytes % 8 === 0) await new Promise((next) => setTimeout(next, 5));
  }
  expect(bytes).toBeGreaterThan(fileBytes);
  expect((await ended).code).toBe(0);
});

test('a WebSocket where there is none is refused, though other things watch the server', async () => {
  const server = await serve();
  const refused = ['GET /nothing HTTP/1.1', 'Host: localhost', ...upgradeLines];
  expect((await exchange(server.url, refused))[0]).toBe(404);
});

describe('what is under way', () => {
  /** A server whose answers a test makes. */
  async function open() {
    const responses: ServerResponse[] = [];
    const server = createServer((request, response) => {
      request.resume();
      responses.push(response);
    });
    const underWay = new RequestsUnderWay(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, underWay, server, responses };
  }
  const pause = (ms: number) => new Promise((next) => setTimeout(next, ms));

  test('is waited for while the server works on it, however long, up to the deadline', async () => {
    const { url, underWay, server, responses } = await open();
    const answered = fetch(url);
    await once(server, 'request');
    const closed = underWay.close(30_000);
    await pause(2_500);
    responses[0]?.end('done');
    expect(await (await answered).text()).toBe('done');
    await closed;
  });

  test('is waited for while a body comes in, piece by piece', async () => {
    const { url, underWay, server, responses } = await open();
    const socket = await connectTo(url);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n');
    const [request] = await once(server, 'request');
    const closed = underWay.close(30_000);
    for (let count = 0; count < 12; count += 1) {
      await pause(200);
      socket.write('x');
    }
    await once(request, 'end');
    responses[0]?.end('done');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toContain('done');
    socket.end();
    await closed;
  });

  test('is ended at the deadline', async () => {
    const { url, underWay, server } = await open();
    const answered = fetch(url).catch((error: Error) => error);
    await once(server, 'request');
    await underWay.close(50);
    expect(await answered).toBeInstanceOf(Error);
  });

  test('nothing is left of connections that have ended', async () => {
    const { url, underWay, responses, server } = await open();
    for (let count = 0; count < 3; count += 1) {
      const answered = fetch(url, { headers: { connection: 'close' } });
      await once(server, 'request');
      responses.pop()?.end();
      await (await answered).text();
    }
    await underWay.close(1_000);
  });
});
