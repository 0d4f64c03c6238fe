/** The guides as pages: every link leads somewhere, and a browser can copy and reach it all. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { defineEntity, field } from '../src/entities/index.ts';
import { listen } from './support/api.ts';
import { violationsOn } from './support/board.ts';
import { launchBrowser, openPage } from './support/browser.ts';
import { openTemporary } from './support/temporary-store.ts';

const Note = defineEntity({
  name: 'Note',
  description: 'Something worth keeping.',
  fields: { title: field.text({ description: 'What it is about.' }) },
});

/** The server's address. */
async function open(options: Parameters<typeof openTemporary>[0] = {}): Promise<string> {
  return (await listen(createApp(await openTemporary({ replicaInMemory: true, ...options })))).url;
}

const addressesOf = (html: string) =>
  [...html.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, address]) => address as string);
const idsOf = (html: string) => [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id as string);

/** All pages below /docs that links lead to, from /docs on. */
async function walk(url: string): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  const waiting = ['/docs'];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (pages.has(path)) continue;
    const response = await fetch(url + path);
    expect(response.status, path).toBe(200);
    if (!response.headers.get('content-type')?.startsWith('text/html')) continue;
    const html = await response.text();
    pages.set(path, html);
    const found = addressesOf(html).map((address) => address.split('#')[0] as string);
    waiting.push(...found.filter((address) => address.startsWith('/docs/')));
  }
  return pages;
}

test('every link and picture on every guide leads somewhere, to the part that it names', async () => {
  const url = await open();
  const pages = await walk(url);
  expect([...pages.keys()]).toEqual(
    expect.arrayContaining([
      '/docs/README.md',
      '/docs/clients.md',
      '/docs/ARCHITECTURE.md',
      '/docs/CHANGELOG.md',
      '/docs/schema',
      '/docs/examples/notes',
      '/docs/examples/notes/notes.ts',
    ]),
  );
  /** Each address is asked for once, however many pages lead there. */
  const targets = new Map<string, { readonly status: number; readonly ids: ReadonlySet<string> }>();
  const targetAt = async (pathname: string) => {
    const known = targets.get(pathname);
    if (known) return known;
    const response = await fetch(url + pathname, { headers: { accept: 'text/html' } });
    const target = { status: response.status, ids: new Set(idsOf(await response.text())) };
    targets.set(pathname, target);
    return target;
  };
  let parts = 0;
  for (const [page, html] of pages) {
    expect(new Set(idsOf(html)).size, page).toBe(idsOf(html).length);
    for (const address of addressesOf(html)) {
      if (/^(data|https):/.test(address)) continue;
      expect(address, `on ${page}`).toMatch(/^[/#]/);
      const { pathname, hash } = new URL(address, url + page);
      const { status, ids } = await targetAt(pathname);
      expect(status, `${address} on ${page}`).toBe(200);
      if (!hash) continue;
      expect(ids, `${address} on ${page}`).toContain(decodeURIComponent(hash.slice(1)));
      parts += 1;
    }
  }
  expect(parts).toBeGreaterThan(100);
});

test('every link between files of the repository leads to a file, served but for two', async () => {
  const pages = await walk(await open());
  const notServed: string[] = [];
  for (const file of markdownFiles()) {
    const text = readFileSync(file, 'utf8');
    for (const [, address = ''] of text.matchAll(/\]\(([^)#\s]+)/g)) {
      if (address.startsWith('http')) continue;
      const path = join(dirname(file), address);
      expect(existsSync(path), `${address} in ${file}`).toBe(true);
      if (!servedAs(path, pages)) notServed.push(path);
    }
  }
  expect([...new Set(notServed)].sort()).toEqual(['examples', 'examples/typed']);
});

function markdownFiles(): string[] {
  const folders = ['.', 'docs', ...readdirSync('examples').map((name) => `examples/${name}`)];
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return files.filter((file) => file.endsWith('.md'));
}

function servedAs(path: string, pages: ReadonlyMap<string, string>): boolean {
  const name = path.replace(/^docs\//, '').replace(/^schema\.graphql$/, 'schema');
  const addresses = [...pages.values()].flatMap(addressesOf);
  return pages.has(`/docs/${name}`) || addresses.includes(`/docs/${name}`);
}

test('the list tells of each guide in a sentence without Markdown', async () => {
  const html = (await walk(await open())).get('/docs') ?? '';
  expect(html).toContain('<h3>Time travel</h3>\n<p>Nothing is ever overwritten, so every moment');
  expect(html).toContain('<code>expectedRevision</code>');
  const text = html.replaceAll(/<style>.*?<\/style>/gs, '').replaceAll(/<[^>]*>/g, '');
  expect(text).not.toMatch(/[`*]|\]\(|^- /m);
});

test('code has its language’s colours, and headings have the names that GitHub gives them', async () => {
  const pages = await walk(await open());
  const writing = pages.get('/docs/writing.md') ?? '';
  expect(writing).toContain('<h1>Writing</h1>');
  expect(writing).toContain('<h2 id="undoing">');
  expect(writing).toContain('<span class="hljs-keyword">mutation</span>');
  expect(writing).toContain('<span class="hljs-attr">&quot;');
  const clients = pages.get('/docs/clients.md') ?? '';
  expect(clients).toContain('id="graphql-ws-and-graphql-sse"');
  expect(clients).toContain('<span class="hljs-keyword">import</span>');
  for (const heading of clients.matchAll(/<h[23] id="([^"]+)"/g)) {
    expect(clients.split('</nav>')[0]).toContain(`href="#${heading[1]}"`);
  }
});

test('the schema is that of the kinds that are served', async () => {
  const own = await open({ entities: [Note] });
  const schema = await (await fetch(`${own}/docs/schema`)).text();
  expect(schema).toContain('id="note"');
  expect(schema).not.toContain('LakeFile');
});

test('pictures are served as what they are', async () => {
  const url = await open();
  for (const [name, type] of [
    ['board-light.png', 'image/png'],
    ['cost-by-id.svg', 'image/svg+xml'],
  ]) {
    const response = await fetch(`${url}/docs/images/${name}`);
    expect(response.status, name).toBe(200);
    expect(response.headers.get('content-type'), name).toBe(type);
  }
});

test('only what is listed is served', async () => {
  const url = await open();
  const paths = ['nothing.md', '..%2fpackage.json', '%2e%2e/package.json', 'images/none.png'];
  for (const path of [...paths, 'images/', 'examples/board/vite.config.js', 'LICENSE']) {
    expect((await fetch(`${url}/docs/${path}`)).status, path).toBe(404);
  }
});

/** A page is told of its new size before the next frame is drawn. */
const twoFrames =
  'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))';

/** How the guides are looked at. */
const looks = [
  { colorScheme: 'light', width: 1_280 },
  { colorScheme: 'dark', width: 1_280 },
  { colorScheme: 'light', width: 360 },
] as const;

describe('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  test('no guide overflows, complains or bars anyone, in light, in dark and on a phone', {
    timeout: 300_000,
  }, async () => {
    const url = await open();
    const { page, complaints, foreignRequests } = await openPage(browser, `${url}/`);
    onTestFinished(() => page.context().close());
    const paths = ['/', ...(await walk(url)).keys()];
    for (const path of paths.filter((it) => !it.endsWith('.ts'))) {
      await page.goto(url + path);
      for (const { colorScheme, width } of looks) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.evaluate(twoFrames);
        const look = `${path} in ${colorScheme}, ${width} pixels wide`;
        expect(await violationsOn(page), look).toEqual([]);
        const room = 'innerWidth - document.documentElement.scrollWidth';
        expect(await page.evaluate(room), look).toBeGreaterThanOrEqual(0);
      }
    }
    expect(complaints).toEqual([]);
    expect(foreignRequests).toEqual([]);
  });

  test('every plot of what things cost is drawn', async () => {
    const { page, complaints } = await openPage(browser, `${await open()}/docs/performance.md`);
    onTestFinished(() => page.context().close());
    const plots = page.locator('article img[src$=".svg"]');
    const count = await plots.count();
    expect(count).toBeGreaterThan(10);
    for (const plot of await plots.all()) await plot.scrollIntoViewIfNeeded();
    const widths = '[...document.querySelectorAll("article img")].map((it) => it.naturalWidth)';
    await expect.poll(() => page.evaluate(widths)).toEqual(Array(count).fill(370));
    expect(complaints).toEqual([]);
  });

  const withoutClipboard = "Object.defineProperty(navigator, 'clipboard', { value: undefined })";

  test.for([
    { place: 'where the clipboard may be written to', setup: '' },
    { place: 'where there is no clipboard, as over plain HTTP', setup: withoutClipboard },
  ])('code is copied by mouse and by keyboard $place', async ({ setup }) => {
    const url = await open();
    const { page, complaints } = await openPage(browser, `${url}/docs`);
    onTestFinished(() => page.context().close());
    await page.addInitScript(setup);
    await page.goto(`${url}/docs/README.md`);
    const buttons = page.getByRole('button', { name: 'Copy' });
    expect(await buttons.count()).toBe(await page.locator('article pre').count());
    const demo = page.locator('.code', { hasText: /^npm run demo/ }).getByRole('button');
    await demo.click();
    await expect.poll(() => demo.textContent()).toBe('Copied');
    expect(await pasted(page)).toBe('npm run demo');

    const build = page.locator('.code', { hasText: /^npm run board/ });
    await build.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => build.getByRole('button').textContent()).toBe('Copied');
    expect(await pasted(page)).toBe((await build.locator('code').textContent())?.trimEnd());
    await expect.poll(() => demo.textContent(), { timeout: 10_000 }).toBe('Copy');
    expect(complaints).toEqual([]);
  });

  test('where nothing can be copied, the code is selected, to be copied by hand', async () => {
    const url = await open();
    const { page } = await openPage(browser, `${url}/docs`);
    onTestFinished(() => page.context().close());
    await page.addInitScript(`${withoutClipboard}; Document.prototype.execCommand = () => false;`);
    await page.goto(`${url}/docs/README.md`);
    const demo = page.locator('.code', { hasText: /^npm run demo/ }).getByRole('button');
    await demo.click();
    await expect.poll(() => demo.textContent()).toBe('Selected');
    expect(await page.evaluate('getSelection().toString().trim()')).toBe('npm run demo');
  });

  test('contents lead to their parts, and stay in sight where there is room', async () => {
    const url = await open();
    const { page } = await openPage(browser, `${url}/docs/clients.md`);
    onTestFinished(() => page.context().close());
    const contents = page.getByRole('navigation', { name: 'On this page' });
    await contents.getByRole('link', { name: 'Relay' }).click();
    expect(new URL(page.url()).hash).toBe('#relay');
    const top = 'document.getElementById("relay").getBoundingClientRect().top';
    await expect.poll(() => page.evaluate(top)).toBeLessThan(100);
    expect((await contents.boundingBox())?.y).toBeGreaterThanOrEqual(0);
    await page.setViewportSize({ width: 400, height: 800 });
    expect((await contents.boundingBox())?.height).toBeLessThan(300);
  });
});

/** What the clipboard holds, as a text field of the page is given it. */
async function pasted(page: Page): Promise<string> {
  const other = await page.context().newPage();
  await other.setContent('<textarea autofocus></textarea>');
  await other.locator('textarea').focus();
  await other.keyboard.press('ControlOrMeta+V');
  const text = await other.locator('textarea').inputValue();
  await other.close();
  return text;
}
