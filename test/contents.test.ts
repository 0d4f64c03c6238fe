/** The bytes of files: once per SHA-256, in chunks, apart from the versions. */
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { InvalidInput, limits, type Store } from '../src/db/index.ts';
import { chunkSizes, chunksOf } from '../src/db/log/contents/chunker.ts';
import { LakeFile } from '../src/entities/index.ts';
import { toFormat3 } from './support/older-log.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

async function put(store: Store, filename: string, bytes: Uint8Array) {
  const { value } = await store.transact(async (log) =>
    log.create(LakeFile, { filename, ...(await log.putContents(bytes)) }),
  );
  return value;
}

async function read(store: Store, sha256: string): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.contents(sha256)) chunks.push(Buffer.from(chunk));
  return chunks;
}

const { min, max } = chunkSizes;
const chunk = max;

test.for([0, 1, min, min + 1, max, max + 1, 3 * max])(
  'contents of %i bytes are read back as they were, in chunks',
  async (size) => {
    const store = await openTemporary();
    const bytes = randomBytes(size);
    const { values } = await put(store, 'a.bin', bytes);
    expect(values).toMatchObject({
      size,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    const chunks = await read(store, values.sha256);
    expect(chunks.map(({ length }) => length)).toEqual(
      [...chunksOf(bytes)].map(({ length }) => length),
    );
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  },
);

test('the same contents are stored once, however many files and revisions have them', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const bytes = randomBytes(2 * chunk);
  await Promise.all(['a', 'b', 'c'].map((name) => put(store, name, bytes)));
  const raw = rawLog(directory);
  const count = [...chunksOf(bytes)].length;
  expect(raw.prepare('select count(*), sum(size) from chunks').raw().get()).toEqual([
    count,
    2 * chunk,
  ]);
  expect(raw.prepare('select count(*) from content_chunks').pluck().get()).toBe(count);
});

test('a small change of a large file stores what is around it anew, and nothing else', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const bytes = randomBytes(8 * 1024 * 1024);
  const { id } = await put(store, 'large.bin', bytes);
  const raw = rawLog(directory);
  const stored = () => raw.prepare('select sum(size) from chunks').pluck().get() as number;
  for (let change = 1; change <= 5; change += 1) {
    const at = Math.floor((bytes.length * change) / 6);
    const changed = Buffer.concat([bytes.subarray(0, at), Buffer.from('!'), bytes.subarray(at)]);
    const { value } = await store.transact(async (log) =>
      log.update(LakeFile, id, await log.putContents(changed)),
    );
    const kept = await read(store, value.version.values.sha256);
    expect(Buffer.concat(kept).equals(changed)).toBe(true);
  }
  expect(stored()).toBeLessThan(bytes.length * 1.2);
});

test('texts are kept compressed, and what is compressed already as it is', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const raw = rawLog(directory);
  const encodings = () => raw.prepare('select encoding from chunks order by id').pluck().all();
  const lines = Array.from({ length: 1_500 }, (_, line) => `${line},name ${line % 7},${line ** 2}`);
  const csv = Buffer.from(lines.join('\n'));
  const { values } = await put(store, 'a.csv', csv);
  expect(encodings()).toEqual(['deflate', 'deflate'].slice(0, [...chunksOf(csv)].length));
  expect(Buffer.concat(await read(store, values.sha256)).equals(csv)).toBe(true);
  const zipped = gzipSync(randomBytes(10_000));
  await put(store, 'a.gz', zipped);
  expect(encodings().at(-1)).toBe('none');
});

test('contents of a log from before chunks were shared are there still', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const large = randomBytes(700_000);
  const first = await put(store, 'a.bin', large);
  const second = await put(store, 'b.txt', Buffer.from('text '.repeat(9_999)));
  const empty = await put(store, 'c', Buffer.alloc(0));
  await store.close();
  const raw = new Database(logPath(directory));
  toFormat3(raw);
  raw.close();
  const reopened = await openTemporary({ directory });
  expect(Buffer.concat(await read(reopened, first.values.sha256)).equals(large)).toBe(true);
  const part = reopened.contents(first.values.sha256, { first: 262_000, last: 262_999 });
  const parts: Uint8Array[] = [];
  for await (const piece of part) parts.push(piece);
  expect(Buffer.concat(parts).equals(large.subarray(262_000, 263_000))).toBe(true);
  expect(Buffer.concat(await read(reopened, second.values.sha256)).toString()).toBe(
    'text '.repeat(9_999),
  );
  expect(await read(reopened, empty.values.sha256)).toEqual([]);
  expect(await reopened.verify()).toEqual({ versions: 3, defect: null });
  // What is there already is not stored again, though it would be cut otherwise now.
  await put(reopened, 'again.bin', large);
  const stored = rawLog(directory).prepare('select sum(size) from chunks').pluck().get();
  expect(stored).toBe(large.length + 'text '.repeat(9_999).length);
});

test('a change of metadata copies no bytes', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const { id, values } = await put(store, 'a.bin', randomBytes(4 * chunk));
  const raw = rawLog(directory);
  const pages = () => raw.pragma('page_count', { simple: true }) as number;
  const before = pages();
  for (let count = 0; count < 10; count += 1) {
    await store.update(LakeFile, id, { status: `checked ${count}` });
  }
  expect((pages() - before) * 4_096).toBeLessThan(chunk);
  expect((await store.get(LakeFile, id))?.values.sha256).toBe(values.sha256);
});

test('contents of a file’s earlier revisions stay readable', async () => {
  const store = await openTemporary();
  const { id, values: first } = await put(store, 'a.txt', Buffer.from('one'));
  await store.transact(async (log) => {
    await log.update(LakeFile, id, await log.putContents(Buffer.from('two')));
  });
  const [before, after] = (await store.history(LakeFile, id)).map(({ values }) => values.sha256);
  expect(before).toBe(first.sha256);
  expect(Buffer.concat(await read(store, before ?? '')).toString()).toBe('one');
  expect(Buffer.concat(await read(store, after ?? '')).toString()).toBe('two');
});

test('contents that nobody stored are missing, and not empty', async () => {
  const store = await openTemporary();
  const missing = { code: 'CONTENTS_DAMAGED', missing: true };
  await expect(read(store, '0'.repeat(64))).rejects.toMatchObject(missing);
});

test('contents over the limit are refused', async () => {
  const store = await openTemporary();
  const tooLarge = new Uint8Array(limits.fileBytesMax + 1);
  await expect(put(store, 'a.bin', tooLarge)).rejects.toBeInstanceOf(InvalidInput);
});

test('contents of a transaction that failed are not stored', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await put(store, 'a.bin', Buffer.from('kept'));
  await expect(put(store, 'a.bin', Buffer.from('not kept'))).rejects.toThrow('exists already');
  const raw = rawLog(directory);
  expect(raw.prepare('select count(*) from contents').pluck().get()).toBe(1);
});

test('the replica holds no contents', async () => {
  const queries: string[] = [];
  const store = await openTemporary({ onReplicaQuery: (sql) => queries.push(sql) });
  const { values } = await put(store, 'a.bin', Buffer.from('bytes'));
  await read(store, values.sha256);
  expect(queries).toEqual([]);
});
