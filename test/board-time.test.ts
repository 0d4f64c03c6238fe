/** The board and time: its clock, its chart and slider, and a server that is away. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BoardServer } from './support/board.ts';
import {
  button,
  isAccessible,
  line,
  openBoard,
  openingTimeMaxMs,
  patience,
  picture,
  shows,
  slider,
  slideTo,
  standing,
  textOf,
  visitAt,
} from './support/board-page.ts';
import type { WatchedPage } from './support/browser.ts';

const dayMs = 24 * 3_600_000;
/** When the todos were made, in days before now: by change they stand evenly, by the clock not. */
const madeDaysAgo = [40, 39, 38, 37, 36, 35, 34, 33, 20, 10];

let server: BoardServer;
let ann: WatchedPage;

beforeAll(async () => {
  const opened = await openBoard(fill);
  ({ server, ann } = opened);
  return opened.close;
}, openingTimeMaxMs);

/** Todos that were made some days apart. */
async function fill(server: BoardServer): Promise<void> {
  for (const [index, days] of madeDaysAgo.entries()) {
    server.clock.offsetMs = -days * dayMs;
    const status = index % 3 === 0 ? 'doing' : 'open';
    const input = { id: `t${index + 1}`, subject: `Todo ${index + 1}`, status, priority: index };
    await server.ask(create, { input });
  }
  server.clock.offsetMs = 0;
}

const create = 'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { __typename } }';
const visit = (path = '') => visitAt(server.url, ann, path);
const axis = (name: string) => ann.page.getByRole('radio', { name });
const isLost = () => ann.page.locator('.live[data-state=lost]').waitFor();
const isLive = () => ann.page.locator('.live[data-state=live]').waitFor();

/** Where the middle of a part stands, and how wide it is. */
async function boxOf(selector: string): Promise<{ x: number; left: number; width: number }> {
  const box = await ann.page.locator(selector).first().boundingBox();
  if (!box) throw new Error(`${selector} is not to be seen`);
  return { x: box.x + box.width / 2, left: box.x, width: box.width };
}

describe('relative times', () => {
  const ago = () => textOf(line(ann, 'Just made').locator('time'));

  test('move on while one looks, and stand while nobody does', async () => {
    await ann.page.clock.install();
    await visit();
    await server.ask(create, { input: { id: 'new', subject: 'Just made', priority: 99 } });
    await line(ann, 'Just made').waitFor();
    await ann.page.clock.fastForward(5 * 60_000);
    await expect.poll(ago, { timeout: 5_000 }).toMatch(/^[56]m/);
    await expect.poll(() => standing(ann), { timeout: 5_000 }).toMatch(/the last [56]m/);

    await ann.page.evaluate(hide);
    await ann.page.clock.fastForward(3_600_000);
    expect(await ago()).toMatch(/^[56]m/);
    await ann.page.evaluate(unhide);
    await expect.poll(ago, { timeout: 5_000 }).toMatch(/^1h/);
  });
});

const hide = `Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
document.dispatchEvent(new Event('visibilitychange'))`;
const unhide = `delete document.visibilityState;
document.dispatchEvent(new Event('visibilitychange'))`;

describe('chart and slider', () => {
  beforeEach(() => visit());

  const ticks = (name: string) =>
    ann.page.locator(`.recharts-${name}Axis-tick-labels tspan`).allTextContents();
  const firstTick = { 'over time': /^[A-Z]\w\w \d+$/, 'by change': /^\d+$/ };

  /** Until what is chosen is answered, a click means a place on what is still shown. */
  async function choose(name: keyof typeof firstTick): Promise<void> {
    await axis(name).check();
    await expect.poll(async () => (await ticks('x'))[0]).toMatch(firstTick[name]);
  }

  test.each(['over time', 'by change'] as const)('share one scale %s', async (name) => {
    await choose(name);
    await ann.page.locator('.recharts-area-area').first().waitFor();
    const head = Number(await slider(ann).getAttribute('max'));
    for (const position of [1, 4, 8, 9, 10]) {
      await slideTo(ann, position);
      await expect.poll(() => standing(ann)).toContain(`change ${position} of ${head}`);
      await isSettled(position);
      const [marker, knob, plot] = [
        await boxOf('.marker'),
        await boxOf('.knob'),
        await boxOf('.recharts-cartesian-axis.recharts-xAxis .recharts-cartesian-axis-line'),
      ];
      expect(Math.abs(marker.x - knob.x)).toBeLessThan(1);
      const fraction =
        name === 'by change'
          ? position / head
          : 1 - (madeDaysAgo[position - 1] ?? 0) / (madeDaysAgo[0] ?? 1);
      expect(Math.abs(marker.x - (plot.left + plot.width * fraction))).toBeLessThan(2);
    }
    await isAccessible(ann, `scale-${name.replace(' ', '-')}`);
  });

  /** Until the time of a change is known, the marker stands at the one before. */
  async function isSettled(position: number): Promise<void> {
    const days = madeDaysAgo[position - 1] ?? 0;
    const at = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });
    await expect.poll(() => standing(ann)).toContain(at.format(Date.now() - days * dayMs));
  }

  test('a click in the chart goes to that moment, and the slider goes along', async () => {
    await choose('over time');
    const plot = await boxOf('.rail');
    const chart = await ann.page.locator('.plot').boundingBox();
    // Thirty days ago there were eight todos, the last of them for three days.
    const x = plot.left + plot.width * (10 / 40);
    await ann.page.mouse.click(x, (chart?.y ?? 0) + 40);
    await shows(ann, [
      'Todo 1',
      'Todo 2',
      'Todo 3',
      'Todo 4',
      'Todo 5',
      'Todo 6',
      'Todo 7',
      'Todo 8',
    ]);
    await expect.poll(() => standing(ann)).toContain('change 8 of');
    expect(Math.abs((await boxOf('.knob')).x - x)).toBeLessThan(2);
    expect(Math.abs((await boxOf('.marker')).x - x)).toBeLessThan(2);
    await picture(ann, 'clicked');

    await ann.page.mouse.down();
    await ann.page.mouse.move(plot.left + plot.width * (3.5 / 40), (chart?.y ?? 0) + 40, {
      steps: 5,
    });
    await ann.page.mouse.up();
    await shows(ann, ['Todo 1', 'Todo 2', 'Todo 3', 'Todo 4']);
    await ann.page.mouse.click(plot.left + plot.width + 4, (chart?.y ?? 0) + 40);
    await expect.poll(() => standing(ann)).toMatch(/^Now/);
    await ann.page.mouse.click(plot.left - 4, (chart?.y ?? 0) + 40);
    await expect.poll(() => standing(ann)).toContain('before it began');

    await choose('by change');
    await ann.page.mouse.click(plot.left + plot.width * 0.35, (chart?.y ?? 0) + 40);
    const head = Number(await slider(ann).getAttribute('max'));
    await expect.poll(() => standing(ann)).toContain(`change ${Math.round(head * 0.35)} of`);
  });

  test('the axes have their numbers, and the focus its ring at the knob', async () => {
    await choose('over time');
    await expect.poll(() => ticks('y')).toContain('0');
    await choose('by change');
    expect(await ticks('x')).toContain('2');
    await slider(ann).focus();
    await ann.page.keyboard.press('ArrowLeft');
    expect(await ann.page.evaluate(outlineOf('.knob'))).toBe('solid');
    for (const chart of ['.recharts-surface', '.recharts-wrapper', '.chart-area']) {
      expect(await ann.page.evaluate(outlineOf(chart)), chart).toBe('none');
    }
    await picture(ann, 'ring');
    await ann.page.locator('.plot').click({ position: { x: 200, y: 40 } });
    expect(await ann.page.evaluate('document.activeElement.type')).toBe('range');
  });

  const outlineOf = (selector: string) =>
    `getComputedStyle(document.querySelector('${selector}')).outlineStyle`;
});

describe('while the server is away', () => {
  beforeEach(() => visit());

  test('the moment that is shown stays, and it is said that it is the last that is known', async () => {
    await slideTo(ann, 4);
    await shows(ann, ['Todo 1', 'Todo 2', 'Todo 3', 'Todo 4']);
    await expect.poll(() => textOf(ann.page.locator('.totals'))).toMatch(/open\s*2\s+doing\s*2/);
    await server.leave();
    await isLost();
    await slideTo(ann, 9);
    await ann.page.getByText('this moment cannot be read now').waitFor();
    await new Promise((passed) => setTimeout(passed, 1_500));
    expect(await standing(ann)).toContain('As of change 9');
    expect(await standing(ann)).not.toContain('before it began');
    expect(await textOf(ann.page.locator('.totals'))).toMatch(/open\s*2\s+doing\s*2/);
    await shows(ann, ['Todo 1', 'Todo 2', 'Todo 3', 'Todo 4']);
    await isAccessible(ann, 'away-then');
    await button(ann, 'Now').click();
    await expect.poll(() => standing(ann)).toMatch(/^Offline .*change/s);
    await isAccessible(ann, 'away-now');
    await slideTo(ann, 9);

    await server.comeBack();
    await isLive();
    await expect.poll(() => ann.page.locator('.todo').count(), patience).toBe(9);
    expect(await standing(ann)).not.toContain('away');
    await expect.poll(() => textOf(ann.page.locator('.totals'))).toMatch(/open\s*6\s+doing\s*3/);
  });

  test('a board that had no answer yet does not say that it has begun with nothing', async () => {
    await ann.page.route('**/graphql', (route) => route.abort());
    await ann.page.goto(`${server.url}/board/?at=5`);
    await isLost();
    await expect.poll(() => standing(ann)).toMatch(/^As of change 5/);
    await ann.page.goto(`${server.url}/board/`);
    await isLost();
    await expect.poll(() => standing(ann)).toMatch(/^Offline/);
    expect(await standing(ann)).not.toContain('Nothing yet');
    await ann.page.unroute('**/graphql');
    await isLive();
    await line(ann, 'Todo 1').waitFor();
  });
});

test('the icon is found with and without a slash at the end', async () => {
  for (const path of ['board', 'board/', 'board/todos/t1']) {
    await ann.page.goto(`${server.url}/${path}`);
    const href = await ann.page.evaluate('document.querySelector("link[rel=icon]").href');
    const answer = await ann.page.request.get(String(href));
    expect(answer.headers()['content-type'], path).toBe('image/svg+xml');
  }
});
