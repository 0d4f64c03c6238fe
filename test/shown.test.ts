/** What a server shows besides answers, and that it can be told not to. */
import { join } from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { expect, test } from 'vitest';
import { type AppOptions, createApp } from '../src/app.ts';
import { readConfig, refuseOpenDoor, WrongSetting } from '../src/config.ts';
import { listen } from './support/api.ts';
import { Conversation } from './support/conversation.ts';
import { everstate, ready } from './support/server.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';

async function open(shown: AppOptions['shown'] = {}) {
  const app = createApp(await openTemporary(), { shown });
  const { url } = await listen(app);
  const get = async (path: string) => {
    const response = await fetch(url + path, { headers: { accept: 'text/html, */*;q=0.8' } });
    return { status: response.status, text: await response.text() };
  };
  /** By the short road, or with another header by the long one. */
  const ask = async (query: string, variables: object = {}, headers: object = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return await response.json();
  };
  return { url, get, ask };
}

const links = (html: string) => [...html.matchAll(/href="(\/[^"]*)"/g)].map(([, href]) => href);

test('by default all is shown', async () => {
  const { get, ask } = await open();
  const { text } = await get('/');
  expect(links(text)).toEqual(expect.arrayContaining(['/graphql', '/docs']));
  expect(text).toContain('Board');
  for (const path of ['/graphql', '/docs', '/docs/schema']) {
    expect([path, (await get(path)).status]).toEqual([path, 200]);
  }
  expect(await ask(getIntrospectionQuery())).toMatchObject({ data: { __schema: {} } });
  expect((await ask('{ todoz }')).errors[0].message).toContain('Did you mean');
});

test.each([
  ['graphiql', ['/graphql', '/graphql?query={__typename}'], 'GraphiQL'],
  ['board', ['/board', '/board/', '/board/files', '/board/assets/x.js'], 'Board'],
  ['guides', ['/docs', '/docs/README.md', '/docs/schema', '/docs/copy.js'], 'Guides'],
] as const)(
  'without %s its pages are not found, and nothing leads to them',
  async (part, paths, word) => {
    const { get, ask } = await open({ [part]: false });
    for (const path of paths) {
      const { status, text } = await get(path);
      expect([path, status]).toEqual([path, 404]);
      expect(text).not.toContain('<');
    }
    for (const page of ['/', '/docs', '/docs/live.md']) {
      const { status, text } = await get(page);
      if (status === 404) continue;
      expect(links(text)).not.toContain(paths[0]);
      if (page === '/') expect(text).not.toContain(word);
    }
    expect(await ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  },
);

test('without introspection the schema cannot be asked for, by any road', async () => {
  const { url, ask, get } = await open({ introspection: false });
  for (const query of [
    getIntrospectionQuery(),
    '{ __schema { types { name } } }',
    '{ __type(name: "Todo") { name } }',
    'fragment f on Query { s: __schema { types { name } } } { ...f }',
    'mutation { __schema { types { name } } }',
    'subscription { __schema { types { name } } }',
  ]) {
    for (const headers of [{}, { origin: url }]) {
      const { data, errors } = await ask(query, {}, headers);
      expect(data ?? null).toBeNull();
      expect(errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      expect(JSON.stringify(errors)).not.toContain('Todo"');
    }
  }
  const conversation = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
  conversation.subscribe('1', '{ __schema { types { name } } }');
  const { type, payload } = await conversation.next();
  expect([type, payload[0].extensions.code]).toEqual(['error', 'GRAPHQL_VALIDATION_FAILED']);
  const path = `/graphql?query=${encodeURIComponent('{ __schema { types { name } } }')}`;
  const answer = await fetch(url + path, { headers: { accept: 'application/json' } });
  expect(await answer.text()).not.toContain('Todo');

  expect((await get('/docs/schema')).status, 'the schema as a guide').toBe(404);
  expect((await get('/docs')).text).not.toContain('/docs/schema');
});

test('without introspection an object still says of which type it is', async () => {
  const { ask } = await open({ introspection: false });
  const query = '{ __typename todos { __typename edges { node { __typename } } } }';
  expect(await ask(query)).toMatchObject({
    data: { __typename: 'Query', todos: { __typename: 'TodoConnection' } },
  });
});

/** Something nearly right of each kind. */
const typos: readonly (readonly [string, object])[] = [
  ['{ todoz { edges { node { id } } } }', {}],
  ['{ todos { edges { node { subjekt } } } }', {}],
  ['{ todos(frst: 1) { edges { node { id } } } }', {}],
  ['{ todos(filter: { subjct: { eq: "a" } }) { edges { node { id } } } }', {}],
  ['{ todos(orderBy: [{ field: SUBJCT }]) { edges { node { id } } } }', {}],
  ['query ($f: TodoFiltr) { todos(filter: $f) { edges { node { id } } } }', {}],
  ['query ($f: TodoFilter) { todos(filter: $f) { edges { node { id } } } }', { f: { subjct: {} } }],
  [
    'query ($o: [TodoOrder!]) { todos(orderBy: $o) { edges { node { id } } } }',
    { o: [{ field: 'SUBJCT' }] },
  ],
  ['{ node(nodeId: "x") { ... on Tod { id } } }', {}],
  ['{ todos @skp(if: true) { edges { node { id } } } }', {}],
  ['{ node(nodeId: "x") { subject } }', {}],
];

test('without suggestions no error tells a name that was not sent', async () => {
  const [loud, silent] = [await open(), await open({ suggestions: false })];
  let suggested = 0;
  for (const [query, variables] of typos) {
    for (const headers of [{}, { origin: silent.url }]) {
      const before = JSON.stringify((await loud.ask(query, variables)).errors);
      if (/Did you mean/.test(before)) suggested += 1;
      const { errors } = await silent.ask(query, variables, headers);
      expect(errors.length).toBeGreaterThan(0);
      expect(JSON.stringify(errors)).not.toMatch(/Did you mean/);
    }
  }
  // Otherwise nothing would have been shown.
  expect(suggested).toBeGreaterThan(15);
  const conversation = await Conversation.begin(`${silent.url.replace('http', 'ws')}/graphql`);
  for (const query of ['{ todoz }', 'subscription { chnges { id } }']) {
    conversation.subscribe(query, query);
    expect(JSON.stringify(await conversation.next())).not.toMatch(/Did you mean/);
  }
});

const asked = { jwtSecret: 'x'.repeat(40) };
const switches = ['introspection', 'suggestions', 'graphiql', 'board', 'guides'] as const;

test('--production switches off what is not said to be on, by flag or by variable', () => {
  const config = readConfig(
    { production: 'true', board: 'true', ...asked },
    { EVERSTATE_GUIDES: 'true' },
  );
  expect(config).toMatchObject({
    production: true,
    introspection: false,
    suggestions: false,
    graphiql: false,
    board: true,
    guides: true,
  });
  for (const name of switches) {
    expect(readConfig({ [name]: 'false' }, {})).toMatchObject({ production: false, [name]: false });
  }
});

test('--production must know who asks, on loopback too, or be told that it need not', () => {
  const message = /^--production needs to know who asks\..*--insecure/;
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const refused = () => refuseOpenDoor(readConfig({ host, production: 'true' }, {}));
    expect(refused).toThrow(WrongSetting);
    expect(refused).toThrow(message);
  }
  refuseOpenDoor(readConfig({ production: 'true', insecure: 'true' }, {}));
  refuseOpenDoor(readConfig({ production: 'true', ...asked }, {}));
});

test('the command with --production says where the API is, and shows nothing else', async () => {
  const data = join(temporaryDirectory(), 'data');
  const command = ['serve', '--port', '0', '--data', data];
  const process = everstate([...command, '--production', '--insecure']);
  const { url } = await ready(process);
  expect(process.stdout).toMatch(/^Everstate is ready: GraphQL at /);
  const origin = new URL(url).origin;
  for (const path of ['/graphql', '/board', '/docs', '/docs/schema']) {
    const response = await fetch(origin + path, { headers: { accept: 'text/html, */*;q=0.8' } });
    expect([path, response.status]).toEqual([path, 404]);
  }
  expect(links(await (await fetch(origin)).text())).toEqual([]);
});
