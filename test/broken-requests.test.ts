/**
 * A thousand broken requests, by every road: whatever is wrong with one, its answer tells nothing of
 * the inside. No path, no SQL, no line of a stack, in status, headers and body; and nothing that was
 * sent is a failure of the server’s own.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { shippedEntities } from '../src/entities/index.ts';
import { FrontDoor, hostRule, serverBounds } from '../src/http/index.ts';
import { buildSchema } from '../src/schema/index.ts';
import { openApi, type TestApi, write } from './support/api.ts';
import { checkProperty } from './support/property.ts';

/** What no answer may have in it, whatever was sent; nothing that is sent has it. */
const insides: readonly (readonly [string, RegExp])[] = [
  ['a line of a stack', /(\n|\\n)\s*at |\bat [\w.<>]+ \(|:\d+:\d+\)|node:internal|node_modules/],
  ['a place in the code', /\.[cm]?[jt]s:\d+|file:\/\//],
  ['a path', new RegExp([process.cwd(), tmpdir(), '/home/', '/usr/'].map(escaped).join('|'))],
  ['a file of the store', /everstate\.db|\.duckdb\b|-wal\b|\breplica\//],
  [
    'a database',
    /sqlite|duckdb|kysely|\bpragma\b|better-sqlite|(Binder|Parser|Catalog|Conversion|Constraint|Invalid Input) Error|\bLINE \d+:|constraint failed|no such (table|column)/i,
  ],
  [
    'a statement',
    /\bselect\b.+\bfrom\b|\binsert into\b|\bupdate\b.+\bset\b|\bdelete from\b|\bwhere\b.+[=<>?]|\border by\b|read_json|unnest\(/i,
  ],
  [
    'an error of JavaScript',
    /\b(Type|Range|Reference)Error\b|undefined \(reading|is not a function|is not iterable|Cannot (read|convert|mix)/,
  ],
];

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function expectNothingInside(answer: string, asked: unknown): void {
  for (const [what, pattern] of insides) {
    const found = pattern.exec(answer)?.[0];
    expect(found, `${what}, in the answer to ${JSON.stringify(asked)}: ${answer}`).toBeUndefined();
  }
}

/** The texts of an answer that the server words itself: everything but data, and a page’s HTML. */
function wordsOf({ status, headers, body }: Answered): string {
  const head = JSON.stringify([status, headers]);
  if (/^text\/(html|javascript)/.test(headers['content-type'] ?? '') && status === 200) return head;
  try {
    const { data: _, ...rest } = JSON.parse(body);
    return head + JSON.stringify(rest);
  } catch {
    return head + body;
  }
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// Values that fit nothing, and such as nearly do.

const cursor = fc
  .oneof(
    fc.json(),
    fc
      .tuple(
        fc.constantFrom('todos', 'todos:updatedAt', 'history', 'transactions', 'x'),
        fc.oneof(fc.integer(), fc.constant(2 ** 53), fc.constant(null)),
        fc.jsonValue({ maxDepth: 1 }),
      )
      .map((forged) => JSON.stringify(forged)),
  )
  .map((text) => Buffer.from(text).toString('base64url'));

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '\0', '\ud800', "' or 1=1 --", '"; drop', '../../x', '%', '😀', 'first', 'a'),
  fc.constantFrom('2024-02-30T00:00:00Z', '2024-01-01T00:00:00Z', '-1', '0', '1', '1e309', 'NaN'),
  fc.constantFrom(`${2n ** 63n}`, `${2n ** 64n}`, 'Todo:first', 'x'.repeat(70_000)),
  cursor,
);

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -1, 1, 2, 1_001, 2 ** 31, -(2 ** 31), 2 ** 53, 1e308, 0.5),
);

const anything: fc.Arbitrary<unknown> = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Something for an argument: mostly of the right shape, with a wrong leaf here and there. */
function inputFor(type: GraphQLInputType, depth = 0): fc.Arbitrary<unknown> {
  const nullable = getNullableType(type);
  let fitting: fc.Arbitrary<unknown> = fc.oneof(text, number, fc.boolean());
  if (isListType(nullable)) {
    fitting = fc.array(inputFor(nullable.ofType as GraphQLInputType, depth + 1), { maxLength: 3 });
  } else if (isEnumType(nullable)) {
    fitting = fc.constantFrom(...nullable.getValues().map(({ name }) => name), 'NOTHING');
  } else if (isInputObjectType(nullable)) {
    if (depth > 3) return fc.constant({});
    const fields = Object.values(nullable.getFields());
    const required = fields.filter((field) => isNonNullType(field.type)).map(({ name }) => name);
    fitting = fc
      .subarray(fields, { maxLength: Math.min(fields.length, 3) })
      .chain((chosen) =>
        fc.record(
          Object.fromEntries(
            fields
              .filter((field) => chosen.includes(field) || required.includes(field.name))
              .map((field) => [field.name, inputFor(field.type, depth + 1)]),
          ),
        ),
      );
  }
  return fc.oneof({ weight: 12, arbitrary: fitting }, { weight: 1, arbitrary: anything });
}

interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** A selection that has something of everything below, arguments left out where they may be. */
function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  if (isUnionType(named)) {
    const parts = named.getTypes().map((each) => `... on ${each.name} ${selectionOf(each, depth)}`);
    return `{ __typename ${parts.join(' ')} }`;
  }
  const fields = Object.values('getFields' in named ? named.getFields() : {}).filter(
    (field) =>
      field.args.every((arg) => !isNonNullType(arg.type)) &&
      (depth > 0 || !isCompositeType(getNamedType(field.type))),
  );
  const chosen = fields.slice(0, 6);
  // Aliases, since members of a union may have fields of one name and different types.
  const shown = chosen.map(
    ({ name, type: inner }) =>
      `${isObjectType(named) ? `${named.name}_${name}: ` : ''}${name} ${selectionOf(inner, depth - 1)}`,
  );
  return `{ __typename ${shown.join(' ')} }`;
}

/** An operation on one root field, every argument by a variable of its type. */
function operationOn(kind: string, field: GraphQLField<unknown, unknown>): fc.Arbitrary<Operation> {
  const { name, args, type } = field;
  const required = args.filter((arg) => isNonNullType(arg.type));
  return fc
    .subarray([...args], { maxLength: Math.min(args.length, 4) })
    .map((chosen) => args.filter((arg) => chosen.includes(arg) || required.includes(arg)))
    .chain((chosen) => {
      const declared = chosen.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
      const given = chosen.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
      const query = `${kind} ${declared && `(${declared})`} { ${name} ${given && `(${given})`} ${selectionOf(type, 1)} }`;
      const variables = Object.fromEntries(chosen.map((arg) => [arg.name, inputFor(arg.type)]));
      return fc.record(variables).map((values) => ({ query, variables: values }));
    });
}

function operationsOf(schema: GraphQLSchema, kinds: readonly string[]): fc.Arbitrary<Operation> {
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  const all = kinds.flatMap((kind) =>
    Object.values(roots[kind as keyof typeof roots]?.getFields() ?? {}).map((field) =>
      operationOn(kind, field),
    ),
  );
  return fc.oneof(...all);
}

/** A document with a piece too many, too few, or another. */
const brokenDocument = (operations: fc.Arbitrary<Operation>) =>
  fc
    .tuple(
      operations,
      fc.nat(),
      fc.constantFrom(
        '',
        '{',
        '}',
        '"',
        '$x',
        '@skip',
        '...',
        '\0',
        'é',
        '#',
        '__schema',
        '(a: {b: [1',
      ),
    )
    .map(([{ query, variables }, place, piece]) => {
      const at = place % query.length;
      return { query: query.slice(0, at) + piece + query.slice(at + 1 + (place % 5)), variables };
    });

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const accept = fc.constantFrom(
  'application/json',
  '*/*',
  'text/html',
  'x/y',
  '',
  ';;',
  'application/graphql-response+json',
);
const contentType = fc.constantFrom(
  ...['application/json', 'application/json; charset=utf-8', 'application/json; charset=x'],
  ...['text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', ';'],
);
/** What may stand in a header. */
const headerText = fc.string({
  unit: fc.constantFrom(...'abz09 "\'=-,;/*%\\()[]{}<>?é'),
  maxLength: 30,
});

const strangeHeaders = fc.dictionary(
  fc.constantFrom(
    'range',
    'if-none-match',
    'if-range',
    'last-event-id',
    'content-encoding',
    'origin',
    'cookie',
    'authorization',
    'x-forwarded-for',
    'forwarded',
  ),
  headerText.map((value) => value.trim() || 'x'),
  { maxKeys: 2 },
);

const post = (body: fc.Arbitrary<string>): fc.Arbitrary<Request> =>
  fc
    .record({
      accept: fc.oneof({ weight: 4, arbitrary: fc.constant('application/json') }, accept),
      type: fc.oneof({ weight: 6, arbitrary: fc.constant('application/json') }, contentType),
      strange: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, strangeHeaders),
      body,
    })
    .map(({ accept, type, strange, body }) => ({
      method: 'POST',
      path: '/graphql',
      headers: { accept, 'content-type': type, ...strange },
      body,
    }));

const path = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        '/',
        '/files/',
        '/files/first/',
        '/board/',
        '/board/assets/',
        '/docs/',
        '/graphql/',
        '/health/',
        '//',
        '/x/',
      ),
      fc.array(
        fc.oneof(
          fc.constantFrom(
            '..',
            '%2e%2e',
            '%2f',
            '%00',
            '%zz',
            '%',
            '1',
            '0',
            '-1',
            '1e9',
            'etc/passwd',
            'README.md',
            '\\..',
            '%ff',
            'copy.js',
            'a'.repeat(300),
          ),
          fc.webSegment({ size: 'xsmall' }),
        ),
        { maxLength: 4 },
      ),
    )
    .map(([begin, rest]) => begin + rest.join('/')),
  fc.webQueryParameters().map((query) => `/graphql?${query}`),
);

function requestsOf(schema: GraphQLSchema): fc.Arbitrary<Request> {
  const operations = operationsOf(schema, ['query', 'mutation', 'subscription']);
  const queries = operationsOf(schema, ['query']);
  const asJson = (value: unknown) => JSON.stringify(value);
  const get = fc
    .tuple(
      fc.oneof(queries, brokenDocument(queries)),
      accept,
      strangeHeaders,
      fc.oneof(fc.json(), fc.constant(null)),
    )
    .map(([{ query, variables }, accept, strange, other]) => ({
      method: 'GET',
      path: `/graphql?${new URLSearchParams({ query, variables: other ?? JSON.stringify(variables) })}`.slice(
        0,
        14_000,
      ),
      headers: { accept, ...strange },
    }));
  return fc.oneof(
    { weight: 8, arbitrary: post(operations.map(asJson)) },
    { weight: 3, arbitrary: post(brokenDocument(operations).map(asJson)) },
    {
      weight: 2,
      arbitrary: post(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.constantFrom(
            '',
            '[',
            '{"query":',
            '[{}]',
            '{"query":1}',
            '{"query":"{__typename}","variables":[]}',
            '{"query":"{__typename}","operationName":{}}',
          ),
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: post(
        fc
          .tuple(operations, anything, anything, anything)
          .map(([{ query }, variables, operationName, extensions]) =>
            asJson({ query, variables, operationName, extensions }),
          ),
      ),
    },
    { weight: 2, arbitrary: get },
    {
      weight: 3,
      arbitrary: fc.record({
        method: fc.constantFrom(
          'GET',
          'GET',
          'HEAD',
          'PUT',
          'DELETE',
          'OPTIONS',
          'PATCH',
          'POST',
          'PROPFIND',
          'QUERY',
        ),
        path,
        headers: strangeHeaders,
      }),
    },
  );
}

/** Messages over a WebSocket: the protocol’s, with something wrong, and others. */
function messagesOf(schema: GraphQLSchema): fc.Arbitrary<string[]> {
  const operations = operationsOf(schema, ['query', 'subscription']);
  const id = fc.constantFrom('1', '2', '', '__proto__', 'x'.repeat(200));
  const subscribe = fc
    .tuple(id, fc.oneof(operations, brokenDocument(operations), anything))
    .map(([id, payload]) => JSON.stringify({ type: 'subscribe', id, payload }));
  const message = fc.oneof(
    { weight: 6, arbitrary: subscribe },
    { weight: 1, arbitrary: fc.oneof(fc.string(), fc.json()) },
    {
      weight: 1,
      arbitrary: fc
        .record({
          type: fc.constantFrom('ping', 'pong', 'complete', 'connection_init', 'next', 'x'),
          id,
          payload: anything,
        })
        .map((each) => JSON.stringify(each)),
    },
  );
  return fc.array(message, { minLength: 1, maxLength: 6 });
}

/** A server as `everstate serve` has it, with something in its store. */
async function serve(): Promise<{ api: TestApi; url: string }> {
  const api = await openApi({ replicaInMemory: false });
  for (const id of ['first', 'a']) await write(api, 'create', 'Todo', { id, subject: 's' });
  await write(api, 'create', 'LakeFile', { id: 'first', filename: 'f', text: 'hello' });
  const door = new FrontDoor(hostRule('127.0.0.1', []));
  const handle = api.app as unknown as Parameters<typeof createServer>[1] & object;
  const server = createServer(serverBounds(), (request, response) => {
    if (!door.answers(request, response)) handle(request, response);
  });
  const closeWebSockets = api.app.acceptWebSockets(server, door);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    api.store.endFollowing();
    closeWebSockets();
    server.closeAllConnections();
    server.close();
  });
  return { api, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** By a socket of its own, since no client sends such requests. A stream is left after a while. */
async function send(url: string, { method, path, headers, body }: Request): Promise<Answered> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  const lines = Object.entries({ host: 'localhost', connection: 'close', ...headers });
  const length = body === undefined ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${path} HTTP/1.1`, ...lines.map((line) => line.join(': ')), ...length];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`);
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    // GraphiQL’s page is known, and large.
    if (received.length < 100_000) received += chunk;
    if (chunk.includes('text/event-stream')) setTimeout(() => socket.destroy(), 50);
  });
  await once(socket, 'close');
  const [headText = '', ...rest] = received.split('\r\n\r\n');
  const [statusLine = '', ...headerLines] = headText.split('\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]),
    headers: Object.fromEntries(headerLines.map((line) => line.split(/: (.*)/s).slice(0, 2))),
    body: rest.join('\r\n\r\n'),
  };
}

test('no broken request over HTTP is told anything of the inside', {
  timeout: 300_000,
}, async () => {
  const { api, url } = await serve();
  const statuses = new Map<number, number>();
  const requests = fc.array(requestsOf(buildSchema(shippedEntities)), {
    minLength: 20,
    maxLength: 20,
  });
  await checkProperty('broken requests', requests, 50, async (together) => {
    const answers = await Promise.all(together.map((request) => send(url, request)));
    for (const [index, answered] of answers.entries()) {
      const { status } = answered;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expectNothingInside(wordsOf(answered), together[index]);
      expect(status >= 200 && status < 500, `${status} to ${JSON.stringify(together[index])}`).toBe(
        true,
      );
    }
    expect(api.logged.splice(0), 'failures of the server’s own').toEqual([]);
  });
  // Some of each kind were among them, or what is sent has become too tame, or too wild.
  for (const status of [200, 400, 404, 405, 406, 415])
    expect([...statuses.keys()]).toContain(status);
});

test('no broken message over a WebSocket is told anything of the inside', {
  timeout: 120_000,
}, async () => {
  const { api, url } = await serve();
  const conversations = messagesOf(buildSchema(shippedEntities));
  await checkProperty('broken messages', conversations, 100, async (messages) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const received: string[] = [];
    socket.on('error', () => {});
    socket.on('message', (message) => received.push(String(message)));
    socket.on('close', (code, reason) => received.push(`${code} ${reason}`));
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    for (const message of messages) socket.send(message);
    // Answered by the time that a question that is sent last is, or closed.
    socket.send('{"type":"ping","payload":{"last":true}}');
    while (
      socket.readyState === WebSocket.OPEN &&
      !received.some((each) => each.includes('"last"'))
    )
      await sleep(2);
    await sleep(20);
    socket.terminate();
    for (const each of received) {
      const { type, payload } = each.startsWith('{') ? JSON.parse(each) : { type: 'close' };
      const words = type === 'close' ? each : JSON.stringify(payload?.errors ?? payload ?? null);
      if (type !== 'next' || payload.errors) expectNothingInside(words, messages);
      expect(words).not.toContain('INTERNAL_SERVER_ERROR');
    }
    expect(api.logged.splice(0), JSON.stringify(messages)).toEqual([]);
  });
});

test('what no request of HTTP is has a plain answer', async () => {
  const { url } = await serve();
  const garbage = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc
      .tuple(fc.constantFrom('GET', 'POST', 'X'), fc.string(), fc.string())
      .map(([method, path, rest]) => `${method} ${path} HTTP/1.1\r\n${rest}`),
    fc.constantFrom(
      'POST /graphql HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      'GET / HTTP/3.0',
      'GET / HTTP/1.1\r\nhost a',
      'GET / HTTP/1.1',
    ),
  );
  await checkProperty('garbage', garbage, 100, async (bytes) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    socket.on('error', () => {});
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.end(`${bytes}\r\n\r\n`);
    await once(socket, 'close');
    expectNothingInside(received, bytes);
    expect(received).not.toMatch(/^HTTP\/1\.1 5/);
  });
});

test('a failure that nobody expected is told under an id alone, by every road', async () => {
  const { api, url } = await serve();
  const failure = Object.assign(
    new Error(
      `SQLITE_ERROR: near "x": select * from todos where id = ? (${process.cwd()}/src/db/x.ts:1:2)`,
    ),
    { code: 'SQLITE_ERROR' },
  );
  const fail = async () => {
    throw failure;
  };
  for (const part of ['records', 'write', 'revisions'] as const) {
    vi.spyOn(api.store, part).mockImplementation(fail as never);
  }
  onTestFinished(() => void vi.restoreAllMocks());
  const ask = (query: string, more: Partial<Request['headers']> = {}) => ({
    method: 'POST',
    path: '/graphql',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...more,
    } as Request['headers'],
    body: JSON.stringify({ query }),
  });
  const read = '{ todo(id: "first") { subject } }';
  const masked = /Unexpected error\. The server’s log has it under [0-9a-f-]{36}\./;
  const asked = [
    ask(read),
    ask(read, { origin: url }),
    ask('mutation { createTodo(input: {}) { __typename } }'),
    {
      method: 'GET',
      path: `/graphql?query=${encodeURIComponent(read)}`,
      headers: { accept: 'application/json' },
    },
    { method: 'GET', path: '/files/first/1', headers: {} },
  ];
  for (const request of asked) {
    const answered = await send(url, request);
    expectNothingInside(JSON.stringify(answered), request);
    expect([request, answered.body]).toEqual([request, expect.stringMatching(masked)]);
  }
  expect(api.logged).toHaveLength(asked.length);
});
