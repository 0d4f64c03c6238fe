/** Feeds as an EventSource takes them: it opens one URL again and again, and says where it was. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { codesOf, listen, openApi, TestApi, write } from './support/api.ts';
import { launchBrowser } from './support/browser.ts';
import { until, untilWaiting } from './support/until.ts';

interface Block {
  readonly event: string;
  readonly id: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
  readonly data: any;
}

/** One connection of an EventSource. */
class Connection {
  readonly blocks: Block[] = [];
  readonly response: Response;
  #text = '';

  private constructor(response: Response) {
    this.response = response;
    this.#read(response.body as ReadableStream<Uint8Array>).catch(() => {});
  }

  static async open(url: string, query: string, lastEventId?: string): Promise<Connection> {
    const leaving = new AbortController();
    onTestFinished(() => leaving.abort());
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    };
    const address = `${url}/graphql?query=${encodeURIComponent(query)}`;
    return new Connection(await fetch(address, { headers, signal: leaving.signal }));
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      this.#text += decoder.decode(chunk, { stream: true });
      const parts = this.#text.split('\n\n');
      this.#text = parts.pop() ?? '';
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(part)?.[1] ?? null;
        const [event, data] = [field('event'), field('data')];
        if (event) this.blocks.push({ event, id: field('id'), data: data && JSON.parse(data) });
      }
    }
  }
}

const changes = 'subscription { changes { position id } }';
const seen = ({ blocks }: Connection) => blocks.map(({ id, data }) => [id, data.data.changes.id]);

async function withTodos(ids: readonly string[]): Promise<TestApi> {
  const api = await openApi();
  for (const id of ids) await write(api, 'create', 'Todo', { id });
  return api;
}

test('each event has its position as its id, and the stream says how it is to be passed on', async () => {
  const api = await withTodos(['a', 'b']);
  const { url } = await listen(api.app);
  const feed = await Connection.open(url, 'subscription { changes(after: 0) { id } }');
  await until(() => feed.blocks.length === 2);
  expect(seen(feed)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
  ]);
  const { headers } = feed.response;
  expect(headers.get('content-type')).toBe('text/event-stream');
  expect(headers.get('x-accel-buffering')).toBe('no');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('content-encoding')).toBeNull();
  expect(headers.get('vary')).toBe('last-event-id, accept, origin');
});

test('one answer has no id, and is followed by its end', async () => {
  const api = await withTodos(['a']);
  const { url } = await listen(api.app);
  const answer = await Connection.open(url, '{ todo(id: "a") { id } }');
  await until(() => answer.blocks.length === 2);
  expect(answer.blocks).toEqual([
    {
      event: 'next',
      id: null,
      data: { data: { todo: { id: 'a' } }, extensions: { position: '1' } },
    },
    { event: 'complete', id: null, data: '' },
  ]);
});

describe('a feed that says which event came last', () => {
  test.each([
    ['from now on', changes],
    ['after a position', 'subscription { changes(after: "0") { position id } }'],
    ['in a fragment', 'subscription { ...F } fragment F on Subscription { changes { id } }'],
    ['by another name', 'subscription S { changes: changes(entities: [TODO]) { id } }'],
  ])('goes on behind it: %s', async (_what, query) => {
    const api = await withTodos(['a', 'b', 'c']);
    const { url } = await listen(api.app);
    const feed = await Connection.open(url, query, '1');
    await until(() => feed.blocks.length === 2);
    await write(api, 'create', 'Todo', { id: 'd' });
    await until(() => feed.blocks.length === 3);
    expect(seen(feed)).toEqual([
      ['2', 'b'],
      ['3', 'c'],
      ['4', 'd'],
    ]);
  });

  test('needs no snapshot again', async () => {
    const api = await withTodos(['a', 'b']);
    const { url } = await listen(api.app);
    const query =
      'subscription { todoChanges(snapshot: true, filter: { id: { ne: "x" } }) { kind id } }';
    const told = ({ blocks }: Connection) =>
      blocks.map(({ data }) => [data.data.todoChanges.kind, data.data.todoChanges.id]);
    const first = await Connection.open(url, query);
    await until(() => first.blocks.length === 3);
    expect(told(first).map(([kind]) => kind)).toEqual(['SNAPSHOT', 'SNAPSHOT', 'CAUGHT_UP']);
    await write(api, 'create', 'Todo', { id: 'c' });
    const again = await Connection.open(url, query, first.blocks[0]?.id ?? '');
    await until(() => again.blocks.length === 3);
    expect(told(again)).toEqual([
      ['ENTER', 'b'],
      ['ENTER', 'c'],
      ['CAUGHT_UP', null],
    ]);
  });

  test.each(['abc', '-1', '1.5', '99', '99999999999999999999'])(
    'that never was is told so: %s',
    async (lastEventId) => {
      const api = await withTodos(['a']);
      const { url } = await listen(api.app);
      const feed = await Connection.open(url, changes, lastEventId);
      await until(() => feed.blocks.length === 2);
      expect(codesOf(feed.blocks[0]?.data)).toEqual(['BAD_USER_INPUT']);
      expect(api.store.waitingFollowers).toBe(0);
    },
  );
});

test('the end of a stream is its end, however often signs of life are due', async () => {
  const { store } = await withTodos(['a']);
  const { url } = await listen(new TestApi(store, { keepAliveMs: 1 }).app);
  for (let count = 0; count < 20; count += 1) {
    const answer = await Connection.open(url, '{ todo(id: "a") { id } }');
    await until(() => answer.blocks.length === 2);
  }
});

test('a stream that nothing happens on gives signs of life', async () => {
  const api = await withTodos([]);
  const { url } = await listen(new TestApi(api.store, { keepAliveMs: 20 }).app);
  const address = `${url}/graphql?query=${encodeURIComponent(changes)}`;
  const response = await fetch(address, { headers: { accept: 'text/event-stream' } });
  let text = '';
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    if (text.length >= 9) break;
  }
  expect(text).toMatch(/^(:\n\n)+$/);
  await until(() => api.store.waitingFollowers === 0);
});

test('a sign of life never comes amid an event, however long it is', async () => {
  const { store } = await withTodos([]);
  const api = new TestApi(store, { keepAliveMs: 1 });
  const { url } = await listen(api.app);
  await write(api, 'create', 'Todo', { id: 'a' });
  for (let count = 0; count < 60; count += 1) {
    await write(api, 'update', 'Todo', { id: 'a', body: `${count} `.repeat(15_000) });
  }
  const query = `subscription {
    todoChanges(after: 51) { todo { history(first: 60) { edges { node { body } } } } }
  }`;
  const feed = await Connection.open(url, query);
  await until(() => feed.blocks.length === 11);
  const [first] = feed.blocks;
  expect(first?.data.data.todoChanges.todo.history.edges).toHaveLength(52);
});

describe('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  test('an EventSource that is cut off misses nothing and gets nothing twice', async () => {
    const api = await withTodos(['before']);
    const { url, server } = await listen(api.app);
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(`${url}/docs`);
    const address = `/graphql?query=${encodeURIComponent(changes)}`;
    await page.evaluate(`{
      globalThis.told = [];
      const source = new EventSource(${JSON.stringify(address)});
      source.addEventListener('next', ({ data }) => told.push(JSON.parse(data).data.changes.id));
    }`);
    await untilWaiting(api.store, 1);
    const expected: string[] = [];
    const create = async (id: string) => {
      await write(api, 'create', 'Todo', { id });
      expected.push(id);
    };
    // Asked from here: the page's policy lets nothing in it evaluate a text again and again.
    const told = async () => (await page.evaluate('told')) as string[];
    for (let round = 0; round < 2; round += 1) {
      await create(`${round} connected`);
      await until(async () => (await told()).length === expected.length);
      server.closeAllConnections();
      await until(() => api.store.waitingFollowers === 0);
      for (const id of ['one', 'two']) await create(`${round} ${id} while away`);
      await untilWaiting(api.store, 1);
    }
    await until(async () => (await told()).length >= expected.length);
    expect(await told()).toEqual(expected);
  });
});
