/** Where the todos of the board are to be found: in other lists, among the deleted, in the demo. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { BoardServer } from './support/board.ts';
import {
  button,
  focused,
  isAccessible,
  line,
  message,
  openBoard,
  openingTimeMaxMs,
  shows,
  slideTo,
  status,
  textOf,
  visitAt,
} from './support/board-page.ts';
import type { WatchedPage } from './support/browser.ts';

let server: BoardServer;
let ann: WatchedPage;

beforeAll(async () => {
  const opened = await openBoard();
  ({ server, ann } = opened);
  return opened.close;
}, openingTimeMaxMs);

const createAll =
  'mutation ($inputs: [CreateTodoInput!]!) { createTodos(inputs: $inputs) { __typename } }';
const remove = 'mutation ($id: ID!) { deleteTodo(id: $id) { __typename } }';
const visit = (path = '') => visitAt(server.url, ann, path);
const search = (words: string) => ann.page.getByRole('searchbox').fill(words);
const notice = () => textOf(ann.page.locator('.list-pane .notice'));

test('a new server points at the demo', async () => {
  await visit();
  await expect.poll(notice).toContain('There are no todos yet');
  expect(await notice()).toContain('npm run demo');
  expect(await notice()).toContain('everstate demo');
  await isAccessible(ann, 'new-server');
  await search('nothing');
  await expect.poll(notice).toContain('not even one that is done or deleted');
});

describe('a search', () => {
  test('tells where else it found something, and leads there', async () => {
    const todo = (id: string, state: string, priority: number) => ({
      id,
      subject: `Lamp ${id}`,
      status: state,
      priority,
      labels: ['light'],
    });
    const inputs = [
      todo('a', 'done', 1),
      todo('b', 'done', 2),
      todo('c', 'dropped', 3),
      todo('d', 'open', 4),
      todo('e', 'open', 5),
      { id: 'chair', subject: 'Chair', status: 'open' },
    ];
    await server.ask(createAll, { inputs });
    await server.ask(remove, { id: 'd' });
    await server.ask(remove, { id: 'e' });
    await visit();
    await search('lamp');
    await expect.poll(notice).toContain('Nothing here.');
    expect(await notice()).not.toContain('Well done');
    await isAccessible(ann, 'found-elsewhere');
    await button(ann, '1 in dropped: show').waitFor();
    await button(ann, '2 deleted: show').waitFor();
    await button(ann, '2 in done: show').click();
    await shows(ann, ['Lamp a', 'Lamp b']);
    expect(await status(ann, 'done').isChecked()).toBe(true);
    expect(await ann.page.evaluate('document.activeElement === document.body')).toBe(false);
    await isAccessible(ann, 'found-as-well');
    await button(ann, '1 in dropped: show').click();
    await shows(ann, ['Lamp c']);
    await button(ann, '2 deleted: show').click();
    await shows(ann, ['Lamp e', 'Lamp d']);
  });

  test('of a label alone does so, too', async () => {
    await visit();
    await status(ann, 'done').check();
    await ann.page.getByLabel('Filter by label').selectOption('light');
    await shows(ann, ['Lamp a', 'Lamp b']);
    await status(ann, 'Active').check();
    await button(ann, '2 in done: show').waitFor();
  });
});

describe('deleted todos', () => {
  test('have a list of their own, from which they are restored', async () => {
    await visit();
    await status(ann, 'Deleted').check();
    await shows(ann, ['Lamp e', 'Lamp d']);
    expect(await textOf(line(ann, 'Lamp e'))).toContain('deleted');
    await isAccessible(ann, 'deleted-list');
    await line(ann, 'Lamp d').getByRole('link').click();
    await ann.page.getByText('This todo is deleted.').waitFor();
    await isAccessible(ann, 'deleted-open');
    await button(ann, 'Restore Lamp e').focus();
    await ann.page.keyboard.press('Enter');
    await shows(ann, ['Lamp d']);
    await expect.poll(() => message(ann)).toContain('Restored “Lamp e”');
    await expect.poll(() => focused(ann.page)).toBe('Lamp d');
    await server.ask(remove, { id: 'chair' });
    await shows(ann, ['Chair', 'Lamp d']);
    await status(ann, 'Active').check();
    await shows(ann, ['Lamp e']);
  });

  test('are those of the moment', async () => {
    await visit();
    await status(ann, 'Deleted').check();
    await slideTo(ann, 7);
    await shows(ann, ['Lamp d']);
    expect(await button(ann, 'Restore Lamp d').count()).toBe(0);
    await slideTo(ann, 6);
    await expect.poll(notice).toContain('Nothing was deleted');
  });

  test('lead back to what is not deleted', async () => {
    await visit();
    await status(ann, 'Deleted').check();
    await search('lamp c');
    await expect.poll(notice).toContain('Nothing is deleted that matches this.');
    await button(ann, '1 not deleted: show').click();
    await shows(ann, ['Lamp c']);
  });

  test('a line that was begun is still there after a look at them', async () => {
    await visit();
    await ann.page.getByRole('textbox', { name: 'New todo' }).fill('Begun');
    await status(ann, 'Deleted').check();
    await shows(ann, ['Chair', 'Lamp d']);
    await status(ann, 'Active').check();
    const input = ann.page.getByRole('textbox', { name: 'New todo' });
    expect(await input.inputValue()).toBe('Begun');
  });
});

test('all of it in the dark and on a telephone', async () => {
  await ann.page.setViewportSize({ width: 360, height: 740 });
  await visit();
  await search('lamp');
  for (const theme of ['dark', 'light']) {
    await ann.page.getByRole('radio', { name: theme }).check();
    for (const name of ['Deleted', 'Active']) {
      await status(ann, name).check();
      await line(ann, 'Lamp').or(ann.page.locator('.todo')).first().waitFor();
      expect(await ann.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      await isAccessible(ann, `narrow-${theme}-${name}`);
    }
  }
  await ann.page.setViewportSize({ width: 1_280, height: 800 });
}, 90_000);

test('deleted todos are found behind a thousand others that were changed since', async () => {
  const inputs = Array.from({ length: 1_100 }, (_, index) => ({ id: `many-${index}` }));
  await server.ask(createAll, { inputs });
  await visit();
  await status(ann, 'Deleted').check();
  await shows(ann, ['Chair', 'Lamp d']);
});
