/** Operations with files, as multipart forms: https://github.com/jaydenseric/graphql-multipart-request-spec */
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { LakeFile } from '../src/entities/index.ts';
import { type ApiAnswer, codesOf, listen, TestApi } from './support/api.ts';
import { chunksAndUploads, untilStored } from './support/stored-files.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

const create = `mutation ($file: File!, $filename: String!) {
  createLakeFile(input: { filename: $filename, file: $file }) {
    __typename
    ... on CreateLakeFilePayload { lakeFile { id filename size sha256 } }
    ... on InvalidInput { issues { path message } }
  }
}`;
const one = { query: create, variables: { file: null, filename: 'a.bin' } };
const toFile = { 0: ['variables.file'] };

async function serve(limits = {}) {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const api = new TestApi(store, limits);
  const { url } = await listen(api.app);
  const post = async (body: BodyInit, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/graphql`, { method: 'POST', body, headers });
    return { status: response.status, answer: (await response.json()) as ApiAnswer };
  };
  const left = () => chunksAndUploads(directory);
  const untilLeft = (chunks: number, uploads: number) => untilStored(directory, chunks, uploads);
  return { api, store, url, post, left, untilLeft };
}

/** A form with its parts in this order. */
function form(...parts: readonly (readonly [string, unknown])[]): FormData {
  const data = new FormData();
  for (const [name, value] of parts) {
    if (value instanceof Blob) data.append(name, value, 'ignored.bin');
    else data.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return data;
}
const blob = (bytes: string | Uint8Array) => new Blob([bytes as BlobPart]);
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

test('a form that comes packed is refused', async () => {
  const { post, store, left } = await serve();
  const parts = form(['operations', one], ['map', toFile], ['0', blob('x')]);
  const { status, answer } = await post(parts, { 'content-encoding': 'gzip' });
  expect([status, codesOf(answer)]).toEqual([415, ['UNSUPPORTED_MEDIA_TYPE']]);
  expect([await store.head(), left()]).toEqual([0, [0, 0]]);
});

test('a file comes with the mutation that creates it, and with one that changes it', async () => {
  const { post, store, left } = await serve();
  const bytes = randomBytes(3_000_000);
  const { status, answer } = await post(
    form(['operations', one], ['map', toFile], ['0', blob(bytes)]),
  );
  expect(status).toBe(200);
  expect(answer.data.createLakeFile.lakeFile).toMatchObject({
    filename: 'a.bin',
    size: 3_000_000,
    sha256: sha256(bytes),
  });
  const query = `mutation ($input: UpdateLakeFileInput!) { updateLakeFile(input: $input) {
    ... on UpdateLakeFilePayload { lakeFile { revision text } } } }`;
  const variables = { input: { match: { filename: 'a.bin' }, file: null } };
  const updated = await post(
    form(
      ['operations', { query, variables }],
      ['map', { x: ['variables.input.file'] }],
      ['x', blob('two')],
    ),
  );
  expect(updated.answer.data.updateLakeFile.lakeFile).toEqual({ revision: 2, text: 'two' });
  expect(left()[1]).toBe(0);
  expect(await store.verify()).toEqual({ versions: 2, defect: null });
});

test('several files come with one transaction, and one file to several places', async () => {
  const { post, store } = await serve();
  const query = `mutation ($operations: [OperationInput!]!) { transact(operations: $operations) {
    __typename } }`;
  const operations = ['a', 'b', 'c'].map((filename) => ({
    createLakeFile: { filename, file: null },
  }));
  const map = {
    first: ['variables.operations.0.createLakeFile.file'],
    second: [
      'variables.operations.1.createLakeFile.file',
      'variables.operations.2.createLakeFile.file',
    ],
  };
  const { answer } = await post(
    form(
      ['operations', { query, variables: { operations } }],
      ['map', map],
      ['first', blob('one')],
      ['second', blob('two')],
    ),
  );
  expect(answer.data?.transact.__typename).toBe('TransactPayload');
  const { versions } = await store.list(LakeFile);
  expect(versions.map(({ values: { filename, sha256 } }) => [filename, sha256])).toEqual([
    ['c', sha256('two')],
    ['b', sha256('two')],
    ['a', sha256('one')],
  ]);
});

test('a mutation that is refused leaves nothing of its files', async () => {
  const { post, store, untilLeft } = await serve();
  await post(form(['operations', one], ['map', toFile], ['0', blob('one')]));
  const again = await post(form(['operations', one], ['map', toFile], ['0', blob('other')]));
  expect(again.answer.data.createLakeFile.__typename).toBe('AlreadyExists');
  await untilLeft(1, 0);
  const unknown = {
    query: 'mutation ($file: File!) { nothing(file: $file) }',
    variables: { file: null },
  };
  const wrong = await post(form(['operations', unknown], ['map', toFile], ['0', blob('other')]));
  expect(codesOf(wrong.answer)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  await untilLeft(1, 0);
  expect(await store.head()).toBe(1);
});

test('the same file under the same idempotency key is written once', async () => {
  const { post, store, untilLeft } = await serve();
  const query = `mutation ($file: File!) {
    createLakeFile(input: { filename: "f", file: $file }, options: { idempotencyKey: "k" }) {
      __typename ... on CreateLakeFilePayload { lakeFile { id } } } }`;
  const send = async (bytes: string) => {
    const operations = { query, variables: { file: null } };
    const { answer } = await post(
      form(['operations', operations], ['map', toFile], ['0', blob(bytes)]),
    );
    return answer.data.createLakeFile;
  };
  const first = await send('one');
  expect(await send('one')).toEqual(first);
  expect((await send('two')).__typename).toBe('IdempotencyMismatch');
  expect(await store.head()).toBe(1);
  await untilLeft(1, 0);
});

const withMap = (map: unknown) =>
  [
    ['operations', one],
    ['map', map],
    ['0', blob('x')],
  ] as const;

const wrongMaps: readonly (readonly [string, unknown])[] = [
  ['a map that is null', 'null'],
  ['a map that is a number', '7'],
  ['a map that is a list', '[]'],
  ['a map that is no JSON', '{'],
  ['paths that are null', { 0: null }],
  ['paths that are a text', { 0: 'variables.file' }],
  ['no paths', { 0: [] }],
  ['a path that is null', { 0: [null] }],
  ['a path twice', { 0: ['variables.file', 'variables.file'] }],
  ['a path to nowhere', { 0: ['variables.other'] }],
  ['a path to what is no null', { 0: ['variables.filename'] }],
  ['a path out of the variables', { 0: ['query'] }],
  ['a path of JavaScript’s own', { 0: ['variables.__proto__.x'] }],
  ['a path to a prototype', { 0: ['variables.__proto__'] }],
];

test.for([
  [
    'files before the operation',
    [
      ['0', blob('x')],
      ['operations', one],
      ['map', toFile],
    ],
  ],
  [
    'files before the map',
    [
      ['operations', one],
      ['0', blob('x')],
      ['map', toFile],
    ],
  ],
  [
    'the map before the operation',
    [
      ['map', toFile],
      ['operations', one],
      ['0', blob('x')],
    ],
  ],
  ['no map', [['operations', one]]],
  [
    'no operation',
    [
      ['map', toFile],
      ['0', blob('x')],
    ],
  ],
  ['nothing', []],
  [
    'two operations',
    [
      ['operations', one],
      ['operations', one],
      ['map', toFile],
    ],
  ],
  [
    'a field besides',
    [
      ['operations', one],
      ['map', toFile],
      ['more', 'x'],
    ],
  ],
  [
    'no file',
    [
      ['operations', one],
      ['map', toFile],
    ],
  ],
  [
    'a file that the map does not name',
    [
      ['operations', one],
      ['map', toFile],
      ['1', blob('x')],
    ],
  ],
  [
    'a file twice',
    [
      ['operations', one],
      ['map', toFile],
      ['0', blob('x')],
      ['0', blob('y')],
    ],
  ],
  [
    'an operation that is no JSON',
    [
      ['operations', '{'],
      ['map', toFile],
      ['0', blob('x')],
    ],
  ],
  [
    'an operation that is null',
    [
      ['operations', 'null'],
      ['map', toFile],
      ['0', blob('x')],
    ],
  ],
  ...wrongMaps.map(([name, map]) => [name, withMap(map)] as const),
] as readonly (readonly [string, readonly (readonly [string, unknown])[]])[])(
  '%s is a bad request, and leaves nothing',
  async ([, parts]) => {
    const { post, store, untilLeft } = await serve();
    const { status, answer } = await post(form(...parts));
    expect([status, codesOf(answer)]).toEqual([400, ['BAD_REQUEST']]);
    await untilLeft(0, 0);
    expect(await store.head()).toBe(0);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  },
);

test('a thousand files are too many', async () => {
  const { post, untilLeft } = await serve();
  const names = Array.from({ length: 1_000 }, (_, number) => String(number));
  const variables = { files: names.map(() => null) };
  const map = Object.fromEntries(names.map((name) => [name, [`variables.files.${name}`]]));
  const files = names.map((name) => [name, blob(name)] as const);
  const { status } = await post(
    form(['operations', { query: create, variables }], ['map', map], ...files),
  );
  expect(status).toBe(413);
  await untilLeft(0, 0);
});

test('a file that is too large is refused, and an operation that is', async () => {
  const { post, store, untilLeft } = await serve({ uploadBytesMax: 100_000, bodyBytesMax: 50_000 });
  const parts = [
    ['operations', one],
    ['map', toFile],
  ] as const;
  const large = await post(form(...parts, ['0', blob(randomBytes(100_001))]));
  expect([large.status, codesOf(large.answer)]).toEqual([413, ['BODY_TOO_LARGE']]);
  const variables = { file: null, filename: 'x'.repeat(60_000) };
  const wordy = await post(form(['operations', { query: create, variables }], ['map', toFile]));
  expect([wordy.status, codesOf(wordy.answer)]).toEqual([413, ['BODY_TOO_LARGE']]);
  await untilLeft(0, 0);
  const fits = await post(form(...parts, ['0', blob(randomBytes(100_000))]));
  expect(fits.answer.data.createLakeFile.__typename).toBe('CreateLakeFilePayload');
  expect(await store.head()).toBe(1);
});

test.for([
  ['no boundary', 'multipart/form-data', 'x', 400],
  ['a body that is no form', 'multipart/form-data; boundary=b', 'x', 400],
  ['a form that is cut short', 'multipart/form-data; boundary=b', '--b\r\ncontent-disp', 400],
  ['another form', 'application/x-www-form-urlencoded', 'query={log{position}}', 415],
] as const)('%s is refused', async ([, type, body, status]) => {
  const { post } = await serve();
  expect((await post(body, { 'content-type': type })).status).toBe(status);
});

test('a client that goes away in the middle of a file leaves nothing', async () => {
  const { url, left, store, api, untilLeft } = await serve();
  const cut = request(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': 50_000_000 },
  });
  cut.on('error', () => {});
  const part = (name: string, value: string) =>
    `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  cut.write(part('operations', JSON.stringify(one)) + part('map', JSON.stringify(toFile)));
  cut.write('--b\r\ncontent-disposition: form-data; name="0"; filename="f"\r\n\r\n');
  cut.write(randomBytes(9_000_000));
  await until(() => left()[0] !== 0);
  cut.destroy();
  await untilLeft(0, 0);
  expect(await store.head()).toBe(0);
  expect(api.logged).toEqual([]);
});

test.for([
  ['from another site', { origin: 'https://elsewhere.example' }, 403],
  ['from nowhere that is told', { origin: 'null' }, 403],
  ['from another site, whose origin is not told', { 'sec-fetch-site': 'cross-site' }, 403],
  ['from a page of this machine', { origin: 'http://localhost:5173' }, 200],
] as [string, Record<string, string>, number][])('a form %s', async ([, headers, status]) => {
  const { post, left, store } = await serve();
  const answer = await post(form(['operations', one], ['map', toFile], ['0', blob('x')]), headers);
  expect(answer.status).toBe(status);
  if (status === 403) {
    expect(left()).toEqual([0, 0]);
    expect(await store.head()).toBe(0);
  }
});

test('a File is nothing that JSON can hold', async () => {
  const { api } = await serve();
  for (const file of ['text', 7, {}, { uploaded: { sha256: sha256('') } }]) {
    const answer = await api.ask(create, { file, filename: 'f' });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  }
  const literal = await api.ask(
    'mutation { createLakeFile(input: { filename: "f", file: "text" }) { __typename } }',
  );
  expect(codesOf(literal)).toEqual(['BAD_USER_INPUT']);
});
