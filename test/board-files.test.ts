/** The board's files: what is uploaded, asked and compared there; in a real browser, over real HTTP. */
import type { Browser, CDPSession } from 'playwright-core';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { BoardServer } from './support/board.ts';
import {
  button,
  detail,
  focused,
  isAccessible,
  openBoard,
  openingTimeMaxMs,
  patience,
  slideTo,
  tabTo,
  textOf,
  visitAt,
} from './support/board-page.ts';
import { openPage, type WatchedPage } from './support/browser.ts';

const uploadBytesMax = 8_000_000;

let server: BoardServer;
let browser: Browser;
let ann: WatchedPage;
let network: CDPSession;

beforeAll(async () => {
  const opened = await openBoard(fill, { limits: { uploadBytesMax } });
  ({ server, browser, ann } = opened);
  network = await ann.page.context().newCDPSession(ann.page);
  await visitAt(server.url, ann, 'files?in=shop');
  await ann.page.locator('.file').first().waitFor();
  return opened.close;
}, openingTimeMaxMs);

const prices = (from: number, to: number) =>
  `sku,fruit,price,since\n${Array.from(
    { length: to - from },
    (_, n) => `${from + n},${(from + n) % 3 === 0 ? 'apple' : 'pear'},${from + n},2026-01-01\n`,
  ).join('')}`;

async function fill({ ask, url }: BoardServer): Promise<void> {
  await put(url, 'shop/prices.csv', prices(0, 70));
  // One row less at the beginning, one more at the end, and one that is another.
  await put(url, 'shop/prices.csv', prices(1, 71).replace('\n60,apple,60,', '\n60,apple,61.5,'));
  await put(url, 'shop/days.csv', 'day,sold\n2026-01-01,3\n2026-01-02,5\n2026-01-03,4\n');
  await put(url, 'shop/2026/notes.txt', 'Nothing yet.\n');
  await put(url, 'shop/broken.xlsx', 'This is no workbook.');
  await ask(`mutation { createTodo(input: { subject: "Count the fruit", status: "open" }) {
    __typename } }`);
}

async function put(url: string, path: string, body: string): Promise<void> {
  const { status } = await fetch(`${url}/files/by-path/${path}`, { method: 'PUT', body });
  expect([200, 201]).toContain(status);
}

async function read(path: string): Promise<string | null> {
  const response = await fetch(`${server.url}/files/by-path/${path}`);
  return response.ok ? await response.text() : null;
}

/** So slow that progress is seen; null is as fast as it goes. */
async function sendAtMost(bytesPerSecond: number | null): Promise<void> {
  await network.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond ?? -1,
  });
}

/** Drops files on the page, as a hand does. @param files their names and what to repeat in them. */
async function drop(...files: readonly (readonly [name: string, text: string, times?: number])[]) {
  const transfer = await ann.page.evaluateHandle((given) => {
    const data = new DataTransfer();
    for (const [name, text, times = 1] of given) {
      data.items.add(new File([text.repeat(times)], name));
    }
    return data;
  }, files);
  await ann.page.dispatchEvent('.list-pane', 'dragover', { dataTransfer: transfer });
  await ann.page.locator('.drop-here').waitFor();
  await ann.page.dispatchEvent('.list-pane', 'drop', { dataTransfer: transfer });
}

const upload = (name: string) =>
  ann.page.locator('.uploads li').filter({ has: ann.page.getByText(name, { exact: true }) });
const listed = (name: string) => ann.page.locator('.file').filter({ hasText: name });
const rows = () => detail(ann).locator('table').getByRole('row').allInnerTexts();

async function ask(sql: string): Promise<void> {
  await ann.page.getByLabel('One SELECT').fill(sql);
  await ann.page.keyboard.press('Control+Enter');
}

async function toSql(): Promise<void> {
  await ann.page.getByRole('link', { name: 'SQL', exact: true }).click();
  await ann.page.getByRole('heading', { name: 'Ask by SQL' }).waitFor();
}

describe('uploads', () => {
  test('two files that are dropped at once are seen on their way, and then are in the lake', async () => {
    await sendAtMost(400_000);
    await drop(['large.txt', 'line\n', 200_000], ['small.csv', 'a,b\n1,2\n']);
    const progress = upload('large.txt').getByRole('progressbar', { name: 'Sent of large.txt' });
    await expect
      .poll(async () => Number(await progress.getAttribute('value')), { ...patience, interval: 20 })
      .toBeGreaterThan(50_000);
    expect(await textOf(upload('large.txt'))).toMatch(/kB of 1\.0 MB/);
    await isAccessible(ann, 'files-uploading');
    await sendAtMost(null);
    await upload('large.txt').getByRole('link', { name: 'In the lake' }).waitFor();
    await upload('small.csv').getByRole('link', { name: 'In the lake' }).waitFor();
    expect(await textOf(ann.page.locator('.uploads [role=status]'))).toBe('2 files uploaded');
    expect(await read('shop/small.csv')).toBe('a,b\n1,2\n');
    expect((await read('shop/large.txt'))?.length).toBe(1_000_000);
    await listed('large.txt').waitFor();
    await button(ann, 'Clear').click();
  });

  test('what is cancelled leaves nothing', async () => {
    // The browser sends the first megabyte at once, however slowly it is to send.
    await sendAtMost(200_000);
    await drop(['unwanted.txt', 'line\n', 1_500_000]);
    await upload('unwanted.txt').getByText(/kB of/).waitFor();
    await button(ann, 'Cancel unwanted.txt').click();
    await upload('unwanted.txt').waitFor({ state: 'detached' });
    await sendAtMost(null);
    // What is sent after it comes after it.
    await drop(['later.txt', 'x']);
    await listed('later.txt').waitFor();
    expect(await read('shop/unwanted.txt')).toBeNull();
    expect(await listed('unwanted.txt').count()).toBe(0);
  });

  test('a name that is taken becomes the next revision, once that was said', async () => {
    await drop(['small.csv', 'a,b\n1,3\n']);
    await upload('small.csv').getByText('There is one already: revision 1').waitFor();
    await isAccessible(ann, 'files-taken');
    expect(await read('shop/small.csv')).toBe('a,b\n1,2\n');
    await button(ann, 'Upload as revision 2').click();
    await upload('small.csv').getByRole('link', { name: 'In the lake as revision 2' }).waitFor();
    expect(await read('shop/small.csv')).toBe('a,b\n1,3\n');
  });

  test('what somebody else wrote meanwhile is not replaced unseen', async () => {
    await drop(['small.csv', 'mine']);
    await button(ann, 'Upload as revision 3').waitFor();
    await put(server.url, 'shop/small.csv', 'theirs');
    await button(ann, 'Upload as revision 3').click();
    await button(ann, 'Upload as revision 4').waitFor();
    expect(await read('shop/small.csv')).toBe('theirs');
    await button(ann, 'Cancel small.csv').click();
  });

  test('a name that is taken while its file is on the way is asked about, too', async () => {
    await sendAtMost(400_000);
    await drop(['raced.txt', 'line\n', 200_000]);
    await upload('raced.txt').getByText(/kB of/).waitFor();
    await put(server.url, 'shop/raced.txt', 'first');
    await sendAtMost(null);
    await button(ann, 'Upload as revision 2').waitFor();
    expect(await read('shop/raced.txt')).toBe('first');
    await button(ann, 'Cancel raced.txt').click();
  });

  test('a connection that breaks is told of, and it is sent again', async () => {
    const { page } = ann;
    await page.route('**/files/by-path/**', (route) => route.abort('connectionreset'), {
      times: 1,
    });
    await drop(['lost.txt', 'found']);
    await upload('lost.txt').getByText('The connection broke').waitFor();
    await button(ann, 'Try again').click();
    await upload('lost.txt').getByRole('link', { name: 'In the lake' }).waitFor();
    expect(await read('shop/lost.txt')).toBe('found');
  });

  test('what is too large is told beside it, and by keyboard files are chosen as well', async () => {
    const choosing = ann.page.waitForEvent('filechooser', { timeout: patience.timeout });
    let isChoosing = false;
    choosing.then(() => {
      isChoosing = true;
    });
    // What was uploaded before may still come into the list, and take the focus with it.
    await expect
      .poll(
        async () => {
          if (isChoosing) return true;
          await tabTo(ann.page, 'Upload files into shop');
          await ann.page.keyboard.press('Enter');
          return isChoosing;
        },
        { ...patience, interval: 500 },
      )
      .toBe(true);
    const buffer = Buffer.alloc(uploadBytesMax + 1, 'x');
    await (await choosing).setFiles([{ name: 'huge.txt', mimeType: 'text/plain', buffer }]);
    await expect
      .poll(() => textOf(upload('huge.txt')), patience)
      .toContain(`A file may have at most ${uploadBytesMax} bytes`);
    await isAccessible(ann, 'files-refused');
    await button(ann, 'Forget huge.txt').click();
  });
});

describe('folders', () => {
  test('one sees where one is, goes down and up, and has a folder as a zip', async () => {
    const { page } = ann;
    await page.getByRole('link', { name: /^2026/ }).click();
    await listed('notes.txt').waitFor();
    const here = page.getByRole('navigation', { name: 'Folder', exact: true });
    expect(await textOf(here.locator('[aria-current]'))).toBe('2026');
    await here.getByRole('link', { name: 'Lake' }).click();
    await listed('shop').waitFor();
    await listed('shop').click();
    await listed('prices.csv').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Zip of shop' }).click();
    expect((await download).suggestedFilename()).toBe('shop.zip');
  });

  test('what others upload is seen at once', async () => {
    await put(server.url, 'shop/theirs.txt', 'Hello');
    await listed('theirs.txt').waitFor();
    await put(server.url, 'shop/new/below.txt', 'Hello');
    await listed('new').waitFor();
  });
});

describe('tables', () => {
  test('have columns with types, and pages', async () => {
    await listed('prices.csv').click();
    await expect.poll(rows, patience).toHaveLength(51);
    expect((await rows())[0]).toBe('sku bigint\tfruit varchar\tprice double\tsince date');
    expect((await rows())[1]).toMatch(/^1\tpear/);
    expect(await textOf(detail(ann))).toContain('Rows 1 to 50 of 70');
    await button(ann, 'Next rows').click();
    await expect.poll(async () => (await rows())[1], patience).toMatch(/^51\tapple/);
    await isAccessible(ann, 'files-table');
    expect((await rows()).at(-1)).toMatch(/^70\tpear/);
    // The button is off on the last page: the focus goes on to the one beside it.
    await expect.poll(() => focused(ann.page), patience).toBe('Previous rows');
  });

  test('two revisions are compared row by row, by the column that names a row', async () => {
    await ann.page.getByRole('radio', { name: 'changes' }).check();
    await detail(ann).locator('.row-diff').waitFor();
    expect(await ann.page.getByLabel('from').inputValue()).toBe('1');
    expect(await ann.page.getByRole('checkbox', { name: 'sku' }).isChecked()).toBe(true);
    expect(await detail(ann).locator('.diff-counts li').allInnerTexts()).toEqual([
      '+ 1 added',
      '− 1 removed',
      '~ 1 changed',
    ]);
    const found = (await rows()).slice(1).map((row) => row.replace(/\s+/g, ' '));
    expect(found).toEqual([
      expect.stringMatching(/^− ?removed .*0 .*apple/),
      expect.stringMatching(/^~ ?changed .*60 → 61\.5/),
      expect.stringMatching(/^\+ ?added .*70/),
    ]);
    expect(await detail(ann).locator('td[data-changed]').count()).toBe(1);
    await isAccessible(ann, 'files-diff');
    await ann.page.getByRole('checkbox', { name: 'sku' }).uncheck();
    await ann.page.getByText('Choose at least one column').waitFor();
    await ann.page.getByRole('checkbox', { name: 'fruit' }).check();
    await detail(ann).getByRole('alert').getByText('Name further columns').waitFor();
  });

  test('what can be read as none is shown as what it is, and why is said', async () => {
    await listed('broken.xlsx').click();
    await detail(ann).getByText('It could not be read as a table').waitFor();
    await expect
      .poll(() => textOf(detail(ann).locator('pre')), patience)
      .toBe('This is no workbook.');
  });
});

describe('SQL', () => {
  test('an empty box runs its example', async () => {
    await toSql();
    await button(ann, 'Run the example').click();
    await expect.poll(rows, patience).toContainEqual(expect.stringMatching(/^csv\t3\t\d+$/));
  });

  test('answers over a file and records by names to click, with a chart', async () => {
    await toSql();
    await ann.page.getByLabel('One SELECT').fill('select fruit, count(*) as kinds from ');
    await button(ann, 'Insert prices').click();
    await ann.page.keyboard.type(
      ' where sku > (select count(*) from todos) group by all order by 2',
    );
    await ann.page.keyboard.press('Control+Enter');
    await expect
      .poll(rows, patience)
      .toEqual([
        'fruit varchar\tkinds bigint',
        expect.stringMatching(/^apple\t23$/),
        expect.stringMatching(/^pear\t46$/),
      ]);
    const bars = detail(ann).getByRole('img', { name: 'kinds by fruit' });
    expect(await bars.locator('.bar-room').count()).toBe(2);
    await isAccessible(ann, 'files-sql');
    await ask('select day, sold from days');
    await detail(ann).getByRole('img', { name: 'sold by day' }).locator('.recharts-area').waitFor();
  });

  test('what it refuses is told below it', async () => {
    await ask('select nothing from prices');
    await detail(ann).getByRole('alert').waitFor();
    expect(await textOf(detail(ann).getByRole('alert'))).toContain('"nothing" not found');
    await isAccessible(ann, 'files-sql-refused');
  });

  test('is asked as of the moment that the board shows', async () => {
    await ask('select count(*) as number from files');
    await expect.poll(async () => Number((await rows())[1]), patience).toBeGreaterThan(5);
    await slideTo(ann, 3);
    await expect.poll(async () => (await rows())[1], patience).toBe('2');
    expect(await textOf(detail(ann))).toContain('as of change 3');
    expect(await ann.page.getByLabel(/^Upload files/).count()).toBe(0);
    await button(ann, 'Now').click();
  });
});

test('charts that are not yet drawn for a narrower window do not widen the page', async () => {
  const { page } = await openPage(browser, `${server.url}/board/sql?in=shop`);
  onTestFinished(() => page.context().close());
  page.setDefaultTimeout(patience.timeout);
  // As a busy browser tells of it late, this one never does.
  await page.addInitScript('ResizeObserver.prototype.observe = () => undefined');
  await page.reload();
  await page.getByRole('button', { name: 'Insert days' }).waitFor();
  await page.getByLabel('One SELECT').fill('select day, sold from days');
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => page.locator('.recharts-surface').count(), patience).toBe(2);
  await page.setViewportSize({ width: 360, height: 740 });
  const widths = '[...document.querySelectorAll(".recharts-surface")].map((it) => it.clientWidth)';
  for (const width of (await page.evaluate(widths)) as number[]) expect(width).toBeGreaterThan(360);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
});

test('on a telephone nothing scrolls sideways, in the dark as in the light', async () => {
  const { page } = ann;
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  const fits = async (name: string) => {
    expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBe(360);
    await isAccessible(ann, `files-narrow-${name}`);
  };
  await fits('sql');
  await page.getByRole('link', { name: 'All files' }).click();
  await listed('prices.csv').waitFor();
  await drop(['small.csv', 'again']);
  await upload('small.csv').getByText('There is one already').waitFor();
  await fits('list');
  await button(ann, 'Cancel small.csv').click();
  await listed('prices.csv').click();
  await page.getByRole('radio', { name: 'changes' }).check();
  await detail(ann).locator('.row-diff').waitFor();
  await fits('diff');
});

test('what was cancelled has not come later, either', async () => {
  expect(await read('shop/unwanted.txt')).toBeNull();
});

test('all that time no request left for another origin, and nothing was complained of', () => {
  expect(ann.foreignRequests).toEqual([]);
  // The browser itself tells of what it sent in vain: for two names, one connection and one size.
  const inVain = ann.complaints.map((it) => /412|413|CONNECTION_RESET/.exec(it)?.[0] ?? it);
  expect(inVain).toEqual(['412', '412', 'CONNECTION_RESET', '413']);
});
