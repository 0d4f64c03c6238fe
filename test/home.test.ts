/** What a browser finds besides GraphiQL: the page at the root, the board's files, the guides. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import {
  defineEntity,
  type Entity,
  field,
  LakeFile,
  shippedEntities,
  Todo,
} from '../src/entities/index.ts';
import { listen } from './support/api.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';

const page = '<!doctype html><title>The board</title>';
const script = 'console.log("board");';

/** An application whose board was built into a directory, or was not. */
async function open(built = true, entities: readonly Entity[] = shippedEntities) {
  const directory = temporaryDirectory();
  const boardDirectory = join(directory, 'board');
  writeFileSync(join(directory, 'secret.txt'), 'secret');
  if (built) build(boardDirectory);
  const logged: object[] = [];
  const app = createApp(await openTemporary({ entities }), {
    boardDirectory,
    log: { error: (details) => logged.push(details) },
  });
  const get = async (path: string, init?: RequestInit) =>
    await app.fetch(new Request(`http://localhost:4000${path}`, init));
  return { app, get, boardDirectory, logged };
}

function build(directory: string): void {
  mkdirSync(join(directory, 'assets'), { recursive: true });
  writeFileSync(join(directory, 'index.html'), page);
  writeFileSync(join(directory, 'icon.svg'), '<svg/>');
  writeFileSync(join(directory, 'assets', 'index-abc123.js'), script);
}

test('the root leads to GraphiQL, the board and the guides, and needs nothing else', async () => {
  const { get } = await open();
  const response = await get('/');
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const html = await response.text();
  const links = [...html.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href]) => href);
  expect(links).toEqual(['/graphql', '/board', '/docs']);
  expect(html).not.toMatch(/<script|src=|@import|url\(/);
  expect((await get('/', { method: 'HEAD' })).status).toBe(200);
});

test('where the board is not built, the root and the board say how to build it', async () => {
  const { get, boardDirectory } = await open(false);
  const home = await (await get('/')).text();
  expect(home).toContain('npm run board');
  expect(home).not.toContain('href="/board"');
  const board = await get('/board');
  expect(board.status).toBe(404);
  expect(await board.text()).toContain('npm run board');

  build(boardDirectory);
  expect(await (await get('/')).text()).toContain('href="/board"');
  expect(await (await get('/board')).text()).toBe(page);
});

const Note = defineEntity({
  name: 'Note',
  description: 'Something worth keeping.',
  fields: { title: field.text({ description: 'What it is about.' }) },
});

test.each([
  ['own kinds', [Note]],
  ['one of the board’s two kinds', [Todo, Note]],
])(
  'with %s alone nobody is sent to the board or the demo, and the board says what it needs',
  async (_, kinds) => {
    const { get } = await open(true, kinds);
    const home = await (await get('/')).text();
    expect([...home.matchAll(/href="(\/[^"]*)"/g)].map(([, href]) => href)).toEqual([
      '/graphql',
      '/docs',
    ]);
    expect(home).not.toMatch(/demo|board/i);
    expect(await (await get('/docs')).text()).not.toContain('demo');
    for (const path of ['/board', '/board/', '/board/files']) {
      const board = await get(path);
      expect(board.status, path).toBe(404);
      expect(board.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const text = await board.text();
      expect(text).toContain(`serves ${kinds.map(({ name }) => name).join(', ')}.`);
      expect(text).toContain("export { LakeFile, Todo } from 'everstate';");
      expect((await get(path, { method: 'HEAD' })).status).toBe(404);
    }
  },
);

test('the board and the demo are offered where its kinds are served beside own ones', async () => {
  const { get } = await open(true, [Note, LakeFile, Todo]);
  const home = await (await get('/')).text();
  expect(home).toContain('href="/board"');
  expect(home).toContain('npm run demo');
  expect(await (await get('/board')).text()).toBe(page);
});

test.each([
  '/board',
  '/board/',
  '/board/files',
  '/board/todos/cars.json-check',
  '/board/a%2Fb?at=1',
])('%s is the board’s page, asked for anew each time', async (path) => {
  const { get } = await open();
  const response = await get(path);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(page);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-cache');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
});

test('files of the board have their types, and those named by their contents stay for ever', async () => {
  const { get } = await open();
  const response = await get('/board/assets/index-abc123.js');
  expect(await response.text()).toBe(script);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'content-length': String(script.length),
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  });
  const icon = await get('/board/icon.svg');
  expect(icon.headers.get('content-type')).toBe('image/svg+xml');
  expect(icon.headers.get('cache-control')).toBe('no-cache');
  const head = await get('/board/assets/index-abc123.js', { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe(String(script.length));
  expect(await head.text()).toBe('');
});

test('a file that is not there is no page', async () => {
  const { get } = await open();
  for (const path of ['/board/assets/gone.js', '/board/assets', '/board/assets/', '/board/%zz']) {
    expect((await get(path)).status, path).toBe(404);
  }
});

test('the board can only be read', async () => {
  const { get } = await open();
  const response = await get('/board', { method: 'POST', body: '{}' });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, HEAD');
});

test('what only begins like the board’s path is not the board', async () => {
  const { get } = await open();
  expect((await get('/boards')).status).toBe(404);
});

test.each([
  '/board/../secret.txt',
  '/board/%2e%2e/secret.txt',
  '/board/..%2fsecret.txt',
  '/board/assets/..%2f..%2fsecret.txt',
  '/board/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd',
  '/board//etc/passwd',
  '/board/%2Fetc%2Fpasswd',
  '/board/..%5csecret.txt',
  '/board/%00',
  '/board/icon.svg%00.html',
])('%s leads to nothing outside of the board', async (path) => {
  const { app } = await open();
  const { url } = await listen(app);
  const { status, body } = await getRaw(url, path);
  expect(body).not.toMatch(/secret|root:/);
  // A path inside is a place within the board, which its page looks for.
  expect([200, 404]).toContain(status);
  if (status === 200) expect(body).toBe(page);
});

/** Asks for a path as it stands; `fetch` would tidy it first. */
function getRaw(url: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    request({ hostname, port, path }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

test('every page is whole, whichever was asked for before', async () => {
  const { app } = await open();
  const { url } = await listen(app);
  for (const path of ['/', '/docs', '/docs/live.md', '/docs/README.md', '/', '/docs/live.md']) {
    expect(await (await fetch(`${url}${path}`)).text(), path).toMatch(/<\/html>\s*$/);
  }
});

test('a board that cannot be read is a masked error, without a path', async () => {
  const { app, boardDirectory, logged } = await open();
  rmSync(boardDirectory, { recursive: true });
  // A link to itself can be neither read nor found missing.
  symlinkSync(boardDirectory, boardDirectory);
  const response = await app.fetch(new Request('http://localhost:4000/board'));
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(text).toMatch(/^Unexpected error\./);
  expect(text).not.toMatch(/board|ELOOP|\.ts| at /);
  expect(logged).toHaveLength(1);
});
