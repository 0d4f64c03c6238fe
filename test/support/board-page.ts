/** What is seen on the board, and what its users do there. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type BoardServer, startBoard, violationsOn } from './board.ts';
import { launchBrowser, openPage, type WatchedPage } from './browser.ts';

/** For what a slow machine may take long over; it is waited for no longer than it takes. */
export const patience = { timeout: 20_000 };

/** A board to look at, its server and its browser. */
export interface OpenBoard {
  readonly server: BoardServer;
  readonly browser: Browser;
  readonly ann: WatchedPage;
  readonly close: () => Promise<void>;
}

/** How long starting all of it may take. */
export const openingTimeMaxMs = 180_000;

/**
 * @param fill what the server is to have before anybody looks.
 * @param options of the server.
 */
export async function openBoard(
  fill?: (server: BoardServer) => Promise<void>,
  options?: Parameters<typeof startBoard>[0],
): Promise<OpenBoard> {
  const server = await startBoard(options);
  await fill?.(server);
  const browser = await launchBrowser();
  const ann = await openPage(browser, `${server.url}/board`);
  ann.page.setDefaultTimeout(patience.timeout);
  const close = async () => {
    await browser.close();
    await server.close();
  };
  return { server, browser, ann, close };
}

export const line = ({ page }: WatchedPage, subject: string) =>
  page.locator('.todo').filter({ has: page.getByRole('link', { name: subject, exact: true }) });
const subjects = ({ page }: WatchedPage) => page.locator('.todo .subject').allInnerTexts();
export const status = ({ page }: WatchedPage, name: string) =>
  page.getByRole('radio', { name: new RegExp(`^${name}`) });
export const detail = ({ page }: WatchedPage) => page.locator('.detail');
export const slider = ({ page }: WatchedPage) => page.getByRole('slider', { name: 'Moment' });
export const standing = ({ page }: WatchedPage) => textOf(page.locator('.standing'));
export const message = ({ page }: WatchedPage) => textOf(page.locator('.toasts'));
// biome-ignore lint/performance/useDomNodeTextContent: what is seen is meant
export const textOf = (locator: Locator) => locator.innerText();
export const button = ({ page }: WatchedPage, name: string) =>
  page.getByRole('button', { name, exact: true });

export async function shows(watched: WatchedPage, expected: readonly string[]): Promise<void> {
  await expect.poll(() => subjects(watched), patience).toEqual(expected);
}

/** Loads a place of the board, and waits until the feed is live. */
export async function visitAt(url: string, { page }: WatchedPage, path = ''): Promise<void> {
  await page.goto(`${url}/board/${path}`);
  await page.locator('.live[data-state=live]').waitFor();
}

/** Moves the slider as a pointer does, which Playwright's `fill` also is for a range. */
export async function slideTo(watched: WatchedPage, position: number): Promise<void> {
  await slider(watched).fill(String(position));
}

/** A picture for people to look at, where BOARD_SCREENSHOTS names a directory; else none. */
export async function picture({ page }: WatchedPage, name: string): Promise<void> {
  const directory = process.env.BOARD_SCREENSHOTS;
  if (!directory) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`) });
}

export async function isAccessible(watched: WatchedPage, name: string): Promise<void> {
  // An answer is dimmed while another is asked for.
  await watched.page
    .locator('[aria-busy=true]')
    .first()
    .waitFor({ state: 'detached', ...patience });
  await picture(watched, name);
  expect(await violationsOn(watched.page), name).toEqual([]);
}

/** The name of what has the focus, as it is read out. */
export async function focused(page: Page): Promise<string> {
  return (await page.evaluate(`(() => {
    const it = document.activeElement;
    return it.getAttribute('aria-label') ?? it.labels?.[0]?.innerText ?? it.innerText;
  })()`)) as string;
}

/** Presses Tab until what is named has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 120; presses += 1) {
    if ((await focused(page))?.trim() === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never came to ${name}`);
}
