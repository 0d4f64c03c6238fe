/** What caches are told about answers to GET, over a real port. */
import { cp } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { listen, openApi, TestApi, write } from './support/api.ts';
import { checkProperty } from './support/property.ts';
import { openTemporary, temporaryDirectory, withStore } from './support/temporary-store.ts';

const forEver = 'public, max-age=31536000, immutable';

interface Asked {
  readonly variables?: object;
  readonly operationName?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

/** Asks a served application; without `accept`, fetch says that it takes anything. */
class Client {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async get(query: string, { variables, operationName, headers = {}, method }: Asked = {}) {
    const url = new URL('/graphql', this.#url);
    url.searchParams.set('query', query);
    if (variables) url.searchParams.set('variables', JSON.stringify(variables));
    if (operationName) url.searchParams.set('operationName', operationName);
    const response = await fetch(url, { headers, method: method ?? 'GET' });
    const about = (name: string) => response.headers.get(name);
    return {
      status: response.status,
      text: await response.text(),
      etag: about('etag'),
      cacheControl: about('cache-control'),
      vary: about('vary'),
      header: about,
    };
  }

  /** The status of the answer to whoever has one with this tag. */
  async statusFor(query: string, etag: string | null, asked: Asked = {}): Promise<number> {
    const headers = { ...asked.headers, 'if-none-match': etag ?? '' };
    return (await this.get(query, { ...asked, headers })).status;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(new URL(path, this.#url), { redirect: 'manual', ...init });
  }
}

async function serve(api: TestApi): Promise<Client> {
  return new Client((await listen(api.app)).url);
}

/** The todo `a`, created at position 1 and changed at 2 and 3, and a file at 4. */
async function openTodo(options: Parameters<typeof openApi>[0] = {}): Promise<TestApi> {
  const api = await openApi(options);
  await write(api, 'create', 'Todo', { id: 'a', subject: 'one' });
  await write(api, 'update', 'Todo', { id: 'a', subject: 'two' });
  await write(api, 'update', 'Todo', { id: 'a', subject: 'three' });
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'contents' });
  return api;
}

async function serveTodo(options: Parameters<typeof openApi>[0] = {}) {
  const api = await openTodo(options);
  return { api, client: await serve(api) };
}

const now = '{ todo(id: "a") { subject revision } }';
const then = '{ todo(id: "a", asOf: { position: "2" }) { subject revision } }';

describe('a query that is pinned to a position', () => {
  test('may be kept for ever: each copy of its answer is the same, whatever is written', async () => {
    const { api, client } = await serveTodo();
    const first = await client.get(then);
    expect(first).toMatchObject({ status: 200, cacheControl: forEver, vary: 'accept, origin' });
    expect(first.etag).toMatch(/^"[\w-]{43}"$/);
    expect(JSON.parse(first.text)).toEqual({
      data: { todo: { subject: 'two', revision: 2 } },
      extensions: { position: '2' },
    });
    await write(api, 'update', 'Todo', { id: 'a', subject: 'four' });
    const second = await client.get(then);
    expect([second.text, second.etag]).toEqual([first.text, first.etag]);
  });

  test.each([
    ['by a literal', then, {}],
    ['by a number', '{ todo(id: "a", asOf: { position: 2 }) { id } }', {}],
    [
      'by a variable',
      'query ($p: Position!) { log: todo(id: "a", asOf: { position: $p }) { id } }',
      { p: '2' },
    ],
    [
      'by a variable as a whole',
      'query ($at: AsOf!) { todos(asOf: $at) { totalCount } }',
      { at: { position: 2 } },
    ],
    [
      'by a default',
      'query ($p: Position! = "2") { todo(id: "a", asOf: { position: $p }) { id } }',
      {},
    ],
    [
      'in a fragment',
      'query { ...F } fragment F on Query { todo(id: "a", asOf: { position: 2 }) { id } }',
      {},
    ],
    [
      'in an inline fragment',
      '{ __typename ... on Query { todo(id: "a", asOf: { position: 2 }) { id } } }',
      {},
    ],
    [
      'beside a field that is left out',
      'query ($no: Boolean = false) { ...F todo(id: "a") @include(if: $no) { id } log @skip(if: true) { position } } fragment F on Query { todos(asOf: { position: 2 }) { totalCount } }',
      {},
    ],
    [
      'with everything below it',
      '{ todo(id: "a", asOf: { position: 2 }) { history { totalCount edges { node { transaction { versions { totalCount } } } } } blame { revision } diff(from: 1) { field } current { id } } }',
      {},
    ],
    [
      'whatever the field',
      '{ todoGroups(by: STATUS, asOf: { position: 2 }) { count } lakeFiles(asOf: { position: 2 }) { totalCount } lakePathExists(asOf: { position: 2 }) lakeFileByPath(filename: "f", asOf: { position: 2 }) { id } node(nodeId: "VG9kbzph", asOf: { position: 2 }) { nodeId } }',
      {},
    ],
  ])('is recognised %s', async (_how, query, variables) => {
    const { client } = await serveTodo();
    const answer = await client.get(query, { variables });
    expect(answer).toMatchObject({ status: 200, cacheControl: forEver });
    expect(JSON.parse(answer.text).extensions).toEqual({ position: '2' });
  });

  test('may compare moments; its answer stands at the last of them', async () => {
    const { client } = await serveTodo();
    const query = `{
      a: todo(id: "a", asOf: { position: 3 }) { revision }
      b: todo(id: "a", asOf: { position: "1" }) { revision }
    }`;
    const answer = await client.get(query);
    expect(answer.cacheControl).toBe(forEver);
    expect(JSON.parse(answer.text)).toEqual({
      data: { a: { revision: 3 }, b: { revision: 1 } },
      extensions: { position: '3' },
    });
  });

  test('is not executed again for whoever has its answer', async () => {
    const queries: string[] = [];
    const { api, client } = await serveTodo({ onReplicaQuery: (sql) => queries.push(sql) });
    const list = '{ todos(asOf: { position: 2 }) { edges { node { subject } } } }';
    const { etag } = await client.get(list);
    await write(api, 'update', 'Todo', { id: 'a', subject: 'four' });
    await client.get(list);
    const before = queries.length;
    expect(await client.statusFor(list, etag)).toBe(304);
    expect(queries.length).toBe(before);
  });

  test('whose position has not been yet is an error until it has, and is not kept', async () => {
    const { api, client } = await serveTodo();
    const query = '{ todo(id: "a", asOf: { position: 5 }) { revision } }';
    const early = await client.get(query);
    expect(early).toMatchObject({ cacheControl: 'no-store', etag: null });
    expect(JSON.parse(early.text).errors[0].extensions.code).toBe('BAD_USER_INPUT');
    await write(api, 'update', 'Todo', { id: 'a', subject: 'four' });
    const { text, etag, cacheControl } = await client.get(query);
    expect(JSON.parse(text).data).toEqual({ todo: { revision: 4 } });
    expect(cacheControl).toBe(forEver);
    const elsewhere = await serveTodo();
    expect(await elsewhere.client.statusFor(query, etag)).toBe(200);
  });
});

/** With variables `p`, a position. */
const unpinned = [
  ['names no moment', now],
  ['names a moment as null', '{ todo(id: "a", asOf: null) { id } }'],
  ['names a time', '{ todo(id: "a", asOf: { time: "2020-01-01T00:00:00Z" }) { id } }'],
  ['names a transaction', '{ todo(id: "a", asOf: { transaction: 2 }) { id } }'],
  [
    'is pinned in part',
    'query ($p: Position!) { a: todo(id: "a", asOf: { position: $p }) { id } b: todo(id: "a") { id } }',
  ],
  [
    'is pinned beside the schema',
    '{ __schema { queryType { name } } todo(id: "a", asOf: { position: 1 }) { id } }',
  ],
  [
    'has its pin left out',
    '{ todo(id: "a", asOf: { position: 1 }) @skip(if: true) { id } todos { totalCount } }',
  ],
  ['reads a transaction', '{ transaction(id: 2) { firstPosition } }'],
  ['reads changes', '{ changes(after: 1, first: 1) { position } }'],
  [
    'reads a series',
    '{ todosOverTime(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", every: DAY) { count } }',
  ],
  ['reads the log', '{ log { position transactions } }'],
  ['reads a node', '{ node(nodeId: "VG9kbzph") { nodeId } }'],
  ['asks for its type alone', '{ __typename }'],
  ['asks for a type alone', '{ __type(name: "Todo") { name } }'],
] as const;

describe('a query that goes with the log', () => {
  test.each(unpinned)('is asked about at each use when it %s', async (_what, query) => {
    const { client } = await serveTodo();
    const variables = { p: '1' };
    const answer = await client.get(query, { variables });
    expect(answer).toMatchObject({ status: 200, cacheControl: 'no-cache', vary: 'accept, origin' });
    expect(answer.etag).toMatch(/^W\/"[\w-]{43}"$/);
    expect(await client.statusFor(query, answer.etag, { variables })).toBe(304);
  });

  test('is asked about when its page goes on from a cursor, which holds a position', async () => {
    const { api, client } = await serveTodo();
    await write(api, 'create', 'Todo', { id: 'b' });
    const page = await client.get('{ todos(first: 1) { pageInfo { endCursor } } }');
    const { endCursor } = JSON.parse(page.text).data.todos.pageInfo;
    const next = `{ todos(after: "${endCursor}") { edges { node { id } } } }`;
    expect((await client.get(next)).cacheControl).toBe('no-cache');
    const pinned = next.replace('after', 'asOf: { position: 5 } after');
    expect((await client.get(pinned)).cacheControl).toBe(forEver);
  });

  test('is answered 304, without a body, until what it shows is written', async () => {
    const { api, client } = await serveTodo();
    const first = await client.get(now);
    const headers = { 'if-none-match': first.etag ?? '' };
    const unchanged = await client.get(now, { headers });
    expect(unchanged).toMatchObject({
      status: 304,
      text: '',
      etag: first.etag,
      cacheControl: 'no-cache',
      vary: 'accept, origin',
    });
    expect(unchanged.header('content-type')).toBeNull();
    await write(api, 'create', 'Todo', { id: 'another' });
    expect(await client.get(now, { headers })).toMatchObject({ status: 304, etag: first.etag });
    await write(api, 'update', 'Todo', { id: 'a', subject: 'four' });
    const changed = await client.get(now, { headers });
    expect(changed.status).toBe(200);
    expect(JSON.parse(changed.text).extensions).toEqual({ position: '6' });
    expect(changed.etag).not.toBe(first.etag);
  });

  test('is answered 304 after a restart, too, and after writes of other things before it', async () => {
    const directory = temporaryDirectory();
    const { api, client } = await serveTodo({ directory });
    const { etag } = await client.get(now);
    await write(api, 'create', 'Todo', { id: 'another' });
    await api.store.close();
    const again = await serve(await openApi({ directory }));
    expect(await again.statusFor(now, etag)).toBe(304);
  });

  test('names the position at which it is answered, also when it is not executed again', async () => {
    const { api, client } = await serveTodo();
    const list = '{ todos(filter: { status: { eq: "open" } }) { edges { node { id } } } }';
    for (const position of ['4', '5', '6', '7']) {
      const answer = await client.get(list);
      expect(JSON.parse(answer.text).extensions).toEqual({ position });
      await write(api, 'create', 'LakeFile', { filename: position, text: 'x' });
    }
  });

  test('is not read again while nothing is written that it is made of', async () => {
    const queries: string[] = [];
    const { api, client } = await serveTodo({ onReplicaQuery: (sql) => queries.push(sql) });
    const list = '{ todos { edges { node { subject } } } }';
    const { etag } = await client.get(list);
    await write(api, 'create', 'LakeFile', { filename: 'another', text: 'x' });
    const before = queries.length;
    expect(await client.statusFor(list, etag)).toBe(304);
    expect(await client.statusFor(list, '"another"')).toBe(200);
    expect(queries.length).toBe(before);
    await write(api, 'create', 'Todo', { id: 'b', subject: 'new' });
    expect(await client.statusFor(list, etag)).toBe(200);
    expect(queries.length).toBeGreaterThan(before);
  });

  test('is answered anew after a write by another process', async () => {
    const directory = temporaryDirectory();
    const { client } = await serveTodo({ directory });
    const other = await openTemporary({ directory, replicaInMemory: true });
    const { etag } = await client.get(now);
    expect(await client.statusFor(now, etag)).toBe(304);
    await other.update(Todo, 'a', { subject: 'theirs' });
    const changed = await client.get(now, { headers: { 'if-none-match': etag ?? '' } });
    expect(JSON.parse(changed.text).data.todo.subject).toBe('theirs');
  });

  test('is answered anew by another log, though at the same position', async () => {
    const [one, other] = [await serveTodo(), await serveTodo()];
    const { etag, text } = await one.client.get(now);
    expect((await other.client.get(now)).text).toBe(text);
    expect(await other.client.statusFor(now, etag)).toBe(200);
    expect(await other.client.statusFor(then, (await one.client.get(then)).etag)).toBe(200);
  });

  test('is refused again by a copy of the log that is not as long', async () => {
    const [directory, copy] = [temporaryDirectory(), temporaryDirectory()];
    await (await openTodo({ directory })).store.close();
    await cp(directory, copy, { recursive: true });
    const longer = await openApi({ directory });
    await write(longer, 'update', 'Todo', { id: 'a', subject: 'four' });
    const query = '{ todo(id: "a", asOf: { position: 5 }) { revision } }';
    const { etag } = await (await serve(longer)).get(query);
    expect(await (await serve(longer)).statusFor(query, etag)).toBe(304);
    const shorter = await serve(await openApi({ directory: copy }));
    expect(await shorter.statusFor(query, etag)).toBe(200);
  });

  test('is answered anew once the replica has gone on, where that is what it asks', async () => {
    const { api, client } = await serveTodo();
    const query = '{ log { position replicaPosition } }';
    const lagging = async () => {
      const answer = await client.get(query);
      const { position, replicaPosition } = JSON.parse(answer.text).data.log;
      return { ...answer, lags: position !== replicaPosition };
    };
    let answer = await lagging();
    while (!answer.lags) {
      await api.store.transact(async (log) => {
        for (let count = 0; count < 2_000; count += 1) await log.create(Todo, {});
      });
      answer = await lagging();
    }
    while ((await lagging()).lags) await new Promise(setImmediate);
    expect(await client.statusFor(query, answer.etag)).toBe(200);
  });

  test('is refused again once a moment that had been has not been yet', async () => {
    const { client } = await serveTodo();
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    vi.setSystemTime('2040-01-02T00:00:00Z');
    const query = '{ todo(id: "a", asOf: { time: "2040-01-01T00:00:00Z" }) { revision } }';
    const answer = await client.get(query);
    expect(JSON.parse(answer.text).data).toEqual({ todo: { revision: 3 } });
    expect(await client.statusFor(query, answer.etag)).toBe(304);
    vi.setSystemTime('2039-12-31T00:00:00Z');
    const refused = await client.get(query, { headers: { 'if-none-match': answer.etag ?? '' } });
    expect(refused).toMatchObject({ status: 200, etag: null, cacheControl: 'no-store' });
    expect(JSON.parse(refused.text).errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('a tag', () => {
  test('differs between all that an answer depends on', async () => {
    const { client } = await serveTodo();
    const query =
      'query A($id: ID = "a") { todo(id: $id) { id } } query B { todo(id: "a") { id } } ';
    const graphqlJson = { headers: { accept: 'application/graphql-response+json' } };
    const asked: readonly [string, Asked][] = [
      [query, { operationName: 'A' }],
      [query, { operationName: 'B' }],
      [query, { operationName: 'A', variables: { id: 'a' } }],
      [query, { operationName: 'A', variables: { id: 'b' } }],
      [`${query}#`, { operationName: 'A' }],
      [query, { operationName: 'A', ...graphqlJson }],
    ];
    const answers = [];
    for (const [text, each] of asked) answers.push(await client.get(text, each));
    expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 200));
    expect(new Set(answers.map(({ etag }) => etag)).size).toBe(asked.length);
    expect(answers.at(-1)?.header('content-type')).toContain('application/graphql-response+json');
    expect(
      await client.statusFor(
        '{ __typename }',
        (await client.get('{ __typename }', graphqlJson)).etag,
      ),
    ).toBe(200);
  });

  test.each([
    ['made weak by a proxy', (tag: string) => `W/${tag}`, 304],
    ['among others', (tag: string) => `"x,y", W/"z" ,${tag}`, 304],
    ['as whatever there is', () => ' * ', 304],
    ['without its quotes', (tag: string) => tag.slice(1, -1), 200],
    ['in part', (tag: string) => `${tag.slice(0, -2)}"`, 200],
    ['as nothing', () => '', 200],
  ])('is named %s', async (_how, named, status) => {
    const { client } = await serveTodo();
    for (const query of [now, then, '{ log { position } }']) {
      const { etag } = await client.get(query);
      expect(await client.statusFor(query, named(etag ?? ''))).toBe(status);
    }
  });
});

describe('what is not kept', () => {
  const notKept = { etag: null, cacheControl: 'no-store', vary: 'accept, origin' };

  test.each([
    ['a part failed', '{ lakeFile(id: "f", asOf: { position: 4 }) { size data(maxBytes: 1) } }'],
    ['an argument cannot be', '{ todos(first: -1) { totalCount } }'],
    [
      'a variable cannot be',
      'query ($p: Position!) { todo(id: "a", asOf: { position: $p }) { id } }',
    ],
    ['it does not parse', '{'],
    ['it does not fit the schema', '{ nothing }'],
    ['there is none', ''],
    ['it is too large', `{ ${'todos { edges { node { id } } } '.repeat(101)} }`],
    ['it writes', 'mutation { deleteTodo(id: "a") { __typename } }'],
    ['it is not named', 'query A { __typename } query B { __typename }'],
  ])('answers where %s', async (_what, query) => {
    const { api, client } = await serveTodo();
    const answer = await client.get(query);
    expect(answer).toMatchObject(notKept);
    expect(JSON.parse(answer.text).errors).toHaveLength(1);
    expect(await client.statusFor(query, '*')).not.toBe(304);
    expect(await api.position()).toBe('4');
  });

  test('a directive that cannot be, which is refused as by POST', async () => {
    const { api, client } = await serveTodo();
    const query = 'query ($no: Boolean = false) { log @skip(if: $no) { position } }';
    const variables = { no: null };
    const answer = await client.get(query, { variables });
    expect(answer).toMatchObject(notKept);
    expect(JSON.parse(answer.text)).toEqual(await api.ask(query, variables));
  });

  test('parameters that are not JSON', async () => {
    const { client } = await serveTodo();
    const refused = await client.fetch('/graphql?query={__typename}&variables={');
    expect(refused.status).toBe(400);
    expect(refused.headers.get('cache-control')).toBe('no-store');
  });

  test('streams of events, of a subscription or of a query', async () => {
    const { client } = await serveTodo();
    const headers = { accept: 'text/event-stream' };
    expect(await client.get(now, { headers })).toMatchObject({ status: 200, ...notKept });
    const ending = new AbortController();
    const query = encodeURIComponent('subscription { changes(after: "0") { position } }');
    const stream = await client.fetch(`/graphql?query=${query}`, {
      headers,
      signal: ending.signal,
    });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.headers.get('cache-control')).toBe('no-store');
    expect(stream.headers.get('etag')).toBeNull();
    ending.abort();
  });

  test('answers to POST, even pinned ones', async () => {
    const { client } = await serveTodo();
    const { etag } = await client.get(then);
    const response = await client.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'if-none-match': etag ?? '' },
      body: JSON.stringify({ query: then }),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('etag')).toBeNull();
    expect(((await response.json()) as { extensions: object }).extensions).toEqual({
      position: '4',
    });
  });
});

describe('HEAD', () => {
  test('has the headers of GET, and no body', async () => {
    const { client } = await serveTodo();
    for (const query of [now, then]) {
      const get = await client.get(query);
      const head = await client.get(query, { method: 'HEAD' });
      expect(head.text).toBe('');
      for (const name of ['etag', 'cache-control', 'vary', 'content-type']) {
        expect(head.header(name)).toBe(get.header(name));
      }
      const headers = { 'if-none-match': get.etag ?? '' };
      expect((await client.get(query, { method: 'HEAD', headers })).status).toBe(304);
    }
  });

  test('writes nothing, and leaves no follower', async () => {
    const { api, client } = await serveTodo();
    const mutation = 'mutation { deleteTodo(id: "a") { __typename } }';
    expect((await client.get(mutation, { method: 'HEAD' })).status).toBe(405);
    expect(await api.position()).toBe('4');
    const headers = { accept: 'text/event-stream' };
    const subscription = 'subscription { changes { position } }';
    const head = await client.get(subscription, { method: 'HEAD', headers });
    expect(head.header('content-type')).toContain('text/event-stream');
    await setTimeout(50);
    expect(api.store.waitingFollowers).toBe(0);
  });
});

test('a query of up to 16 KiB fits into a URL', async () => {
  const { client } = await serveTodo();
  const ofLength = (length: number) => now.padEnd(length, ',');
  expect((await client.get(ofLength(5_000))).status).toBe(200);
  expect((await client.get(ofLength(16_384))).status).toBe(431);
});

test('a page of this machine gets its headers with a 304 too', async () => {
  const { client } = await serveTodo();
  const { etag } = await client.get(now);
  const origin = 'http://localhost:5173';
  const unchanged = await client.get(now, { headers: { origin, 'if-none-match': etag ?? '' } });
  expect(unchanged.status).toBe(304);
  expect(unchanged.header('access-control-allow-origin')).toBe(origin);
});

test('downloads, GraphiQL and the way there keep headers of their own', async () => {
  const { client } = await serveTodo();
  const file = await client.fetch('/files/f/1');
  expect(file.headers.get('cache-control')).toBe(forEver);
  expect(file.headers.get('vary')).toBe('origin');
  const etag = file.headers.get('etag') ?? '';
  expect((await client.fetch('/files/f/1', { headers: { 'if-none-match': etag } })).status).toBe(
    304,
  );
  expect((await client.fetch('/files/f/1', { method: 'HEAD' })).headers.get('content-length')).toBe(
    '8',
  );
  const page = await client.fetch(`/graphql?query=${encodeURIComponent(then)}`, {
    headers: { accept: 'text/html' },
  });
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.headers.get('etag')).toBeNull();
  const home = await client.fetch('/');
  expect([home.status, home.headers.get('cache-control')]).toEqual([200, 'no-cache']);
});

function dataOf(text: string): string {
  return JSON.stringify(JSON.parse(text).data);
}

/** Queries whose answers stand, move with the log, fail at first, or tell of other things. */
const sequenceQueries = [
  ...unpinned.map(([, query]) => query),
  then,
  '{ a: todo(id: "a", asOf: { position: 4 }) { subject } b: todos(asOf: { position: 1 }) { totalCount } }',
  '{ todos { totalCount edges { node { subject history { totalCount } } } } }',
  '{ todoGroups(by: [STATUS]) { status count priorities { avg sum } } }',
  '{ lakeFiles { edges { node { filename text size } } } }',
];

const sequenceWrites: readonly ((api: TestApi) => Promise<unknown>)[] = [
  (api) => write(api, 'create', 'Todo', { id: 'a', subject: 'new' }),
  (api) => write(api, 'create', 'Todo', { status: 'open' }),
  (api) => write(api, 'update', 'Todo', { id: 'a', subject: 'changed' }),
  (api) => write(api, 'update', 'Todo', { id: 'a', priority: 3 }, { dryRun: true }),
  (api) => write(api, 'delete', 'Todo', { id: 'a' }),
  (api) => write(api, 'create', 'LakeFile', { filename: 'f', text: 'x' }),
];

test('whoever has an answer is told 304 exactly when it would say the same', () =>
  checkProperty(
    'http caching',
    fc.array(
      fc.oneof(
        fc.nat({ max: 5 }).map((write) => ({ write })),
        fc.constant({ write: null }),
      ),
      {
        minLength: 3,
        maxLength: 8,
      },
    ),
    8,
    (steps) =>
      withStore({ replicaInMemory: true }, async (store) => {
        const api = new TestApi(store);
        const { url, server } = await listen(api.app);
        const client = new Client(url);
        const held = new Map<string, { etag: string; text: string }>();
        const variables = { p: '1' };
        for (const step of steps) {
          if (step.write !== null) await sequenceWrites[step.write]?.(api);
          for (const query of sequenceQueries) {
            const copy = held.get(query);
            const status = copy && (await client.statusFor(query, copy.etag, { variables }));
            const fresh = await client.get(query, { variables });
            const same = copy && dataOf(fresh.text) === dataOf(copy.text);
            if (copy) expect([query, status === 304]).toEqual([query, same]);
            if (fresh.etag) held.set(query, { etag: fresh.etag, text: fresh.text });
            else expect(JSON.parse(fresh.text).errors).toBeDefined();
          }
        }
        server.closeAllConnections();
      }),
  ));
