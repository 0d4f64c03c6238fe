/** GraphQL over WebSocket: the protocol, its close codes and limits, with a bare client. */
import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { promisify } from 'node:util';
import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { requestLimits } from '../src/http/index.ts';
import { codesOf, listen, openApi, TestApi, write } from './support/api.ts';
import { Conversation } from './support/conversation.ts';
import { takeEvents } from './support/events.ts';
import { createManyFiles } from './support/lake-file.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { until, untilWaiting } from './support/until.ts';

async function serve(api: TestApi) {
  const { url, ...rest } = await listen(api.app);
  return { http: `${url}/graphql`, ws: `${url.replace('http', 'ws')}/graphql`, ...rest };
}

async function openWith(limits: ConstructorParameters<typeof TestApi>[1]): Promise<TestApi> {
  return new TestApi(await openTemporary(), limits);
}

const everything = 'subscription { changes(after: "0") { position } }';

test('queries, mutations and subscriptions share one socket', async () => {
  const api = await openApi();
  const { ws } = await serve(api);
  const talk = await Conversation.begin(ws);
  talk.subscribe('s', 'subscription { todoChanges(snapshot: true) { kind position id } }');
  const extensions = (position: string) => ({ extensions: { position } });
  expect(await talk.next()).toEqual({
    type: 'next',
    id: 's',
    payload: {
      data: { todoChanges: { kind: 'CAUGHT_UP', position: '0', id: null } },
      ...extensions('0'),
    },
  });
  talk.subscribe('m', 'mutation { createTodo(input: { id: "t" }) { __typename } }');
  const answers = [await talk.next(), await talk.next(), await talk.next()];
  expect(answers.find(({ id, type }) => id === 'm' && type === 'next')?.payload).toEqual({
    data: { createTodo: { __typename: 'CreateTodoPayload' } },
    ...extensions('1'),
  });
  expect(answers.find(({ id }) => id === 's')?.payload).toEqual({
    data: { todoChanges: { kind: 'ENTER', position: '1', id: 't' } },
    ...extensions('1'),
  });
  talk.subscribe('q', '{ todo(id: "t") { id } }');
  expect((await talk.next()).payload).toEqual({ data: { todo: { id: 't' } }, ...extensions('1') });
  expect(await talk.next()).toEqual({ type: 'complete', id: 'q' });
  talk.send({ type: 'ping', payload: { a: 1 } });
  expect(await talk.next()).toEqual({ type: 'pong', payload: { a: 1 } });
});

test('both transports tell the same', async () => {
  const api = await openApi();
  const { http, ws } = await serve(api);
  for (const id of ['a', 'b', 'c']) await write(api, 'create', 'Todo', { id, status: 'open' });
  await write(api, 'update', 'Todo', { id: 'b', status: 'done' });
  await write(api, 'delete', 'Todo', { id: 'c' });
  const queries = [
    everything,
    'subscription { todoChanges(after: "1", filter: { status: { eq: "open" } }) { kind position id todo { history { edges { node { revision } } } } previous { id } } }',
    'subscription { todoChanges(snapshot: true) { kind id version { operation changes { field after } } } }',
  ];
  for (const query of queries) {
    const client = createClient({ url: ws, webSocketImpl: WebSocket, retryAttempts: 0 });
    onTestFinished(() => void client.dispose());
    const told: unknown[] = [];
    for await (const event of client.iterate({ query })) {
      told.push(event);
      if (told.length === 3) break;
    }
    expect(told).toEqual(await takeEvents(http, query, 3));
  }
});

test('what is wrong with an operation is told for that operation', async () => {
  const api = await openApi();
  const { ws } = await serve(api);
  const talk = await Conversation.begin(ws);
  const wrong = [
    ['{ nope }', 'error', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ todos(', 'error', 'GRAPHQL_PARSE_FAILED'],
    [`{ ${'a: log { position } '.repeat(101)} }`, 'error', 'DOCUMENT_TOO_LARGE'],
    ['query ($n: Int!) { todos(first: $n) { totalCount } }', 'next', 'BAD_USER_INPUT'],
    ['subscription { todoChanges(after: "1") { kind } }', 'next', 'BAD_USER_INPUT'],
    ['query A { __typename } query B { __typename }', 'error', undefined],
  ] as const;
  for (const [query, type, code] of wrong) {
    talk.subscribe('x', query);
    const message = await talk.next();
    const errors = type === 'error' ? message.payload : message.payload.errors;
    expect([query, message.type, errors[0].extensions?.code]).toEqual([query, type, code]);
    expect(JSON.stringify(errors)).not.toContain('"http"');
    if (type === 'next') expect(await talk.next()).toEqual({ type: 'complete', id: 'x' });
  }
});

test('whoever cancels, or leaves, leaves nobody waiting', async () => {
  const api = await openApi();
  const { ws } = await serve(api);
  const talk = await Conversation.begin(ws);
  for (const id of ['a', 'b', 'c']) talk.subscribe(id, everything);
  await untilWaiting(api.store, 3);
  talk.send({ type: 'complete', id: 'b' });
  await untilWaiting(api.store, 2);
  talk.socket.terminate();
  await untilWaiting(api.store, 0);
  const polite = await Conversation.begin(ws);
  polite.subscribe('a', everything);
  await untilWaiting(api.store, 1);
  polite.socket.close(1000);
  await untilWaiting(api.store, 0);
});

test('a failing source ends its subscription with a masked error, and not the process', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  const { ws } = await serve(api);
  const talk = await Conversation.begin(ws);
  talk.subscribe('s', 'subscription { changes { id version { id } } }');
  await untilWaiting(api.store, 1);
  const log = rawLog(directory);
  log.exec('alter table todos rename to elsewhere');
  await createManyFiles(api.store);
  const failure = await talk.next();
  const errors = failure.type === 'error' ? failure.payload : failure.payload.errors;
  expect(codesOf({ errors })).toEqual(['INTERNAL_SERVER_ERROR']);
  expect(JSON.stringify(failure)).not.toMatch(/todos|elsewhere|select|node_modules|\.ts/);
  expect(api.logged).toHaveLength(1);
  await untilWaiting(api.store, 0);
  log.exec('alter table elsewhere rename to todos');
  talk.subscribe('again', everything);
  for (;;) if ((await talk.next()).id === 'again') break;
});

describe('closes the socket of a client that breaks the protocol', () => {
  const ack = { type: 'connection_init' };
  const follow = { type: 'subscribe', id: 'x', payload: { query: everything } };
  const wrong: [string, (object | string)[], string][] = [
    ['no message', ['hello'], '4400 Invalid message received'],
    ['an unknown message', [ack, { type: 'start', id: 'x' }], '4400 Invalid message received'],
    ['an answer', [ack, { type: 'next', id: 'x', payload: {} }], '4400 Invalid message received'],
    [
      'an answer of errors',
      [ack, { type: 'error', id: 'x', payload: [{ message: 'no' }] }],
      '4400 Invalid message received',
    ],
    ['an acknowledgement', [ack, { type: 'connection_ack' }], '4400 Invalid message received'],
    ['a message too many', [ack, { type: 'next' }], '4400 Invalid message received'],
    ['an operation before it is let in', [follow], '4401 Unauthorized'],
    ['one id twice', [ack, follow, follow], '4409 Subscriber for x already exists'],
    ['a second beginning', [ack, ack], '4429 Too many initialisation requests'],
    ['too large a message', [ack, 'x'.repeat(requestLimits.messageBytesMax + 1)], '1009'],
    ['text that is none', [], '1007'],
  ];
  test.for(wrong)('%s', async ([name, messages, expected]) => {
    const api = await openApi();
    const { ws } = await serve(api);
    const talk = new Conversation(ws);
    await once(talk.socket, 'open');
    const closed = talk.closed();
    for (const message of messages) {
      talk.send(message);
      if (message === ack) await Promise.race([talk.next(), closed]);
    }
    if (name === 'text that is none')
      talk.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect(await closed).toBe(expected);
    await untilWaiting(api.store, 0);
    expect(api.logged).toEqual([]);
  });

  test.for([['graphql-ws'], []])('a subprotocol that is not spoken: %j', async (protocols) => {
    const api = await openApi();
    const { ws } = await serve(api);
    const talk = new Conversation(ws, protocols as string[]);
    // A client that asked for a protocol, and got none, gives up by itself.
    if ((protocols as string[]).length > 0) {
      await expect(once(talk.socket, 'open')).rejects.toThrow('subprotocol');
    } else {
      expect(await talk.closed()).toBe('4406 Subprotocol not acceptable');
    }
  });

  test('saying nothing at all', async () => {
    const api = await openApi();
    const { ws } = await serve(api);
    const talk = new Conversation(ws);
    expect(await talk.closed()).toBe('4408 Connection initialisation timeout');
  });
});

describe('refuses to open a socket', () => {
  async function refusal(talk: Conversation): Promise<[number, string]> {
    const [, response] = await once(talk.socket, 'unexpected-response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return [response.statusCode, String(Buffer.concat(chunks))];
  }

  test('elsewhere than at the endpoint', async () => {
    const { ws } = await serve(await openApi());
    const [status, text] = await refusal(new Conversation(`${ws}/more`));
    expect([status, text]).toEqual([404, 'WebSockets are accepted at /graphql.\n']);
  });

  test('at an address that is none, and goes on', async () => {
    const api = await openApi();
    const { server, ws } = await serve(api);
    const { port } = server.address() as AddressInfo;
    for (const path of ['//', '///', 'http://', '/%', '/\\']) {
      const socket = connect(port, '127.0.0.1');
      const headers = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
      socket.end(`GET ${path} HTTP/1.1\r\n${headers}\r\n`);
      let answer = '';
      for await (const chunk of socket) answer += chunk;
      expect(answer, path).toMatch(/^HTTP\/1\.1 40[04] /);
    }
    await Conversation.begin(ws);
  });

  test('elsewhere, unless somebody else listens there', async () => {
    const { ws, server } = await serve(await openApi());
    const other = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/other') return;
      other.handleUpgrade(request, socket, head, (opened) => opened.close(4000, 'The other one'));
    });
    expect(await new Conversation(ws.replace('/graphql', '/other'), []).closed()).toBe(
      '4000 The other one',
    );
    await Conversation.begin(ws);
  });

  test('from a page of elsewhere', async () => {
    const { ws } = await serve(await openApi());
    const from = (origin: string, host?: string) =>
      new Conversation(ws, undefined, { origin, headers: host ? { host } : {} });
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example']) {
      expect((await refusal(from(origin)))[0]).toBe(403);
    }
    for (const open of [from('http://localhost:5173'), from('http://a.example', 'a.example')]) {
      await once(open.socket, 'open');
    }
  });

  test('to a client that has too many, over either transport', async () => {
    const api = await openWith({ connectionsPerClientMax: 2 });
    const { http, ws } = await serve(api);
    const one = await Conversation.begin(ws);
    const leaving = new AbortController();
    const stream = await fetch(http, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: everything }),
      signal: leaving.signal,
    });
    await untilWaiting(api.store, 1);
    const [status, text] = await refusal(new Conversation(ws));
    expect([status, text]).toEqual([429, expect.stringContaining('at most 2 connections')]);
    const [refused] = await takeEvents(http, everything, 1);
    expect(codesOf(refused ?? {})).toEqual(['TOO_MANY_CONNECTIONS']);
    // Asking is no connection that stays.
    expect(await api.position()).toBe('0');
    expect(stream.status).toBe(200);
    leaving.abort();
    await untilWaiting(api.store, 0);
    one.socket.terminate();
    await once(one.socket, 'close');
    const again = [await Conversation.begin(ws), await Conversation.begin(ws)];
    expect(again).toHaveLength(2);
  });
});

test('one socket has room for so many operations, and for others when some have ended', async () => {
  const api = await openApi();
  const { ws } = await serve(api);
  const talk = await Conversation.begin(ws);
  const max = requestLimits.subscriptionsPerConnectionMax;
  for (let id = 1; id <= max; id += 1) talk.subscribe(`${id}`, everything);
  await untilWaiting(api.store, max);
  talk.subscribe('more', everything);
  const refused = await talk.next();
  expect(refused).toMatchObject({ type: 'error', id: 'more' });
  expect(codesOf({ errors: refused.payload })).toEqual(['TOO_MANY_SUBSCRIPTIONS']);
  talk.send({ type: 'complete', id: '1' });
  await untilWaiting(api.store, max - 1);
  talk.subscribe('more', everything);
  await untilWaiting(api.store, max);
});

test('a server accepts WebSockets once, and again when that was closed', async () => {
  const api = await openApi();
  const { ws, server, closeWebSockets } = await serve(api);
  expect(() => api.app.acceptWebSockets(server)).toThrow('accepts WebSockets already');
  closeWebSockets();
  const close = api.app.acceptWebSockets(server);
  onTestFinished(close);
  await Conversation.begin(ws);
});

test('closing tells every client that the server goes away', async () => {
  const api = await openApi();
  const { ws, closeWebSockets } = await serve(api);
  const talks = [await Conversation.begin(ws), await Conversation.begin(ws)];
  for (const talk of talks) talk.subscribe('s', everything);
  await untilWaiting(api.store, 2);
  const closed = talks.map((talk) => talk.closed());
  closeWebSockets();
  expect(await Promise.all(closed)).toEqual(['1001 Going away', '1001 Going away']);
  await untilWaiting(api.store, 0);
});

/** The timers that src has started since, and that have neither ended nor been cleared. */
function watchTimers(): () => string[] {
  const running = new Map<number, string>();
  const hook = createHook({
    init: (id, type) => {
      const stack = type === 'Timeout' ? (new Error().stack ?? '') : '';
      if (/\/src\/(http|db)\/(?!replica)/.test(stack)) running.set(id, stack);
    },
    destroy: (id) => void running.delete(id),
  }).enable();
  onTestFinished(() => void hook.disable());
  return () => [...running.values()];
}

test('when all have left, no follower, timer or socket is left', async () => {
  const api = await openApi();
  const { http, ws, server } = await serve(api);
  const timers = watchTimers();
  const leaving = new AbortController();
  const streams = Array.from({ length: 20 }, () => {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const body = JSON.stringify({ query: everything });
    return fetch(http, { method: 'POST', headers, body, signal: leaving.signal });
  });
  const talks = await Promise.all(Array.from({ length: 10 }, () => Conversation.begin(ws)));
  for (const talk of talks) for (const id of ['a', 'b']) talk.subscribe(id, everything);
  // Held on to: what nobody holds, fetch cancels when it is collected.
  const answers = await Promise.all(streams);
  await untilWaiting(api.store, 40);
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(timers().length).toBeGreaterThanOrEqual(30);
  await write(api, 'create', 'Todo', {});
  leaving.abort();
  for (const talk of talks) talk.socket.terminate();
  await untilAlone(server);
  await untilNobodyFollows(api.store);
  while (timers().length > 0) await new Promise(setImmediate);
});

// ---- clients that do not read --------------------------------------------------------------------

/** Commits until a subscriber's connection is full: its follower waits for nothing any more. */
async function fillConnection(store: Store): Promise<void> {
  const body = 'x'.repeat(60_000);
  for (let round = 0; await waitsWithin(store, 1_000); round += 1) {
    await store.transact(async (log) => {
      for (let count = 0; count < 20; count += 1) await log.create(Todo, { body });
    });
    expect(round).toBeLessThan(500);
  }
}

/** Whether the follower comes to wait for the next commit again: it has told all there is. */
async function waitsWithin(store: Store, timeMs: number): Promise<boolean> {
  for (const end = performance.now() + timeMs; performance.now() < end; ) {
    if (store.waitingFollowers > 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

/** Resolves once nobody is connected to the server any more. */
async function untilAlone(server: Server): Promise<void> {
  const count = promisify(server.getConnections.bind(server));
  while ((await count()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Resolves once every follower has ended, those that a full connection holds up, too. */
function untilNobodyFollows(store: Store): Promise<void> {
  return until(() => store.followers === 0);
}

const heavy = 'subscription { todoChanges(after: "0") { position version { body } } }';

test('a WebSocket that does not read is dropped, and its client resumes by position', async () => {
  const api = await openWith({ keepAliveMs: 500 });
  const { http, ws, server } = await serve(api);
  const talk = await Conversation.begin(ws);
  talk.subscribe('s', heavy);
  await untilWaiting(api.store, 1);
  talk.socket.pause();
  await fillConnection(api.store);
  await untilAlone(server);
  await untilNobodyFollows(api.store);
  const [first, second] = await takeEvents(http, heavy, 2);
  expect([first, second].map((event) => event?.data.todoChanges.position)).toEqual(['1', '2']);
});

test('a stream over HTTP that nobody reads is dropped, and its client resumes by position', async () => {
  const api = await openWith({ stalledTimeMaxMs: 500 });
  const { http, server } = await serve(api);
  const request = httpRequest(http, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
  });
  request.end(JSON.stringify({ query: heavy }));
  const [response] = await once(request, 'response');
  onTestFinished(() => response.destroy());
  response.pause();
  await untilWaiting(api.store, 1);
  await fillConnection(api.store);
  await untilAlone(server);
  await untilNobodyFollows(api.store);
  const [first, second] = await takeEvents(http, heavy, 2);
  expect([first, second].map((event) => event?.data.todoChanges.position)).toEqual(['1', '2']);
});
