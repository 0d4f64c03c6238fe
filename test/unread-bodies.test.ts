/** Bodies that are answered before all of them has come: whoever sends all first gets the answer, too. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { isUpload, RequestsUnderWay, serverBounds, watchBodies } from '../src/http/index.ts';
import { listen } from './support/api.ts';
import { connectTo } from './support/raw-http.ts';
import { openTemporary } from './support/temporary-store.ts';

const limits = { bodyBytesMax: 100_000, uploadBytesMax: 200_000 };
const slowLookMs = 50;
/** More than what connections take on their way. */
const restBytes = 30_000_000;

/** @param restTimeMaxMs so long that no machine takes it, unless it is said. */
async function serve(restTimeMaxMs = 60_000) {
  const store = await openTemporary({ replicaInMemory: true });
  const { url, server } = await listen(createApp(store, { limits }), serverBounds({ slowLookMs }));
  watchBodies(server, isUpload, { slowLookMs, restTimeMaxMs });
  return { url, underWay: new RequestsUnderWay(server) };
}

interface Refused {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How the body begins; zeros follow. */
  readonly begin: string;
  readonly status: number;
  readonly says: string;
}

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'multipart/form-data; boundary=b', 'graphql-preflight': '1' };
const part = (name: string) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n`;
const tus = {
  'tus-resumable': '1.0.0',
  'content-type': 'application/offset+octet-stream',
  'upload-length': '100000',
  'upload-metadata': `filename ${Buffer.from('a').toString('base64')}`,
};
const refused: Readonly<Record<string, Refused>> = {
  'GraphQL over the limit': {
    method: 'POST',
    path: '/graphql',
    headers: json,
    begin: '{"query":"',
    status: 413,
    says: 'BODY_TOO_LARGE',
  },
  'a form of other parts': {
    method: 'POST',
    path: '/graphql',
    headers: form,
    begin: `${part('else')}else\r\n${part('more')}`,
    status: 400,
    says: 'BAD_REQUEST',
  },
  'a form with a file over the limit': {
    method: 'POST',
    path: '/graphql',
    headers: form,
    begin: [
      `${part('operations')}{"query":"mutation ($file: Upload) { createLakeFile(input: { filename: \\"a\\", `,
      `file: $file }) { __typename } }","variables":{"file":null}}\r\n`,
      `${part('map')}{"0":["variables.file"]}\r\n`,
      '--b\r\ncontent-disposition: form-data; name="0"; filename="a"\r\n\r\n',
    ].join(''),
    status: 413,
    says: 'BODY_TOO_LARGE',
  },
  'a file over the limit': {
    method: 'PUT',
    path: '/files/by-path/a',
    headers: {},
    begin: '',
    status: 413,
    says: '200000 bytes',
  },
  'a file that comes packed': {
    method: 'PUT',
    path: '/files/by-path/a',
    headers: { 'content-encoding': 'gzip' },
    begin: '',
    status: 415,
    says: 'content-encoding',
  },
  'a file for where there is none': {
    method: 'PUT',
    path: '/files/by-path/%ff',
    headers: {},
    begin: '',
    status: 400,
    says: 'UTF-8',
  },
  'an upload of more than was announced': {
    method: 'POST',
    path: '/files/uploads',
    headers: tus,
    begin: '',
    status: 413,
    says: 'Upload-Length',
  },
};

/** Sends a body whole, or until the server closes, before it reads anything. */
async function send(socket: Socket, { begin }: Refused, isChunked: boolean): Promise<void> {
  const write = async (bytes: Buffer) => {
    if (isChunked) socket.write(`${bytes.length.toString(16)}\r\n`);
    if (!socket.write(isChunked ? Buffer.concat([bytes, Buffer.from('\r\n')]) : bytes)) {
      await once(socket, 'drain');
    }
  };
  if (begin) await write(Buffer.from(begin));
  const piece = Buffer.alloc(100_000);
  for (let sent = 0; sent < restBytes; sent += piece.length) await write(piece);
  if (isChunked) socket.write('0\r\n\r\n');
}

function headOf({ method, path, headers, begin }: Refused, isChunked: boolean): string {
  const length = isChunked
    ? 'transfer-encoding: chunked'
    : `content-length: ${begin.length + restBytes}`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, 'host: localhost', length, ...lines, '', ''].join('\r\n');
}

const nextRequest = 'GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';

describe.for(Object.entries(refused))('%s', ([, what]) => {
  test.for([
    ['of a length that is told', false],
    ['in chunks', true],
  ] as const)('is refused in words, and the connection serves on: %s', async ([, isChunked]) => {
    const { url } = await serve();
    const socket = await connectTo(url);
    socket.pause();
    socket.write(headOf(what, isChunked));
    await send(socket, what, isChunked);
    socket.write(nextRequest);
    let text = '';
    for await (const chunk of socket) text += chunk;
    const [first = '', next = ''] = text.split(/(?<=.)(?=HTTP\/1\.1 )/s);
    expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${what.status} `));
    expect(first).toContain(what.says);
    expect(next).toMatch(/^HTTP\/1\.1 200 /);
  });
});

/** Sends a body without an end, until the server has had enough. @returns what it said. */
async function sendOn(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const piece = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
  while (!socket.readableEnded && socket.writable) {
    socket.write(piece);
    await sleep(10);
  }
  return text;
}

test('a rest that never ends is not waited for', async () => {
  const restTimeMaxMs = 500;
  const { url } = await serve(restTimeMaxMs);
  const socket = await connectTo(url);
  const begin = performance.now();
  socket.write(headOf(refused['GraphQL over the limit'] as Refused, true));
  expect(await sendOn(socket)).toContain('BODY_TOO_LARGE');
  expect(performance.now() - begin).toBeGreaterThan(restTimeMaxMs);
});

test('a server that closes waits for no rest', async () => {
  const { url, underWay } = await serve();
  const socket = await connectTo(url);
  socket.write(headOf(refused['a file for where there is none'] as Refused, true));
  const ended = sendOn(socket);
  await once(socket, 'data');
  const begin = performance.now();
  await underWay.close(20_000);
  expect(performance.now() - begin).toBeLessThan(10_000);
  expect(await ended).toContain('UTF-8');
});
