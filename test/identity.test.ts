/** Who asks, on every road: over HTTP, server-sent events and WebSocket. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isObjectType } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createApp } from '../src/app.ts';
import { Todo } from '../src/entities/index.ts';
import { noIdentity, requestLimits, type ViewerOf } from '../src/http/index.ts';
import { buildSchema } from '../src/schema/index.ts';
import { openApi, problemFields } from './support/api.ts';
import { Conversation } from './support/conversation.ts';
import { openTemporary } from './support/temporary-store.ts';
import { until, untilWaiting } from './support/until.ts';
import {
  type Answered,
  type Asking,
  answeredBy,
  bearer,
  bySecret,
  endingToken,
  post,
  postRaw,
  seconds,
  serveAsking,
  tokenFor,
} from './support/viewers.ts';

const viewer = '{ viewer { id roles } }';
const changes = 'subscription { changes { position id } }';
const createTodo = 'mutation { createTodo(input: { id: "t" }) { __typename } }';

function get({ url }: Asking, query: string, headers: HeadersInit = {}): Promise<Answered> {
  return answeredBy(`${url}/graphql?query=${encodeURIComponent(query)}`, { headers });
}

/** Opens a WebSocket and says hello so. */
async function begun(
  { ws }: Asking,
  payload?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Conversation> {
  const talk = new Conversation(ws, undefined, { headers });
  await once(talk.socket, 'open');
  talk.send({ type: 'connection_init', payload });
  return talk;
}

/** How a WebSocket ends that is begun so. */
async function endOf(
  server: Asking,
  payload?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const talk = new Conversation(server.ws, undefined, { headers });
  talk.socket.once('open', () => talk.send({ type: 'connection_init', payload }));
  return await talk.closed();
}

/** The events of a stream, as they come. */
async function openStream({ url }: Asking, query: string, headers: HeadersInit) {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query }),
    signal: leaving.signal,
  });
  const stream = { status: response.status, text: '', ended: false };
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      stream.text += decoder.decode(chunk, { stream: true });
    }
    stream.ended = true;
  };
  read().catch(() => {});
  return stream;
}

function expectRefused(answer: Answered, message: RegExp): void {
  expect([answer.status, answer.codes]).toEqual([401, ['UNAUTHENTICATED']]);
  expect(answer.message).toMatch(message);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(Object.keys(JSON.parse(answer.text))).toEqual(['errors']);
}

describe('who shows no token, or a wrong one', () => {
  const refusals: [string, () => Promise<Record<string, string>>, RegExp][] = [
    ['no token', async () => ({}), /^A token is needed/],
    ['an empty header', async () => ({ authorization: '' }), /^A token is needed/],
    ['no word before it', async () => ({ authorization: await tokenFor() }), /^A token is needed/],
    ['another word', async () => ({ authorization: `Basic ${await tokenFor()}` }), /^A token is/],
    ['nothing behind it', async () => ({ authorization: 'Bearer ' }), /^A token is needed/],
    ['two at once', async () => ({ authorization: `Bearer ${await tokenFor()} x` }), /^A token is/],
    ['a list', async () => ({ authorization: `Bearer x, Bearer ${await tokenFor()}` }), /^A token/],
    ['one that is none', async () => bearer('x.y.z'), /^The token is not valid/],
    ['one that is over', async () => bearer(await tokenFor({ exp: 1 })), /^The token has expired/],
  ];

  test.each(refusals)('is refused over HTTP: %s', async (_what, headersOf, message) => {
    const server = await serveAsking();
    const headers = await headersOf();
    const json = { 'content-type': 'application/json' };
    const address = `${server.url}/graphql`;
    const answers = [
      // The short road, and those that lead past it.
      await post(server, viewer, headers),
      await post(server, createTodo, headers),
      await post(server, '{ nothing }', headers),
      await post(server, 'no document', headers),
      await post(server, `{ viewer { id } }${' '.repeat(70_000)}`, headers),
      await post(server, viewer, { ...headers, origin: server.url }),
      await answeredBy(address, { method: 'POST', headers: { ...json, ...headers }, body: 'no' }),
      await answeredBy(address, { method: 'POST', headers: { ...json, ...headers } }),
      await answeredBy(address, { method: 'POST', headers, body: 'text' }),
      await answeredBy(`${address}/`, { headers }),
      await answeredBy(`${server.url}/elsewhere/graphql`, { headers }),
      await answeredBy(address, { method: 'PUT', headers }),
      await answeredBy(address, { method: 'DELETE', headers }),
      await get(server, viewer, headers),
      await get(server, '{ log { position } }', headers),
      await get(server, '{ todos(asOf: { position: 0 }) { totalCount } }', headers),
      await get(server, viewer, { ...headers, 'if-none-match': '*' }),
      await get(server, '{ __schema { queryType { name } } }', headers),
      // Server-sent events, either way.
      await post(server, changes, { ...headers, accept: 'text/event-stream' }),
      await get(server, changes, { ...headers, accept: 'text/event-stream' }),
      await get(server, changes, { ...headers, accept: 'text/event-stream', 'last-event-id': '0' }),
      await answeredBy(`${server.url}/files/a/1`, { headers }),
    ];
    for (const answer of answers) expectRefused(answer, message);
    const head = await answeredBy(`${address}?query=${viewer}`, { method: 'HEAD', headers });
    expect([head.status, head.text]).toEqual([401, '']);
    expect(await server.store.head()).toBe(0);
    expect(server.store.waitingFollowers).toBe(0);
    expect(server.logged).toEqual([]);
  });

  test.each(refusals)('is refused over WebSocket: %s', async (_what, headersOf, message) => {
    const server = await serveAsking();
    const headers = await headersOf();
    const { authorization } = headers;
    const begins: [payload: unknown, headers?: Record<string, string>][] = [
      [undefined, headers],
      [{}, headers],
      [{ authorization }],
      [{ Authorization: authorization }],
    ];
    // What a socket says of a token counts, whatever the request said that opened it.
    if (authorization !== undefined) begins.push([{ authorization }, bearer(await tokenFor())]);
    for (const [payload, sent] of begins) {
      const end = await endOf(server, payload, sent);
      expect(end).toMatch(/^4401 /);
      expect(end.slice(5)).toMatch(message);
    }
    expect(server.logged).toEqual([]);
  });

  test('is refused by what a browser sends, too, and may read that it is', async () => {
    const server = await serveAsking();
    const { status, headers } = await post(server, viewer, { origin: 'http://localhost:5173' });
    expect(status).toBe(401);
    expect(headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  });
});

test('whatever a WebSocket is begun with, nobody is let in by it, and nothing breaks', async () => {
  const server = await serveAsking();
  const token = await tokenFor();
  const odd: unknown[] = [
    { authorization: [`Bearer ${token}`] },
    { authorization: { toString: 1 } },
    { authorization: { token } },
    { authorization: 7 },
    { authorization: true, token },
    { Authorization: false },
    { AUTHORIZATION: `Bearer ${token}` },
    { headers: bearer(token) },
    { token },
    { __proto__: null, req: { headers: bearer(token) } },
  ];
  for (const payload of odd) {
    expect(await endOf(server, payload), JSON.stringify(payload)).toMatch(
      /^4401 A token is needed/,
    );
  }
  expect(server.logged).toEqual([]);
});

test('a reason that is too long to close a WebSocket with is cut', async () => {
  const rolesClaim = `https://${'müller.'.repeat(30)}example/roles`;
  const identity = bySecret({ issuer: null, audience: null, rolesClaim });
  const server = await serveAsking({ identity });
  const end = await endOf(server, bearer(await tokenFor({ [rolesClaim]: 'admin' })));
  expect(end).toMatch(/^4401 The token’s claim https:\/\/müller\./);
  expect(Buffer.byteLength(end.slice(5))).toBeLessThanOrEqual(123);
  expect(end).not.toContain('\ufffd');
});

test('who shows a good token is the same on every road', async () => {
  const server = await serveAsking();
  const headers = bearer(await tokenFor({ sub: 'Zoë', roles: ['admin', 'ops'] }));
  const expected = { viewer: { id: 'Zoë', roles: ['admin', 'ops'] } };
  const answers = [
    await post(server, viewer, headers),
    await post(server, `${viewer}${' '.repeat(70_000)}`, headers),
    await post(server, viewer, { ...headers, origin: server.url }),
    await get(server, viewer, headers),
  ];
  for (const { status, data } of answers) expect([status, data]).toEqual([200, expected]);
  const stream = await openStream(server, viewer, headers);
  await until(() => stream.ended);
  expect(JSON.parse(/^data: (.+)$/m.exec(stream.text)?.[1] ?? '').data).toEqual(expected);
  const talks = [
    await begun(server, headers),
    await begun(server, { Authorization: headers.authorization }),
    await begun(server, undefined, headers),
    await begun(server, {}, headers),
    await begun(server, headers, bearer(await tokenFor({ sub: 'bob' }))),
  ];
  for (const talk of talks) {
    expect(await talk.next()).toEqual({ type: 'connection_ack' });
    talk.subscribe('q', viewer);
    expect((await talk.next()).payload.data).toEqual(expected);
  }
});

test('clients of either transport say who they are as they usually do', async () => {
  const server = await serveAsking();
  const headers = bearer(await tokenFor());
  const ws = createClient({
    url: server.ws,
    webSocketImpl: WebSocket,
    connectionParams: async () => headers,
    retryAttempts: 0,
  });
  const sse = createSseClient({ url: `${server.url}/graphql`, headers, retryAttempts: 0 });
  onTestFinished(async () => {
    await ws.dispose();
    sse.dispose();
  });
  const feeds = [ws.iterate({ query: changes }), sse.iterate({ query: changes })];
  const first = feeds.map((feed) => feed.next());
  await untilWaiting(server.store, 2);
  await server.store.append(Todo, { id: 'a' });
  for (const { value } of await Promise.all(first)) {
    expect(value).toMatchObject({ data: { changes: { id: 'a' } } });
  }
});

test('viewers who ask the same at once, and again and again, each are themselves', async () => {
  const server = await serveAsking();
  const names = ['ada', 'bob', 'eve'];
  const all = await Promise.all(names.map(async (sub) => bearer(await tokenFor({ sub }))));
  const ask = async () => {
    const asked = all.flatMap((headers) => [
      post(server, viewer, headers),
      get(server, viewer, headers),
    ]);
    return (await Promise.all(asked)).map(({ data }) => data.viewer.id);
  };
  const expected = names.flatMap((name) => [name, name]);
  for (let count = 0; count < 4; count += 1) expect(await ask()).toEqual(expected);
  const talks = await Promise.all(all.map((headers) => begun(server, headers)));
  for (const talk of talks) await talk.next();
  for (const talk of talks) talk.subscribe('q', viewer);
  const told = await Promise.all(talks.map((talk) => talk.next()));
  expect(told.map(({ payload }) => payload.data.viewer.id)).toEqual(names);
});

describe('a token is never taken from', () => {
  test('an address, a cookie or a body', async () => {
    const server = await serveAsking();
    const token = await tokenFor();
    const names = ['token', 'access_token', 'authorization', 'jwt', 'bearer'];
    const query = names.map(
      (name) => `${name}=${encodeURIComponent(`Bearer ${token}`)}&${name}=${token}`,
    );
    const address = `${server.url}/graphql?${query.join('&')}&query=${encodeURIComponent(viewer)}`;
    expectRefused(await answeredBy(address), /^A token is needed/);
    expectRefused(
      await post(server, viewer, { cookie: `authorization=Bearer ${token}` }),
      /^A token/,
    );
    const body = {
      query: viewer,
      authorization: `Bearer ${token}`,
      connectionParams: bearer(token),
    };
    const sent = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, extensions: body }),
    };
    expectRefused(await answeredBy(`${server.url}/graphql`, sent), /^A token is needed/);
    const talk = new Conversation(`${server.ws}?access_token=${token}&token=${token}`);
    await once(talk.socket, 'open');
    talk.send({ type: 'connection_init' });
    expect(await talk.closed()).toMatch(/^4401 A token is needed/);
  });

  test('one of several headers', async () => {
    const server = await serveAsking();
    const [good, other] = [
      `Bearer ${await tokenFor()}`,
      `Bearer ${await tokenFor({ sub: 'bob' })}`,
    ];
    const twice: [string, string][] = [
      [good, good],
      [good, other],
      [good, 'Bearer x'],
      ['Bearer x', good],
      ['', good],
    ];
    for (const [one, two] of twice) {
      const { status, text } = await postRaw(server, ['Authorization', one, 'authorization', two]);
      expect(status).toBe(401);
      expect(text).toContain('must not be repeated');
    }
    expect((await postRaw(server, ['Authorization', good])).status).toBe(200);
  });
});

test('a WebSocket runs nothing before it is known who asks', async () => {
  let letIn: () => void = () => {};
  const waiting = new Promise<void>((resolve) => {
    letIn = resolve;
  });
  const server = await serveAsking({
    viewerOf: async () => {
      await waiting;
      return { id: 'ada', roles: ['admin'], claims: {} };
    },
  });
  const early = await begun(server, {});
  early.subscribe('m', createTodo);
  expect(await early.closed()).toBe('4401 Unauthorized');
  const patient = await begun(server, {});
  letIn();
  expect(await patient.next()).toEqual({ type: 'connection_ack' });
  expect(await server.store.head()).toBe(0);
  patient.send({ type: 'connection_init', payload: {} });
  expect(await patient.closed()).toMatch(/^4429 /);
});

describe('a token that expires', () => {
  test('ends a stream of events with a last one that says so', async () => {
    const server = await serveAsking();
    const stream = await openStream(server, changes, bearer(await endingToken()));
    await untilWaiting(server.store, 1);
    await server.store.append(Todo, { id: 'a' });
    await until(() => stream.ended);
    const events = [...stream.text.matchAll(/^data: (\{.+\})$/gm)].map(([, json]) =>
      JSON.parse(json ?? ''),
    );
    expect(events[0]).toMatchObject({ data: { changes: { id: 'a' } } });
    expect(events.slice(1)).toEqual([
      { errors: [{ message: 'The token has expired.', extensions: { code: 'UNAUTHENTICATED' } }] },
    ]);
    expect(stream.text).toMatch(/event: complete\ndata:\n\n$/);
    await until(() => server.store.waitingFollowers === 0);
  });

  test('closes a WebSocket with all that it has', async () => {
    const server = await serveAsking();
    const talk = await begun(server, bearer(await endingToken()));
    await talk.next();
    for (const id of ['1', '2']) talk.subscribe(id, changes);
    await untilWaiting(server.store, 2);
    expect(await talk.closed()).toBe('4401 The token has expired.');
    await until(() => server.store.waitingFollowers === 0);
  });

  test('ends what its client goes on to send, even while the socket is closed', async () => {
    const server = await serveAsking();
    const exp = seconds(2 - requestLimits.tokenToleranceSeconds);
    const end = (exp + requestLimits.tokenToleranceSeconds) * 1_000 + 100;
    const talk = await begun(server, bearer(await tokenFor({ exp })));
    await talk.next();
    // A client that hears of nothing: the end of its socket, too, waits for it.
    const inner = talk.socket as unknown as {
      _socket: { pause(): void; write(data: Buffer): void };
    };
    inner._socket.pause();
    const send = async (name: string, timeMs: number) => {
      const until = Date.now() + timeMs;
      for (let count = 0; Date.now() < until; count += 1) {
        talk.subscribe(`${name} ${count}`, createTodo.replace('"t"', `"${name} ${count}"`));
        await sleep(10);
      }
    };
    await send('in time', 200);
    await until(async () => (await server.store.head()) > 0);
    await sleep(end - Date.now());
    const head = await server.store.head();
    await send('late', 300);
    await sleep(50);
    expect(await server.store.head()).toBe(head);
    expect(server.logged).toEqual([]);
  });

  test('is told to a client of WebSockets, which may ask again with another', async () => {
    const server = await serveAsking();
    let asked = 0;
    const client = createClient({
      url: server.ws,
      webSocketImpl: WebSocket,
      connectionParams: async () => {
        asked += 1;
        return bearer(asked === 1 ? await endingToken() : await tokenFor());
      },
    });
    onTestFinished(() => void client.dispose());
    await expect(client.iterate({ query: changes }).next()).rejects.toMatchObject({
      code: 4401,
      reason: 'The token has expired.',
    });
    // Of the first one nothing is left.
    await until(() => server.store.waitingFollowers === 0);
    const next = client.iterate({ query: changes }).next();
    await untilWaiting(server.store, 1);
    await server.store.append(Todo, { id: 'a' });
    expect((await next).value).toMatchObject({ data: { changes: { id: 'a' } } });
    expect(asked).toBe(2);
  });
});

describe('without a token', () => {
  test('pages are shown, and what they ask then is refused', async () => {
    const server = await serveAsking();
    const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    for (const path of [
      '/graphql',
      '/graphql?query=%7Bviewer%7Bid%7D%7D',
      '/docs',
      '/docs/live.md',
    ]) {
      const page = await answeredBy(server.url + path, { headers: html });
      expect([path, page.status]).toEqual([path, 200]);
      expect(page.headers.get('content-type')).toContain('text/html');
      expect(page.text).not.toContain('UNAUTHENTICATED');
    }
    for (const path of ['/', '/board', '/board/']) {
      const page = await answeredBy(server.url + path, { headers: html });
      expect([path, page.status]).not.toEqual([path, 401]);
    }
    const health = await answeredBy(`${server.url}/health`);
    expect([health.status, JSON.parse(health.text).status]).toEqual([200, 'ok']);
    // What only looks as if a page were wanted.
    for (const accept of ['TEXT/HTML', 'text/*', 'text/html;q=0, application/json', '*/*']) {
      const answer = await get(server, '{ log { position } }', { accept });
      expect(answer.text, accept).not.toContain('position');
    }
    const sent = { method: 'POST', headers: { ...html, 'content-type': 'application/json' } };
    const body = JSON.stringify({ query: viewer });
    expectRefused(await answeredBy(`${server.url}/graphql`, { ...sent, body }), /^A token/);
  });

  test('a browser may ask whether it may ask', async () => {
    const server = await serveAsking();
    const preflight = {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:5173',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    };
    for (const path of ['/graphql', '/files/a/1']) {
      const { status, headers } = await answeredBy(server.url + path, preflight);
      expect([path, status]).toEqual([path, 204]);
      expect(headers.get('access-control-allow-headers')).toContain('authorization');
    }
    const { status, text } = await answeredBy(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: { 'content-type': 'application/json' },
    });
    expect([status === 401, text]).toEqual([false, '']);
  });
});

test('what was answered before, is shared or is not changed is for those alone who may ask', async () => {
  const server = await serveAsking();
  await server.store.append(Todo, { id: 'a' });
  const headers = bearer(await tokenFor());
  const createFile =
    'mutation { createLakeFile(input: { id: "f", filename: "f", text: "x" }) { __typename } }';
  expect((await post(server, createFile, headers)).codes).toEqual([]);
  const queries = ['{ todo(id: "a") { id } }', '{ todos(asOf: { position: 1 }) { totalCount } }'];
  for (const query of queries) {
    for (let count = 0; count < 3; count += 1) {
      expect((await post(server, query, headers)).status).toBe(200);
      expect((await get(server, query, headers)).status).toBe(200);
    }
    const etag = (await get(server, query, headers)).headers.get('etag') ?? '';
    const held = { 'if-none-match': etag };
    expect((await get(server, query, { ...headers, ...held })).status).toBe(304);
    expectRefused(await get(server, query, held), /^A token is needed/);
    expectRefused(await post(server, query), /^A token is needed/);
  }
  const answer = await get(server, queries[0] ?? '', headers);
  expect(answer.headers.get('vary')?.split(/, ?/)).toContain('authorization');
  const file = await answeredBy(`${server.url}/files/f/1`, { headers });
  expect(file.status).toBe(200);
  const held = { 'if-none-match': file.headers.get('etag') ?? '' };
  expectRefused(await answeredBy(`${server.url}/files/f/1`, { headers: held }), /^A token/);
});

describe('every transaction', () => {
  const transaction = 'transaction { id actor }';
  const writes: Readonly<Record<string, string>> = {
    createTodo: 'input: { id: "t" }',
    updateTodo: 'input: { id: "t", subject: "x" }',
    deleteTodo: 'id: "t"',
    restoreTodo: 'id: "t"',
    createTodos: 'inputs: [{ id: "u" }, { id: "v" }]',
    updateTodos: 'inputs: [{ id: "u", subject: "x" }, { id: "v", subject: "x" }]',
    createLakeFile: 'input: { id: "f", filename: "f", text: "x" }',
    updateLakeFile: 'input: { id: "f", filename: "g" }',
    deleteLakeFile: 'id: "f"',
    restoreLakeFile: 'id: "f"',
    transact: 'operations: [{ deleteTodo: { id: "u" } }, { createTodo: { id: "w" } }]',
    revertTransaction: 'id: "11"',
  };

  /** Makes all of them; @returns the actors that they answer with. */
  async function writeAll(
    send: (query: string) => Promise<{ readonly data: Answered['data'] }>,
    options = '',
  ): Promise<string[]> {
    const actors = [];
    for (const [name, args] of Object.entries(writes)) {
      const payload =
        name === 'revertTransaction' ? 'Revert' : name[0]?.toUpperCase() + name.slice(1);
      const query = `mutation {
        result: ${name}(${args}${options}) { ... on ${payload}Payload { ${transaction} } ${problemFields} }
      }`;
      const { transaction: made, ...problem } = (await send(query)).data.result;
      expect([name, problem]).toEqual([name, {}]);
      actors.push(made.actor);
    }
    return actors;
  }

  test('has the viewer as its actor, whichever mutation made it, by whichever road', async () => {
    const { store } = await openApi();
    const fields = buildSchema(store.entities).getMutationType()?.getFields() ?? {};
    // What is erased answers with a receipt, which names who did it.
    expect([...Object.keys(writes), 'eraseRecord']).toEqual(Object.keys(fields));
    const headers = bearer(await tokenFor({ sub: 'Zoë' }));
    const expected = Object.keys(writes).map(() => 'Zoë');
    const server = await serveAsking();
    expect(await writeAll((query) => post(server, query, headers))).toEqual(expected);
    const other = await serveAsking();
    const ofPage = { ...headers, origin: other.url };
    expect(await writeAll((query) => post(other, query, ofPage))).toEqual(expected);
    const third = await serveAsking();
    const talk = await begun(third, headers);
    await talk.next();
    const overSocket = async (query: string) => {
      talk.subscribe('m', query);
      const { payload } = await talk.next();
      await talk.next();
      return payload;
    };
    expect(await writeAll(overSocket)).toEqual(expected);
    const { data } = await post(
      third,
      '{ todo(id: "t") { history { edges { node { transaction { actor } } } } blame { actor } } }',
      headers,
    );
    const { history, blame } = data.todo;
    const told = [...history.edges.map((edge: { node: object }) => edge.node), ...blame];
    expect(new Set(told.map((each) => (each.transaction ?? each).actor))).toEqual(new Set(['Zoë']));
  });

  test('has none where nobody is asked', async () => {
    const server = await serveAsking({});
    const headers = bearer(await tokenFor());
    const actors = await writeAll((query) => post(server, query, headers));
    expect(new Set(actors)).toEqual(new Set([null]));
    expect((await post(server, viewer, headers)).data).toEqual({ viewer: null });
  });

  test('has no actor that a client names', async () => {
    const server = await serveAsking();
    const headers = { ...bearer(await tokenFor()), 'x-forwarded-user': 'bob', 'x-actor': 'bob' };
    const input = 'input: { id: "t" }';
    for (const named of [
      `${input}, options: { actor: "bob" }`,
      `${input}, actor: "bob"`,
      'input: { id: "t", actor: "bob" }',
    ]) {
      const answer = await post(
        server,
        `mutation { createTodo(${named}) { __typename } }`,
        headers,
      );
      expect(answer.codes).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    }
    const reason = 'options: { reason: "bob asked me to" }';
    const made = await post(
      server,
      `mutation { createTodo(${input}, ${reason}) {
        ... on CreateTodoPayload { transaction { actor reason } }
      } }`,
      headers,
    );
    expect(made.data.createTodo.transaction).toEqual({ actor: 'ada', reason: 'bob asked me to' });
  });
});

describe('an application that is embedded', () => {
  const byCookie: ViewerOf = ({ header, connectionParams }) => {
    const [, name] = /name=(\w+)/.exec(header('Cookie') ?? '') ?? [];
    const id = name ?? connectionParams?.name;
    return typeof id === 'string' ? { id, roles: ['admin'], claims: { team: 'red' } } : null;
  };

  test('says who asks, for each request and each WebSocket', async () => {
    let asked = 0;
    const server = await serveAsking({
      viewerOf: async (asking) => {
        asked += 1;
        return await byCookie(asking);
      },
    });
    const expected = { viewer: { id: 'ada', roles: ['admin'] } };
    const cookie = { cookie: 'name=ada' };
    expect((await post(server, viewer, cookie)).data).toEqual(expected);
    expect((await get(server, viewer, cookie)).data).toEqual(expected);
    expect(asked).toBe(2);
    const talk = await begun(server, { name: 'ada' });
    await talk.next();
    for (let count = 0; count < 3; count += 1) {
      talk.subscribe('q', viewer);
      expect((await talk.next()).payload.data).toEqual(expected);
      await talk.next();
    }
    expect(asked).toBe(3);
    const stream = await openStream(server, changes, cookie);
    await untilWaiting(server.store, 1);
    expect(asked).toBe(4);
    expect(stream.status).toBe(200);
  });

  test('lets in nobody whom it does not know', async () => {
    const server = await serveAsking({ viewerOf: byCookie });
    expectRefused(await post(server, viewer), /^It is not known who asks\.$/);
    expectRefused(await get(server, viewer), /^It is not known who asks\.$/);
    expect(await endOf(server, {})).toBe('4401 It is not known who asks.');
    expect(server.logged).toEqual([]);
  });

  test('is asked by a Request alone, too', async () => {
    const store = await openTemporary();
    const app = createApp(store, { viewerOf: byCookie });
    const send = async (headers: Record<string, string>) => {
      const response = await app.fetch('http://everstate.test/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: viewer }),
      });
      return [response.status, (await response.json()).data];
    };
    expect(await send({ cookie: 'name=ada' })).toEqual([
      200,
      { viewer: { id: 'ada', roles: ['admin'] } },
    ]);
    expect(await send({})).toEqual([401, undefined]);
  });

  test('tells caches of all that it looks at', async () => {
    const server = await serveAsking({
      viewerOf: ({ header }) => ({ id: header('X-Team') ?? 'none', roles: [], claims: {} }),
    });
    const { headers } = await get(server, '{ log { position } }');
    const vary = headers.get('vary')?.split(/, ?/);
    expect(vary).toEqual(expect.arrayContaining(['authorization', 'cookie', 'x-team']));
  });

  const failing: [string, ViewerOf][] = [
    [
      'throws',
      () => {
        throw new Error('the session store at 10.1.2.3 is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the session store at 10.1.2.3 is down'))],
    ['gives an id that is none', () => ({ id: '', roles: [], claims: {} })],
    ['gives an id that is no text', () => ({ id: 7, roles: [], claims: {} }) as never],
    ['gives no viewer', () => ({}) as never],
  ];
  test.each(failing)(
    'that %s lets in nobody, and says so in its log alone',
    async (_what, viewerOf) => {
      const server = await serveAsking({ viewerOf });
      const answers = [
        await post(server, createTodo),
        await post(server, createTodo, { origin: server.url }),
        await get(server, viewer),
        await post(server, changes, { accept: 'text/event-stream' }),
      ];
      for (const { status, codes, message, text } of answers) {
        expect([status, codes]).toEqual([500, ['INTERNAL_SERVER_ERROR']]);
        expect(message).toMatch(
          /^Unexpected error\. The server’s log has it under [\da-f-]{36}\.$/,
        );
        expect(text).not.toMatch(/10\.1\.2\.3|viewer must/);
      }
      expect(server.logged).toHaveLength(4);
      const end = await endOf(server, {});
      expect(end).toMatch(/^4500 Unexpected error\. The server’s log has it under/);
      expect(server.logged).toHaveLength(5);
      expect(await server.store.head()).toBe(0);
    },
  );

  test('that names the viewer alone has one without roles', async () => {
    const server = await serveAsking({ viewerOf: () => ({ id: 'ada' }) as never });
    expect((await post(server, viewer)).data).toEqual({ viewer: { id: 'ada', roles: [] } });
  });

  test('has one way to say who asks', async () => {
    const store = await openTemporary();
    const viewerOf = () => null;
    expect(() => createApp(store, { viewerOf, identity: noIdentity })).toThrow(TypeError);
  });
});

test('every field of the schema that tells of a viewer is of the one who asks', async () => {
  const { store } = await openApi();
  const types = Object.values(buildSchema(store.entities).getTypeMap()).filter(isObjectType);
  const telling = types.flatMap((type) =>
    Object.values(type.getFields())
      .filter((field) => String(field.type).replace(/[[\]!]/g, '') === 'Viewer')
      .map((field) => `${type.name}.${field.name}`),
  );
  expect(telling).toEqual(['Query.viewer']);
});
