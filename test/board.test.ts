/** The board as two people use it at once: in a real browser, over real HTTP, on a real store. */
import type { Browser } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LakeFile } from '../src/entities/index.ts';
import type { BoardServer } from './support/board.ts';
import {
  button,
  detail,
  focused,
  isAccessible,
  line,
  message,
  openBoard,
  openingTimeMaxMs,
  patience,
  shows,
  slider,
  slideTo,
  standing,
  status,
  tabTo,
  textOf,
  visitAt,
} from './support/board-page.ts';
import { openPage, type WatchedPage } from './support/browser.ts';

const dayMs = 24 * 3_600_000;

let server: BoardServer;
let browser: Browser;
let ann: WatchedPage;
let bob: WatchedPage;

beforeAll(async () => {
  const opened = await openBoard(fill);
  ({ server, browser, ann } = opened);
  bob = await openPage(browser, `${server.url}/board`);
  bob.page.setDefaultTimeout(patience.timeout);
  return opened.close;
}, openingTimeMaxMs);

/** Forty days of work, one step a day; then a deletion, and files. */
async function fill({ clock, ask, store }: BoardServer): Promise<void> {
  const todos = [
    ['guide', 'Write the guide', 'open', ['docs']],
    ['paper', 'Order paper', 'doing', ['office']],
    ['plants', 'Water the plants', 'open', ['office', 'green']],
    ['fence', 'Paint the fence', 'open', ['green']],
    ['rebase', 'Count the chairs', 'open', []],
    ['gone', 'Forget about it', 'open', []],
  ] as const;
  for (const [index, [id, subject, status, labels]] of todos.entries()) {
    clock.offsetMs = (index * 5 - 40) * dayMs;
    await ask(create, { input: { id, subject, status, labels, priority: index + 1 } });
  }
  const steps = [
    { id: 'fence', status: 'doing' },
    { id: 'fence', status: 'done', labels: ['green', 'wood'] },
    { id: 'guide', body: 'First line\nSecond line' },
    { id: 'guide', body: 'First line\nAnother line', priority: 2 },
  ];
  for (const [index, input] of steps.entries()) {
    clock.offsetMs = (index - 12) * dayMs;
    await ask(update, { input, options: { reason: `Step ${index + 1}` } });
  }
  await ask('mutation { deleteTodo(id: "gone") { __typename } }');
  clock.offsetMs = -3 * dayMs;
  const csv = 'name,wings\n"Sparrow, house",2\nKiwi,2\n';
  await ask(createFile, {
    input: { id: 'a/b', path: 'birds/raw', filename: 'list.csv', text: csv, filetype: 'csv' },
  });
  await ask(updateFile, { input: { id: 'a/b', text: `${csv}Emu,2\n` } });
  const json = JSON.stringify([{ name: 'Oak', height: 20 }, { name: 'Elm' }]);
  await ask(createFile, {
    input: { id: 'json', path: 'trees', filename: 'trees.json', text: json, filetype: 'json' },
  });
  await ask(createFile, {
    input: { id: 'note', filename: 'note.txt', text: 'Remember <b>this</b>', filetype: 'txt' },
  });
  const data = Buffer.from([0, 1, 2, 255]).toString('base64');
  await ask(createFile, { input: { id: 'bytes', filename: 'some.bin', data, filetype: 'bin' } });
  const large = 'a line of a large file\n'.repeat(60_000);
  await ask(createFile, {
    input: { id: 'large', filename: 'large.txt', text: large, filetype: 'txt' },
  });
  await ask(createFile, { input: { id: 'dot', filename: 'dot.png', data: dot, filetype: 'png' } });
  clock.offsetMs = 0;
  expect((await store.list(LakeFile)).versions).toHaveLength(6);
}

const create = 'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { __typename } }';
const update = `mutation ($input: UpdateTodoInput!, $options: WriteOptions) {
  updateTodo(input: $input, options: $options) { __typename }
}`;
const createFile =
  'mutation ($input: CreateLakeFileInput!) { createLakeFile(input: $input) { __typename } }';
const updateFile =
  'mutation ($input: UpdateLakeFileInput!) { updateLakeFile(input: $input) { __typename } }';
/** A picture of one point. */
const dot =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const visit = (watched: WatchedPage, path = '') => visitAt(server.url, watched, path);

async function head(): Promise<number> {
  return Number((await server.ask('{ log { position } }')).log.position);
}

describe('two people', () => {
  beforeEach(async () => {
    await Promise.all([visit(ann), visit(bob)]);
  });

  test('see what is active, the most urgent first', async () => {
    expect(await ann.page.title()).toBe('Everstate board');
    await shows(ann, ['Write the guide', 'Order paper', 'Water the plants', 'Count the chairs']);
    await isAccessible(ann, 'list');
  });

  test('see each other’s new todos, and what becomes of them', async () => {
    const { page } = ann;
    await page.getByRole('textbox', { name: 'New todo' }).fill('Buy a lamp');
    await page.keyboard.press('Enter');
    await line(ann, 'Buy a lamp').waitFor();
    await line(bob, 'Buy a lamp').waitFor();

    await bob.page.getByRole('link', { name: 'Buy a lamp' }).click();
    const subject = detail(bob).getByLabel('Subject');
    await subject.fill('Buy two lamps');
    await detail(bob).getByLabel('Add a label').fill('office');
    await bob.page.keyboard.press('Enter');
    await button(bob, 'Save').click();
    await button(bob, 'Save').waitFor({ state: 'detached' });
    await line(ann, 'Buy two lamps').waitFor();
    expect(await textOf(line(ann, 'Buy two lamps'))).toContain('office');
    await isAccessible(bob, 'detail');

    await line(ann, 'Buy two lamps').getByRole('checkbox').check();
    await line(bob, 'Buy two lamps').waitFor({ state: 'detached' });
    await line(ann, 'Buy two lamps').waitFor({ state: 'detached' });
    await expect.poll(() => detail(bob).getByLabel('Status').inputValue()).toBe('done');
    await expect.poll(() => textOf(detail(bob))).toContain('Marked as done on the board');
  });

  test('can delete, and take it back', async () => {
    await line(ann, 'Order paper').hover();
    await button(ann, 'Delete Order paper').click();
    await line(ann, 'Order paper').waitFor({ state: 'detached' });
    await line(bob, 'Order paper').waitFor({ state: 'detached' });
    await expect.poll(() => message(ann)).toContain('Deleted “Order paper”');
    await isAccessible(ann, 'deleted');
    await button(ann, 'Undo').click();
    await line(ann, 'Order paper').waitFor();
    await line(bob, 'Order paper').waitFor();
    await expect.poll(() => message(ann)).toContain('Restored “Order paper”');
  });

  test('filter by status, label and words', async () => {
    await status(ann, 'done').check();
    await shows(ann, ['Paint the fence', 'Buy two lamps']);
    await status(ann, 'All').check();
    await button(ann, 'Show the label green').first().click();
    await shows(ann, ['Water the plants', 'Paint the fence']);
    await ann.page.getByLabel('Filter by label').selectOption('wood');
    await shows(ann, ['Paint the fence']);
    await button(ann, 'Do not filter by the label green').click();
    await button(ann, 'Do not filter by the label wood').click();
    await ann.page.getByRole('searchbox').fill('another LINE');
    await shows(ann, ['Write the guide']);
    await ann.page.getByRole('searchbox').fill('nothing has this');
    await ann.page.getByText('Nothing here.').waitFor();
    await isAccessible(ann, 'nothing');
  });

  test('are in one list only as long as they match it', async () => {
    await status(ann, 'doing').check();
    await shows(ann, ['Order paper']);
    await line(bob, 'Count the chairs').getByLabel('Status of').selectOption('doing');
    await shows(ann, ['Order paper', 'Count the chairs']);
    await line(bob, 'Count the chairs').getByLabel('Status of').selectOption('open');
    await shows(ann, ['Order paper']);
  });

  test('are told when the other was faster, and choose', async () => {
    await visit(ann, 'todos/guide');
    await visit(bob, 'todos/guide');
    const [hers, his] = [detail(ann).getByLabel('Subject'), detail(bob).getByLabel('Subject')];
    await hers.fill('Write the guide again');
    await his.fill('Write two guides');
    await button(bob, 'Save').click();
    await ann.page.getByText('Changed meanwhile to “Write two guides”').waitFor();
    await button(ann, 'Save').click();
    const conflict = ann.page.getByRole('alert');
    await conflict.getByRole('heading', { name: 'Someone else was faster' }).waitFor();
    expect(await textOf(conflict.getByRole('row').nth(1))).toMatch(
      /Subject\s+Write two guides\s+Write the guide again/,
    );
    await isAccessible(ann, 'conflict');
    await button(ann, 'Put mine on top').click();
    await conflict.waitFor({ state: 'detached' });
    await expect.poll(() => his.inputValue()).toBe('Write the guide again');

    await hers.fill('Hers');
    await his.fill('Write the guide');
    await button(bob, 'Save').click();
    await ann.page.getByText('Changed meanwhile').waitFor();
    await button(ann, 'Save').click();
    await button(ann, 'Keep theirs').click();
    await expect.poll(() => hers.inputValue()).toBe('Write the guide');
    expect(await button(ann, 'Save').count()).toBe(0);
  });

  test('change different fields of one todo without a conflict', async () => {
    await visit(ann, 'todos/rebase');
    await detail(ann).getByLabel('Subject').fill('Count all chairs');
    await line(bob, 'Count the chairs').getByLabel('Status of').selectOption('blocked');
    await expect.poll(() => detail(ann).getByLabel('Status').inputValue()).toBe('blocked');
    await button(ann, 'Save').click();
    await expect.poll(() => message(ann)).toContain('Saved on top of what others changed');
    await line(bob, 'Count all chairs').waitFor();
    expect(await server.ask('{ todo(id: "rebase") { subject status } }')).toEqual({
      todo: { subject: 'Count all chairs', status: 'blocked' },
    });
  });

  test('are told at the field what is wrong with it', async () => {
    await visit(ann, 'todos/rebase');
    await detail(ann).getByLabel('Subject').fill('x'.repeat(1_001));
    await button(ann, 'Save').click();
    await ann.page.locator('.hint[data-kind=problem]').waitFor();
    expect(await textOf(detail(ann).locator('.hint[data-kind=problem]'))).toContain('1000');
    await isAccessible(ann, 'invalid');
    await button(ann, 'Discard').click();
  });

  test('miss nothing while the connection is lost', async () => {
    const isLost = ann.page.locator('.live[data-state=lost]').waitFor();
    const input = { subject: 'Written meanwhile', status: 'open', priority: 0 };
    server.breakWebSockets();
    await server.ask(create, { input });
    await isLost;
    await ann.page.locator('.live[data-state=live]').waitFor();
    await line(ann, 'Written meanwhile').waitFor();
    await line(bob, 'Written meanwhile').waitFor();
  });
});

describe('time', () => {
  beforeEach(() => visit(ann));

  test('the slider takes the whole board to the past, and “Now” brings it back', async () => {
    expect(await standing(ann)).toMatch(/^Now/);
    await slideTo(ann, 4);
    await shows(ann, ['Write the guide', 'Order paper', 'Water the plants', 'Paint the fence']);
    await expect.poll(() => standing(ann)).toMatch(/^As of .+ read-only .*change 4 of/s);
    expect(await textOf(ann.page.locator('.totals'))).toMatch(/open\s*3\s+doing\s*1/);
    expect(await line(ann, 'Order paper').getByRole('checkbox').isDisabled()).toBe(true);
    expect(await ann.page.getByRole('textbox', { name: 'New todo' }).count()).toBe(0);
    await expect.poll(() => new URL(ann.page.url()).searchParams.get('at')).toBe('4');
    await ann.page.locator('.chart-area .marker').waitFor({ state: 'attached' });
    await isAccessible(ann, 'past');

    await ann.page.getByRole('link', { name: 'Paint the fence' }).click();
    await expect.poll(() => textOf(detail(ann).locator('.status').first())).toBe('open');
    expect(await detail(ann).locator('.history li').count()).toBe(1);
    await isAccessible(ann, 'past-detail');

    await button(ann, 'Now').click();
    await expect.poll(() => standing(ann)).toMatch(/^Now/);
    await expect.poll(() => detail(ann).getByLabel('Status').inputValue()).toBe('done');
  });

  test('a link to a moment opens the board there, and later changes do not show', async () => {
    await visit(ann, '?at=2');
    await shows(ann, ['Write the guide', 'Order paper']);
    await server.ask(create, { input: { id: 'later', subject: 'Later', priority: 0 } });
    await expect.poll(() => standing(ann)).toContain(`change 2 of ${await head()}`);
    await shows(ann, ['Write the guide', 'Order paper']);
    await button(ann, 'Now').click();
    await line(ann, 'Later').waitFor();
  });

  test('before the first change there was nothing', async () => {
    await slideTo(ann, 0);
    await shows(ann, []);
    expect(await standing(ann)).toContain('before it began');
  });

  test('it plays back, from the beginning to now', async () => {
    await ann.page.getByLabel('Speed').selectOption('8×');
    await button(ann, 'Play back').click();
    await button(ann, 'Pause').waitFor();
    await expect.poll(() => standing(ann)).toMatch(/^As of/);
    await button(ann, 'Pause').click();
    const place = await slider(ann).inputValue();
    await new Promise((passed) => setTimeout(passed, 400));
    expect(await slider(ann).inputValue()).toBe(place);
    await button(ann, 'One change forward').click();
    expect(await slider(ann).inputValue()).toBe(String(Number(place) + 1));
    await button(ann, 'Play back').click();
    await expect.poll(() => standing(ann), patience).toMatch(/^Now/);
    await button(ann, 'Play back').waitFor();
  });

  test('the chart is told in numbers, over time and by change', async () => {
    const table = ann.page.getByRole('table', { name: 'Todos by status' });
    const overTime = ann.page.getByRole('radio', { name: 'over time' });
    await expect.poll(() => overTime.isChecked()).toBe(true);
    await expect.poll(() => table.getByRole('row').count()).toBeGreaterThan(8);
    await ann.page.getByRole('radio', { name: 'by change' }).check();
    await expect.poll(() => textOf(table)).toContain('after change');
    const [last] = (await table.getByRole('row').allInnerTexts()).slice(-1);
    const { todoGroups } = await server.ask('{ todoGroups(by: [STATUS]) { status count } }');
    const open = todoGroups.find((group: { status: string }) => group.status === 'open').count;
    expect(last?.split('\t').at(-2)).toBe(String(open));
    await ann.page.locator('.chart-area .recharts-area').first().waitFor();
  });

  test('a history tells what changed, and brings any of it back', async () => {
    await visit(ann, 'todos/fence');
    const history = detail(ann).locator('.history');
    await expect.poll(() => history.locator('li').count()).toBe(3);
    const newest = history.locator('li').first();
    expect(await textOf(newest)).toContain('Step 2');
    expect(await textOf(newest.locator('ins.label'))).toContain('wood');
    expect(await textOf(newest.locator('.from-to').first())).toMatch(/doing.*done/s);
    await button(ann, 'Restore revision 1').click();
    await expect.poll(() => message(ann)).toContain('Restored “Paint the fence”');
    await expect.poll(() => history.locator('li').count()).toBe(4);
    await expect.poll(() => detail(ann).getByLabel('Status').inputValue()).toBe('open');
    await isAccessible(ann, 'restored');

    await visit(ann, 'todos/guide');
    const texts = detail(ann).locator('.history li .lines');
    await texts.first().waitFor();
    expect(await textOf(texts.first().locator('[data-kind=removed]'))).toContain('Second');
    expect(await textOf(texts.first().locator('[data-kind=added]'))).toContain('Another');
    expect(await textOf(texts.first().locator('[data-kind=same]'))).toContain('First');
  });

  test('what is deleted comes back', async () => {
    await visit(ann, 'todos/gone');
    await ann.page.getByText('This todo is deleted. Its history stays.').waitFor();
    await isAccessible(ann, 'deleted-detail');
    await detail(ann).getByRole('button', { name: 'Restore', exact: true }).click();
    await line(ann, 'Forget about it').waitFor();
    await detail(ann).getByRole('button', { name: 'Delete this todo' }).waitFor();
  });

  test('what is seen in the past is brought back from there', async () => {
    await visit(ann, 'todos/fence?at=8');
    await button(ann, 'Bring this back').click();
    await expect.poll(() => standing(ann)).toMatch(/^Now/);
    await expect.poll(() => detail(ann).getByLabel('Status').inputValue()).toBe('done');
  });

  test('a history leads to the board at one of its moments', async () => {
    await visit(ann, 'todos/fence');
    await button(ann, 'Board at this moment').last().click();
    await expect.poll(() => standing(ann)).toContain('change 4 of');
    await ann.page.getByRole('link', { name: 'Files' }).click();
    await ann.page.getByText('There are no files here.').waitFor();
  });
});

describe('files', () => {
  const preview = () => ann.page.locator('.preview');
  const open = async (name: string) => {
    await ann.page.getByRole('link', { name: new RegExp(`^${name}`) }).click();
    await ann.page.getByRole('heading', { name, exact: true }).waitFor();
  };

  beforeEach(() => visit(ann, 'files'));

  test('stand in their folders, and are found in all of them', async () => {
    const { page } = ann;
    await page.getByText('4 files', { exact: true }).waitFor();
    const tree = page.getByRole('navigation', { name: 'Folders and files' });
    const names = await tree.locator('.file').allInnerTexts();
    expect(names.slice(0, 2)).toEqual(
      ['birds', 'trees'].map((name) => expect.stringContaining(name)),
    );
    await page.getByRole('link', { name: /^birds/ }).click();
    await page.getByRole('link', { name: /^raw/ }).press('Enter');
    await page.getByRole('link', { name: /^list.csv/ }).waitFor();
    await page.getByRole('searchbox').fill('trees');
    await page.getByText('1 file', { exact: true }).waitFor();
    await page.getByRole('link', { name: /^trees.json in trees/ }).waitFor();
    await isAccessible(ann, 'files');
  });

  test('show their rows, and those of every version', async () => {
    await visit(ann, 'files?in=birds%2Fraw');
    await open('list.csv');
    const rows = () => preview().getByRole('row').allInnerTexts();
    await expect
      .poll(rows, patience)
      .toEqual(['name varchar\twings bigint', 'Sparrow, house\t2', 'Kiwi\t2', 'Emu\t2']);
    await isAccessible(ann, 'file');
    await detail(ann)
      .getByRole('button', { name: /created this/ })
      .click();
    await expect.poll(rows, patience).toHaveLength(3);
    await ann.page.getByRole('radio', { name: 'text' }).check();
    await expect.poll(() => textOf(preview().locator('pre'))).toContain('"Sparrow, house",2');
    const download = ann.page.waitForEvent('download');
    await ann.page.getByRole('link', { name: 'Download' }).click();
    expect((await download).suggestedFilename()).toBe('list.csv');
  });

  test('are shown as what they are', async () => {
    await ann.page.getByRole('link', { name: /^trees/ }).click();
    await open('trees.json');
    await expect
      .poll(() => preview().getByRole('row').allInnerTexts(), patience)
      .toEqual(['name varchar\theight bigint', 'Oak\t20', 'Elm\t']);
    await ann.page.getByRole('link', { name: 'Lake', exact: true }).first().click();
    await open('note.txt');
    await expect.poll(() => textOf(preview().locator('pre'))).toBe('Remember <b>this</b>');
    await open('large.txt');
    await ann.page.getByText('Only the beginning').waitFor();
    await open('some.bin');
    await ann.page.getByText('These 4 B are not text.').waitFor();
    await open('dot.png');
    await preview().getByRole('img', { name: 'Contents of dot.png' }).waitFor();
  });

  test('are those of the moment, and live', async () => {
    const position = await head();
    const input = { id: 'fresh', filename: 'fresh.txt', text: 'Just written', filetype: 'txt' };
    await server.ask(createFile, { input });
    await open('fresh.txt');
    await slideTo(ann, position);
    await ann.page.getByText('This file did not exist yet at this moment.').waitFor();
    await ann.page.getByRole('link', { name: /^fresh.txt/ }).waitFor({ state: 'detached' });
    await isAccessible(ann, 'past-file');
  });
});

describe('everyone', () => {
  test('can do without a mouse', async () => {
    await visit(ann);
    const { page } = ann;
    const { keyboard } = page;
    await page.getByRole('searchbox').focus();
    await tabTo(page, 'New todo');
    await keyboard.type('By keyboard');
    await keyboard.press('Enter');
    await line(ann, 'By keyboard').waitFor();
    await tabTo(page, 'Done: By keyboard');
    await tabTo(page, 'By keyboard');
    await keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Todo');
    await detail(ann).getByLabel('Subject').waitFor();
    await tabTo(page, 'Subject');
    await keyboard.press('End');
    await keyboard.type(' alone');
    await keyboard.press('Enter');
    await line(ann, 'By keyboard alone').waitFor();
    // The list shows it at once; what is still being saved is not closed by Escape.
    await page.locator('.detail-head').getByText('revision 2').waitFor();
    await keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe('By keyboard alone');
    await keyboard.press('Shift+Tab');
    await keyboard.press('Space');
    await line(ann, 'By keyboard alone').waitFor({ state: 'detached' });
    await slider(ann).focus();
    await keyboard.press('Home');
    await expect.poll(() => standing(ann)).toContain('before it began');
    await keyboard.press('ArrowRight');
    await shows(ann, ['Write the guide']);
    await keyboard.press('End');
    await expect.poll(() => standing(ann)).toMatch(/^Now/);
  });

  test('has light or dark, which is remembered', async () => {
    await visit(ann);
    const background = () =>
      ann.page.evaluate("getComputedStyle(document.querySelector('.board')).backgroundColor");
    const light = await background();
    await ann.page.getByRole('radio', { name: 'dark' }).check();
    const dark = await background();
    expect(dark).not.toBe(light);
    await isAccessible(ann, 'dark-list');
    for (const path of ['todos/fence', 'todos/fence?at=8', 'files/a%2Fb', '?at=8']) {
      await visit(ann, path);
      await ann.page.locator('.todo, .preview table').first().waitFor();
      await isAccessible(ann, `dark-${path.replace(/\W/g, '-')}`);
    }
    await visit(ann);
    expect(await background()).toBe(dark);
    await ann.page.getByRole('radio', { name: 'system' }).check();
    expect(await background()).toBe(light);
    await ann.page.emulateMedia({ colorScheme: 'dark' });
    expect(await background()).toBe(dark);
    await ann.page.emulateMedia({ colorScheme: 'light' });
  });

  test('has it on a telephone: nothing scrolls sideways', async () => {
    await ann.page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['', '?at=8', 'todos/guide', 'files', 'files/a%2Fb', 'todos/none']) {
      await visit(ann, path);
      const seen = ann.page.locator('.todo, .history, .tree .file, .notice');
      await seen.filter({ visible: true }).first().waitFor();
      const width = await ann.page.evaluate('document.documentElement.scrollWidth');
      expect(width, path).toBe(360);
      await isAccessible(ann, `narrow-${path.replace(/\W/g, '-')}`);
    }
    await visit(ann, 'todos/guide');
    await ann.page.getByRole('link', { name: 'All todos' }).click();
    await line(ann, 'Write the guide').waitFor();
    await ann.page.setViewportSize({ width: 1_280, height: 800 });
  });
});

test('all that time no request left for another origin, and nothing was complained of', () => {
  for (const { foreignRequests, complaints } of [ann, bob]) {
    expect(foreignRequests).toEqual([]);
    expect(complaints).toEqual([]);
  }
});
