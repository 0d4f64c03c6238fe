/**
 * fsync that fails. A second one may then succeed and say nothing of what the first one lost, so
 * nothing is acknowledged until the log was opened anew and found whole.
 */
import { describe, expect, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { positionZero, Todo } from '../src/entities/index.ts';
import { differences } from './support/differences.ts';
import { failCommits, failSync } from './support/failing-sync.ts';
import { OtherProcess } from './support/other-process.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { openWatched, statesOf } from './support/watched-store.ts';

const inDoubt = /could not be brought to disk \(SQLITE_IOERR_FSYNC\)\. Whether this is kept/;
/** Whoever meets it first: what stores an upload, or what takes the write-ahead log in beside it. */
const notOnDisk = /could not be brought to disk/;
const refused = /Until it was opened anew and found whole nothing is written/;

async function subjectsIn(store: Store): Promise<unknown[]> {
  const versions = await store.versionsBetween(positionZero, await store.head());
  return versions.map(({ values }) => (values as { subject: string }).subject);
}

const names = (name: string, count = 10) =>
  Array.from({ length: count }, (_, index) => `${name}${index}`);

test('a log that could not be brought to disk is opened anew, and then written again', async (context) => {
  const directory = temporaryDirectory();
  const process = await OtherProcess.openOne(directory);
  await process.ask('createTodos', names('before'));
  const end = await failSync(context, process.pid, `${logPath(directory)}-wal`);
  await expect(process.ask('createTodos', ['doubted'])).rejects.toThrow(inDoubt);
  for (let count = 0; count < 3; count += 1) {
    await expect(process.ask('createTodos', ['refused'])).rejects.toThrow(refused);
  }
  expect((await process.ask('health')).log).toBe('failed');
  // Reads go on, and show nothing of what was not acknowledged.
  expect(await process.ask('head')).toBe(10);
  expect(await process.ask('differences')).toEqual([]);
  await end();
  await until(async () => (await process.ask('health')).log === 'ok');
  await process.ask('createTodos', names('after'));
  await process.kill();
  const store = await openTemporary({ directory, replicaInMemory: true });
  expect(await subjectsIn(store)).toEqual([...names('before'), ...names('after')]);
  expect(await store.verify()).toEqual({ versions: 20, defect: null });
});

test('an upload that could not be brought to disk is not kept, and one after it is', async (context) => {
  const directory = temporaryDirectory();
  const process = await OtherProcess.openOne(directory);
  await process.ask('createTodos', ['before']);
  const end = await failSync(context, process.pid, `${logPath(directory)}-wal`);
  await expect(process.ask('uploadFile', 9_000_000)).rejects.toThrow(notOnDisk);
  expect((await process.ask('health')).log).toBe('failed');
  await expect(process.ask('uploadFile', 9_000_000)).rejects.toThrow(refused);
  await end();
  await until(async () => (await process.ask('health')).log === 'ok');
  const sha256 = await process.ask('uploadFile', 9_000_000);
  await process.kill();
  const store = await openTemporary({ directory, replicaInMemory: true });
  const versions = await store.versionsBetween(positionZero, await store.head());
  expect(versions.map(({ values }) => values.sha256)).toEqual([undefined, sha256]);
  expect(await store.verify()).toEqual({ versions: 2, defect: null });
});

test('nor is one that was under way then, whichever of them was to be brought to disk', async (context) => {
  const directory = temporaryDirectory();
  const process = await OtherProcess.openOne(directory);
  const begun = await process.ask('beginUpload', 20_000_000);
  const end = await failSync(context, process.pid, `${logPath(directory)}-wal`);
  await expect(process.ask('uploadFile', 9_000_000)).rejects.toThrow(notOnDisk);
  await end();
  await until(async () => (await process.ask('health')).log === 'ok');
  await expect(process.ask('endUpload', begun)).rejects.toThrow('so it was not kept');
  const later = await process.ask('beginUpload', 20_000_000);
  expect(await process.ask('endUpload', later)).toHaveLength(64);
});

test('a kill before that loses nothing acknowledged, and may keep what was in doubt', async (context) => {
  const directory = temporaryDirectory();
  const process = await OtherProcess.openOne(directory);
  await process.ask('createTodos', names('before'));
  await failSync(context, process.pid, `${logPath(directory)}-wal`);
  await expect(process.ask('createTodos', ['doubted'])).rejects.toThrow(inDoubt);
  await expect(process.ask('createTodos', ['refused'])).rejects.toThrow(refused);
  await process.kill();
  const store = await openTemporary({ directory, replicaInMemory: true });
  const subjects = await subjectsIn(store);
  expect(subjects.slice(0, 10)).toEqual(names('before'));
  expect([[], ['doubted']]).toContainEqual(subjects.slice(10));
  expect((await store.verify()).defect).toBeNull();
});

describe('in this process, where SQLite is made to say that a commit was not brought to disk,', () => {
  test('all who share it are refused, and no other is tried until the log is whole', async () => {
    const { store, changes } = await openWatched(temporaryDirectory());
    await store.append(Todo, { subject: 'before' });
    const commits = failCommits();
    const together = names('doubted', 5).map((subject) => store.append(Todo, { subject }));
    for (const each of await Promise.allSettled(together)) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'STORAGE_FAILED' } });
    }
    expect(commits.tried()).toBe(1);
    await expect(store.append(Todo, { subject: 'refused' })).rejects.toThrow(refused);
    expect(commits.tried()).toBe(1);
    expect(await differences(store)).toEqual([]);
    // Whether the log works again is tried by itself, and that fails as well.
    await until(() => commits.tried() > 1);
    await expect(store.append(Todo, { subject: 'refused' })).rejects.toThrow(refused);
    commits.succeed();
    await until(() => store.health().log === 'ok');
    const { id, position } = await store.append(Todo, { subject: 'after' });
    expect(await subjectsIn(store)).toEqual(['before', 'after']);
    expect((await store.update(Todo, id, { subject: 'later' })).version.revision).toBe(2);
    expect(await store.head()).toBe(position + 1);
    expect(await differences(store)).toEqual([]);
    expect(statesOf(changes)).toEqual(['log: failed', 'log: ok']);
    expect(changes[1]?.message).toContain('opened anew and found whole');
    expect((await store.verify()).defect).toBeNull();
  });

  test('commits of other processes are noticed as before', async () => {
    const directory = temporaryDirectory();
    const { store } = await openWatched(directory);
    await store.append(Todo, {});
    const commits = failCommits();
    await expect(store.append(Todo, {})).rejects.toThrow(inDoubt);
    commits.succeed();
    await until(() => store.health().log === 'ok');
    const other = await OtherProcess.openOne(directory);
    await other.ask('createTodos', names('theirs', 3));
    expect(await store.head()).toBe(4);
    expect(await store.count(Todo)).toBe(4);
  });

  test('a log that lacks what was acknowledged is not written any more', async () => {
    const directory = temporaryDirectory();
    const { store, changes } = await openWatched(directory);
    await store.append(Todo, {});
    await store.append(Todo, { id: 'lost' });
    const commits = failCommits();
    await expect(store.append(Todo, {})).rejects.toThrow(inDoubt);
    commits.succeed();
    const raw = rawLog(directory);
    raw.exec(`
      drop trigger todos_refuses_delete; drop trigger transactions_refuses_delete;
      delete from todos where id = 'lost'; delete from transactions where id = 2`);
    await until(() => changes.length > 1);
    expect(changes[1]?.message).toContain('lacks what was acknowledged up to position 2');
    await expect(store.append(Todo, {})).rejects.toThrow(refused);
    expect(store.health().log).toBe('failed');
  });
});
