/** Writes of the board whose answer is lost, and what can be undone: over real HTTP, in a real browser. */
import type { Browser, Route } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
  status,
  textOf,
  visitAt,
} from './support/board-page.ts';
import type { WatchedPage } from './support/browser.ts';

let server: BoardServer;
let browser: Browser;
let ann: WatchedPage;

beforeAll(async () => {
  const opened = await openBoard();
  ({ server, browser, ann } = opened);
  return opened.close;
}, openingTimeMaxMs);

const create = 'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { __typename } }';
const all = `{ todos(first: 100, filter: { includeDeleted: true }, orderBy: [{ field: ID }]) {
  edges { node { id subject status revision deletedAt } }
} }`;

interface Kept {
  readonly id: string;
  readonly subject: string;
  readonly status: string;
  readonly revision: number;
  readonly deletedAt: string | null;
}

/** What the server has of todos whose subject begins so. */
async function kept(subject: string): Promise<Kept[]> {
  const { todos } = await server.ask(all);
  const nodes: Kept[] = todos.edges.map(({ node }: { node: Kept }) => node);
  return nodes.filter((node) => node.subject.startsWith(subject));
}

async function anew(id: string, subject: string): Promise<void> {
  await server.ask(create, { input: { id, subject, status: 'open', priority: 5 } });
  await line(ann, subject).waitFor();
}

/** Lets the next write of a page be handled otherwise; those after it go their way. */
async function atNextWrite(handle: (route: Route) => Promise<void>): Promise<void> {
  let isNext = true;
  await ann.page.route('**/graphql', async (route) => {
    const isWrite = route.request().postData()?.includes('"mutation ') ?? false;
    if (!isNext || !isWrite) return await route.fallback();
    isNext = false;
    await handle(route);
  });
}

/**
 * Loses one answer to a write: the server has done it when the connection breaks; or the write itself,
 * before the server hears of it.
 */
async function loseNext(what: 'answer' | 'write'): Promise<void> {
  await atNextWrite(async (route) => {
    if (what === 'answer') await route.fetch();
    await route.abort('connectionreset');
  });
}

const newTodo = () => ann.page.getByRole('textbox', { name: 'New todo' });
const isUnknown = () => expect.poll(() => message(ann), patience).toContain('not known whether');

async function add(subject: string): Promise<void> {
  await newTodo().fill(subject);
  await newTodo().press('Enter');
}

describe('when the answer to a write is lost', () => {
  beforeEach(() => visitAt(server.url, ann));

  test.each(['answer', 'write'] as const)('(the %s is), Enter adds the todo once', async (what) => {
    const subject = `Lost with the ${what}`;
    await loseNext(what);
    await add(subject);
    await isUnknown();
    expect(await message(ann)).toContain('Trying again is safe');
    await isAccessible(ann, `lost-${what}`);
    await expect.poll(() => newTodo().inputValue()).toBe(subject);
    await newTodo().press('Enter');
    await line(ann, subject).waitFor();
    await expect.poll(() => newTodo().inputValue()).toBe('');
    await expect.poll(() => message(ann)).toBe('');
    expect(await kept(subject)).toMatchObject([{ revision: 1 }]);
    await newTodo().fill(subject);
    await newTodo().press('Enter');
    await expect.poll(() => line(ann, subject).count(), patience).toBe(2);
  });

  test('the draft can be changed before it is tried again, and is still one todo', async () => {
    await loseNext('answer');
    await add('Buy milk');
    await isUnknown();
    await newTodo().fill('Buy milk and eggs');
    await newTodo().press('Enter');
    await line(ann, 'Buy milk and eggs').waitFor();
    await expect
      .poll(() => kept('Buy milk'))
      .toMatchObject([{ subject: 'Buy milk and eggs', revision: 2 }]);
  });

  test('the next line is not disturbed, and the message sends the one before again', async () => {
    let release = () => {};
    const released = new Promise<void>((free) => {
      release = free;
    });
    await atNextWrite(async (route) => {
      await route.fetch();
      await released;
      await route.abort('connectionreset');
    });
    await add('The first');
    await newTodo().fill('The sec');
    release();
    await isUnknown();
    expect(await newTodo().inputValue()).toBe('The sec');
    await button(ann, 'Try again').click();
    await line(ann, 'The first').waitFor();
    await expect.poll(() => message(ann)).toBe('');
    expect(await newTodo().inputValue()).toBe('The sec');
    expect(await kept('The first')).toHaveLength(1);
  });

  test('a todo is saved, marked, deleted and restored once', async () => {
    await anew('once', 'Only once');
    await visitAt(server.url, ann, 'todos/once');
    await loseNext('write');
    await detail(ann).getByLabel('Subject').fill('Only once more');
    await button(ann, 'Save').click();
    await isUnknown();
    await button(ann, 'Save').click();
    await button(ann, 'Save').waitFor({ state: 'detached' });
    await expect.poll(() => kept('Only once')).toMatchObject([{ revision: 2 }]);

    for (const [done, revision] of [
      [() => line(ann, 'Only once more').getByLabel('Status of').selectOption('doing'), 3],
      [() => button(ann, 'Delete this todo').click(), 4],
      [() => detail(ann).getByRole('button', { name: 'Restore', exact: true }).click(), 5],
    ] as const) {
      await loseNext('answer');
      await done();
      await isUnknown();
      const again = ann.page.waitForResponse((response) =>
        Boolean(response.request().postData()?.includes('"mutation ')),
      );
      await button(ann, 'Try again').click();
      expect(await (await again).json()).not.toHaveProperty('errors');
      await expect.poll(() => message(ann), patience).not.toContain('not known');
      expect(await kept('Only once')).toMatchObject([{ revision }]);
    }
  });

  test('a draft that was saved all the same is over when the feed tells it', async () => {
    await anew('told', 'Told by the feed');
    await visitAt(server.url, ann, 'todos/told');
    await loseNext('answer');
    await detail(ann).getByLabel('Subject').fill('Told by its feed');
    await button(ann, 'Save').click();
    await button(ann, 'Save').waitFor({ state: 'detached' });
    await expect.poll(() => message(ann)).toBe('');
    expect(await kept('Told by')).toMatchObject([{ revision: 2 }]);
  });

  test('each of several is told, and stays told until its own is settled', async () => {
    await anew('one', 'One of two');
    await anew('two', 'Two of two');
    for (const name of ['One of two', 'Two of two']) {
      await loseNext('write');
      await line(ann, name).getByRole('checkbox').click();
      await expect.poll(() => message(ann), patience).toContain(name);
    }
    expect(await message(ann)).toContain('One of two');
    await isAccessible(ann, 'lost-two');
    await line(ann, 'One of two').getByRole('checkbox').click();
    await expect.poll(() => message(ann)).toContain('Marked “One of two” as done');
    expect(await message(ann)).toContain('about “Two of two” was lost');
    expect(await message(ann)).not.toContain('about “One of two” was lost');
    await button(ann, 'Try again').click();
    await expect.poll(() => message(ann)).toContain('Marked “Two of two” as done');
    expect(await message(ann)).not.toContain('lost');
  });

  test('an answer that never comes is lost, too', async () => {
    await ann.page.clock.install();
    await visitAt(server.url, ann);
    const written = new Promise<void>((isWritten) => {
      atNextWrite(async (route) => {
        await route.fetch();
        isWritten();
      });
    });
    await add('Never answered');
    await written;
    await ann.page.clock.fastForward(31_000);
    await isUnknown();
    await newTodo().press('Enter');
    await expect.poll(() => newTodo().inputValue(), patience).toBe('');
    expect(await kept('Never answered')).toHaveLength(1);
  });

  test('what the server refuses is said to be not saved, in its words', async () => {
    const postData = JSON.stringify({ query: 'mutation { cutOff(' });
    await atNextWrite((route) => route.continue({ postData }));
    await add('Refused');
    await expect.poll(() => message(ann)).toContain('Nothing was saved. Syntax Error');
    expect(await newTodo().inputValue()).toBe('Refused');
  });
});

test('what is wrong with a write from the list is said, too', async () => {
  await visitAt(server.url, ann);
  await anew('wrong', 'Something wrong');
  await atNextWrite((route) => {
    const request = route.request().postDataJSON();
    request.variables.input.status = 'x'.repeat(257);
    return route.continue({ postData: JSON.stringify(request) });
  });
  await line(ann, 'Something wrong').getByRole('checkbox').click();
  await expect.poll(() => message(ann)).toContain('256');
});

test('on plain http, where the browser offers no random UUIDs, todos are added all the same', async () => {
  const context = await browser.newContext();
  const origin = 'http://everstate.test';
  await context.route(`${origin}/**`, async (route) => {
    const url = route.request().url().replace(origin, server.url);
    const headers = { ...route.request().headers(), origin: server.url };
    await route.fulfill({ response: await route.fetch({ url, headers }) });
  });
  const page = await context.newPage();
  await page.goto(`${origin}/board`);
  expect(await page.evaluate('isSecureContext || "randomUUID" in crypto')).toBe(false);
  await page.getByRole('textbox', { name: 'New todo' }).fill('In the open');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'In the open' }).waitFor(patience);
  // The board shows it before the server has it.
  await expect.poll(() => kept('In the open')).toHaveLength(1);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await context.close();
});

describe('what was done can be undone without a mouse', () => {
  beforeEach(async () => {
    await visitAt(server.url, ann);
    await status(ann, 'Active').check();
  });

  test('completing and deleting lead to the next row, and Ctrl Z takes them back', async () => {
    for (const name of ['A', 'B', 'C']) await anew(`undo-${name}`, `Undo ${name}`);
    const { keyboard } = ann.page;
    await ann.page.getByRole('searchbox').fill('undo');
    await shows(ann, ['Undo C', 'Undo B', 'Undo A']);
    await line(ann, 'Undo C').getByRole('checkbox').focus();
    await keyboard.press('Space');
    await shows(ann, ['Undo B', 'Undo A']);
    await expect.poll(() => focused(ann.page)).toBe('Done: Undo B');
    await expect.poll(() => message(ann)).toContain('Marked “Undo C” as done');
    await keyboard.press('Control+z');
    await line(ann, 'Undo C').waitFor();
    expect(await focused(ann.page)).toBe('Done: Undo B');

    await button(ann, 'Delete Undo B').focus();
    await keyboard.press('Enter');
    await line(ann, 'Undo B').waitFor({ state: 'detached' });
    await expect.poll(() => focused(ann.page)).toMatch(/^Undo [AC]$/);
    await expect.poll(() => message(ann)).toContain('Deleted “Undo B”');
    await keyboard.press('Control+z');
    await line(ann, 'Undo B').waitFor();
    expect((await kept('Undo')).map((todo) => todo.status)).toEqual(['open', 'open', 'open']);
  });

  test('Ctrl Z does so as soon as it is shown', async () => {
    await anew('prompt', 'Prompt');
    await ann.page.evaluate(`new MutationObserver((_, observer) => {
      if (!document.querySelector('.toast-action')) return;
      observer.disconnect();
      document.body.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true }),
      );
    }).observe(document.querySelector('.toasts'), { childList: true, subtree: true })`);
    await line(ann, 'Prompt').getByRole('checkbox').press('Space');
    await expect.poll(() => kept('Prompt')).toMatchObject([{ revision: 3, status: 'open' }]);
  });

  test('while a write is on its way, Ctrl Z does not take back the one before', async () => {
    for (const name of ['1', '2', '3']) await anew(`early-${name}`, `Early ${name}`);
    await ann.page.getByRole('searchbox').fill('early');
    await line(ann, 'Early 1').getByRole('checkbox').press('Space');
    await expect.poll(() => message(ann)).toContain('Marked “Early 1” as done');
    let release = () => {};
    const released = new Promise<void>((free) => {
      release = free;
    });
    await atNextWrite(async (route) => {
      await released;
      await route.fallback();
    });
    await line(ann, 'Early 2').getByRole('checkbox').press('Space');
    await ann.page.keyboard.press('Control+z');
    release();
    await expect.poll(() => message(ann)).toContain('Marked “Early 2” as done');
    expect((await kept('Early')).map((todo) => todo.status)).toEqual(['done', 'done', 'open']);
  });

  test('what someone else changed meanwhile is not undone without a word', async () => {
    await anew('raced', 'Raced for');
    await line(ann, 'Raced for').getByRole('checkbox').press('Space');
    await expect.poll(() => message(ann)).toContain('Marked “Raced for” as done');
    await line(ann, 'Raced for').waitFor({ state: 'detached' });
    await server.ask(
      'mutation { updateTodo(input: { id: "raced", status: "dropped" }) { __typename } }',
    );
    await ann.page.keyboard.press('Control+z');
    await expect.poll(() => message(ann)).toContain('“Raced for” was changed by someone else');
    expect(await kept('Raced')).toMatchObject([{ status: 'dropped' }]);
  });

  test('the last row leads to the list, and what others take away leads on as well', async () => {
    await anew('else-1', 'Elsewhere 1');
    await anew('else-2', 'Elsewhere 2');
    await ann.page.getByRole('searchbox').fill('elsewhere');
    await shows(ann, ['Elsewhere 2', 'Elsewhere 1']);
    await line(ann, 'Elsewhere 2').getByRole('link').focus();
    await server.ask('mutation { deleteTodo(id: "else-2") { __typename } }');
    await shows(ann, ['Elsewhere 1']);
    await expect.poll(() => focused(ann.page)).toBe('Elsewhere 1');
    await line(ann, 'Elsewhere 1').getByRole('checkbox').press('Space');
    await shows(ann, []);
    await expect.poll(() => focused(ann.page)).toBe('Todos');
  });

  test('the message waits while it has the focus, and gives it back', async () => {
    await ann.page.clock.install();
    await visitAt(server.url, ann);
    await anew('wait', 'Wait for me');
    await button(ann, 'Delete Wait for me').focus();
    await ann.page.keyboard.press('Enter');
    await button(ann, 'Undo').focus();
    await ann.page.clock.fastForward(60_000);
    expect(await message(ann)).toContain('Deleted “Wait for me”');
    await ann.page.keyboard.press('Enter');
    await line(ann, 'Wait for me').waitFor();
    expect(await ann.page.evaluate('document.activeElement === document.body')).toBe(false);
    await expect.poll(() => message(ann)).toContain('Restored');
    await ann.page.clock.fastForward(21_000);
    await expect.poll(() => message(ann)).toBe('');
  });

  test('within one todo, focus stays with it when its buttons go', async () => {
    await anew('panel', 'In the panel');
    await visitAt(server.url, ann, 'todos/panel');
    const { keyboard } = ann.page;
    await detail(ann).getByLabel('Subject').fill('In this panel');
    await button(ann, 'Save').focus();
    await keyboard.press('Enter');
    await button(ann, 'Save').waitFor({ state: 'detached' });
    await expect.poll(() => isWithin('.detail')).toBe(true);
    await button(ann, 'Delete this todo').focus();
    await keyboard.press('Enter');
    await ann.page.getByText('This todo is deleted.').waitFor();
    await expect.poll(() => focused(ann.page)).toBe('Todo');
    await detail(ann).getByRole('button', { name: 'Restore', exact: true }).focus();
    await keyboard.press('Enter');
    await button(ann, 'Delete this todo').waitFor();
    await expect.poll(() => isWithin('.detail')).toBe(true);
  });
});

async function isWithin(selector: string): Promise<unknown> {
  return await ann.page.evaluate(`document.activeElement.closest('${selector}') !== null`);
}

test('a priority that is no whole number is not made one silently', async () => {
  await visitAt(server.url, ann);
  await anew('whole', 'Whole numbers');
  await visitAt(server.url, ann, 'todos/whole');
  const priority = detail(ann).getByLabel('Priority');
  for (const [typed, said] of [
    ['7.9', 'Whole numbers only'],
    ['', 'Whole numbers only'],
    ['1000001', 'from 0 to 1,000,000'],
  ] as const) {
    await priority.fill(typed);
    await expect.poll(() => textOf(detail(ann).locator('.hint'))).toContain(said);
    await button(ann, 'Save').click();
    await expect.poll(() => focused(ann.page)).toBe('Priority');
    expect(await priority.inputValue()).toBe(typed);
    expect(await priority.getAttribute('aria-invalid')).toBe('true');
  }
  await isAccessible(ann, 'no-whole-number');
  expect(await kept('Whole')).toMatchObject([{ revision: 1 }]);
  await priority.fill('8');
  await button(ann, 'Save').click();
  await button(ann, 'Save').waitFor({ state: 'detached' });
  expect(await kept('Whole')).toMatchObject([{ revision: 2 }]);
});
