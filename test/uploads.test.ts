/** Bytes on their way in: stored as they come, seen once they are kept, gone when they are not. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { limits, type ResumableState, type Store, type Uploaded } from '../src/db/index.ts';
import { ChunkMaker } from '../src/db/log/contents/chunk-maker.ts';
import { ResumableUpload } from '../src/db/log/contents/resumable-upload.ts';
import { UploadDigests } from '../src/db/log/contents/upload-digests.ts';
import { removeUpload } from '../src/db/log/contents/upload-rows.ts';
import { LakeFile, type Microseconds, Todo } from '../src/entities/index.ts';
import { StretchMeter } from './support/stretch-meter.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** More bytes than wait for the transaction that keeps them. */
const large = () => randomBytes(limits.uploadHeldBytesMax + 1);

/** Uploads bytes, so many at a time. */
async function upload(store: Store, bytes: Uint8Array, pieceBytes = 100_000): Promise<Uploaded> {
  const begun = store.beginUpload();
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
  // Few bytes are left to the transaction that keeps them.
  const isHeld = size <= limits.uploadHeldBytesMax;
  expect(counts(directory)).toEqual(isHeld ? [0, 'none', 0] : [0, 'some', 1]);
  const { values } = await keep(store, 'f', uploaded);
  expect(values).toMatchObject({ size, sha256: sha256(bytes) });
  expect((await read(store, values.sha256)).equals(bytes)).toBe(true);
  expect(counts(directory)).toEqual([1, size === 0 ? 'none' : 'some', 0]);
  expect(await store.verify()).toEqual({ versions: 1, defect: null });
});

test('others write while an upload is under way', async () => {
  const store = await openTemporary();
  const slow = store.beginUpload();
  await slow.write(randomBytes(limits.uploadBatchBytes + 300_000));
  for (let count = 1; count <= 20; count += 1) {
    expect((await store.append(Todo, {})).position).toBe(count);
  }
  await slow.write(randomBytes(10));
  await keep(store, 'f', await slow.end());
  expect(await store.head()).toBe(21);
});

test('and while it is stored, in transactions that take their time', async () => {
  const store = await openTemporary();
  const bytes = randomBytes(40_000_000);
  const uploaded = upload(store, bytes);
  let isStored = false;
  uploaded.finally(() => {
    isStored = true;
  });
  let written = 0;
  while (!isStored) {
    await store.transact(async (log) => {
      for (let each = 0; each < 500; each += 1) await log.create(Todo, {});
    });
    written += 500;
  }
  const { values } = await keep(store, 'f', await uploaded);
  expect((await read(store, values.sha256)).equals(bytes)).toBe(true);
  expect(await store.verify()).toEqual({ versions: written + 1, defect: null });
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
  const begun = store.beginUpload();
  await begun.write(randomBytes(9_000_000));
  await store.discardUpload(begun.id);
  expect(rawLog(directory).prepare('select id from chunks').pluck().all()).toEqual(before);
  expect(counts(directory)).toEqual([1, 'some', 0]);
});

test('an upload that is given up while it is stored leaves nothing, and takes no more', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const begun = store.beginUpload();
  const written = expect(begun.write(randomBytes(60_000_000))).rejects.toThrow('was given up');
  await sleep(10);
  await store.discardUpload(begun.id);
  await written;
  await expect(begun.write(large())).rejects.toThrow('was given up');
  expect(counts(directory)).toEqual([0, 'none', 0]);
});

test('a store that closes ends the uploads that are under way', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const written = store.beginUpload().write(randomBytes(60_000_000));
  const refused = expect(written).rejects.toThrow('The store is closing.');
  await sleep(10);
  await store.close();
  await refused;
  const again = await openTemporary({ directory });
  expect(await again.verify()).toEqual({ versions: 0, defect: null });
});

test.for([5, 2_000_000])(
  '%i uploaded bytes can be kept after a transaction that failed, and in several places',
  async (size) => {
    const directory = temporaryDirectory();
    const store = await openTemporary({ directory });
    const bytes = randomBytes(size);
    const uploaded = await upload(store, bytes);
    const before = counts(directory);
    const failing = store.transact(async (log) => {
      await log.keepUpload(uploaded);
      throw new Error('Not today.');
    });
    await expect(failing).rejects.toThrow('Not today.');
    expect(counts(directory)).toEqual(before);
    await keep(store, 'f', uploaded);
    await keep(store, 'g', uploaded);
    await store.discardUpload(uploaded.upload);
    expect((await read(store, uploaded.sha256)).equals(bytes)).toBe(true);
    expect(await store.verify()).toEqual({ versions: 2, defect: null });
  },
);

test('an upload that was given up is kept no more', async () => {
  const store = await openTemporary();
  const gone = await upload(store, large());
  await store.discardUpload(gone.upload);
  await expect(keep(store, 'h', gone)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
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
  await upload(store, large());
  now += (limits.uploadIdleMs - 1_000) * 1_000;
  const young = await upload(store, large());
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
  await upload(store, large());
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

test.for([10_000, 2_000_000])(
  '%i bytes that are stored and damaged are refused when they come again, and leave nothing',
  async (size) => {
    const directory = temporaryDirectory();
    const store = await openTemporary({ directory });
    const bytes = randomBytes(size);
    const again = async () => keep(store, 'g', await store.receiveUpload(Readable.from([bytes])));
    await keep(store, 'f', await upload(store, bytes));
    const raw = rawLog(directory);
    raw.exec('drop trigger chunks_refuses_update; update chunks set bytes = zeroblob(size)');
    await expect(again()).rejects.toMatchObject({ code: 'CONTENTS_DAMAGED' });
    expect(counts(directory)).toEqual([1, 'some', 0]);
  },
);

test('where a commit fails, what is stored of an upload later is its beginning', async () => {
  const store = await openTemporary();
  const bytes = randomBytes(12_000_000);
  const id = await store.beginResumable({ viewer: null, size: bytes.length, metadata: '' });
  let commits = 0;
  const maker = new ChunkMaker();
  onTestFinished(() => maker.close());
  const upload = new ResumableUpload((await store.findResumable(id, null)) as ResumableState, {
    // Nothing is read: the digest of what came is known.
    reading: null as never,
    clock: () => 1 as Microseconds,
    digests: new UploadDigests(),
    maker,
    commit: async (work) => {
      commits += 1;
      if (commits === 2) throw new Error('The disk is full.');
      return (await store.transact((log) => log.beside(work))).value;
    },
  });
  await expect(upload.write(bytes.subarray(0, 11_000_000))).rejects.toThrow('The disk is full.');
  const offset = await upload.pause();
  expect(offset).toBeGreaterThan(2 * limits.uploadBatchBytes);
  const resumed = store.resume((await store.findResumable(id, null)) as ResumableState);
  expect(resumed.offset).toBe(offset);
  await resumed.write(bytes.subarray(offset));
  const ended = await resumed.end();
  const { value } = await store.transact((log) => log.keepResumable(ended));
  expect(value.sha256).toBe(sha256(bytes));
  expect((await read(store, value.sha256)).equals(bytes)).toBe(true);
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
