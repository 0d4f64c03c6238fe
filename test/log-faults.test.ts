/**
 * The log on storage that fails: full, refusing, deleted or replaced under a running store. Whatever
 * was acknowledged is there afterwards, and nothing else: the oracle is the client's own record.
 */
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openStore, type Store } from '../src/db/index.ts';
import { systemClock } from '../src/db/shared/clock.ts';
import { LakeFile, positionZero, shippedEntities, Todo } from '../src/entities/index.ts';
import { differences } from './support/differences.ts';
import { OtherProcess } from './support/other-process.ts';
import { fill, makeRoom, smallDisk } from './support/small-disk.ts';
import { logPath, openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { openWatched, statesOf } from './support/watched-store.ts';

/** A client that notes what it was told of each of its writes. */
class Client {
  readonly #store: Store;
  readonly acknowledged: string[] = [];
  readonly codes: string[] = [];
  #count = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Writes so many todos at once. */
  async write(count: number): Promise<void> {
    const writes = Array.from({ length: count }, async () => {
      this.#count += 1;
      const id = `t${this.#count}`;
      try {
        await this.#store.append(Todo, { id, body: 'x'.repeat(2_000) });
        this.acknowledged.push(id);
      } catch (error) {
        this.codes.push((error as { code: string }).code);
      }
    });
    await Promise.all(writes);
  }
}

async function idsIn(store: Store): Promise<string[]> {
  return (await store.versionsBetween(positionZero, await store.head())).map(({ id }) => id);
}

test('a full disk refuses writes, reads go on, and writing resumes by itself', async (context) => {
  const disk = smallDisk(context, 4_096);
  const { store, changes } = await openWatched(disk, { replicaInMemory: true });
  const client = new Client(store);
  await client.write(20);
  fill(disk);
  for (let round = 0; round < 20; round += 1) await client.write(20);
  const refused = client.codes.length;
  expect(refused).toBeGreaterThan(100);
  expect(new Set(client.codes)).toEqual(new Set(['STORAGE_FULL']));
  expect(await differences(store)).toEqual([]);
  expect(await idsIn(store)).toEqual(client.acknowledged);
  makeRoom(disk);
  await client.write(20);
  expect(client.codes).toHaveLength(refused);
  await until(() => store.health().log === 'ok');
  // Some of the space is used again, so that between two of the writes it may have worked.
  expect(statesOf(changes).slice(0, 1)).toEqual(['log: full']);
  expect(changes.length).toBeLessThan(9);
  expect(await differences(store)).toEqual([]);
  await store.close();
  const reopened = await openWatched(disk, { replicaInMemory: true });
  expect(await idsIn(reopened.store)).toEqual(client.acknowledged);
  expect((await reopened.store.verify()).defect).toBeNull();
  await reopened.store.close();
});

test('a transaction larger than what is free leaves nothing half-written', async (context) => {
  const disk = smallDisk(context, 4_096);
  const { store } = await openWatched(disk, { replicaInMemory: true });
  const client = new Client(store);
  await client.write(20);
  const large = store.transact(async (log) => {
    for (let count = 0; count < 1_000; count += 1) {
      await log.create(Todo, { id: `l${count}`, body: 'x'.repeat(10_000) });
    }
  });
  const alongside = client.write(20);
  await expect(large).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  await alongside;
  await client.write(5);
  expect((await idsIn(store)).sort()).toEqual([...client.acknowledged].sort());
  expect((await store.verify()).defect).toBeNull();
  await store.close();
});

test('a file that may not grow is STORAGE_FAILED, and works again once it may', async (context) => {
  const directory = temporaryDirectory();
  const process = await OtherProcess.openOne(directory);
  const subjects = (name: string) => Array.from({ length: 30 }, (_, index) => `${name}${index}`);
  const before = await process.ask('createTodos', subjects('before'));
  try {
    process.limitFileSize(60_000);
  } catch {
    context.skip('there is no prlimit here');
  }
  const refused = process.ask('createTodos', subjects('refused'));
  await expect(refused).rejects.toThrow('cannot be written or read (SQLITE_IOERR');
  expect((await process.ask('health')).log).toBe('failed');
  expect(await process.ask('head')).toBeGreaterThanOrEqual(before.length);
  process.limitFileSize('unlimited');
  const after = await process.ask('createTodos', subjects('after'));
  await until(async () => (await process.ask('health')).log === 'ok');
  await process.kill();
  const store = await openTemporary({ directory, replicaInMemory: true });
  const positions = new Set(
    (await store.versionsBetween(positionZero, await store.head())).map((v) => v.position),
  );
  for (const position of [...before, ...after]) expect(positions).toContain(position);
  expect((await store.verify()).defect).toBeNull();
});

describe('the data directory under a running store:', () => {
  const home = () => {
    const directory = join(temporaryDirectory(), 'data');
    mkdirSync(directory);
    return directory;
  };

  test('moved away, writes are refused, reads go on, and back again all is well', async () => {
    const directory = home();
    const { store, changes } = await openWatched(directory);
    const client = new Client(store);
    await client.write(10);
    renameSync(directory, `${directory}-away`);
    await client.write(10);
    expect(new Set(client.codes)).toEqual(new Set(['STORAGE_FAILED']));
    expect(store.health().log).toBe('gone');
    expect(await store.count(Todo)).toBe(10);
    expect(await idsIn(store)).toEqual(client.acknowledged);
    renameSync(`${directory}-away`, directory);
    await client.write(10);
    expect(client.acknowledged).toHaveLength(20);
    const states = statesOf(changes.filter(({ part }) => part === 'log'));
    expect(states).toEqual(['log: gone', 'log: ok']);
    expect(await differences(store)).toEqual([]);
  });

  test('deleted, it is noticed without a write, and nothing is made in its place', async () => {
    const directory = home();
    const { store, changes } = await openWatched(directory);
    const client = new Client(store);
    await client.write(10);
    rmSync(directory, { recursive: true });
    await until(() => store.health().log === 'gone');
    await client.write(10);
    expect(new Set(client.codes)).toEqual(new Set(['STORAGE_FAILED']));
    expect(await store.count(Todo)).toBe(10);
    expect(statesOf(changes)).toContain('log: gone');
    expect(existsSync(directory)).toBe(false);
    await store.close();
    expect(existsSync(directory)).toBe(false);
  });

  test('replaced by another log, that one is left as it is', async () => {
    const directory = home();
    const other = home();
    const another = await openStore({ directory: other, entities: shippedEntities });
    await another.append(Todo, { id: 'theirs' });
    await another.close();
    const { store } = await openWatched(directory);
    const client = new Client(store);
    await client.write(10);
    renameSync(directory, `${directory}-away`);
    cpSync(other, directory, { recursive: true });
    const theirs = readFileSync(logPath(directory));
    await client.write(10);
    expect(client.codes).toHaveLength(10);
    await store.close();
    expect(readFileSync(logPath(directory)).equals(theirs)).toBe(true);
  });

  test('its write-ahead log deleted, writes are refused', async () => {
    const directory = home();
    const { store } = await openWatched(directory);
    const client = new Client(store);
    await client.write(10);
    rmSync(`${logPath(directory)}-wal`);
    await client.write(10);
    expect(client.codes).toHaveLength(10);
    expect(store.health().log).toBe('gone');
  });
});

test('an upload that a disk has no room for is refused, and a smaller one is kept', async (context) => {
  const disk = smallDisk(context, 16_384);
  const { store } = await openWatched(disk, { replicaInMemory: true });
  const upload = (bytes: number) => store.receiveUpload(Readable.from([randomBytes(bytes)]));
  await expect(upload(20_000_000)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  await until(() => store.health().log === 'ok');
  const uploaded = await upload(2_000_000);
  await store.transact(async (log) =>
    log.create(LakeFile, { filename: 'f', ...(await log.keepUpload(uploaded)) }),
  );
  expect(await store.verify()).toEqual({ versions: 1, defect: null });
});

test('the log stays locked, so that no other program takes itself for its last', async (context) => {
  if (!existsSync('/proc/locks')) context.skip('this system does not list the locks of files');
  const directory = temporaryDirectory();
  const process = await OtherProcess.openOne(directory);
  await process.ask('createTodos', ['before']);
  const { ino } = statSync(logPath(directory));
  const locks = readFileSync('/proc/locks', 'utf8').split('\n');
  // SQLite older than 3.51 deletes the write-ahead log when it closes a log that nobody has locked.
  const sharedRange = '1073741826 1073742335';
  const own = locks.filter((line) => line.includes(` READ ${process.pid} `));
  expect(own.filter((line) => line.endsWith(`:${ino} ${sharedRange}`))).toHaveLength(1);
});

test('a clock that goes back two days costs no write, and time goes on in the log', async () => {
  const directory = temporaryDirectory();
  const dayUs = 86_400_000_000;
  let backUs = 0;
  const clock = () => systemClock() - backUs;
  const { store, faults } = await openWatched(directory, { clock });
  const client = new Client(store);
  await client.write(10);
  const upload = await store.beginResumable({ viewer: null, size: 2, metadata: 'filename Zg==' });
  const before = await store.versionsBetween(positionZero, await store.head());
  backUs = 2 * dayUs;
  await client.write(10);
  // Nothing is older than it is.
  await store.collectUploads();
  expect(await store.findResumable(upload, null)).not.toBeNull();
  await store.close();
  const again = await openWatched(directory, { clock });
  await again.store.update(Todo, 't1', { body: 'later' });
  expect(client.codes).toEqual([]);
  const all = await again.store.versionsBetween(positionZero, await again.store.head());
  expect(all.map(({ id }) => id)).toEqual([...client.acknowledged, 't1']);
  const times = all.map(({ committedAt }) => committedAt);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  // A moment of before answers what it answered before.
  const moment = before.at(-1)?.committedAt as number;
  expect(await again.store.positionAtTime(moment)).toBe(10);
  expect(await differences(again.store)).toEqual([]);
  expect((await again.store.verify()).defect).toBeNull();
  expect([...faults, ...again.faults]).toEqual([]);
});
