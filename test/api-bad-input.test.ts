/** Bad input: refused with a code, nothing lost, and the server answers afterwards. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { requestLimits } from '../src/http/index.ts';
import { answerOf, codesOf, listen, openApi, type TestApi, write } from './support/api.ts';
import { rawLog, temporaryDirectory } from './support/temporary-store.ts';

async function withTodo(options?: Parameters<typeof openApi>[0]): Promise<TestApi> {
  const api = await openApi(options);
  await write(api, 'create', 'Todo', { id: 'a', subject: 'x' });
  return api;
}

/** The log is as it was, the todo is there, and nothing unexpected was logged. */
async function expectUnhurt(api: TestApi, logged = 0): Promise<void> {
  const data = await api.data('{ log { position } todo(id: "a") { subject } }');
  expect(data).toEqual({ log: { position: '1' }, todo: { subject: 'x' } });
  expect(api.logged).toHaveLength(logged);
}

const json = { 'content-type': 'application/json' };
const post = (body: string, headers: Record<string, string> = json): RequestInit => ({
  method: 'POST',
  headers,
  body,
});

const wrongInputs: Record<string, [query: string, variables?: object]> = {
  'a missing filename': ['mutation { createLakeFile(input: { text: "" }) { __typename } }'],
  'a missing input': ['mutation { createTodo { __typename } }'],
  'a missing id': ['mutation { updateTodo(input: { status: "s" }) { __typename } }'],
  'a null id': ['query ($id: ID!) { todo(id: $id) { id } }', { id: null }],
  'a null for an argument that needs a value': [
    'query ($id: ID = "a") { todo(id: $id) { id } }',
    { id: null },
  ],
  'an unknown field of an input': [
    'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { __typename } }',
    { input: { colour: 'red' } },
  ],
  'a derived field as input': [
    'mutation ($input: CreateLakeFileInput!) { createLakeFile(input: $input) { __typename } }',
    { input: { filename: 'f', text: '', sha256: 'x' } },
  ],
  'a priority that is no number': [
    'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { __typename } }',
    { input: { priority: 'high' } },
  ],
  'a priority of more than 32 bits': [
    'mutation { createTodo(input: { priority: 2147483648 }) { __typename } }',
  ],
  'a null label': [
    'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { __typename } }',
    { input: { labels: [null] } },
  ],
  'half a surrogate pair in the document': [
    'mutation { createTodo(input: { subject: "\\ud800" }) { __typename } }',
  ],
  ...Object.fromEntries(
    ['YQ', 'Y Q==', '****', 'YQ==\n', '_-==', 'YR==', '\ud800'].map((data) => [
      `the malformed Base64 ${JSON.stringify(data)}`,
      [
        'mutation ($data: Base64) { createLakeFile(input: { filename: "f", data: $data }) { __typename } }',
        { data },
      ],
    ]),
  ),
  'Base64 that is a number': [
    'mutation { createLakeFile(input: { filename: "f", data: 1 }) { __typename } }',
  ],
  'a field that is not there': ['{ todo(id: "a") { colour } }'],
  'an argument that is not there': ['{ todo(id: "a", colour: "red") { id } }'],
  'a variable that is not declared': ['{ todo(id: $id) { id } }'],
  'an enum value that is not there': [
    '{ todo(id: "a") { history(order: SIDEWAYS) { edges { cursor } } } }',
  ],
};

test('input that does not fit the schema is refused', async () => {
  const api = await withTodo();
  for (const [name, [query, variables]] of Object.entries(wrongInputs)) {
    const codes = new Set(await api.codes(query, { ...variables }));
    expect([name, ...codes]).toEqual([
      name,
      expect.stringMatching(/^(BAD_USER_INPUT|GRAPHQL_(VALIDATION|PARSE)_FAILED)$/),
    ]);
  }
  await expectUnhurt(api);
});

test('an error says where, and repeats no megabytes', async () => {
  const api = await withTodo();
  const query =
    'mutation ($data: Base64) { createLakeFile(input: { filename: "f", data: $data }) { __typename } }';
  const { errors } = await api.ask(query, { data: `${'A'.repeat(3_000_000)}!` });
  expect(JSON.stringify(errors).length).toBeLessThan(5_000);
  const broken = await api.send(post(`{"query": "${'x'.repeat(3_000_000)}`));
  expect(broken.status).toBe(400);
  expect((await broken.text()).length).toBeLessThan(5_000);
  await expectUnhurt(api);
});

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const todo = (selection: string) => `{ todo(id: "a") { ${selection} } }`;
const doubling = (links: number) =>
  `${todo('...f0')} ${range(links)
    .map((link) => `fragment f${link} on Todo { ...f${link + 1} ...f${link + 1} }`)
    .join(' ')} fragment f${links} on Todo { id }`;
/** Each link holds its successor twice, below a page. */
const nestedDoubling = (links: number) =>
  `{ todos { edges { node { current { ...f0 } } } } } ${range(links)
    .map((link) => {
      const next = `transaction { versions { edges { node { ...f${link + 1} } } } }`;
      return `fragment f${link} on Version { a: ${next} b: ${next} }`;
    })
    .join(' ')} fragment f${links} on Version { id }`;

const tooLarge: Record<string, string> = {
  'a chain of 20 doubling fragments': doubling(20),
  'a chain of 60 doubling fragments': doubling(60),
  'a chain of 20 doubling fragments below pages': nestedDoubling(20),
  'a chain of 6 doubling fragments below pages': nestedDoubling(6),
  'depth 5,000': `{ ${'a { '.repeat(5_000)} a ${'} '.repeat(5_000)} }`,
  'depth 3,000': `{ ${'a{'.repeat(3_000)}a${'}'.repeat(3_000)} }`,
  'depth 31': `{ ${'a { '.repeat(31)} a ${'} '.repeat(31)} }`,
  'depth 1,500 of inline fragments': todo(
    `${'... on Todo { '.repeat(1_500)} id ${'}'.repeat(1_500)}`,
  ),
  'lists 4,000 deep': `{ todos(filter: ${'['.repeat(4_000)}${']'.repeat(4_000)}) { edges { cursor } } }`,
  'inputs 2,000 deep': `{ todos(filter: ${'{a:'.repeat(2_000)}1${'}'.repeat(2_000)}) { edges { cursor } } }`,
  'a type 3,000 deep': `query ($a: ${'['.repeat(3_000)}ID${']'.repeat(3_000)}) { log { position } }`,
  'too many tokens': `{ ${'log '.repeat(requestLimits.documentTokensMax)} }`,
  'too many fields': todo(
    range(4_999)
      .map((index) => `a${index % 9}: id`)
      .join(' ')
      .slice(0, -4)
      .concat(' id '.repeat(3_000)),
  ),
  'too many fields of one name': todo('id '.repeat(150)),
  'too many fragments side by side': `{ todo(id: "a") { ${range(150)
    .map((index) => `...f${index}`)
    .join(' ')} } } ${range(150)
    .map((index) => `fragment f${index} on Todo { id }`)
    .join(' ')}`,
  'too many pairs in all': todo(
    range(20)
      .map((index) => `a${index}: current { ${'id '.repeat(30)} }`)
      .join(' '),
  ),
  'too many aliases': `{ ${range(101)
    .map((index) => `a${index}: log { position }`)
    .join(' ')} }`,
  'too many aliases in a fragment': `{ ...f } fragment f on Query { ${range(101)
    .map((index) => `a${index}: log { position }`)
    .join(' ')} }`,
  'too many aliases in inline fragments': `{ ${range(101)
    .map((index) => `... { a${index}: log { position } }`)
    .join(' ')} }`,
  'pages that multiply':
    '{ todos(first: 1000) { edges { node { history(first: 1000) { edges { node { id } } } } } } }',
  'pages that multiply, counted from the end':
    '{ todos(last: 1000) { edges { node { history(last: 1000) { edges { node { id } } } } } } }',
  'pages that multiply, in fragments': `{ todos(first: 1000) { ...a } }
    fragment a on TodoConnection { edges { ...b } }
    fragment b on TodoEdge { node { history(first: 1000) { edges { node { id } } } } }`,
  'pages that multiply, by default of a variable': `query ($n: Int = 1000) {
    todos(first: $n) { edges { node { history(first: $n) { edges { node { id } } } } } } }`,
};

test('a document that asks for too much is refused before anything of it runs', async () => {
  const api = await withTodo();
  for (const [name, query] of Object.entries(tooLarge)) {
    expect([name, await api.codes(query)]).toEqual([name, ['DOCUMENT_TOO_LARGE']]);
  }
  const query = `query ($n: Int) {
    todos(first: $n) { edges { node { history(first: $n) { edges { node { id } } } } } } }`;
  expect(await api.codes(query, { n: 1_000 })).toEqual(['DOCUMENT_TOO_LARGE']);
  expect((await api.ask(query, { n: 10 })).errors).toBeUndefined();
  const deletion = `mutation { deleteTodo(id: "a") { __typename } ${range(101)
    .map((index) => `a${index}: deleteTodo(id: "a") { __typename }`)
    .join(' ')} }`;
  expect(await api.codes(deletion)).toEqual(['DOCUMENT_TOO_LARGE']);
  await expectUnhurt(api);
});

test('a document of strange shape is refused by validation', async () => {
  const api = await withTodo();
  const chain = range(1_000).map((link) => `fragment f${link} on Todo { ...f${link + 1} }`);
  const shapes: Record<string, [string, string[]]> = {
    'fragments that spread each other': [
      `${todo('...f')} fragment f on Todo { ...g } fragment g on Todo { ...f }`,
      ['GRAPHQL_VALIDATION_FAILED'],
    ],
    'a fragment that spreads itself': [
      `${todo('...f')} fragment f on Todo { ...f }`,
      ['GRAPHQL_VALIDATION_FAILED'],
    ],
    'a fragment that is not there': [todo('...f'), ['GRAPHQL_VALIDATION_FAILED']],
    'a chain of 1,000 fragments': [
      `${todo('...f0')} ${chain.join(' ')} fragment f1000 on Todo { id }`,
      [],
    ],
    'nothing selected': ['{ }', ['GRAPHQL_PARSE_FAILED']],
    'an open text': ['{ todo(id: "a', ['GRAPHQL_PARSE_FAILED']],
    'only closing braces': ['}}}}', ['GRAPHQL_PARSE_FAILED']],
    'only fragments': ['fragment f on Todo { id }', ['OPERATION_RESOLUTION_FAILURE']],
    'an empty document': ['', ['GRAPHQL_PARSE_FAILED']],
    'only a comment': ['# nothing', ['GRAPHQL_PARSE_FAILED']],
  };
  for (const [name, [query, codes]] of Object.entries(shapes)) {
    const answer = codesOf(await api.ask(query));
    expect([name, ...new Set(answer)]).toEqual([name, ...codes]);
  }
  await expectUnhurt(api);
});

const ask = JSON.stringify({ query: 'mutation { deleteTodo(id: "a") { __typename } }' });
const wrongRequests: Record<string, [init: RequestInit, status: number, code: string]> = {
  'invalid JSON': [post('{"query": '), 400, 'BAD_REQUEST'],
  'an empty body': [post(''), 400, 'BAD_REQUEST'],
  'a JSON null': [post('null'), 400, 'BAD_REQUEST'],
  'a JSON text': [post('"query"'), 400, 'BAD_REQUEST'],
  'a batch': [post(`[${ask}, ${ask}]`), 400, 'BAD_REQUEST'],
  'an empty batch': [post('[]'), 400, 'BAD_REQUEST'],
  'no query': [post('{}'), 400, 'BAD_REQUEST'],
  'a query that is a number': [post('{"query": 1}'), 400, 'BAD_REQUEST'],
  'variables that are a text': [
    post('{"query": "{ log { position } }", "variables": "x"}'),
    400,
    'BAD_REQUEST',
  ],
  'variables that are a list': [
    post('{"query": "{ log { position } }", "variables": []}'),
    400,
    'BAD_REQUEST',
  ],
  'an unknown parameter': [
    post('{"query": "{ log { position } }", "colour": 1}'),
    400,
    'BAD_REQUEST',
  ],
  'an unknown operationName': [
    post('{"query": "query A { log { position } }", "operationName": "B"}'),
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  'two operations and no operationName': [
    post('{"query": "query A { log { position } } query B { log { position } }"}'),
    400,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  'a form': [
    post(`query=${encodeURIComponent('mutation { deleteTodo(id: "a") { __typename } }')}`, {
      'content-type': 'application/x-www-form-urlencoded',
    }),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  'plain text': [post(ask, { 'content-type': 'text/plain' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  'plain text that names JSON': [
    post(ask, { 'content-type': 'text/plain; a=application/json' }),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  'multipart without a map': [
    post(`--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${ask}\r\n--x--\r\n`, {
      'content-type': 'multipart/form-data; boundary=x',
    }),
    400,
    'BAD_REQUEST',
  ],
  'GraphQL as such': [
    post('mutation { deleteTodo(id: "a") { __typename } }', {
      'content-type': 'application/graphql',
    }),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  PUT: [{ ...post(ask), method: 'PUT' }, 405, 'BAD_REQUEST'],
};

test('a request that is none is refused', async () => {
  const api = await withTodo();
  for (const [name, [init, status, code]] of Object.entries(wrongRequests)) {
    const response = await api.send(init);
    const { errors } = await answerOf(response);
    expect([name, response.status, errors?.[0]?.extensions.code]).toEqual([name, status, code]);
  }
  await expectUnhurt(api);
});

test('a GET reads and never writes', async () => {
  const api = await withTodo();
  const get = async (parameters: Record<string, string>) => {
    const url = `http://everstate.test/graphql?${new URLSearchParams(parameters)}`;
    const response = await api.send({}, url);
    return [response.status, await answerOf(response)] as const;
  };
  const [, read] = await get({ query: '{ todo(id: "a") { id } }' });
  expect(read.data).toEqual({ todo: { id: 'a' } });
  const query =
    'query Read { log { position } } mutation Write { deleteTodo(id: "a") { __typename } }';
  const [status, refused] = await get({ query, operationName: 'Write' });
  expect([status, codesOf(refused)]).toEqual([405, ['BAD_REQUEST']]);
  for (const name of ['variables', 'extensions']) {
    const [broken, answer] = await get({ query: '{ log { position } }', [name]: '{' });
    expect([broken, codesOf(answer)]).toEqual([400, ['BAD_REQUEST']]);
  }
  await expectUnhurt(api);
});

test('a request without a body, and one whose body comes in pieces, are read', async () => {
  const api = await withTodo();
  const empty = await api.send({ method: 'POST', headers: json });
  expect(empty.status).toBe(400);
  const bytes = Buffer.from(JSON.stringify({ query: '{ todo(id: "a") { subject } } # 🎨' }));
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });
  const init = { method: 'POST', headers: json, body: pieces, duplex: 'half' };
  const { data } = await answerOf(await api.send(init as RequestInit));
  expect(data).toEqual({ todo: { subject: 'x' } });
});

/** Posts so many bytes of blanks, chunked unless the length is told; the answer's status and text. */
function postBlanks(url: string, bytes: number, tellLength: boolean): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const headers = { ...json, ...(tellLength ? { 'content-length': bytes } : {}) };
    const sending = request(url, { method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve([response.statusCode ?? 0, text]));
    });
    sending.on('error', reject);
    const piece = Buffer.alloc(256 * 1024, ' ');
    for (let sent = 0; sent < bytes; sent += piece.length) {
      sending.write(piece.subarray(0, Math.min(piece.length, bytes - sent)));
    }
    sending.end();
  });
}

test('a body over its limit is refused, whether its length is told or not', async () => {
  const api = await withTodo();
  const url = `${(await listen(api.app)).url}/graphql`;
  const tooMany = requestLimits.bodyBytesMax + 1;
  for (const tellLength of [true, false]) {
    const [status, text] = await postBlanks(url, tooMany, tellLength);
    expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([413, 'BODY_TOO_LARGE']);
    const [just] = await postBlanks(url, requestLimits.bodyBytesMax, tellLength);
    expect(just).toBe(400);
  }
  await expectUnhurt(api);
});

test('a client that leaves in the middle of its body hurts nobody', async () => {
  const api = await withTodo();
  const { url, server } = await listen(api.app);
  const port = Number(new URL(url).port);
  for (const framing of ['content-length: 100', 'transfer-encoding: chunked']) {
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) =>
      server.once('connection', (end) => end.once('close', resolve)),
    );
    const head = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${framing}\r\n\r\n`;
    socket.write(`${head}5\r\n{"que\r\n`, () => socket.destroy());
    await closed;
  }
  const response = await fetch(`${url}/graphql`, post('{"query": "{ log { position } }"}'));
  expect((await answerOf(response)).data).toEqual({ log: { position: '1' } });
  await expectUnhurt(api, api.logged.length);
});

test('what nobody expected is masked, and logged once under the id that the client is told', async () => {
  const directory = temporaryDirectory();
  const api = await withTodo({ directory });
  const log = rawLog(directory);
  log.exec('alter table transactions rename to elsewhere');
  const answer = await api.ask(todo('id current { transaction { id } }'));
  expect(codesOf(answer)).toEqual(['INTERNAL_SERVER_ERROR']);
  const [error] = answer.errors ?? [];
  expect(error?.path?.[0]).toBe('todo');
  expect(error?.extensions.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(error?.message).toContain(error?.extensions.requestId);
  expect(api.logged).toMatchObject([{ requestId: error?.extensions.requestId }]);
  const told = JSON.stringify(answer);
  expect(told).not.toContain(directory);
  expect(told).not.toMatch(/transactions|elsewhere|select|sqlite|node_modules|\.ts\b|stack/i);
  const writing = await api.codes('mutation { createTodo(input: {}) { __typename } }');
  expect(writing).toEqual(['INTERNAL_SERVER_ERROR']);
  log.exec('alter table elsewhere rename to transactions');
  await expectUnhurt(api, 2);
});

test('a store that is closing is UNAVAILABLE', async () => {
  const api = await withTodo();
  await api.store.close();
  for (const query of [
    todo('id'),
    '{ todos { edges { cursor } } }',
    '{ log { position } }',
    'mutation { createTodo(input: {}) { __typename } }',
    'subscription { changes { id } }',
  ]) {
    expect([query, await api.codes(query)]).toEqual([query, ['UNAVAILABLE']]);
  }
  expect(api.logged).toEqual([]);
});

test('pages of other origins may not read the answers, those of this machine may', async () => {
  const api = await withTodo();
  const allowed = async (origin: string) => {
    const response = await api.send(
      post(JSON.stringify({ query: '{ log { position } }' }), { ...json, origin }),
    );
    return response.headers.get('access-control-allow-origin');
  };
  for (const origin of ['http://localhost:5173', 'http://127.0.0.1:3000', 'https://localhost']) {
    expect(await allowed(origin)).toBe(origin);
  }
  for (const origin of [
    'https://evil.test',
    'http://localhost.evil.test',
    'null',
    'file://',
    'x',
  ]) {
    expect([origin, await allowed(origin)]).toEqual([origin, null]);
  }
});
