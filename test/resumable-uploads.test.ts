/** Files in as many requests as it takes: by the client of tus, over restarts, and by several at once. */
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limits, type Store } from '../src/db/index.ts';
import { LakeFile, type Microseconds } from '../src/entities/index.ts';
import { listen, TestApi } from './support/api.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { chunksAndUploads, untilStored } from './support/stored-files.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { metadataOf, statusOf, Tus, uploadByClient } from './support/tus.ts';
import { until } from './support/until.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function serve(settings: object = {}, directory = temporaryDirectory()) {
  const store = await openTemporary({ directory });
  const api = new TestApi(store, settings);
  const { url, server } = await listen(api.app);
  const tus = new Tus((path, init) => fetch(`${url}${path}`, init));
  return { directory, store, api, url, server, tus, endpoint: `${url}/files/uploads` };
}

/** The status of an answer. One who is refused while they send may lose their connection before it. */
async function statusIn(answer: Promise<Response>): Promise<number | 'cut off'> {
  return await answer.then(
    ({ status }) => status,
    () => 'cut off',
  );
}

async function read(store: Store, digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.contents(digest)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function filesOf(store: Store) {
  const { versions } = await store.list(LakeFile);
  return versions.map(({ revision, values: { path, filename, size } }) => [
    path,
    filename,
    size,
    revision,
  ]);
}

test('tus-js-client uploads a file, which is there once all its bytes are', async () => {
  const { store, endpoint, api, url } = await serve();
  const bytes = randomBytes(3_000_000);
  const metadata = { filename: 'ü.bin', path: 'a folder/below', filetype: 'application/x-some' };
  const seen: number[] = [];
  const told = await uploadByClient(bytes, {
    endpoint,
    metadata,
    chunkSize: 700_000,
    onChunkComplete: (_size, accepted) => void seen.push(accepted),
    onBeforeRequest: async () => void expect((await filesOf(store)).length).toBe(0),
  });
  expect(seen).toEqual([700_000, 1_400_000, 2_100_000, 2_800_000, 3_000_000]);
  expect(told.status).toBe(201);
  expect(told.answer).toMatchObject({ revision: 1, size: bytes.length, sha256: sha256(bytes) });
  expect(told.etag).toBe(`"${sha256(bytes)}"`);
  const downloaded = await fetch(`${url}${told.answer.downloadUrl}`);
  expect(downloaded.headers.get('content-type')).toBe('application/x-some');
  expect(Buffer.from(await downloaded.arrayBuffer()).equals(bytes)).toBe(true);
  expect(await filesOf(store)).toEqual([['a folder/below', 'ü.bin', bytes.length, 1]]);
  expect(await store.verify()).toEqual({ versions: 1, defect: null });
  expect(api.logged).toEqual([]);
});

test('with its creation, an upload may come in one request', async () => {
  const { store, endpoint } = await serve();
  const options = { endpoint, metadata: { filename: 'f' }, uploadDataDuringCreation: true };
  const told = await uploadByClient(randomBytes(500_000), options);
  expect([told.status, told.answer.revision]).toEqual([201, 1]);
  expect(await filesOf(store)).toEqual([[null, 'f', 500_000, 1]]);
  const empty = await uploadByClient(Buffer.alloc(0), { endpoint, metadata: { filename: 'none' } });
  expect(empty.answer).toMatchObject({ size: 0, revision: 1 });
  expect(await store.head()).toBe(2);
});

test('what was uploaded in part goes on after a restart of the server', async () => {
  const directory = temporaryDirectory();
  const before = await serve({}, directory);
  const bytes = randomBytes(6_000_000);
  const metadata = { filename: 'f' };
  let uploadUrl = '';
  const paused = new Promise<void>((resolve) => {
    uploadByClient(
      bytes,
      { endpoint: before.endpoint, metadata, chunkSize: 1_000_000 },
      (upload) => {
        upload.options.onChunkComplete = (_size, accepted) => {
          if (accepted < 3_000_000) return;
          uploadUrl = upload.url ?? '';
          upload.abort().then(resolve);
        };
      },
    );
  });
  await paused;
  before.server.closeAllConnections();
  await before.store.close();
  const after = await serve({}, directory);
  const { pathname } = new URL(uploadUrl);
  expect(await after.tus.offset(pathname)).toBeGreaterThanOrEqual(3_000_000);
  const told = await uploadByClient(bytes, { uploadUrl: `${after.url}${pathname}`, metadata });
  expect(told.answer).toMatchObject({ revision: 1, sha256: sha256(bytes) });
  expect((await read(after.store, told.answer.sha256)).equals(bytes)).toBe(true);
});

test('bytes in pieces are the same contents as in one, however they are cut', async () => {
  const { tus, store, directory, api } = await serve();
  const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 1_000_000);
  console.log(`cuts of uploads: PROPERTY_SEED=${seed}`);
  const sizes = fc.oneof(fc.nat(3_000), fc.integer({ min: 3_000, max: 900_000 }));
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(sizes, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      async (cuts, salt) => {
        const whole = createHash('shake256', {
          outputLength: cuts.reduce((sum, cut) => sum + cut, 0),
        })
          .update(String(salt))
          .digest();
        number += 1;
        await put(api, `whole${number}`, whole);
        const [chunks] = chunksAndUploads(directory);
        const path = await tus.begin(whole.length, { filename: `pieces${number}` });
        let offset = 0;
        let last = await tus.patch(path, 0, '');
        for (const cut of cuts) {
          last = await tus.patch(path, offset, whole.subarray(offset, offset + cut));
          offset += cut;
          expect(Number(last.headers.get('upload-offset'))).toBe(offset);
        }
        expect((await last.json()).sha256).toBe(sha256(whole));
        expect(chunksAndUploads(directory)[0]).toBe(chunks);
      },
    ),
    { seed, numRuns: 15, interruptAfterTimeLimit: 15_000 },
  );
  expect((await store.verify()).defect).toBeNull();
});

async function put(api: TestApi, name: string, body: Buffer): Promise<void> {
  const url = `http://everstate.test/files/by-path/${name}`;
  expect((await api.send({ method: 'PUT', body: new Uint8Array(body) }, url)).status).toBe(201);
}

test('a piece that breaks off is kept as far as it came', async () => {
  const { tus, url, directory, api } = await serve();
  const bytes = randomBytes(9_000_000);
  const path = await tus.begin(bytes.length, { filename: 'f' });
  const cut = request(`${url}${path}`, {
    method: 'PATCH',
    headers: {
      'tus-resumable': '1.0.0',
      'upload-offset': 0,
      'content-type': 'application/offset+octet-stream',
      'content-length': bytes.length,
    },
  });
  cut.on('error', () => {});
  cut.write(bytes.subarray(0, 5_000_000));
  await until(() => rawLog(directory).prepare('select 1 from chunks').get() !== undefined);
  cut.destroy();
  await until(async () => (await tus.offset(path)) === 5_000_000);
  const last = await tus.patch(path, 5_000_000, bytes.subarray(5_000_000));
  expect((await last.json()).sha256).toBe(sha256(bytes));
  expect(api.logged).toEqual([]);
});

test('a last piece that is sent again makes no second version, and tells of the first', async () => {
  const { tus, store } = await serve();
  const path = await tus.begin(5, { filename: 'f' });
  expect((await tus.patch(path, 0, 'whole')).status).toBe(201);
  expect((await tus.patch(path, 0, 'whole')).status).toBe(409);
  expect(await tus.offset(path)).toBe(5);
  const again = await tus.patch(path, 5, '');
  expect([again.status, (await again.json()).revision]).toEqual([201, 1]);
  await store.update(LakeFile, ((await store.list(LakeFile)).versions[0] as { id: string }).id, {
    description: 'changed since',
  });
  expect((await (await tus.patch(path, 5, '')).json()).revision).toBe(1);
  expect(await store.head()).toBe(2);
});

test('an upload is ended by whoever began it, and nothing is left of it', async () => {
  const { endpoint, store, directory, tus } = await serve();
  const aborted = new Promise<string>((resolve) => {
    const options = { endpoint, metadata: { filename: 'f' }, chunkSize: 300_000 };
    uploadByClient(randomBytes(900_000), options, (upload) => {
      upload.options.onChunkComplete = () => {
        upload.abort(true).then(() => resolve(upload.url ?? ''));
      };
    });
  });
  const { pathname } = new URL(await aborted);
  expect(await tus.offset(pathname)).toBe('404');
  expect((await tus.patch(pathname, 300_000, 'x')).status).toBe(404);
  expect((await tus.send('DELETE', pathname)).status).toBe(404);
  await untilStored(directory, 0, 0);
  expect(await store.head()).toBe(0);
});

test('a client that can send POST alone says what it means', async () => {
  const { tus, store } = await serve();
  const path = await tus.begin(5, { filename: 'f' });
  const about = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  const headers = { ...about, 'x-http-method-override': 'PATCH' };
  expect((await tus.send('POST', path, headers, 'whole')).status).toBe(201);
  expect((await tus.send('POST', path, about, 'whole')).status).toBe(404);
  expect(await store.head()).toBe(1);
});

test('what does not begin where the upload is, or is more than it has, is refused', async () => {
  const { tus, store } = await serve({ uploadBytesMax: 1_000 });
  const path = await tus.begin(10, { filename: 'f' });
  expect((await tus.patch(path, 3, 'xyz')).status).toBe(409);
  expect((await tus.patch(path, 0, 'more than ten')).status).toBe(413);
  expect(await tus.offset(path)).toBe(0);
  const told = await tus.post(1_001, { filename: 'f' });
  expect(told.status).toBe(413);
  expect((await tus.patch(path, 0, 'ten', { 'content-type': 'text/plain' })).status).toBe(400);
  expect((await tus.patch(path, 0, 'exactly 10')).status).toBe(201);
  expect(await store.head()).toBe(1);
});

test('whoever is refused by the protocol is told what to do', async () => {
  const { tus } = await serve({ uploadBytesMax: 1_000 });
  const path = await tus.begin(3, { filename: 'f' });
  const type = { 'content-type': 'application/offset+octet-stream' };
  const begin = (more: Record<string, string>) =>
    tus.send('POST', '/files/uploads', { 'upload-metadata': 'filename Zg==', ...more });
  const answers = await Promise.all([
    tus.send('HEAD', '/files/uploads/none'),
    tus.patch('/files/uploads/none', 0, 'x'),
    tus.send('PATCH', path, type, 'x'),
    tus.patch(path, 1, 'x'),
    tus.patch(path, 0, 'four'),
    tus.send('PATCH', path, { 'upload-offset': '0' }, Buffer.from('x')),
    begin({}),
    begin({ 'upload-length': '1001' }),
    begin({ 'upload-defer-length': '1' }),
    begin({ 'upload-length': '1', 'upload-concat': 'partial' }),
  ]);
  const told = answers.map(async (answer) => `${answer.status} ${await answer.text()}`.trim());
  expect(await Promise.all(told)).toEqual([
    '404',
    '404 There is no such upload.',
    '403 Upload-Offset must say from which byte on these are, such as 0.',
    '409 Upload-Offset is not what the upload has. Ask for that by HEAD.',
    '413 More bytes came than Upload-Length had announced.',
    '403 Content-Type must be application/offset+octet-stream.',
    '400 Upload-Length must say how many bytes the file has.',
    '413 A file may have at most 1000 bytes (uploadBytesMax).',
    '501 Upload-Length must say how many bytes the file has; it cannot be told later.',
    '501 Upload-Concat is not known here: send each file as one upload.',
  ]);
});

test('a piece that comes packed is refused, and the upload goes on', async () => {
  const { tus } = await serve();
  const path = await tus.begin(5, { filename: 'f' });
  const answer = await tus.patch(path, 0, 'whole', { 'content-encoding': 'gzip' });
  expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'identity']);
  expect(await tus.offset(path)).toBe(0);
  expect((await tus.patch(path, 0, 'whole')).status).toBe(201);
});

test('a piece whose checksum is another one is as if it had not come', async () => {
  const { tus } = await serve({ bodyBytesMax: 1_000 });
  const path = await tus.begin(2_000, { filename: 'f' });
  const piece = randomBytes(1_000);
  const sum = (name: string) => `${name} ${createHash(name).update(piece).digest('base64')}`;
  const wrong = await tus.patch(path, 0, randomBytes(1_000), { 'upload-checksum': sum('sha1') });
  expect(wrong.status).toBe(460);
  expect(await tus.offset(path)).toBe(0);
  const statuses = [
    await tus.patch(path, 0, piece, { 'upload-checksum': sum('sha1') }),
    await tus.patch(path, 1_000, piece, { 'upload-checksum': 'md5 AAAA' }),
    await tus.patch(path, 1_000, piece, { 'upload-checksum': sum('sha256') }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([204, 400, 201]);
  const large = await tus.begin(2_000, { filename: 'g' });
  const many = await tus.patch(large, 0, randomBytes(1_001), { 'upload-checksum': sum('sha1') });
  expect(many.status).toBe(413);
});

const wrongMetadata = {
  'no metadata': '',
  'no Base64': 'filename !',
  'no text': 'filename /w==',
  'no filename': metadataOf({ name: 'f' }),
  'an empty filename': 'filename ',
  'a filename twice': 'filename Zg==,filename Zw==',
  'NUL in a name': metadataOf({ filename: 'a\0b' }),
  'a slash in a name': metadataOf({ filename: 'a/b' }),
  'a name of two dots': metadataOf({ filename: '..' }),
  'a folder of two dots': metadataOf({ filename: 'f', path: 'a/../b' }),
  'a name of 5,000 characters': metadataOf({ filename: 'x'.repeat(5_000) }),
};

test('an upload that says what no file can be is refused before its bytes are sent', async () => {
  const { tus, directory } = await serve();
  for (const [what, metadata] of Object.entries(wrongMetadata)) {
    const about = { 'upload-length': '5', ...(metadata && { 'upload-metadata': metadata }) };
    const answer = await tus.send('POST', '/files/uploads', about);
    expect([what, answer.status]).toEqual([what, 400]);
    expect((await answer.text()).length).toBeGreaterThan(10);
  }
  expect(chunksAndUploads(directory)).toEqual([0, 0]);
});

test('an upload may say what must be there, or not, when it begins and when it ends', async () => {
  const { tus, store } = await serve();
  const isNew = { filename: 'f', ifNoneMatch: '*' };
  const first = await tus.begin(3, isNew);
  const second = await tus.begin(3, isNew);
  expect((await tus.patch(first, 0, 'one')).status).toBe(201);
  const late = await tus.patch(second, 0, 'two');
  expect([late.status, await late.text()]).toEqual([412, expect.stringMatching(/^The file has /)]);
  expect(await tus.offset(second)).toBe('404');
  expect((await tus.post(3, isNew)).status).toBe(412);
  expect((await tus.post(3, { filename: 'other', ifMatch: '*' })).status).toBe(412);
  const tag = `"${sha256(Buffer.from('one'))}"`;
  const third = await tus.begin(5, { filename: 'f', ifMatch: tag });
  const changed = await tus.patch(third, 0, 'three');
  expect([changed.status, (await changed.json()).revision]).toEqual([200, 2]);
  expect(await store.head()).toBe(2);
});

test('another version of the protocol is refused, and the server says what it speaks', async () => {
  const { tus } = await serve({ uploadBytesMax: 5_000 });
  const path = await tus.begin(3, { filename: 'f' });
  const answer = await tus.patch(path, 0, 'one', { 'tus-resumable': '0.2.2' });
  expect([answer.status, answer.headers.get('tus-version')]).toEqual([412, '1.0.0']);
  const { headers, status } = await tus.send('OPTIONS', '/files/uploads');
  const said = ['version', 'extension', 'max-size', 'checksum-algorithm'].map((name) =>
    headers.get(`tus-${name}`),
  );
  const extensions = 'creation,creation-with-upload,expiration,termination,checksum';
  expect([status, ...said]).toEqual([204, '1.0.0', extensions, '5000', 'sha256,sha1']);
});

test('somebody else’s upload is none, and nobody’s can be begun where it is asked who one is', async () => {
  const store = await openTemporary();
  const viewers = { ada: viewerOf('ada'), bob: viewerOf('bob'), root: viewerOf('root', ['admin']) };
  const api = new GuardedApi(store, viewers);
  const as = (name: string | null) => new Tus((path, init) => api.fetch(name, path, init));
  expect((await as(null).post(3, { filename: 'f', user: 'ada' })).status).toBe(401);
  expect((await as('ada').post(3, { filename: 'f' })).status).toBe(403);
  expect((await as('bob').post(3, { filename: 'f', user: 'ada' })).status).toBe(403);
  const path = await as('ada').begin(3, { filename: 'f', user: 'ada' });
  for (const other of ['bob', 'root']) {
    expect(await as(other).offset(path)).toBe('404');
    const patched = await as(other).patch(path, 0, 'one');
    expect([patched.status, await patched.text()]).toEqual([404, 'There is no such upload.\n']);
    expect((await as(other).send('DELETE', path)).status).toBe(404);
  }
  expect(await as(null).offset(path)).toBe('401');
  expect((await as('ada').patch(path, 0, 'one')).status).toBe(201);
  expect(await as('bob').offset(path)).toBe('404');
  expect(api.logged).toEqual([]);
});

test('one has only so many uploads under way, and those that ended are none', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const tus = new Tus((path, init) =>
    new TestApi(store).send(init, `http://everstate.test${path}`),
  );
  const path = await tus.begin(3, { filename: 'f' });
  const raw = rawLog(directory);
  for (let more = 1; more < limits.uploadsPerViewerMax; more += 1) {
    raw.prepare('insert into uploads values (?, ?)').run(`u${more}`, Date.now() * 1_000);
    raw
      .prepare("insert into resumable_uploads values (?, null, 5, '', 0, zeroblob(0))")
      .run(`u${more}`);
  }
  const refused = await tus.post(3, { filename: 'g' });
  expect([refused.status, await refused.text()]).toMatchObject([429, /uploadsPerViewerMax/]);
  expect((await tus.patch(path, 0, 'one')).status).toBe(201);
  await tus.begin(3, { filename: 'g' });
});

test('an upload is told when it expires, is gone then, and is collected', async () => {
  const directory = temporaryDirectory();
  let now = Date.now() * 1_000;
  const store = await openTemporary({ directory, clock: () => now++ as Microseconds });
  const api = new TestApi(store);
  const tus = new Tus((path, init) => api.send(init, `http://everstate.test${path}`));
  const begun = await tus.post(600_000, { filename: 'f' });
  const expires = Date.parse(begun.headers.get('upload-expires') ?? '');
  expect(Math.abs(expires - Date.now() - limits.uploadIdleMs)).toBeLessThan(60_000);
  const path = begun.headers.get('location') as string;
  const patched = await tus.patch(path, 0, randomBytes(400_000));
  expect([patched.status, patched.headers.has('upload-expires')]).toEqual([204, true]);
  const ended = await tus.begin(3, { filename: 'g' });
  await tus.patch(ended, 0, 'one');
  now += (limits.uploadIdleMs + 1_000) * 1_000;
  await store.collectUploads();
  expect(chunksAndUploads(directory)).toEqual([1, 0]);
  expect([await tus.offset(path), await tus.offset(ended)]).toEqual(['404', '404']);
});

test('of two that go on with one upload at the same time, one is refused, and it stays whole', async () => {
  const { tus, store, api } = await serve();
  const bytes = randomBytes(8_000_000);
  const path = await tus.begin(bytes.length, { filename: 'f' });
  let answered: unknown[] = [];
  for (let round = 0; round < 20 && !answered.includes(201); round += 1) {
    const offset = Number(await tus.offset(path));
    const end = Math.min(offset + 3_000_000, bytes.length);
    const both = [1, 2].map(() => statusIn(tus.patch(path, offset, bytes.subarray(offset, end))));
    answered = await Promise.all(both);
    expect(answered.filter((status) => Number(status) < 300).length).toBeLessThanOrEqual(1);
  }
  const { versions } = await store.list(LakeFile);
  expect(versions.map(({ values }) => values.sha256)).toEqual([sha256(bytes)]);
  expect((await store.verify()).defect).toBeNull();
  expect(api.logged).toEqual([]);
});

test('two processes that go on with one upload at the same time do not corrupt it', async () => {
  const directory = temporaryDirectory();
  const servers = [await serve({}, directory), await serve({}, directory)] as const;
  const bytes = randomBytes(20_000_000);
  const [{ tus, store }] = servers;
  const path = await tus.begin(bytes.length, { filename: 'f' });
  let statuses: unknown[] = [];
  for (let round = 0; round < 20 && !statuses.includes(201); round += 1) {
    const offset = Number(await tus.offset(path));
    const both = servers.map((server) =>
      statusIn(server.tus.patch(path, offset, bytes.subarray(offset))),
    );
    statuses = await Promise.all(both);
  }
  expect(statuses.filter((status) => status !== 409 && status !== 'cut off')).toEqual([201]);
  const { versions } = await store.list(LakeFile);
  expect(versions.map(({ values }) => values.sha256)).toEqual([sha256(bytes)]);
  expect((await store.verify()).defect).toBeNull();
});

test('pages of this machine may upload and read what they are told; others may not', async () => {
  const { tus } = await serve();
  const from = (origin: string) => ({ origin, 'sec-fetch-site': 'cross-site' });
  const own = await tus.post(3, { filename: 'f' }, from('http://localhost:5173'));
  expect(own.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  expect(own.headers.get('access-control-expose-headers')).toContain('Upload-Offset');
  const foreign = await tus.post(3, { filename: 'f' }, from('https://evil.example'));
  expect(foreign.status).toBe(403);
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  const unnamed = await tus.post(3, { filename: 'f' }, { 'sec-fetch-site': 'cross-site' });
  expect(unnamed.status).toBe(403);
  const preflight = await tus.send('OPTIONS', '/files/uploads', {
    origin: 'http://localhost:5173',
    'access-control-request-method': 'PATCH',
    'access-control-request-headers': 'tus-resumable,upload-offset',
  });
  expect(preflight.headers.get('access-control-allow-methods')).toBe('PATCH');
  expect(preflight.headers.get('access-control-allow-headers')).toContain('upload-offset');
});

test('files that are put, and uploads, count as mutations', async () => {
  const { tus, endpoint, url } = await serve({ mutationsPerMinuteMax: 3 });
  const put = () => fetch(`${url}/files/by-path/f`, { method: 'PUT', body: 'bytes' });
  expect((await put()).status).toBe(201);
  await uploadByClient(randomBytes(300), { endpoint, metadata: { filename: 'g' }, chunkSize: 100 });
  expect((await put()).status).toBe(200);
  const refused = await put();
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
  expect((await tus.post(3, { filename: 'h' })).status).toBe(429);
  const error = await uploadByClient(Buffer.from('h'), {
    endpoint,
    metadata: { filename: 'h' },
  }).catch((error) => error);
  expect(statusOf(error)).toBe(429);
});

test('a file whose id is “uploads” is found where no upload can be', async () => {
  const { store, url } = await serve();
  await store.transact(async (log) => {
    await log.create(LakeFile, {
      id: 'uploads',
      filename: 'f',
      path: 'uploads',
      ...(await log.putContents(Buffer.from('bytes'))),
    });
  });
  const { entries } = await (await fetch(`${url}/files/by-path/uploads/`)).json();
  expect(entries[0].url).toBe('/files/=uploads/1');
  for (const path of ['/files/=uploads/1', '/files/=uploads', '/files/by-path/uploads/f']) {
    expect(await (await fetch(`${url}${path}`)).text()).toBe('bytes');
  }
  expect((await fetch(`${url}/files/uploads`)).status).toBeGreaterThanOrEqual(400);
});
