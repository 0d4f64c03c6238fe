/** The bytes of files at their downloadUrl. */
import { parse } from 'content-disposition';
import { expect, test } from 'vitest';
import { LakeFile } from '../src/entities/index.ts';
import { listen, openApi, type TestApi, write } from './support/api.ts';
import { rawLog, temporaryDirectory } from './support/temporary-store.ts';

const origin = 'http://everstate.test';
const get = (api: TestApi, path: string, init: RequestInit = {}) =>
  api.send(init, `${origin}${path}`);

test('every revision is served as it was, for ever, and never as a page', async () => {
  const api = await openApi();
  const page = '<script>alert(1)</script>';
  const one = await write(api, 'create', 'LakeFile', { id: 'f', filename: 'p.html', text: page });
  const two = await write(api, 'update', 'LakeFile', { id: 'f', text: 'two' });
  await write(api, 'delete', 'LakeFile', { id: 'f' });
  const response = await get(api, one.record.downloadUrl);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html',
    'content-length': String(page.length),
    'content-disposition': 'attachment; filename=p.html',
    'content-security-policy': expect.stringMatching(/^sandbox; default-src 'none'/),
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    etag: `"${one.record.sha256}"`,
  });
  expect(await response.text()).toBe(page);
  expect(await (await get(api, two.record.downloadUrl)).text()).toBe('two');
  expect(await (await get(api, '/files/f/3')).text()).toBe('two');
});

test('whoever has the bytes already is told so, and HEAD gives none', async () => {
  const api = await openApi();
  const { record } = await write(api, 'create', 'LakeFile', { filename: 'f', text: 'hello' });
  const etag = `"${record.sha256}"`;
  const known = await get(api, record.downloadUrl, { headers: { 'if-none-match': etag } });
  expect([known.status, await known.text()]).toEqual([304, '']);
  const head = await get(api, record.downloadUrl, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '5']);
  expect(await head.text()).toBe('');
});

test.for([
  ['a slash', 'a/b'],
  ['two dots and a slash', '../x'],
  ['a percent sign', '100%'],
  ['another script', '世界 🎨'],
  ['signs of URLs', '?a=b&c#d'],
  ['nothing but a dot', '.'],
  ['nothing but two dots', '..'],
  ['three dots', '...'],
  ['a sign before a dot', '=.'],
  ['a sign before two dots', '=..'],
  ['two dots that are encoded', '%2E%2E'],
])('an id with %s leads to its bytes', async ([, id]) => {
  const api = await openApi();
  const { url } = await listen(api.app);
  for (const other of ['.', '..', '=.', '=..', '%2E']) {
    if (other !== id)
      await write(api, 'create', 'LakeFile', { id: other, filename: other, text: '' });
  }
  const { record } = await write(api, 'create', 'LakeFile', { id, filename: 'f', text: id });
  expect(await (await get(api, record.downloadUrl)).text()).toBe(id);
  expect(await (await fetch(`${url}${record.downloadUrl}`)).text()).toBe(id);
  expect(await (await fetch(new URL(record.downloadUrl, `${url}/board/`))).text()).toBe(id);
});

test('a filename keeps its signs on the way to the disk', async () => {
  const api = await openApi();
  const filename = `it's "50%" (ü) *; x="\r\n`;
  const { record } = await write(api, 'create', 'LakeFile', { filename, text: '' });
  const { headers } = await get(api, record.downloadUrl);
  const { type, parameters } = parse(headers.get('content-disposition') ?? '');
  expect([type, parameters.filename]).toEqual(['attachment', filename]);
});

test.for([
  '/files/',
  '/files/f/0',
  '/files/f/2',
  '/files/f/01',
  '/files/f/-1',
  '/files/f/1e3',
  '/files/f/99999999999999999999',
  '/files/g/1',
  '/files/%/1',
  '/files/%E0%A4%A/1',
  '/files/f/1/1',
])('%s is 404', async (path) => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'x' });
  expect((await get(api, path)).status).toBe(404);
});

test('files are only read at their URL', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'x' });
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const response = await get(api, '/files/f/1', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  }
});

test('a failure is logged, and told without path, SQL or stack; the server goes on', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  const { url } = await listen(api.app);
  const text = 'x'.repeat(600_000);
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text });
  const log = rawLog(directory);
  log.exec('alter table chunks rename to elsewhere');
  // The headers are gone when the first bytes fail, so only the connection can tell.
  await expect(fetch(`${url}/files/f/1`).then((response) => response.text())).rejects.toThrow();
  expect(api.logged).toHaveLength(1);
  log.exec('alter table elsewhere rename to chunks');
  expect(await (await fetch(`${url}/files/f/1`)).text()).toBe(text);
  await api.store.close();
  const response = await fetch(`${url}/files/f/1`);
  expect([response.status, await response.text()]).toEqual([503, 'The store is closing.\n']);
});

test('a client that leaves in the middle of a download hurts nobody', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const contents = Buffer.alloc(20_000_000);
  await api.store.transact(async (log) => {
    await log.create(LakeFile, { id: 'f', filename: 'f', ...(await log.putContents(contents)) });
  });
  for (let count = 0; count < 5; count += 1) {
    const leaving = new AbortController();
    const response = await fetch(`${url}/files/f/1`, { signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
  }
  const response = await fetch(`${url}/files/f/1`);
  expect((await response.arrayBuffer()).byteLength).toBe(20_000_000);
});

test.for([
  ['bytes=0-4', 206, '01234', 'bytes 0-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-2', 206, '89', 'bytes 8-9/10'],
  ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=-0', 416, '', 'bytes */10'],
  ['bytes=5-2', 200, '0123456789', null],
  ['lines=1-2', 200, '0123456789', null],
] as const)('the range %s answers %i', async ([range, status, text, contentRange]) => {
  const api = await openApi();
  const { record } = await write(api, 'create', 'LakeFile', { filename: 'f', text: '0123456789' });
  const response = await get(api, record.downloadUrl, { headers: { range } });
  expect([response.status, await response.text()]).toEqual([status, text]);
  expect(response.headers.get('content-range')).toBe(contentRange);
});

test.for([
  ['bytes=-5', 200],
  ['bytes=-0', 416],
  ['bytes=0-', 416],
] as const)('the range %s of nothing answers %i', async ([range, status]) => {
  const api = await openApi();
  const { record } = await write(api, 'create', 'LakeFile', { filename: 'f', text: '' });
  const response = await get(api, record.downloadUrl, { headers: { range } });
  expect([response.status, await response.text()]).toEqual([status, '']);
});

test('a range of what is not there any more is the whole of what is', async () => {
  const api = await openApi();
  const { record } = await write(api, 'create', 'LakeFile', { filename: 'f', text: '0123456789' });
  const tag = `"${record.sha256}"`;
  const answers = [
    [tag, 206, '01'],
    [`W/${tag}`, 200, '0123456789'],
    ['"another"', 200, '0123456789'],
    ['Sat, 01 Jan 2028 00:00:00 GMT', 200, '0123456789'],
  ] as const;
  for (const [ifRange, status, text] of answers) {
    const headers = { range: 'bytes=0-1', 'if-range': ifRange };
    const response = await get(api, record.downloadUrl, { headers });
    expect([ifRange, response.status, await response.text()]).toEqual([ifRange, status, text]);
  }
});

test('whoever names the bytes among others, weakly, or whatever there is has them', async () => {
  const api = await openApi();
  const { record } = await write(api, 'create', 'LakeFile', { filename: 'f', text: 'x' });
  const tag = `"${record.sha256}"`;
  for (const named of [`"a", ${tag}`, `W/${tag}`, `"a,b",W/${tag} ,"c"`, '*']) {
    const headers = { 'if-none-match': named };
    const response = await get(api, record.downloadUrl, { headers });
    expect([named, response.status, response.headers.get('etag')]).toEqual([named, 304, tag]);
  }
  for (const other of ['"a"', record.sha256, `"${record.sha256.toUpperCase()}"`]) {
    const headers = { 'if-none-match': other };
    expect((await get(api, record.downloadUrl, { headers })).status).toBe(200);
  }
});

test('a range across the chunks that contents are kept in is exact', async () => {
  const api = await openApi();
  const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * 31) % 251));
  const data = bytes.toString('base64');
  const { record } = await write(api, 'create', 'LakeFile', { filename: 'f', data });
  for (const [first, last] of [
    [262_143, 262_144],
    [100, 600_000],
    [524_288, 699_999],
  ] as const) {
    const headers = { range: `bytes=${first}-${last}` };
    const part = Buffer.from(await (await get(api, record.downloadUrl, { headers })).arrayBuffer());
    expect(part.equals(bytes.subarray(first, last + 1))).toBe(true);
  }
});
