/** GraphiQL where the server asks who one is: in a real browser, with real tokens. */
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createApp } from '../src/app.ts';
import { Todo } from '../src/entities/index.ts';
import { tokenBar } from '../src/http/pages/graphiql-token.ts';
import { launchBrowser, openPage } from './support/browser.ts';
import { type GraphiqlServer, startGraphiql } from './support/graphiql-server.ts';
import { bySecret, tokenOf } from './support/viewers.ts';

/** For what a slow machine may take long over; it is waited for no longer than it takes. */
const patience = { timeout: 30_000 };

// The page is 9 MB of code, which each visitor here loads anew.
vi.setConfig({ testTimeout: 120_000 });

let server: GraphiqlServer;
let browser: Browser;

beforeAll(async () => {
  server = await startGraphiql({ identity: bySecret() });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

interface Visit {
  readonly page: Page;
  /** The header Authorization of each request to the API; null where it had none. */
  readonly sent: readonly (string | null)[];
}

async function visit(): Promise<Visit> {
  const { page } = await openPage(browser, server.url);
  page.setDefaultTimeout(patience.timeout);
  onTestFinished(() => page.context().close());
  const sent: (string | null)[] = [];
  page.on('request', (request) => {
    // Subscriptions are sent by GET.
    if (request.resourceType() !== 'fetch') return;
    sent.push(request.headers().authorization ?? null);
  });
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  return { page, sent };
}

const bar = (page: Page) => page.getByRole('region', { name: 'Who asks' });
const field = (page: Page) => bar(page).getByLabel('Token');
const problem = (page: Page) => bar(page).getByRole('alert');
/** Waits until it is to be seen: its text stays in the page while a token is asked for. */
const isKnown = (page: Page, who: string) => bar(page).getByText(`You are ${who}`).waitFor();
const play = (page: Page) => page.getByRole('button', { name: 'Execute query' }).click();

async function linesOf(page: Page, selector: string): Promise<string> {
  const lines = await page.locator(`${selector} .view-line`).allInnerTexts();
  return lines.join('\n').replaceAll('\u00a0', ' ');
}

const answer = (page: Page) => linesOf(page, '.graphiql-response');

async function use(page: Page, token: string): Promise<void> {
  await field(page).fill(token);
  await field(page).press('Enter');
}

/** Opens a tab, and waits until its text is there. */
async function goTo(page: Page, title: string): Promise<void> {
  await page.locator('.graphiql-tab-button', { hasText: title }).press('Enter');
  await expect
    .poll(() => new URL(page.url()).searchParams.get('query'), patience)
    .toContain(` ${title} {`);
}

async function run(page: Page, title: string): Promise<void> {
  await goTo(page, title);
  await play(page);
}

async function isKept(page: Page, token: string): Promise<{ local: boolean; session: boolean }> {
  const all = (storage: string) => page.evaluate(`JSON.stringify({ ...${storage} })`);
  const [local, session] = await Promise.all([all('localStorage'), all('sessionStorage')]);
  return { local: String(local).includes(token), session: String(session).includes(token) };
}

test('without identity the page has nothing of all this', async () => {
  const pageOf = async (app: ReturnType<typeof createApp>) => {
    const asked = new Request('http://everstate.test/graphql', {
      headers: { accept: 'text/html' },
    });
    return await (await app.fetch(asked)).text();
  };
  const [plain, asking] = await Promise.all([
    pageOf(createApp(server.store)),
    pageOf(createApp(server.store, { identity: bySecret() })),
  ]);
  expect(plain).not.toContain('who-asks');
  expect(plain).not.toContain(tokenBar);
  const without = asking.replace(tokenBar, () => '').replace(',"shouldPersistHeaders":false', '');
  expect(without === plain).toBe(true);
});

test('a newcomer is told what is missing, pastes a token, and all tabs send it', async () => {
  const { page, sent } = await visit();
  await field(page).waitFor();
  expect(await bar(page).textContent()).toContain('everstate token --sub ada --expires 8h');
  await expect.poll(() => answer(page), patience).toContain('UNAUTHENTICATED');
  const check = `${axe.source}; axe.run('.who-asks').then(({ violations }) => violations)`;
  expect(await page.evaluate(check)).toEqual([]);

  await use(page, 'not a token');
  await expect.poll(() => problem(page).textContent()).toBe('This is not a token.');
  await use(page, await tokenOf('ada', [], -60));
  await expect.poll(() => problem(page).textContent()).toBe('The token has expired.');

  const token = await tokenOf('ada', ['admin']);
  await use(page, `  Bearer ${token} `);
  await isKnown(page, 'ada (admin).');
  expect(await field(page).isVisible()).toBe(false);

  const before = sent.length;
  await run(page, 'Read');
  await expect.poll(() => answer(page), patience).toContain('"todos"');
  await run(page, 'Live');
  await expect.poll(() => server.store.waitingFollowers, patience).toBe(1);
  await server.store.append(Todo, { id: 'followed' });
  await expect.poll(() => answer(page), patience).toContain('"id": "followed"');
  await page.getByRole('button', { name: 'Stop query' }).click();
  await expect.poll(() => server.store.waitingFollowers, patience).toBe(0);
  expect(sent.slice(before)).not.toHaveLength(0);
  expect(new Set(sent.slice(before))).toEqual(new Set([`Bearer ${token}`]));

  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Query', exact: true }).waitFor();
  expect(await isKept(page, token)).toEqual({ local: false, session: true });

  await page.getByRole('button', { name: 'Forget the token' }).click();
  await field(page).waitFor();
  expect(await isKept(page, token)).toEqual({ local: false, session: false });
});

test('what the header editor says is sent with operations and subscriptions, and not kept', async () => {
  const { page, sent } = await visit();
  await field(page).waitFor();
  const token = await tokenOf('bob');
  // Until it is the headers’ turn, another editor is where theirs will be.
  const headers = '[aria-label=Headers] .graphiql-editor:not(.hidden)';
  const text = JSON.stringify({ Authorization: `Bearer ${token}` });
  const say = async () => {
    await page.locator(`${headers} .view-lines`).click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(text);
    await expect.poll(() => linesOf(page, headers), patience).toBe(text);
  };
  await goTo(page, 'Read');
  await page.getByRole('button', { name: 'Headers' }).click();
  await say();
  await play(page);
  await expect.poll(() => answer(page), patience).toContain('"todos"');
  await goTo(page, 'Live');
  await say();
  await play(page);
  const said = () => sent.filter((it) => it === `Bearer ${token}`).length;
  await expect.poll(said, patience).toBe(2);
  await expect.poll(() => server.store.waitingFollowers, patience).toBe(1);
  await page.getByRole('button', { name: 'Stop query' }).click();
  // GraphiQL remembers its tabs a little later.
  await page.waitForTimeout(1_000);
  expect(await isKept(page, token)).toEqual({ local: false, session: false });
});

test('a token that expires is asked for again, with the reason, and the page stays as it is', async () => {
  const { page } = await visit();
  await use(page, await tokenOf('ada'));
  await isKnown(page, 'ada.');
  await run(page, 'Read');
  await expect.poll(() => answer(page), patience).toContain('"todos"');
  await page.evaluate('globalThis.isSame = true');
  // Two hours later, for the server.
  vi.setSystemTime(Date.now() + 2 * 3_600_000);
  onTestFinished(() => void vi.useRealTimers());
  await play(page);
  await expect.poll(() => problem(page).textContent(), patience).toBe('The token has expired.');
  await use(page, await tokenOf('ada'));
  await isKnown(page, 'ada.');
  await expect.poll(() => answer(page), patience).toContain('UNAUTHENTICATED');
  await play(page);
  await expect.poll(() => answer(page), patience).toContain('"todos"');
  expect(await page.evaluate('globalThis.isSame')).toBe(true);
});
