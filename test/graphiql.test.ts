/** GraphiQL as a newcomer meets it: in a real browser, offline, over a real server and store. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSchema, type ExecutionResult, OperationTypeNode, parse, validate } from 'graphql';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { shippedEntities } from '../src/entities/index.ts';
import { graphiqlOptions } from '../src/http/index.ts';
import { iconUrl, logoSvg } from '../src/http/pages/logo.ts';
import { launchBrowser, openPage, type WatchedPage } from './support/browser.ts';
import { type GraphiqlServer, startGraphiql } from './support/graphiql-server.ts';
import { openTemporary } from './support/temporary-store.ts';

/** For what a slow machine may take long over; it is waited for no longer than it takes. */
const patience = { timeout: 20_000 };
/** Wider lines scroll sideways in a window of 1,280 pixels. */
const columnsMax = 45;

const tabs = (graphiqlOptions(shippedEntities).defaultTabs ?? []).map(({ query }) => ({
  title: /^(?:query|mutation|subscription) (\w+)/m.exec(query ?? '')?.[1],
  query: query ?? '',
}));

describe('the four tabs', () => {
  const schema = buildSchema(readFileSync(resolve('schema.graphql'), 'utf8'));

  test.for(tabs)('$title validates against schema.graphql', ({ query }) => {
    expect(validate(schema, parse(query))).toEqual([]);
  });

  test.for(tabs)(`$title has lines of at most ${columnsMax} columns`, ({ query }) => {
    expect(query.split('\n').filter((line) => line.length > columnsMax)).toEqual([]);
  });

  test('run as they are, one after the other, on an empty store', async () => {
    const app = createApp(await openTemporary());
    const ran: (string | undefined)[] = [];
    for (const { query } of tabs) {
      for (const operation of parse(query).definitions) {
        if (operation.kind !== 'OperationDefinition') continue;
        if (operation.operation === OperationTypeNode.SUBSCRIPTION) continue;
        const operationName = operation.name?.value;
        const { data, errors } = await post(app.fetch, '/graphql', { query, operationName });
        expect(errors).toBeUndefined();
        expect(JSON.stringify(data)).not.toContain('"code"');
        ran.push(operationName);
      }
    }
    expect(ran).toEqual(['Write', 'Read', 'History', 'Change']);
  });
});

describe('in a browser', () => {
  let server: GraphiqlServer;
  let browser: Browser;
  let opened: WatchedPage;

  beforeAll(async () => {
    server = await startGraphiql();
    browser = await launchBrowser();
    opened = await openPage(browser, server.url);
    await tab('Write').waitFor(patience);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const find = (selector: string, options = {}) => opened.page.locator(selector, options);
  const tab = (title: string) => find('.graphiql-tab-button', { hasText: title });
  const play = () => opened.page.getByRole('button', { name: 'Execute query' });
  const stop = () => opened.page.getByRole('button', { name: 'Stop query' });
  const documentation = () => opened.page.getByLabel('Documentation Explorer', { exact: true });

  /** By keyboard; that each tab can be pressed by mouse has tests of its own. */
  async function goTo(title: string): Promise<void> {
    await tab(title).press('Enter');
    await expect.poll(editor, patience).toContain(` ${title} {`);
    // Once it has understood the text, and only then would run it, GraphiQL puts it into the URL.
    await expect.poll(queryOfUrl, patience).toContain(` ${title} {`);
  }

  async function choose(operation: string): Promise<void> {
    await play().click();
    await opened.page.getByRole('menuitem', { name: operation }).click();
  }

  const token = (word: RegExp) =>
    find('.graphiql-query-editor .view-line span[class^=mtk]', { hasText: word }).first();

  const editor = () => linesOf('.graphiql-query-editor');
  const answer = () => linesOf('.graphiql-response');
  const queryOfUrl = () => new URL(opened.page.url()).searchParams.get('query') ?? '';
  async function linesOf(selector: string): Promise<string> {
    const lines = await find(`${selector} .view-line`).allInnerTexts();
    return lines.join('\n').replaceAll('\u00a0', ' ');
  }

  test('the page is titled Everstate and carries its own icon', async () => {
    expect(await opened.page.title()).toBe('Everstate');
    expect(await find('link[rel=icon]').getAttribute('href')).toBe(iconUrl);
    const logo = find('.graphiql-logo');
    expect(await logo.textContent()).toBe('Everstate');
    expect(await logo.locator('path').getAttribute('d')).toBe(/ d="([^"]+)"/.exec(logoSvg)?.[1]);
  });

  test('four tabs are named for what they do, and the first is open', async () => {
    expect(await find('.graphiql-tab-button').allInnerTexts()).toEqual([
      'Write',
      'Read',
      'History',
      'Live',
    ]);
    expect(await find('.graphiql-tab-active .graphiql-tab-button').textContent()).toBe('Write');
    await expect.poll(editor, patience).toContain('# Welcome to Everstate');
  });

  describe.for([
    { motion: 'no-preference', width: 1_280 },
    { motion: 'reduce', width: 1_280 },
    { motion: 'no-preference', width: 1_000 },
  ] as const)('to a newcomer with $motion about motion, $width pixels wide', (visitor) => {
    test.for(['Read', 'History', 'Live', 'Write'])(
      'one press on the tab %s opens it, wherever the window’s width went before',
      async (title) => {
        const { page, complaints } = await openPage(browser, server.url, {
          viewport: { width: visitor.width, height: 800 },
          reducedMotion: visitor.motion,
        });
        onTestFinished(() => page.context().close());
        const button = page.locator('.graphiql-tab-button', { hasText: title });
        const active = page.locator('.graphiql-tab-active .graphiql-tab-button');
        const editor = page.locator('.graphiql-query-editor .view-lines');
        await expect.poll(() => editor.textContent(), patience).toContain('Welcome');
        await page.setViewportSize({ width: 800, height: 800 });
        await page.setViewportSize({ width: visitor.width, height: 800 });
        await page.evaluate('document.fonts.ready');

        if (title === 'Write') await press(page, page.getByText('Live', { exact: true }));
        await press(page, button);
        expect(await active.textContent()).toBe(title);
        await expect.poll(() => editor.textContent(), patience).toMatch(operationOf(title));
        const titles = await page.locator('.graphiql-tab-button').allInnerTexts();
        expect(titles).toEqual(['Write', 'Read', 'History', 'Live']);
        expect(complaints).toEqual([]);
      },
    );
  });

  test('a second visit finds the four tabs and none beside them', async () => {
    const { page } = await openPage(browser, server.url);
    onTestFinished(() => page.context().close());
    const titles = () => page.locator('.graphiql-tab-button').allInnerTexts();
    await expect.poll(titles, patience).toHaveLength(4);
    await expect.poll(() => page.evaluate(remembered), patience).toContain('Write');
    await page.goto(server.url);
    await expect.poll(titles, patience).toEqual(['Write', 'Read', 'History', 'Live']);
  });

  test('the words of a query have colours', async () => {
    const words = [/Welcome/, /^mutation$/, /^createTodo$/, /^"first"$/];
    const colours = () => Promise.all(words.map((word) => colourOf(token(word))));
    await expect.poll(async () => new Set(await colours()).size, patience).toBe(words.length);
  });

  test('pointing at a word tells what it means', async () => {
    const explanation = find('.monaco-hover', { hasText: 'Creates a Todo.' });
    const explained = async () => {
      await opened.page.mouse.move(0, 0);
      await token(/^createTodo$/).hover();
      await explanation.waitFor({ timeout: 3_000 });
    };
    // Before the schema has arrived nothing is explained, and pointing again is needed.
    await expect
      .poll(
        () =>
          explained().then(
            () => true,
            () => false,
          ),
        patience,
      )
      .toBe(true);
    await opened.page.mouse.move(0, 0);
  });

  test('the tab Write answers with the todo, and the second time with a problem', async () => {
    await play().click();
    await expect.poll(answer, patience).toContain('"subject": "See Everstate remember"');
    await play().click();
    await expect.poll(answer, patience).toContain('"code": "ALREADY_EXISTS"');
  });

  test('the tab Read shows the todo', async () => {
    await goTo('Read');
    await play().click();
    await expect.poll(answer, patience).toContain('"subject": "See Everstate remember"');
  });

  test('the tab History offers its two operations, and shows what the change left behind', async () => {
    await goTo('History');
    await play().click();
    const menu = opened.page.getByRole('menuitem');
    await expect.poll(() => menu.allInnerTexts(), patience).toEqual(['History', 'Change']);
    await opened.page.keyboard.press('Escape');

    await choose('Change');
    await expect.poll(answer, patience).toContain('"changed": true');
    await choose('History');
    await expect.poll(answer, patience).toContain('"status": "done"');
    expect(await answer()).toContain('"status": null');
    expect(await answer()).toContain('"reason": "Seen"');
  });

  test('the tab Live shows a change that another client makes, until it is stopped', async () => {
    await goTo('Live');
    await play().click();
    await expect.poll(() => server.store.waitingFollowers, patience).toBe(1);
    const query = 'mutation { createTodo(input: { id: "second" }) { __typename } }';
    expect(await post(fetch, server.url, { query })).toMatchObject({
      data: { createTodo: { __typename: 'CreateTodoPayload' } },
    });
    await expect.poll(answer, patience).toContain('"id": "second"');
    await stop().click();
    await expect.poll(() => server.store.waitingFollowers, patience).toBe(0);
    await play().waitFor(patience);
  });

  test('going to another tab stops the subscription, too', async () => {
    await goTo('Live');
    await play().click();
    await expect.poll(() => server.store.waitingFollowers, patience).toBe(1);
    await goTo('Write');
    await expect.poll(() => server.store.waitingFollowers, patience).toBe(0);
  });

  test('the documentation describes types, fields and arguments', async () => {
    await opened.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const link = (name: string) => documentation().getByRole('link', { name, exact: true });
    const text = () => documentation().textContent();
    await link('Query').click(patience);
    await expect.poll(text, patience).toContain('All fields of one operation answer at one');
    await link('todo').click();
    await expect.poll(text, patience).toMatch(/asOf: AsOf\s*As it was at this moment\./);
    await link('Todo').click();
    await expect.poll(text, patience).toContain('Something to be done.');
    await expect
      .poll(text)
      .toMatch(/labels: \[String!\]!\s*Labels, each free text; commas included\./);
    await opened.page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
    await documentation().waitFor({ state: 'hidden', ...patience });
  });

  test('a picture of it can be taken, to be looked at', async () => {
    const path = process.env.GRAPHIQL_SCREENSHOT ?? join(server.directory, 'graphiql.png');
    await goTo('Read');
    await opened.page.screenshot({ path });
    expect(readFileSync(path).subarray(1, 4).toString()).toBe('PNG');
  });

  test('all that time no request left for another origin, and nothing was complained of', () => {
    expect(opened.foreignRequests).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });
});

/** Presses the mouse on the middle of what is seen, and not quite still, as people do. */
async function press(page: Page, element: Locator): Promise<void> {
  const box = await element.boundingBox();
  if (!box) throw new Error('There is nothing to press.');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let moved = 0; moved <= 6; moved += 2) {
    await page.mouse.move(x + moved, y);
    await page.waitForTimeout(20);
  }
  await page.mouse.up();
}

const remembered = "localStorage.getItem('graphiql:tabState')";

/** Spaces of the editor do not break. */
const operationOf = (title: string) => new RegExp(`(query|mutation|subscription)\\s${title}\\s`);

function colourOf(element: Locator): Promise<string> {
  interface Window {
    getComputedStyle(element: unknown): { readonly color: string };
  }
  return element.evaluate(
    (it) => (globalThis as unknown as Window).getComputedStyle(it).color,
    undefined,
    patience,
  );
}

type Fetch = (url: string, init: RequestInit) => Response | Promise<Response>;

async function post(send: Fetch, url: string, body: object): Promise<ExecutionResult> {
  const target = url.startsWith('/') ? `http://everstate.test${url}` : url;
  const response = await send(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as ExecutionResult;
}
