/** Several processes on one data directory: SQLite arbitrates, and each sees the others. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  LakeFile,
  type Position,
  positionZero,
  Todo,
  type Version,
} from '../src/entities/index.ts';
import { OtherProcess } from './support/other-process.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

const names = Array.from({ length: 60 }, (_, index) => `${index}.csv`);

test('processes that start together on a new directory get a replica each', async () => {
  const directory = temporaryDirectory();
  const processes = await OtherProcess.open(directory, 4);
  const files = readdirSync(join(directory, 'replica')).filter((name) => name.endsWith('.duckdb'));
  expect(files.sort()).toEqual(['1.duckdb', '2.duckdb', '3.duckdb', '4.duckdb']);
  const positions = await Promise.all(processes.map((other) => other.ask('createTodos', ['a'])));
  expect(positions.flat().sort()).toEqual([1, 2, 3, 4]);
});

test('of writers of one name in several processes exactly one succeeds', async () => {
  const directory = temporaryDirectory();
  const others = await OtherProcess.open(directory, 2);
  const store = await openTemporary({ directory });
  const created = await Promise.all(others.map((other) => other.ask('createFiles', names)));
  expect(created.flat().sort()).toEqual(names.toSorted());
  expect((await store.list(LakeFile)).versions).toHaveLength(names.length);
  expect(await store.verify()).toEqual({ versions: names.length, defect: null });
});

test('what one process was acknowledged the other reads, at once and every way', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'x', subject: 'first' });
  const other = await OtherProcess.openOne(directory);
  for (let count = 0; count < 30; count += 1) {
    const subject = String(count);
    await store.update(Todo, 'x', { subject });
    expect(await other.ask('subjects', 'x')).toEqual([subject, subject, subject]);
    const position = await other.ask('setSubject', { id: 'x', subject: `other ${subject}` });
    expect(await store.head()).toBe(position);
    expect((await store.get(Todo, 'x'))?.values.subject).toBe(`other ${subject}`);
  }
});

test('a follower in each process sees every commit of all, in one order', async () => {
  const directory = temporaryDirectory();
  const others = await OtherProcess.open(directory, 2);
  const store = await openTemporary({ directory });
  const total = 3 * 40;
  const following = others.map((other) => other.ask('follow', { after: 0, count: total }));
  const own: Version[] = [];
  const followOwn = async () => {
    for await (const version of store.follow()) {
      own.push(version);
      if (own.length === total) break;
    }
  };
  const subjects = Array.from({ length: 40 }, (_, index) => String(index));
  const write = async () => {
    for (const subject of subjects) await store.append(Todo, { subject });
  };
  await Promise.all([
    followOwn(),
    write(),
    ...others.map((other) => other.ask('createTodos', subjects)),
  ]);
  const positions = Array.from({ length: total }, (_, index) => index + 1);
  expect(await Promise.all(following)).toEqual([positions, positions]);
  expect(own.map(({ position }) => position)).toEqual(positions);
  expect(own).toEqual(await store.versionsBetween(positionZero, await store.head()));
});

test('a write waits while another process holds the log, and reads go on meanwhile', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'x' });
  const other = rawLog(directory);
  other.exec('begin immediate');
  const writing = store.append(Todo, { id: 'y' });
  for (let count = 0; count < 10; count += 1) {
    expect((await store.list(Todo)).versions.map(({ id }) => id)).toEqual(['x']);
  }
  other.exec('rollback');
  expect((await writing).position).toBe(2);
});

test('a process that is killed in the middle of writing takes nothing acknowledged with it', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const subjects = Array.from({ length: 5_000 }, (_, index) => String(index));
  for (let round = 0; round < 3; round += 1) {
    const other = await OtherProcess.openOne(directory);
    const [acknowledged = 0] = await other.ask('createTodos', ['acknowledged']);
    const writing = other.ask('createTodos', subjects).catch(() => null);
    while ((await store.head()) < acknowledged + 50) await store.append(Todo, { subject: 'own' });
    await other.kill();
    await writing;
    const { id, position } = await store.append(Todo, { subject: 'after' });
    expect(await store.head()).toBe(position);
    expect((await store.get(Todo, id))?.values.subject).toBe('after');
    const around = [acknowledged - 1, acknowledged] as [Position, Position];
    const [first] = await store.versionsBetween(...around);
    expect(first?.values).toMatchObject({ subject: 'acknowledged' });
  }
  const versions = await store.head();
  expect(await store.verify()).toEqual({ versions, defect: null });
});
