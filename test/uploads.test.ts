/** Bytes on their way in: stored as they come, seen once they are kept, gone when they are not. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { limits, type ResumableState, type Store, type Uploaded } from '../src/db/index.ts';
import { removeUpload } from '../src/db/log/contents/upload-rows.ts';
import { LakeFile, type Microseconds, Todo } from '../src/entities/index.ts';
import { StretchMeter } from './support/stretch-meter.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Uploads bytes, so many at a time. */
async function upload(store: Store, bytes: Uint8Array, pieceBytes = 100_000): Promise<Uploaded> {
  const begun = await store.beginUpload();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    await begun.write(bytes.subarray(at, at + pieceBytes));
  }
  return await begun.end();
}

async function keep(store: Store, filename: string, uploaded: Uploaded) {
  const { value } = await store.transact(async (log) =>
    log.create(LakeFile, { filename, ...(await log.keepUpload(uploaded)) }),
  );
  return value;
}

async function read(store: Store, digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.contents(digest)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What the log holds of contents, and of those on their way in. */
function counts(directory: string) {
  const count = (table: string) =>
    rawLog(directory).prepare(`select count(*) from ${table}`).pluck().get();
  return [count('contents'), count('chunks') === 0 ? 'none' : 'some', count('uploads')];
}

test.for([0, 1, 20_000, 5_000_000])('%i bytes are kept as they came', async (size) => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const bytes = randomBytes(size);
  const uploaded = await upload(store, bytes);
  expect(uploaded).toMatchObject({ sha256: sha256(bytes), size });
  expect(counts(directory)).toEqual([0, size === 0 ? 'none' : 'some', 1]);
  const { values } = await keep(store, 'f', uploaded);
  expect(values).toMatchObject({ size, sha256: sha256(bytes) });
  expect((await read(store, values.sha256)).equals(bytes)).toBe(true);
  expect(counts(directory)).toEqual([1, size === 0 ? 'none' : 'some', 0]);
  expect(await store.verify()).toEqual({ versions: 1, defect: null });
});

test('others write while an upload is under way', async () => {
  const store = await openTemporary();
  const slow = await store.beginUpload();
  await slow.write(randomBytes(limits.uploadBatchBytes + 300_000));
  for (let count = 1; count <= 20; count += 1) {
    expect((await store.append(Todo, {})).position).toBe(count);
  }
  await slow.write(randomBytes(10));
  await keep(store, 'f', await slow.end());
  expect(await store.head()).toBe(21);
});

test('what is given up leaves nothing, and what others have stays', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const shared = randomBytes(3_000_000);
  const { values } = await keep(store, 'f', await upload(store, shared));
  const before = rawLog(directory).prepare('select id from chunks').pluck().all();
  const other = await upload(store, Buffer.concat([shared, randomBytes(6_000_000)]));
  await store.discardUpload(other.upload);
  expect(rawLog(directory).prepare('select id from chunks').pluck().all()).toEqual(before);
  expect((await read(store, values.sha256)).equals(shared)).toBe(true);
  const begun = await store.beginUpload();
  await begun.write(randomBytes(9_000_000));
  await store.discardUpload(begun.id);
  expect(rawLog(directory).prepare('select id from chunks').pluck().all()).toEqual(before);
  expect(counts(directory)).toEqual([1, 'some', 0]);
});

test('an upload can be kept after a transaction that failed, and in several places', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const uploaded = await upload(store, Buffer.from('bytes'));
  const failing = store.transact(async (log) => {
    await log.keepUpload(uploaded);
    throw new Error('Not today.');
  });
  await expect(failing).rejects.toThrow('Not today.');
  expect(counts(directory)).toEqual([0, 'some', 1]);
  await keep(store, 'f', uploaded);
  await keep(store, 'g', uploaded);
  const gone = await upload(store, Buffer.from('other bytes'));
  await store.discardUpload(gone.upload);
  await expect(keep(store, 'h', gone)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await store.discardUpload(uploaded.upload);
  expect((await read(store, uploaded.sha256)).toString()).toBe('bytes');
});

test('bytes that are there already are not stored again', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const bytes = randomBytes(2_000_000);
  const given = await store.transact(async (log) =>
    log.create(LakeFile, { filename: 'given', ...(await log.putContents(bytes)) }),
  );
  const stored = () => rawLog(directory).prepare('select count(*) from chunks').pluck().get();
  const before = stored();
  const { values } = await keep(store, 'uploaded', await upload(store, bytes));
  expect(values.sha256).toBe(given.value.values.sha256);
  expect([stored(), counts(directory)]).toEqual([before, [1, 'some', 0]]);
});

test('an upload that nobody comes back to is collected after a day', async () => {
  const directory = temporaryDirectory();
  let now = 1_700_000_000_000_000;
  const store = await openTemporary({ directory, clock: () => now++ as Microseconds });
  await upload(store, randomBytes(100_000));
  now += (limits.uploadIdleMs - 1_000) * 1_000;
  const young = await upload(store, randomBytes(100_000));
  await store.collectUploads();
  expect(counts(directory)).toEqual([0, 'some', 2]);
  now += 2_000_000;
  await store.collectUploads();
  expect(counts(directory)).toEqual([0, 'some', 1]);
  await keep(store, 'f', young);
  expect(counts(directory)).toEqual([1, 'some', 0]);
});

test('the database refuses to delete a chunk that contents name, and no other', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await keep(store, 'f', await upload(store, Buffer.from('kept')));
  await upload(store, Buffer.from('not kept'));
  const raw = rawLog(directory);
  raw.exec('delete from uploads');
  const chunks = raw.prepare('select id from chunks order by id').pluck().all();
  const remove = raw.prepare('delete from chunks where id = ?');
  expect(() => remove.run(chunks[0])).toThrow('chunks is append-only');
  expect(remove.run(chunks[1]).changes).toBe(1);
});

test('many uploads at once come through each as it is', async () => {
  const store = await openTemporary();
  const all = Array.from({ length: 20 }, () => randomBytes(300_000));
  const kept = await Promise.all(
    all.map(async (bytes, number) => {
      await sleep(number % 3);
      return await keep(store, `f${number}`, await upload(store, bytes, 7_000));
    }),
  );
  for (const [number, { values }] of kept.entries()) {
    expect((await read(store, values.sha256)).equals(all[number] as Buffer)).toBe(true);
  }
});

test('an upload of what is stored and damaged is refused, and leaves nothing', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const bytes = randomBytes(10_000);
  await keep(store, 'f', await upload(store, bytes));
  const raw = rawLog(directory);
  raw.exec('drop trigger chunks_refuses_update; update chunks set bytes = zeroblob(10000)');
  const begun = await store.beginUpload();
  await begun.write(bytes);
  await expect(begun.end()).rejects.toMatchObject({ code: 'CONTENTS_DAMAGED' });
  await store.discardUpload(begun.id);
  expect(counts(directory)).toEqual([1, 'some', 0]);
});

test('an upload that is removed piece by piece is kept by nobody meanwhile', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const bytes = randomBytes(12_000_000);
  const id = await store.beginResumable({ viewer: null, size: bytes.length, metadata: '' });
  const resumed = store.resume((await store.findResumable(id, null)) as ResumableState);
  await resumed.write(bytes);
  const ended = await resumed.end();
  let commits = 0;
  await removeUpload(async (work) => {
    const { value } = await store.transact((log) => log.beside(work));
    commits += 1;
    const kept = store.transact((log) => log.keepResumable(ended));
    await expect(kept).rejects.toThrow('The upload is there no more');
    return value;
  }, id);
  expect(commits).toBeGreaterThan(1);
  expect(counts(directory)).toEqual([0, 'none', 0]);
});

test('an upload leaves the event loop to others while it is stored', async () => {
  const store = await openTemporary();
  const text = Buffer.from(
    'a line of text that is worth compressing, with a number: 12345\n'.repeat(200_000),
  );
  for (let at = 0; at < text.length; at += 64) text.writeUInt32LE(at, at);
  const meter = new StretchMeter();
  await keep(store, 'f', await upload(store, text, 65_536));
  expect(meter.take() / meter.slowness).toBeLessThan(50);
});
