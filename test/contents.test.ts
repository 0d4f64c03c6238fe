/** The bytes of files: once per SHA-256, in chunks, apart from the versions. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { InvalidInput, limits, type Store } from '../src/db/index.ts';
import { LakeFile } from '../src/entities/index.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

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

const chunk = limits.contentChunkBytes;

test.for([0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk])(
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
    expect(chunks).toHaveLength(Math.ceil(size / chunk));
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  },
);

test('the same contents are stored once, however many files and revisions have them', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const bytes = randomBytes(2 * chunk);
  await Promise.all(['a', 'b', 'c'].map((name) => put(store, name, bytes)));
  const raw = rawLog(directory);
  expect(
    raw.prepare('select count(*), sum(length(bytes)) from content_chunks').raw().get(),
  ).toEqual([2, 2 * chunk]);
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
