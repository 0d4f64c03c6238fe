/** Folders of the lake over HTTP: as lists, page by page, and as zips; at any position. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LakeFile } from '../src/entities/index.ts';
import { zipName } from '../src/http/pages/zip-names.ts';
import { listen, openApi } from './support/api.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { checkProperty } from './support/property.ts';
import { bytesReadFrom, putFiles, rewriteFile } from './support/stored-files.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { readZip } from './support/zip.ts';

async function serve(directory = temporaryDirectory()) {
  const api = await openApi({ directory });
  const { url } = await listen(api.app);
  const list = async (path: string) => {
    const response = await fetch(url + path);
    expect([path, response.status]).toEqual([path, 200]);
    // biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
    return (await response.json()) as any;
  };
  const names = async (path: string): Promise<string[]> =>
    (await list(path)).entries.map(({ kind, name }: { kind: string; name: string }) =>
      kind === 'folder' ? `${name}/` : name,
    );
  const zip = async (path: string) => {
    const response = await fetch(url + path);
    expect([path, response.status]).toEqual([path, 200]);
    const files = await readZip(new Uint8Array(await response.arrayBuffer()));
    return files.map(([name, contents]) => [name, contents.toString()]);
  };
  return { api, store: api.store, url, list, names, zip };
}

const sha256OfX = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';

describe('a folder as a list', () => {
  test('tells of each folder and file in it, and leads on', async () => {
    const { store, list, url } = await serve();
    await putFiles(store, [
      { id: 'one', path: 'a', filename: 'f.txt', filetype: 'txt', contents: 'x' },
      { path: 'a/b/c', filename: 'deep', contents: 'y' },
      { path: 'ab', filename: 'elsewhere', contents: 'z' },
      { filename: 'root', contents: '' },
    ]);
    const [version] = await store.history(LakeFile, 'one');
    const listing = await list('/files/by-path/a/');
    expect(listing).toEqual({
      path: 'a',
      userId: null,
      position: '4',
      entries: [
        { kind: 'folder', name: 'b', url: '/files/by-path/a/b/' },
        {
          kind: 'file',
          name: 'f.txt',
          size: 1,
          sha256: sha256OfX,
          filetype: 'txt',
          id: 'one',
          revision: 1,
          updatedAt: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
          url: '/files/one/1',
        },
      ],
      next: null,
    });
    expect(Date.parse(listing.entries[1].updatedAt)).toBe(
      Math.floor((version?.committedAt ?? 0) / 1_000),
    );
    expect(await (await fetch(url + listing.entries[1].url)).text()).toBe('x');
    const response = await fetch(url + listing.entries[0].url);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('public, no-cache');
    expect(response.headers.get('x-position')).toBe('4');
    expect(await response.json()).toMatchObject({ path: 'a/b', entries: [{ name: 'c' }] });
    const head = await fetch(`${url}/files/by-path/a/`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('has folders first, each once, and files by name, however they are written', async () => {
    const { store, names } = await serve();
    await putFiles(
      store,
      [null, '', 'z', 'z/y', 'a!', 'a', 'a/b', '/abs', '世界', '..', 'A'].flatMap((path) =>
        ['f', '🎨', '\u202e'].map((filename) => ({ path, filename, contents: '' })),
      ),
    );
    const folders = ['/', '../', 'A/', 'a/', 'a!/', 'z/', '世界/'];
    expect(await names('/files/by-path/')).toEqual([...folders, 'f', '\u202e', '🎨']);
    expect(await names('/files/by-path//')).toEqual(['abs/', 'f', '\u202e', '🎨']);
    expect(await names('/files/by-path/=../')).toEqual(['f', '\u202e', '🎨']);
    expect(await names('/files/by-path/z/')).toEqual(['y/', 'f', '\u202e', '🎨']);
  });

  test('goes on page by page at the position of the first, whatever is written meanwhile', async () => {
    const { store, list } = await serve();
    const folders = Array.from({ length: 5 }, (_, index) => `p/d${index}`);
    const files = Array.from({ length: 5 }, (_, index) => `f${index}`);
    await putFiles(store, [
      ...folders.map((path) => ({ path, filename: 'in', contents: '' })),
      ...files.map((filename) => ({ id: filename, path: 'p', filename, contents: '' })),
    ]);
    for (const limit of [1, 2, 3, 5, 9, 10, 11, 12]) {
      const pages = [await list(`/files/by-path/p/?limit=${limit}`)];
      const then = pages[0].position;
      await store.delete(LakeFile, 'f4');
      await putFiles(store, [{ path: `p/new${limit}`, filename: 'f', contents: '' }]);
      for (let { next } = pages[0]; next !== null; next = pages.at(-1).next) {
        pages.push(await list(next));
      }
      const whole = await list(`/files/by-path/p/?position=${then}`);
      const entries = pages.flatMap((page) => page.entries);
      const named = (all: { name: string }[]) => all.map(({ name }) => name);
      expect([limit, named(entries)]).toEqual([limit, named(whole.entries)]);
      expect(named(entries)).toContain('f4');
      expect(pages.map(({ position }) => position)).toEqual(pages.map(() => then));
      expect(pages).toHaveLength(Math.ceil(entries.length / limit));
      await store.restore(LakeFile, 'f4', { revision: 1 });
    }
  });

  test('is what it was at a position, and leads on there', async () => {
    const { store, list, names, url } = await serve();
    const then = await putFiles(store, [
      { id: 'a', path: 'p', filename: 'a', contents: 'one' },
      { id: 'b', path: 'p/q', filename: 'b', contents: 'one' },
    ]);
    await rewriteFile(store, 'a', 'two');
    await store.delete(LakeFile, 'b');
    expect(await names('/files/by-path/p/')).toEqual(['a']);
    const past = await list(`/files/by-path/p/?position=${then}`);
    expect(past.entries).toMatchObject([
      { name: 'q', url: `/files/by-path/p/q/?position=${then}` },
      { name: 'a', revision: 1, size: 3 },
    ]);
    expect(await names(past.entries[0].url)).toEqual(['b']);
    expect(await (await fetch(url + past.entries[1].url)).text()).toBe('one');
    expect((await fetch(`${url}/files/by-path/p/q/`)).status).toBe(404);
    expect((await fetch(`${url}/files/by-path/p/?position=0`)).status).toBe(404);
    expect(await names('/files/by-path/?position=0')).toEqual([]);
    const kept = await fetch(`${url}/files/by-path/p/?position=${then}`);
    expect(kept.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  test('goes on only from its own cursors', async () => {
    const { store, list, url } = await serve();
    await putFiles(
      store,
      ['p', 'q'].flatMap((path) =>
        ['a', 'b'].map((filename) => ({ path, filename, contents: '' })),
      ),
    );
    const { next } = await list('/files/by-path/p/?limit=1');
    const after = new URL(next, url).searchParams.get('after');
    for (const path of [
      `/files/by-path/q/?after=${after}`,
      `/files/by-path/p/?after=${after}&user=ada`,
      `/files/by-path/p/?after=${after}&position=1`,
    ]) {
      const response = await fetch(url + path);
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringMatching(/^after: must be a cursor /),
      ]);
    }
  });

  test('is not there without a file in it or below it, and the root always is', async () => {
    const { names, url } = await serve();
    expect(await names('/files/by-path/')).toEqual([]);
    for (const query of ['', '?zip', '?limit=1']) {
      const response = await fetch(`${url}/files/by-path/p/${query}`);
      expect([response.status, await response.text()]).toEqual([404, 'There is no such folder.\n']);
    }
  });
});

describe('a folder as a zip', () => {
  test('has all that is below it, in order, as it is now or was', async () => {
    const { store, zip, url } = await serve();
    const then = await putFiles(store, [
      { id: 'a', path: 'p', filename: 'a.txt', contents: 'one' },
      { path: 'p', filename: '世界 🎨.txt', contents: 'another script' },
      { path: 'p/q/r', filename: 'deep', contents: '' },
      { path: 'p!', filename: 'elsewhere', contents: 'no' },
      { path: 'pq', filename: 'elsewhere', contents: 'no' },
      { path: null, filename: 'p', contents: 'no' },
      { path: 'p', filename: 'a.txt', userId: 'ada', contents: 'hers' },
    ]);
    await rewriteFile(store, 'a', 'two');
    const rest = [
      ['世界 🎨.txt', 'another script'],
      ['q/r/deep', ''],
    ];
    expect(await zip('/files/by-path/p/?zip')).toEqual([['a.txt', 'two'], ...rest]);
    expect(await zip(`/files/by-path/p/?zip&position=${then}`)).toEqual([
      ['a.txt', 'one'],
      ...rest,
    ]);
    expect(await zip('/files/by-path/p/?zip&user=ada')).toEqual([['a.txt', 'hers']]);
    for (const method of ['GET', 'HEAD']) {
      const { headers, status } = await fetch(`${url}/files/by-path/p/?zip`, { method });
      expect(status).toBe(200);
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-type': 'application/zip',
        'content-disposition': 'attachment; filename=p.zip',
        'cache-control': 'no-store',
        'x-position': String(then + 1),
        'x-content-type-options': 'nosniff',
      });
    }
  });

  test('of the root has everything, and of nothing is an empty one', async () => {
    const { store, zip, url } = await serve();
    expect(await zip('/files/by-path/?zip')).toEqual([]);
    await putFiles(store, [
      { path: 'p', filename: 'f', contents: 'below' },
      { filename: 'f', contents: 'root' },
    ]);
    expect(await zip('/files/by-path/?zip')).toEqual([
      ['p/f', 'below'],
      ['f', 'root'],
    ]);
    const { headers } = await fetch(`${url}/files/by-path/?zip`);
    expect(headers.get('content-disposition')).toBe('attachment; filename=lake.zip');
  });

  test('is unpacked nowhere but where it is unpacked, whatever paths say', async () => {
    const { store, zip } = await serve();
    await putFiles(
      store,
      ['../..', '/etc', 'a/../b', 'C:', 'c\\d', 'e\u0001f', '.', ''].map((path) => ({
        path,
        filename: '../f',
        contents: path,
      })),
    );
    // Its reader refuses a zip with a name that leads elsewhere.
    expect((await zip('/files/by-path/?zip')).map(([name]) => name)).toEqual([
      '=/..%2Ff',
      '=./..%2Ff',
      '=../=../..%2Ff',
      '=/etc/..%2Ff',
      'C%3A/..%2Ff',
      'a/=../b/..%2Ff',
      'c%5Cd/..%2Ff',
      'e%01f/..%2Ff',
    ]);
  });

  test('is broken off where bytes are not as they were stored', async () => {
    const directory = temporaryDirectory();
    const { api, store, url } = await serve(directory);
    await putFiles(store, [
      { path: 'p', filename: 'a', contents: 'good' },
      { path: 'p', filename: 'b', contents: 'x'.repeat(600_000) },
    ]);
    const log = rawLog(directory);
    log.exec('alter table content_chunks rename to elsewhere');
    const response = await fetch(`${url}/files/by-path/p/?zip`);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(api.logged).toHaveLength(1);
    log.exec('alter table elsewhere rename to content_chunks');
  });

  test('is made as fast as it is taken, and ends where its reader leaves', async () => {
    const { api, store, url } = await serve();
    const large = (index: number) => Buffer.alloc(20_000_000, index);
    for (let index = 0; index < 4; index += 1) {
      await putFiles(store, [{ path: 'p', filename: `f${index}`, contents: large(index) }]);
    }
    const read = bytesReadFrom(store);
    const whole = await fetch(`${url}/files/by-path/p/?zip`);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of whole.body ?? []) {
      if (length === 0) await new Promise((resolve) => setTimeout(resolve, 500));
      chunks.push(chunk);
      length += chunk.length;
      expect(read.bytes - length).toBeLessThan(20_000_000);
    }
    const files = await readZip(Buffer.concat(chunks));
    expect(files.map(([name, contents], index) => [name, contents.equals(large(index))])).toEqual(
      [0, 1, 2, 3].map((index) => [`f${index}`, true]),
    );
    const before = read.bytes;
    const leaving = new AbortController();
    const left = await fetch(`${url}/files/by-path/p/?zip`, { signal: leaving.signal });
    await left.body?.getReader().read();
    leaving.abort();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const taken = read.bytes;
    expect(taken - before).toBeLessThan(40_000_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(read.bytes).toBe(taken);
    expect(api.logged).toEqual([]);
  }, 60_000);

  test('of more files than are looked up at a time has each of them', async () => {
    const { store, zip } = await serve();
    const filenames = Array.from(
      { length: 600 },
      (_, index) => `f${String(index).padStart(3, '0')}`,
    );
    await putFiles(
      store,
      filenames.map((filename) => ({ path: 'p', filename, contents: filename })),
    );
    expect(await zip('/files/by-path/p/?zip')).toEqual(filenames.map((name) => [name, name]));
  });
});

const part = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '=',
    '=.',
    '=..',
    '==',
    'C:',
    '/',
    '\\',
    '%2F',
    '%',
    '%5C',
    '\u0001',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('.', '=', '%', '/', '\\', ':', 'C', '2', 'F'), maxLength: 5 }),
);

test('names in a zip lead nowhere else, and are as different as paths are', async () => {
  const paths = fc.array(part, { minLength: 1, maxLength: 3 });
  await checkProperty('names in zips', fc.tuple(paths, paths), 2_000, async ([one, two]) => {
    const name = zipName(one);
    expect(name.split('/')).toHaveLength(one.length);
    for (const each of name.split('/')) expect(each).not.toMatch(/^(\.\.?)?$/);
    expect(name).not.toMatch(/^[A-Za-z]:|^\/|\\/);
    const isSame = JSON.stringify(one) === JSON.stringify(two);
    expect(zipName(two) === name).toBe(isSame);
  });
});

test('what is not seen is in no list and no zip', async () => {
  const store = await openTemporary();
  const viewers = { ada: viewerOf('ada'), bob: viewerOf('bob'), root: viewerOf('root', ['admin']) };
  const api = new GuardedApi(store, viewers);
  await putFiles(
    store,
    ['ada', 'bob'].flatMap((userId) => [
      { id: `${userId}1`, userId, path: `of-${userId}`, filename: 'f', contents: userId },
      { id: `${userId}2`, userId, path: null, filename: 'f', contents: userId },
    ]),
  );
  const asked = async (viewer: string, query: string) => {
    const listed = await api.fetch(viewer, `/files/by-path/${query}`);
    const names = (await listed.json()).entries.map(({ name }: { name: string }) => name);
    const zipped = await api.fetch(viewer, `/files/by-path/${query}&zip`);
    const files = await readZip(new Uint8Array(await zipped.arrayBuffer()));
    expect(listed.headers.get('cache-control')).toBe('private, no-cache');
    return [names, files.map(([name]) => name)];
  };
  const all = [
    ['of-bob', 'f'],
    ['of-bob/f', 'f'],
  ];
  expect(await asked('bob', '?user=bob')).toEqual(all);
  expect(await asked('root', '?user=bob')).toEqual(all);
  expect(await asked('ada', '?user=bob')).toEqual([[], []]);
  expect(await asked('ada', '?limit=9')).toEqual([[], []]);
  expect((await api.fetch('ada', '/files/by-path/of-bob/?user=bob')).status).toBe(404);
  expect((await api.fetch('ada', '/files/by-path/of-bob/?user=bob&zip')).status).toBe(404);
  expect((await api.fetch(null, '/files/by-path/?zip')).status).toBe(401);
});
