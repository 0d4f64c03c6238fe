/** PUT /files/by-path: any HTTP client writes a file, and reads it back. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { LakeFile } from '../src/entities/index.ts';
import { listen, TestApi } from './support/api.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { connectTo, exchange } from './support/raw-http.ts';
import { chunksAndUploads, untilStored } from './support/stored-files.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

async function serve(limits = {}) {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const api = new TestApi(store, limits);
  const { url } = await listen(api.app);
  const put = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${url}/files/by-path/${path}`, {
      method: 'PUT',
      body,
      headers,
      duplex: 'half',
    } as RequestInit);
  const left = () => chunksAndUploads(directory);
  const untilLeft = (chunks: number, uploads: number) => untilStored(directory, chunks, uploads);
  return { directory, api, store, url, put, left, untilLeft };
}

/** A body of which nobody knows how long it is. */
function streamOf(pieces: readonly Uint8Array[]): BodyInit {
  return Readable.toWeb(Readable.from(pieces)) as unknown as BodyInit;
}

test('a file is there once all its bytes are, and is changed by other ones alone', async () => {
  const { url, put, api } = await serve();
  const first = await put('a%20folder/below/ü.txt', 'one');
  expect([first.status, first.headers.get('x-position')]).toEqual([201, '1']);
  const told = await first.json();
  expect(told).toMatchObject({ revision: 1, size: 3, downloadUrl: `/files/${told.id}/1` });
  expect(first.headers.get('etag')).toBe(`"${told.sha256}"`);
  expect(await (await fetch(`${url}${told.downloadUrl}`)).text()).toBe('one');
  const { lakeFileByPath } = await api.data(
    '{ lakeFileByPath(path: "a folder/below", filename: "ü.txt") { id text } }',
  );
  expect(lakeFileByPath).toEqual({ id: told.id, text: 'one' });
  const second = await put('a%20folder/below/ü.txt', 'two');
  expect([second.status, await second.json()]).toMatchObject([200, { id: told.id, revision: 2 }]);
  const again = await put('a%20folder/below/ü.txt', 'two');
  expect([again.status, await again.json()]).toMatchObject([200, { id: told.id, revision: 2 }]);
  expect((await put('root.txt', '')).status).toBe(201);
  expect((await put('root.txt?user=ada', '')).status).toBe(201);
  const { versions } = await api.store.list(LakeFile);
  expect(versions.map(({ values: { path, userId } }) => [path, userId])).toEqual([
    [null, 'ada'],
    [null, null],
    ['a folder/below', null],
  ]);
});

test('a large file comes as it is sent, in pieces of unknown number', async () => {
  const { put, store } = await serve();
  const pieces = Array.from({ length: 60 }, () => randomBytes(200_000));
  const told = await (await put('large.bin', streamOf(pieces))).json();
  const read: Uint8Array[] = [];
  for await (const chunk of store.contents(told.sha256)) read.push(chunk);
  expect(Buffer.concat(read).equals(Buffer.concat(pieces))).toBe(true);
});

test.for([
  ['no file with If-None-Match: *', {}, { 'if-none-match': '*' }, 201],
  ['a file with If-None-Match: *', { there: true }, { 'if-none-match': '*' }, 412],
  ['no file with If-Match: *', {}, { 'if-match': '*' }, 412],
  ['a file with If-Match: *', { there: true }, { 'if-match': '*' }, 200],
  ['its own tag', { there: true }, { 'if-match': 'TAG' }, 200],
  ['its own tag among others', { there: true }, { 'if-match': '"a", TAG' }, 200],
  ['its own tag made weak', { there: true }, { 'if-match': 'W/TAG' }, 412],
  ['another tag', { there: true }, { 'if-match': '"a"' }, 412],
  ['its own tag as one it must not have', { there: true }, { 'if-none-match': 'TAG' }, 412],
  ['another tag as one it must not have', { there: true }, { 'if-none-match': '"a"' }, 200],
] as const)('%s', async ([, given, headers, status]) => {
  const { put, untilLeft } = await serve();
  const before = 'there' in given ? (await put('f', 'before')).headers.get('etag') : null;
  const wanted = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      String(value).replace('TAG', before ?? ''),
    ]),
  );
  const answer = await put('f', 'after', wanted as Record<string, string>);
  expect(answer.status).toBe(status);
  const chunks = (before ? 1 : 0) + (status === 412 ? 0 : 1);
  await untilLeft(chunks, 0);
  if (status === 412) expect(await answer.text()).toMatch(/^The file /);
});

test.for([
  ['an empty name', 'a/'],
  ['an empty folder', '/a'],
  ['a name of two dots', 'a/%2E%2E%00'],
  ['a slash in a name', 'a%2Fb'],
  ['no letters', '%FF'],
  ['a name of 5,000 characters', 'x'.repeat(5_000)],
] as const)('%s is refused, and nothing is left of the bytes', async ([, path]) => {
  const { put, left, store } = await serve();
  const answer = await put(path, 'bytes');
  expect(answer.status).toBe(400);
  expect((await answer.text()).length).toBeGreaterThan(20);
  expect(left()).toEqual([0, 0]);
  expect(await store.head()).toBe(0);
});

test('more bytes than may be are refused, announced or not', async () => {
  const { put, store, untilLeft } = await serve({ uploadBytesMax: 100_000 });
  expect((await put('f', randomBytes(100_001))).status).toBe(413);
  const body = streamOf([randomBytes(60_000), randomBytes(60_000)]);
  const answer = await put('f', body).catch((error) => error);
  // The connection may be closed before all was sent.
  if (answer instanceof Response) expect(answer.status).toBe(413);
  await untilLeft(0, 0);
  expect(await store.head()).toBe(0);
  expect((await put('f', randomBytes(100_000))).status).toBe(201);
  expect((await put('f', 'part', { 'content-range': 'bytes 0-3/9' })).status).toBe(400);
});

test.for(['gzip', 'identity, br'])(
  'bytes that come packed (%s) are refused, not stored as other ones',
  async (encoding) => {
    const { put, store, left } = await serve();
    const answer = await put('f.csv', randomBytes(100), { 'content-encoding': encoding });
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect(await answer.text()).toContain(JSON.stringify(encoding));
    expect([await store.head(), left()]).toEqual([0, [0, 0]]);
    expect((await put('f.csv', 'a', { 'content-encoding': 'identity' })).status).toBe(201);
  },
);

const digestOf = (bytes: string) =>
  `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

test.for([
  ['its SHA-256', { 'repr-digest': digestOf('bytes') }, 201],
  [
    'it as Content-Digest, among others',
    { 'content-digest': `a=:AA==:, ${digestOf('bytes')}` },
    201,
  ],
  ['it twice', { 'repr-digest': digestOf('bytes'), 'content-digest': digestOf('bytes') }, 201],
  ['nothing that is known', { 'repr-digest': 'sha-512=:AAAA:, sha-2567=:AA==:' }, 201],
  ['that of other bytes', { 'repr-digest': digestOf('other') }, 400],
  ['two', { 'repr-digest': digestOf('bytes'), 'content-digest': digestOf('other') }, 400],
  ['no SHA-256', { 'content-digest': 'sha-256=:AAAA:' }, 400],
  ['no digest', { 'repr-digest': 'sha-256' }, 400],
] as const)('bytes are held against their digest: %s', async ([, headers, status]) => {
  const { put, untilLeft } = await serve();
  expect((await put('f', 'bytes', headers as never)).status).toBe(status);
  await untilLeft(status === 201 ? 1 : 0, 0);
});

test('whoever announces other bytes is told which came', async () => {
  const { url, put } = await serve();
  const { sha256 } = await (await put('f', 'bytes')).json();
  const refused = await put('f', 'bytes', { 'repr-digest': digestOf('other') });
  expect(await refused.text()).toContain(`have the SHA-256 ${sha256}, but `);
  for (const asked of [{}, { method: 'HEAD' }, { headers: { range: 'bytes=0-1' } }]) {
    const { headers } = await fetch(`${url}/files/by-path/f`, asked);
    expect(headers.get('repr-digest')).toBe(digestOf('bytes'));
  }
});

test('bytes that come packed on their way are refused, too', async () => {
  const { url, put, store } = await serve();
  const head = ['PUT /files/by-path/f HTTP/1.1', 'Host: localhost', 'Connection: close'];
  const coded = [...head, 'Transfer-Encoding: gzip, chunked'];
  const [status, text] = await exchange(url, [...coded, '', '5', 'bytes', '0']);
  expect([status, text]).toEqual([501, expect.stringContaining('"gzip, chunked"')]);
  expect(await store.head()).toBe(0);
  expect((await put('f', streamOf([randomBytes(9)]))).status).toBe(201);
});

test('another method is told which ones there are', async () => {
  const { url, put } = await serve();
  await put('a/f', 'bytes');
  const allow = async (path: string, method: string) =>
    (await fetch(`${url}/files/by-path/${path}`, { method })).headers.get('allow');
  expect(await allow('a/f', 'DELETE')).toBe('GET, HEAD, PUT');
  expect(await allow('a/', 'POST')).toBe('GET, HEAD');
});

test('whoever asks first is refused before they have sent anything', async () => {
  const { url, put, store, left } = await serve();
  await put('f', 'there');
  const about = ['Expect: 100-continue', 'If-None-Match: *', 'Content-Length: 50000000'];
  const socket = await connectTo(url);
  socket.write(
    `${['PUT /files/by-path/f HTTP/1.1', 'Host: localhost', ...about].join('\r\n')}\r\n\r\n`,
  );
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.includes('which is not what the request asks for')) break;
  }
  expect(text).toContain('HTTP/1.1 412 Precondition Failed');
  expect([await store.head(), left()]).toEqual([1, [1, 0]]);
});

test('a client that goes away in the middle leaves nothing', async () => {
  const { url, left, store, put, api, untilLeft } = await serve();
  const cut = request(`${url}/files/by-path/f`, {
    method: 'PUT',
    headers: { 'content-length': 20_000_000 },
  });
  cut.on('error', () => {});
  cut.write(randomBytes(9_000_000));
  await until(() => left()[0] !== 0);
  cut.destroy();
  await untilLeft(0, 0);
  expect(await store.head()).toBe(0);
  expect((await put('f', 'whole')).status).toBe(201);
  expect(api.logged).toEqual([]);
});

test('curl -T writes a file', async (context) => {
  const { url, store } = await serve();
  const local = join(temporaryDirectory(), 'cars.csv');
  writeFileSync(local, 'name,speed\nbeetle,115\n');
  try {
    execFileSync('curl', ['--version']);
  } catch {
    context.skip('there is no curl here');
  }
  const curl = spawn('curl', ['-sS', '-T', local, `${url}/files/by-path/vega/`]);
  onTestFinished(() => void curl.kill());
  const code = await new Promise((resolve) => curl.once('exit', resolve));
  expect(code).toBe(0);
  const { versions } = await store.list(LakeFile);
  expect(versions.map(({ values: { path, filename, size } }) => [path, filename, size])).toEqual([
    ['vega', 'cars.csv', 22],
  ]);
});

test('each writes their own files alone, and whoever is not known none', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const viewers = { ada: viewerOf('ada'), bob: viewerOf('bob'), root: viewerOf('root', ['admin']) };
  const api = new GuardedApi(store, viewers);
  const put = async (viewer: string | null, path: string, body: string) =>
    (await api.fetch(viewer, `/files/by-path/${path}`, { method: 'PUT', body })).status;
  expect(await put('ada', 'f?user=ada', 'hers')).toBe(201);
  expect(await put('ada', 'f', 'nobody’s in particular')).toBe(403);
  expect(await put('bob', 'f?user=ada', 'not his')).toBe(403);
  expect(await put('bob', 'other?user=ada', 'not his either')).toBe(403);
  expect(await put(null, 'f?user=ada', 'from nobody')).toBe(401);
  await untilStored(directory, 1, 0);
  expect(await put('root', 'f?user=ada', 'by an admin')).toBe(200);
  const { versions } = await store.list(LakeFile);
  expect(versions.map(({ revision, values }) => [revision, values.userId])).toEqual([[2, 'ada']]);
  expect(api.logged).toEqual([]);
});

test('files come with mutations of whoever may write them alone', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const api = new GuardedApi(store, { ada: viewerOf('ada') });
  const send = async (viewer: string | null, userId: string) => {
    const form = new FormData();
    const query = `mutation ($file: File!, $userId: ID) {
      createLakeFile(input: { filename: "f", userId: $userId, file: $file }) { __typename } }`;
    form.append('operations', JSON.stringify({ query, variables: { file: null, userId } }));
    form.append('map', '{ "0": ["variables.file"] }');
    form.append('0', new Blob(['bytes']), 'f');
    const response = await api.fetch(viewer, '/graphql', { method: 'POST', body: form });
    return [response.status, (await response.json()).errors?.[0]?.extensions.code];
  };
  expect(await send(null, 'ada')).toEqual([401, 'UNAUTHENTICATED']);
  expect((await send('ada', 'bob'))[1]).toBe('FORBIDDEN');
  await untilStored(directory, 0, 0);
  expect(await send('ada', 'ada')).toEqual([200, undefined]);
  expect(chunksAndUploads(directory)).toEqual([1, 0]);
});
