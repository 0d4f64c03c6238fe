/** Files as they are now, were at a revision, and were at a position; by id, and by folder and name. */
import { parse } from 'content-disposition';
import { describe, expect, test } from 'vitest';
import { defineEntity, field, LakeFile, Todo } from '../src/entities/index.ts';
import { listen, openApi } from './support/api.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { putFiles, rewriteFile } from './support/stored-files.ts';
import { openTemporary } from './support/temporary-store.ts';

async function serve() {
  const api = await openApi();
  const { url } = await listen(api.app);
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, init);
    return [response.status, await response.text()] as const;
  };
  return { ...api, url, get, store: api.store };
}

const forEver = 'public, max-age=31536000, immutable';

describe('a file by its id', () => {
  test('is what it is now, was at a revision and was at a position', async () => {
    const { store, get } = await serve();
    const one = await putFiles(store, [{ id: 'f', filename: 'f', contents: 'one' }]);
    await store.append(Todo, { id: 't' });
    const two = await rewriteFile(store, 'f', 'two');
    expect(await get('/files/f')).toEqual([200, 'two']);
    expect(await get('/files/f?revision=1')).toEqual([200, 'one']);
    expect(await get('/files/f/1')).toEqual([200, 'one']);
    expect(await get(`/files/f?position=${one}`)).toEqual([200, 'one']);
    expect(await get(`/files/f?position=${two - 1}`)).toEqual([200, 'one']);
    expect(await get(`/files/f?position=${two}`)).toEqual([200, 'two']);
    expect((await get('/files/f?position=0'))[0]).toBe(404);
    expect((await get('/files/f?revision=3'))[0]).toBe(404);
  });

  test('is gone once it is deleted, and stays what it was before', async () => {
    const { store, get } = await serve();
    const position = await putFiles(store, [{ id: 'f', filename: 'f', contents: 'one' }]);
    await store.delete(LakeFile, 'f');
    expect(await get('/files/f')).toEqual([404, 'There is no such file or revision.\n']);
    expect((await get(`/files/f?position=${position + 1}`))[0]).toBe(404);
    expect(await get('/files/f?revision=1')).toEqual([200, 'one']);
    expect(await get(`/files/f?position=${position}`)).toEqual([200, 'one']);
  });

  test('is asked for anew by caches, unless its URL says which version it is', async () => {
    const { store, url } = await serve();
    const position = await putFiles(store, [{ id: 'f', filename: 'f', contents: 'one' }]);
    for (const [path, keeping] of [
      ['/files/f', 'public, no-cache'],
      ['/files/by-path/f', 'public, no-cache'],
      ['/files/by-path/f?revision=1', 'public, no-cache'],
      ['/files/f/1', forEver],
      ['/files/f?revision=1', forEver],
      [`/files/f?position=${position}`, forEver],
      [`/files/by-path/f?position=${position}`, forEver],
    ] as const) {
      const { headers } = await fetch(url + path);
      expect([path, headers.get('cache-control')]).toEqual([path, keeping]);
      const [version] = await store.history(LakeFile, 'f');
      const second = Math.floor((version?.committedAt ?? 0) / 1_000_000) * 1_000;
      expect(headers.get('last-modified')).toBe(new Date(second).toUTCString());
      expect(headers.get('etag')).toBe(`"${version?.values.sha256}"`);
    }
  });
});

test('a file without bytes is a file', async () => {
  const { store, url } = await serve();
  await putFiles(store, [{ id: 'f', filename: 'f', contents: '' }]);
  for (const method of ['GET', 'HEAD', 'GET']) {
    const response = await fetch(`${url}/files/f`, { method });
    const { headers } = response;
    expect([response.status, headers.get('content-length'), await response.text()]).toEqual([
      200,
      '0',
      '',
    ]);
  }
});

test('no Last-Modified lies in the future, whatever the clock said at the commit', async () => {
  const api = await openApi({ clock: () => Date.UTC(2140, 0, 1) * 1_000 });
  await putFiles(api.store, [{ id: 'f', filename: 'f', contents: '' }]);
  const { headers } = await api.send({}, 'http://everstate.test/files/f');
  const lastModified = Date.parse(headers.get('last-modified') ?? '');
  expect(lastModified).toBeLessThanOrEqual(Date.now());
  expect(lastModified).toBeGreaterThan(Date.now() - 60_000);
});

test.for([
  ['/files/f?revision=0', /^revision: must be a revision such as 3, but was "0"\.\n$/],
  ['/files/f?revision=', /^revision: must be a revision/],
  ['/files/f?revision=-1', /^revision: must be a revision/],
  ['/files/f?revision=1e3', /^revision: must be a revision/],
  ['/files/f?position=x', /^position: must be a position such as 12, but was "x"\.\n$/],
  ['/files/f?position=-1', /^position: must be a position/],
  ['/files/f?position=1.5', /^position: must be a position/],
  ['/files/f?position=2', /^position: must not be after the last position 1, but was 2\.\n$/],
  ['/files/by-path/f?position=2', /^position: must not be after the last position 1/],
  ['/files/by-path/?position=2', /^position: must not be after the last position 1/],
  ['/files/by-path/?zip&position=2', /^position: must not be after the last position 1/],
  ['/files/f?revision=1&position=1', /^revision: may not be given together with position/],
  ['/files/f?revision=1&revision=1', /^revision: must be given once/],
  ['/files/f/1?revision=1', /^revision: may not be given where the path names a revision/],
  ['/files/f/1?position=1', /^position: may not be given where the path names a revision/],
  ['/files/by-path/?revision=1', /^revision: is what a folder has none of/],
  ['/files/by-path/?limit=0', /^limit: must be a number from 1 to 1000/],
  ['/files/by-path/?limit=1001', /^limit: must be a number from 1 to 1000/],
  ['/files/by-path/?after=x', /^after: must be a cursor that this server gave/],
] as const)('%s is 400, and says why', async ([path, message]) => {
  const { store, get } = await serve();
  await putFiles(store, [{ id: 'f', filename: 'f', contents: 'x' }]);
  expect(await get(path)).toEqual([400, expect.stringMatching(message)]);
});

const Contact = defineEntity({
  name: 'Contact',
  description: 'Somebody.',
  fields: {
    name: field.text({ description: 'What they are called.' }),
    photoType: field.text({ description: 'What kind of picture it is.' }),
    photo: field.file({ description: 'A photo of them.', filename: 'name', filetype: 'photoType' }),
  },
});

test('a file of any other record is what it is now, too', async () => {
  const api = await openApi({ entities: [Contact, LakeFile] });
  const { url } = await listen(api.app);
  const photo = async (contents: string) => {
    const { value } = await api.store.transact((log) => log.putContents(Buffer.from(contents)));
    return { photoSize: value.size, photoSha256: value.sha256 };
  };
  const values = { id: 'a/b', name: 'ada', photoType: 'png', ...(await photo('one')) };
  const { position } = await api.store.append(Contact, values);
  await api.store.update(Contact, 'a/b', { photoType: null, ...(await photo('two')) });
  const get = async (query: string) => await fetch(`${url}/files/contacts/a%2Fb/photo${query}`);
  const now = await get('');
  expect([now.headers.get('content-type'), await now.text()]).toEqual([
    'application/octet-stream',
    'two',
  ]);
  for (const query of ['?revision=1', `?position=${position}`, '/1']) {
    const then = await get(query);
    expect([then.headers.get('content-type'), await then.text()]).toEqual(['image/png', 'one']);
  }
  await api.store.update(Contact, 'a/b', { photoSize: null, photoSha256: null });
  expect((await get('')).status).toBe(404);
  expect((await fetch(`${url}/files/contacts/a%2Fb/name`)).status).toBe(404);
  expect((await fetch(`${url}/files/by-path/ada`)).status).toBe(404);
});

test.for([
  ['in the root', null, 'f.txt', '/files/by-path/f.txt'],
  ['in a folder', 'a/b', 'f.txt', '/files/by-path/a/b/f.txt'],
  ['below a path that begins with a slash', '/a', 'f.txt', '/files/by-path//a/f.txt'],
  ['in the folder without a name', '', 'f.txt', '/files/by-path//f.txt'],
  ['below a path that ends with a slash', 'a/', 'f.txt', '/files/by-path/a//f.txt'],
  ['with a slash in its name', 'a', 'b/c', '/files/by-path/a/b%2Fc'],
  ['in another script', '世界', '🎨 ü.txt', `/files/by-path/${encodeURI('世界/🎨 ü.txt')}`],
  ['with marks from right to left', 'a', '\u202egpj.exe', '/files/by-path/a/%E2%80%AEgpj.exe'],
  ['in a folder called “..”', '../..', '..', '/files/by-path/=../=../=..'],
  ['in a folder called “.”', '.', '.', '/files/by-path/=./=.'],
  ['in a folder called “=..”', '=..', '=.', '/files/by-path/%3D../%3D.'],
  ['with signs of URLs', '?a#b', '100%;c&d', '/files/by-path/%3Fa%23b/100%25;c&d'],
] as const)('a file %s is found by its path', async ([, path, filename, pathname]) => {
  const { store, url } = await serve();
  await putFiles(store, [
    { path, filename, contents: 'this' },
    { path, filename: `${filename}2`, contents: 'another' },
    { path, filename, userId: 'ada', contents: 'hers' },
  ]);
  const response = await fetch(url + pathname);
  expect([response.status, await response.text()]).toEqual([200, 'this']);
  const { parameters } = parse(response.headers.get('content-disposition') ?? '');
  expect(parameters.filename).toBe(filename);
  const hers = await fetch(`${url}${pathname}?user=ada`);
  expect([hers.status, await hers.text()]).toEqual([200, 'hers']);
  expect((await fetch(`${url}${pathname}?user=bob`)).status).toBe(404);
});

test('what has a name may be one file today and another tomorrow', async () => {
  const { store, get } = await serve();
  const first = await putFiles(store, [{ id: 'a', path: 'p', filename: 'f', contents: 'one' }]);
  await rewriteFile(store, 'a', 'two');
  expect(await get('/files/by-path/p/f?revision=1')).toEqual([200, 'one']);
  await store.delete(LakeFile, 'a');
  expect(await get('/files/by-path/p/f')).toEqual([
    404,
    'There is no such file. The path of a folder ends in “/”.\n',
  ]);
  await putFiles(store, [{ id: 'b', path: 'p', filename: 'f', contents: 'three' }]);
  expect(await get('/files/by-path/p/f')).toEqual([200, 'three']);
  expect(await get(`/files/by-path/p/f?position=${first}`)).toEqual([200, 'one']);
});

test('what no text can be is not there', async () => {
  const { get } = await serve();
  for (const path of ['a%00b', 'a%00b/c', 'c/a%00b', 'a%00b/', '%FF', '%FF/', '%', '%ED%A0%80']) {
    expect([path, (await get(`/files/by-path/${path}`))[0]]).toEqual([path, 404]);
  }
  expect((await get('/files/a%00b'))[0]).toBe(404);
  expect((await get('/files/by-path/?user=%00'))[0]).toBe(200);
});

test('a record called as the way to folders is found by its sign', async () => {
  const { store, get } = await serve();
  await putFiles(store, [
    { id: 'by-path', filename: '1', contents: 'its' },
    { id: '=by-path', filename: 'f', contents: 'another' },
  ]);
  expect(await get('/files/=by-path')).toEqual([200, 'its']);
  expect(await get('/files/=by-path/1')).toEqual([200, 'its']);
  expect(await get('/files/%3Dby-path')).toEqual([200, 'another']);
  expect(await get('/files/by-path/1')).toEqual([200, 'its']);
  expect((await get('/files/by-path'))[0]).toBe(404);
});

const viewers = { ada: viewerOf('ada'), bob: viewerOf('bob'), root: viewerOf('root', ['admin']) };

test('each sees what is theirs, as it was while it was theirs', async () => {
  const store = await openTemporary();
  const api = new GuardedApi(store, viewers);
  const hers = await putFiles(store, [
    { id: 'f', userId: 'ada', path: 'p', filename: 'f', contents: 'hers' },
  ]);
  await store.update(LakeFile, 'f', { userId: 'bob' });
  await rewriteFile(store, 'f', 'his');
  const asked = async (viewer: string, path: string) => {
    const response = await api.fetch(viewer, path);
    return response.status === 200 ? await response.text() : response.status;
  };
  for (const [path, ada, bob, root] of [
    ['/files/f', 404, 'his', 'his'],
    ['/files/f?revision=1', 'hers', 404, 'hers'],
    ['/files/f?revision=2', 404, 'hers', 'hers'],
    [`/files/f?position=${hers}`, 'hers', 404, 'hers'],
    ['/files/by-path/p/f', 404, 404, 404],
    ['/files/by-path/p/f?user=bob', 404, 'his', 'his'],
    ['/files/by-path/p/f?user=ada', 404, 404, 404],
    [`/files/by-path/p/f?user=ada&position=${hers}`, 'hers', 404, 'hers'],
  ] as const) {
    const answers = [await asked('ada', path), await asked('bob', path), await asked('root', path)];
    expect([path, ...answers]).toEqual([path, ada, bob, root]);
  }
  expect((await api.fetch(null, '/files/f')).status).toBe(401);
  const kept = await api.fetch('bob', '/files/f');
  expect(kept.headers.get('cache-control')).toBe('private, no-cache');
});

test('a signed URL opens what it was made for, and nothing else', async () => {
  const store = await openTemporary();
  const api = new GuardedApi(store, viewers);
  await putFiles(store, [
    { id: 'f', userId: 'ada', filename: 'f.txt', contents: 'one' },
    { id: 'by-path', userId: 'ada', filename: 'f', contents: 'its' },
  ]);
  const urlOf = async (id: string): Promise<string> =>
    (await api.ask('ada', `{ lakeFile(id: "${id}") { downloadUrl } }`)).data.lakeFile.downloadUrl;
  const url = await urlOf('f');
  const shown = await api.fetch(null, `${url}&inline`);
  expect([shown.status, await shown.text()]).toEqual([200, 'one']);
  expect(shown.headers.get('content-disposition')).toBe('inline; filename=f.txt');
  expect((await api.fetch(null, `${url}&position=1`)).status).toBe(400);
  expect((await api.fetch(null, `${url}&revision=1`)).status).toBe(400);
  const query = url.slice(url.indexOf('?'));
  for (const path of ['/files/f', '/files/by-path/', '/files/by-path/f.txt', '/files/f/2']) {
    expect([path, (await api.fetch(null, path + query)).status]).toEqual([path, 403]);
  }
  const its = await urlOf('by-path');
  expect(its).toMatch(/^\/files\/=by-path\/1\?/);
  expect(await (await api.fetch(null, its)).text()).toBe('its');
});
