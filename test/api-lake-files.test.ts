/** Files through GraphQL: contents as data or text, found by id or by name. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { chunksOf } from '../src/db/log/contents/chunker.ts';
import { lakeFileFields, openApi, write } from './support/api.ts';
import { rawLog, temporaryDirectory } from './support/temporary-store.ts';

const read = `query ($id: ID!) { lakeFile(id: $id) { ${lakeFileFields} } }`;
const byPath = `query ($filename: String!, $path: String, $userId: ID, $asOf: AsOf) {
  lakeFileByPath(filename: $filename, path: $path, userId: $userId, asOf: $asOf) { id }
}`;
const pathExists = `query ($path: String, $userId: ID, $asOf: AsOf) {
  lakePathExists(path: $path, userId: $userId, asOf: $asOf)
}`;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const whole = {
  id: 'f',
  userId: 'u1',
  path: 'data/2026',
  filename: 'prices.csv',
  filetype: 'csv',
  version: -3,
  status: 'raw',
  description: 'As it came',
  labels: ['money', 'a,b'],
};

test('a file given as bytes is answered by its creation, and read, as it was given', async () => {
  const api = await openApi();
  const bytes = Buffer.from([0, 1, 254, 255, 128]);
  const data = bytes.toString('base64');
  const { __typename, record } = await write(api, 'create', 'LakeFile', { ...whole, data });
  expect(__typename).toBe('CreateLakeFilePayload');
  expect(record).toMatchObject({
    ...whole,
    data,
    text: null,
    size: 5,
    sha256: sha256(bytes),
    downloadUrl: '/files/f/1',
    revision: 1,
    position: '1',
    deletedAt: null,
  });
  expect((await api.data(read, { id: 'f' })).lakeFile).toEqual(record);
});

test.for([
  ['plain', 'a;b\n1;2\n'],
  ['empty', ''],
  ['of many scripts', 'Grüße, 世界, 🎨 — \u0000 and \ufeff'],
  ['with a byte order mark', '\ufeffa'],
])('a text that is %s comes back as it was given', async ([, text = '']) => {
  const api = await openApi();
  const { record } = await write(api, 'create', 'LakeFile', { filename: 'f', text });
  const bytes = Buffer.from(text, 'utf8');
  expect(record).toMatchObject({
    text,
    data: bytes.toString('base64'),
    size: bytes.length,
    sha256: sha256(bytes),
  });
});

test('a file of several megabytes comes back whole', async () => {
  const api = await openApi();
  const bytes = Buffer.alloc(5_000_001, 'Everstate ');
  const data = bytes.toString('base64');
  await api.data(
    'mutation ($data: Base64) { createLakeFile(input: { id: "big", filename: "b", data: $data }) { __typename } }',
    { data },
  );
  const { lakeFile } = await api.data('{ lakeFile(id: "big") { size data(maxBytes: 5000001) } }');
  expect(lakeFile.size).toBe(bytes.length);
  expect(lakeFile.data === data).toBe(true);
});

test('contents larger than maxBytes are null with an error, and the rest is answered', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: '12345' });
  const document = (args: string) => `{ lakeFile(id: "f") { id data${args} text${args} } }`;
  for (const args of ['', '(maxBytes: 5)', '(maxBytes: null)']) {
    const { lakeFile } = await api.data(document(args));
    expect(lakeFile).toEqual({ id: 'f', data: 'MTIzNDU=', text: '12345' });
  }
  for (const args of ['(maxBytes: 4)', '(maxBytes: 0)', '(maxBytes: -1)']) {
    const { data, errors } = await api.ask(document(args));
    expect(data).toEqual({ lakeFile: { id: 'f', data: null, text: null } });
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['lakeFile', 'data'], 'BAD_USER_INPUT'],
      [['lakeFile', 'text'], 'BAD_USER_INPUT'],
    ]);
  }
});

test('a new file needs its contents, once', async () => {
  const api = await openApi();
  const neither = await write(api, 'create', 'LakeFile', { filename: 'f' });
  expect(neither).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['data'] }] });
  const nulls = { filename: 'f', data: null, text: null };
  expect((await write(api, 'create', 'LakeFile', nulls)).__typename).toBe('InvalidInput');
  const both = { filename: 'f', data: '', text: '' };
  expect(await write(api, 'create', 'LakeFile', both)).toMatchObject({
    __typename: 'InvalidInput',
    issues: [{ path: ['text'] }],
  });
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: '' });
  const update = { id: 'f', data: 'YQ==', text: 'a' };
  expect((await write(api, 'update', 'LakeFile', update)).__typename).toBe('InvalidInput');
  expect(await api.position()).toBe('1');
});

test('a file has a name, and its text is well-formed', async () => {
  const api = await openApi();
  const unnamed = await write(api, 'create', 'LakeFile', { filename: '', text: '' });
  expect(unnamed).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['filename'] }] });
  const broken = await write(api, 'create', 'LakeFile', { filename: 'f', text: 'a\ud800b' });
  expect(broken).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['text'] }] });
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: '' });
  const cleared = await write(api, 'update', 'LakeFile', { id: 'f', filename: null });
  expect(cleared).toMatchObject({ __typename: 'InvalidInput', issues: [{ path: ['filename'] }] });
  expect(await api.position()).toBe('1');
});

test('new contents make a new revision; the same contents again make none', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { ...whole, text: 'one' });
  const two = await write(api, 'update', 'LakeFile', { id: 'f', text: 'two' });
  expect(two.record).toMatchObject({ ...whole, text: 'two', size: 3, revision: 2 });
  const again = { id: 'f', data: Buffer.from('two').toString('base64') };
  expect(await write(api, 'update', 'LakeFile', again)).toMatchObject({
    changed: false,
    transaction: null,
    record: { revision: 2 },
  });
});

test('contents are stored once, whatever is said about them and however often', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  const text = 'x'.repeat(600_000);
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text });
  await write(api, 'update', 'LakeFile', { id: 'f', status: 'checked', labels: ['l'] });
  await write(api, 'update', 'LakeFile', { id: 'f', filename: 'renamed', path: 'folder' });
  await write(api, 'create', 'LakeFile', { id: 'g', filename: 'copy', text });
  const raw = rawLog(directory);
  expect(raw.prepare('select size from contents').pluck().all()).toEqual([600_000]);
  // All but the last chunk are alike.
  const lengths = [...chunksOf(Buffer.from(text))].map(({ length }) => length);
  const stored = raw.prepare('select sum(size) from chunks').pluck().get();
  expect(stored).toBe([...new Set(lengths)].reduce((sum, length) => sum + length, 0));
});

test('a file is updated by its name where its id is not known', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { ...whole, text: '' });
  await write(api, 'create', 'LakeFile', { id: 'root', filename: 'prices.csv', text: '' });
  const { filename, path, userId } = whole;
  const match = { filename, path, userId };
  const named = await write(api, 'update', 'LakeFile', { match, status: 'checked' });
  expect(named.record).toMatchObject({ id: 'f', status: 'checked', revision: 2 });
  const root = await write(api, 'update', 'LakeFile', { match: { filename }, status: 'r' });
  expect(root.record).toMatchObject({ id: 'root', revision: 2 });
  const nulls = { filename, path: null, userId: null };
  const explicit = await write(api, 'update', 'LakeFile', { match: nulls, status: 's' });
  expect(explicit.record).toMatchObject({ id: 'root', revision: 3 });
  const renamed = { match, filename: 'new', path: null, userId: null, expectedRevision: 2 };
  expect((await write(api, 'update', 'LakeFile', renamed)).record).toMatchObject({
    id: 'f',
    filename: 'new',
    path: null,
    userId: null,
    revision: 3,
  });
});

test('a name that no live file has is NotFound', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { ...whole, text: '' });
  const { filename, path, userId } = whole;
  for (const match of [
    { filename },
    { filename, path },
    { filename, userId },
    { filename, path: '', userId },
    { filename: 'Prices.csv', path, userId },
    { filename: '\ud800', path, userId },
  ]) {
    const answer = await write(api, 'update', 'LakeFile', { match, status: 's' });
    expect(answer).toMatchObject({ __typename: 'NotFound', id: null });
  }
  await write(api, 'delete', 'LakeFile', { id: 'f' });
  const deleted = { match: { filename, path, userId }, status: 's' };
  expect((await write(api, 'update', 'LakeFile', deleted)).__typename).toBe('NotFound');
  expect(await api.position()).toBe('2');
});

test('an update names its file by id or by match, not by both and not by neither', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: '' });
  const both = { id: 'f', match: { filename: 'f' }, status: 's' };
  expect(await write(api, 'update', 'LakeFile', both)).toMatchObject({
    __typename: 'InvalidInput',
    issues: [{ path: ['match'] }],
  });
  expect(await write(api, 'update', 'LakeFile', { status: 's' })).toMatchObject({
    __typename: 'InvalidInput',
    issues: [{ path: ['id'] }],
  });
});

test('a name that is taken is AlreadyExists with the id that has it', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: '' });
  await write(api, 'create', 'LakeFile', { id: 'g', filename: 'g', text: '' });
  const taken = { __typename: 'AlreadyExists', code: 'ALREADY_EXISTS', id: 'f' };
  const create = await write(api, 'create', 'LakeFile', { filename: 'f', text: '' });
  expect(create).toMatchObject(taken);
  const rename = await write(api, 'update', 'LakeFile', { id: 'g', filename: 'f' });
  expect(rename).toMatchObject(taken);
  await write(api, 'delete', 'LakeFile', { id: 'f' });
  const free = await write(api, 'update', 'LakeFile', { id: 'g', filename: 'f' });
  expect(free).toMatchObject({ changed: true });
});

test('a file is read by its name; null is the root and distinct from the empty text', async () => {
  const api = await openApi();
  const places = [
    { id: 'root', path: null, userId: null },
    { id: 'empty', path: '', userId: null },
    { id: 'folder', path: 'a', userId: null },
    { id: 'owned', path: null, userId: 'u' },
    { id: 'owned in folder', path: 'a', userId: 'u' },
  ];
  for (const place of places) {
    await write(api, 'create', 'LakeFile', { ...place, filename: 'f', text: '' });
  }
  for (const { id, ...place } of places) {
    const args = { filename: 'f', ...place };
    expect(await api.data(byPath, args)).toEqual({ lakeFileByPath: { id } });
  }
  expect(await api.data(byPath, { filename: 'f' })).toEqual({ lakeFileByPath: { id: 'root' } });
  expect(await api.data(byPath, { filename: 'g' })).toEqual({ lakeFileByPath: null });
  expect(await api.data(byPath, { filename: 'f', path: 'b' })).toEqual({ lakeFileByPath: null });
});

test('a folder exists while a file lies in it', async () => {
  const api = await openApi();
  expect(await api.data(pathExists)).toEqual({ lakePathExists: false });
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', path: 'a', text: '' });
  expect(await api.data(pathExists)).toEqual({ lakePathExists: false });
  expect(await api.data(pathExists, { path: 'a' })).toEqual({ lakePathExists: true });
  expect(await api.data(pathExists, { path: 'a', userId: 'u' })).toEqual({ lakePathExists: false });
  await write(api, 'delete', 'LakeFile', { id: 'f' });
  expect(await api.data(pathExists, { path: 'a' })).toEqual({ lakePathExists: false });
});

test('a file and its folder are found by name as of a moment', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'old', path: 'a', text: '' });
  await write(api, 'update', 'LakeFile', { id: 'f', filename: 'new', path: 'b' });
  const asOf = { position: '1' };
  const old = { filename: 'old', path: 'a' };
  expect(await api.data(byPath, { ...old, asOf })).toEqual({ lakeFileByPath: { id: 'f' } });
  expect(await api.data(byPath, old)).toEqual({ lakeFileByPath: null });
  expect(await api.data(pathExists, { path: 'a', asOf })).toEqual({ lakePathExists: true });
  expect(await api.data(pathExists, { path: 'b', asOf })).toEqual({ lakePathExists: false });
  expect(await api.data(pathExists, { path: 'b' })).toEqual({ lakePathExists: true });
});

test('half a surrogate pair finds no file that holds its replacement', async () => {
  const api = await openApi();
  const replacement = '\ufffd';
  const file = { filename: replacement, path: replacement, userId: replacement, text: '' };
  await write(api, 'create', 'LakeFile', file);
  for (const part of ['filename', 'path', 'userId']) {
    const args = { ...file, [part]: '\ud800' };
    expect(await api.codes(byPath, args)).toEqual(['BAD_USER_INPUT']);
  }
});

test('files are listed newest first, by change', async () => {
  const api = await openApi();
  for (const id of ['a', 'b', 'c']) {
    await write(api, 'create', 'LakeFile', { id, filename: id, text: id });
  }
  await write(api, 'update', 'LakeFile', { id: 'a', status: 's' });
  const { lakeFiles } = await api.data('{ lakeFiles { edges { node { id text } } } }');
  expect(lakeFiles.edges.map(({ node }: { node: object }) => node)).toEqual([
    { id: 'a', text: 'a' },
    { id: 'c', text: 'c' },
    { id: 'b', text: 'b' },
  ]);
});

test('a deleted file is its last state, contents included, for who asks for it', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'kept' });
  const { record } = await write(api, 'delete', 'LakeFile', { id: 'f' });
  expect(record).toMatchObject({ text: 'kept', revision: 2, deletedAt: record.updatedAt });
  const document =
    '{ now: lakeFile(id: "f") { id } all: lakeFile(id: "f", includeDeleted: true) { text } }';
  expect(await api.data(document)).toEqual({ now: null, all: { text: 'kept' } });
});

test('the versions of a file have its values, and lead to their bytes', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { ...whole, text: 'one' });
  await write(api, 'update', 'LakeFile', { id: 'f', text: 'three', version: 4 });
  const { lakeFile } = await api.data(`{ lakeFile(id: "f") {
    current { id userId path filename filetype version status description labels size sha256 downloadUrl }
    history(order: ASC) { edges { node { revision size sha256 downloadUrl changes { field before after } } } }
  } }`);
  expect(lakeFile.current).toEqual({
    ...whole,
    id: 'f@2',
    version: 4,
    size: 5,
    sha256: sha256(Buffer.from('three')),
    downloadUrl: '/files/f/2',
  });
  const [first, second] = lakeFile.history.edges.map(({ node }: { node: object }) => node);
  expect(first).toMatchObject({ size: 3, downloadUrl: '/files/f/1' });
  expect(second.changes).toEqual([
    { field: 'version', before: -3, after: 4 },
    { field: 'size', before: 3, after: 5 },
    { field: 'sha256', before: first.sha256, after: second.sha256 },
  ]);
});
