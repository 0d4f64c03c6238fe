/** The board where the server asks who one is: in a real browser, with real tokens. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { type BoardServer, startBoard } from './support/board.ts';
import {
  button,
  detail,
  focused,
  isAccessible,
  line,
  openingTimeMaxMs,
  patience,
  textOf,
} from './support/board-page.ts';
import { launchBrowser, openPage, type WatchedPage } from './support/browser.ts';
import { bySecret, tokenOf } from './support/viewers.ts';

// Each visitor here loads the board anew, and one waits until a token has expired.
vi.setConfig({ testTimeout: 120_000 });

let server: BoardServer;
let browser: Browser;
let ann: WatchedPage;

beforeAll(async () => {
  server = await startBoard({ identity: bySecret() }, await tokenOf('root', ['admin'], 86_400));
  await server.ask(`mutation {
    createTodo(input: { id: "first", userId: "ada", subject: "Order paper", status: "open" }) { __typename }
    same: createTodo(input: { userId: "ada", subject: "Stay the same", status: "open" }) { __typename }
    csv: createLakeFile(input: { id: "csv", userId: "ada", filename: "list.csv", text: "a,b\\n1,2\\n", filetype: "csv" }) {
      __typename
    }
    dot: createLakeFile(input: { id: "dot", userId: "ada", filename: "dot.png", data: "${dot}", filetype: "png" }) {
      __typename
    }
    large: createLakeFile(
      input: { id: "large", userId: "ada", filename: "large.txt", text: "${'a line of many\\n'.repeat(80_000)}", filetype: "txt" }
    ) { __typename }
  }`);
  browser = await launchBrowser();
}, openingTimeMaxMs);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** A picture of one point. */
const dot =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

beforeEach(async () => {
  ann = await openPage(browser, `${server.url}/board`);
  ann.page.setDefaultTimeout(patience.timeout);
  onTestFinished(() => ann.page.context().close());
});

const dialog = () => ann.page.getByRole('dialog', { name: 'Who are you?' });
const field = () => dialog().getByLabel('Token');
const reason = () => textOf(dialog().getByRole('alert'));
const who = () => textOf(ann.page.locator('.who'));
const isLive = () => ann.page.locator('.live[data-state=live]').waitFor();
const kept = () => ann.page.evaluate("sessionStorage.getItem('everstate:token')");

async function give(token: string): Promise<void> {
  await field().fill(token);
  await field().press('Enter');
}

async function signInAs(id: string, roles: readonly string[] = [], seconds?: number) {
  await give(await tokenOf(id, roles, seconds));
  await dialog().waitFor({ state: 'detached' });
  await isLive();
}

test('asks once for a token, says what is wrong with one, and shows who one is', async () => {
  await dialog().waitFor();
  expect(await dialog().count()).toBe(1);
  expect(await textOf(dialog())).toContain('everstate token --sub ada --expires 8h');
  expect(await dialog().getByRole('alert').count()).toBe(0);
  expect(await focused(ann.page)).toBe('Token');
  await isAccessible(ann, 'sign-in');

  await give('two words');
  await expect.poll(reason).toContain('This is not a token');
  await give('nonsense');
  await expect.poll(reason).toContain('The token is not valid');
  await give(await tokenOf('ada', [], -1));
  await expect.poll(reason).toBe('The token has expired.');
  await isAccessible(ann, 'sign-in-refused');

  await give(`  Bearer ${await tokenOf('ada', ['admin', 'staff'])}  `);
  await line(ann, 'Order paper').waitFor();
  await isLive();
  await expect.poll(who).toMatch(/Signed in as\s+ada\s+admin\s+Sign out/);
  await isAccessible(ann, 'signed-in');
});

test('what is written, followed and downloaded is sent with the token', async () => {
  await signInAs('ada');
  expect(await who()).toMatch(/ada\s+Sign out/);
  expect(await who()).not.toContain('admin');
  await ann.page.getByRole('textbox', { name: 'New todo' }).fill('Buy a lamp');
  await ann.page.keyboard.press('Enter');
  await line(ann, 'Buy a lamp').waitFor();
  // The board shows it before the server has it.
  const written = '{ changes(after: "5") { changes { version { transaction { actor } } } } }';
  await expect
    .poll(async () => (await server.ask(written)).changes.changes)
    .toEqual([{ version: { transaction: { actor: 'ada' } } }]);
  await server.ask(
    'mutation { createTodo(input: { userId: "ada", subject: "By root", status: "open" }) { __typename } }',
  );
  await line(ann, 'By root').waitFor();

  await ann.page.getByRole('link', { name: 'Files' }).click();
  const open = async (name: string) => {
    await ann.page.getByRole('link', { name: new RegExp(`^${name}`) }).click();
    await ann.page.getByRole('heading', { name, exact: true }).waitFor();
  };
  await open('dot.png');
  await ann.page.getByRole('img', { name: 'Contents of dot.png' }).waitFor();
  await open('large.txt');
  await ann.page.getByText('Only the beginning').waitFor();
  await open('list.csv');
  const download = ann.page.waitForEvent('download');
  await ann.page.getByRole('link', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe('list.csv');
  const stream = await (await download).createReadStream();
  expect(String((await stream.toArray())[0])).toBe('a,b\n1,2\n');

  const buffer = Buffer.from('mine');
  const mine = { name: 'mine.txt', mimeType: 'text/plain', buffer };
  await ann.page.getByLabel('Upload files into the lake').setInputFiles([mine]);
  await ann.page.getByRole('link', { name: 'In the lake' }).click();
  await ann.page.getByRole('heading', { name: 'mine.txt', exact: true }).waitFor();
  const asked = '{ lakeFileByPath(filename: "mine.txt", userId: "ada") { text } }';
  expect(await server.ask(asked)).toEqual({ lakeFileByPath: { text: 'mine' } });
  const zip = ann.page.waitForEvent('download');
  await ann.page.getByRole('link', { name: 'Zip of the lake' }).click();
  expect((await zip).suggestedFilename()).toBe('lake.zip');
});

test('a token that expires brings the form back, and nothing that was typed is lost', async () => {
  await signInAs('ada', [], 12);
  const typed = ann.page.getByRole('textbox', { name: 'New todo' });
  await typed.fill('Half written');
  await expect.poll(() => dialog().count(), { timeout: 60_000 }).toBe(1);
  expect(await reason()).toBe('The token has expired.');
  expect(await kept()).not.toBeNull();
  await signInAs('ada');
  expect(await typed.inputValue()).toBe('Half written');
  await expect.poll(() => focused(ann.page)).toBe('New todo');
  await ann.page.keyboard.press('Enter');
  await line(ann, 'Half written').waitFor();
  await server.ask(
    'mutation { createTodo(input: { userId: "ada", subject: "Followed on", status: "open" }) { __typename } }',
  );
  await line(ann, 'Followed on').waitFor();
});

test('a write that is refused is sent again once one has signed in', async () => {
  await signInAs('ada');
  await ann.page.getByRole('link', { name: 'Order paper' }).click();
  await detail(ann).getByLabel('Subject').fill('Order more paper');
  // Two hours later, for the server.
  vi.setSystemTime(Date.now() + 2 * 3_600_000);
  onTestFinished(() => void vi.useRealTimers());
  await button(ann, 'Save').click();
  await expect.poll(reason, patience).toBe('The token has expired.');
  await dialog().press('Escape');
  await dialog().waitFor({ state: 'detached' });
  expect(await detail(ann).getByLabel('Subject').inputValue()).toBe('Order more paper');
  await button(ann, 'Sign in').click();
  await give(await tokenOf('ada'));
  await button(ann, 'Save').waitFor({ state: 'detached' });
  await expect
    .poll(async () => (await server.ask('{ todo(id: "first") { subject } }')).todo.subject)
    .toBe('Order more paper');
});

test('one stays signed in as long as the tab is open, until one signs out', async () => {
  await signInAs('ada');
  await ann.page.reload();
  await isLive();
  await expect.poll(who).toContain('ada');
  await button(ann, 'Sign out').click();
  await dialog().waitFor();
  expect(await kept()).toBeNull();
  expect(await line(ann, 'Stay the same').count()).toBe(0);
  expect(await dialog().getByRole('alert').count()).toBe(0);
});

test('whoever signs in after somebody else has nothing of theirs', async () => {
  await signInAs('ada', [], 9);
  await ann.page.evaluate('globalThis.isSame = true');
  await expect.poll(() => dialog().count(), { timeout: 60_000 }).toBe(1);
  await give(await tokenOf('bob'));
  await expect.poll(who, patience).toContain('bob');
  expect(await ann.page.evaluate('globalThis.isSame')).toBeUndefined();
  await ann.page.getByText('There are no todos yet').waitFor();
  expect(await line(ann, 'Stay the same').count()).toBe(0);
});

test('on a telephone nothing scrolls sideways, in the dark as in the light', async () => {
  await ann.page.setViewportSize({ width: 360, height: 740 });
  await dialog().waitFor();
  await ann.page.emulateMedia({ colorScheme: 'dark' });
  await isAccessible(ann, 'sign-in-narrow-dark');
  await signInAs('somebody-with-quite-a-long-name@everstate.example', ['admin']);
  await line(ann, 'Stay the same').waitFor();
  expect(await ann.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await isAccessible(ann, 'signed-in-narrow-dark');
});

test('where the server asks nobody, nothing is shown', async () => {
  const open = await startBoard();
  onTestFinished(open.close);
  const { page, complaints } = await openPage(browser, `${open.url}/board`);
  onTestFinished(() => page.context().close());
  await page.locator('.live[data-state=live]').waitFor(patience);
  expect(await page.locator('.who, dialog').count()).toBe(0);
  expect(await page.getByRole('button', { name: 'Sign in' }).count()).toBe(0);
  expect(complaints).toEqual([]);
});
