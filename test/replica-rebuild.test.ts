/** The replica’s file: used again where it agrees with the log, built anew on any doubt. */
import { cpSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { LogReader } from '../src/db/log/log-reader.ts';
import { LogFile } from '../src/db/log/sqlite/log-file.ts';
import { schemaVersion } from '../src/db/log/sqlite/migrations.ts';
import { openReplicaFile } from '../src/db/replica/replica-file.ts';
import { defineEntity, field, LakeFile, type Position, Todo } from '../src/entities/index.ts';
import { lakeFile } from './support/lake-file.ts';
import { logPath, openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

const replicaPath = (directory: string, number = 1) =>
  join(directory, 'replica', `${number}.duckdb`);

/** Writes versions 1 to 4 and closes: of todo x one that is superseded and one in force. */
async function usedDirectory(directory = temporaryDirectory()): Promise<string> {
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'x', subject: 'one' });
  await store.append(LakeFile, { ...lakeFile('a.csv'), id: 'f' });
  await store.update(Todo, 'x', { subject: 'two' });
  await store.append(Todo, { id: 'y', subject: 'why' });
  await store.close();
  return directory;
}

async function inReplica(path: string, use: (connection: DuckDBConnection) => Promise<unknown>) {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await use(connection);
  connection.closeSync();
  instance.closeSync();
}

/** Leaves a mark in the replica alone: while it shows, answers come from the file as it was. */
async function mark(directory: string): Promise<void> {
  await inReplica(replicaPath(directory), async (connection) => {
    await connection.run(`update todos set subject = 'marked' where position = 1`);
  });
}

/**
 * What the replica tells, by which it picks records: which subjects there were at position 2, and
 * the list of now. Whole versions come from the log.
 */
async function subjects(directory: string, entities = [Todo, LakeFile]) {
  const store = await openTemporary({ directory, entities });
  const earlier: string[] = [];
  for (const subject of ['one', 'marked']) {
    const filter = { subject: { eq: subject } };
    const count = await store.count(Todo, { at: 2 as Position, filter });
    if (count === 1) earlier.push(subject);
  }
  const { versions: now } = await store.list(Todo);
  await store.close();
  return { earlier, now: now.map(({ id, values }) => [id, values.subject]) };
}
const atTheEnd = [
  ['y', 'why'],
  ['x', 'two'],
];
const asLogged = { earlier: ['one'], now: atTheEnd };
const asMarked = { earlier: ['marked'], now: atTheEnd };

test('a replica that agrees with the log is used as it is', async () => {
  const directory = await usedDirectory();
  await mark(directory);
  expect(await subjects(directory)).toEqual(asMarked);
});

test('a replica that is behind the log gets the tail alone', async () => {
  const directory = await usedDirectory();
  await mark(directory);
  const other = await openTemporary({ directory, replicaInMemory: true });
  await other.update(Todo, 'x', { subject: 'three' });
  await other.delete(Todo, 'y');
  await other.close();
  expect(await subjects(directory)).toEqual({
    earlier: ['marked'],
    now: [['x', 'three']],
  });
});

test('what a killed process had applied but not merged is applied again, once', async () => {
  const directory = await usedDirectory();
  await mark(directory);
  const store = await openTemporary({ directory });
  await store.update(Todo, 'x', { subject: 'three' });
  expect((await store.get(Todo, 'x'))?.revision).toBe(3);
  // What lies on disk at this moment is what a kill would leave.
  const copy = temporaryDirectory();
  cpSync(directory, copy, { recursive: true });
  expect(await subjects(copy)).toEqual({
    earlier: ['marked'],
    now: [
      ['x', 'three'],
      ['y', 'why'],
    ],
  });
});

test('what a killed process had merged, and not written into the file, is merged again, once', async () => {
  const directory = await usedDirectory();
  await mark(directory);
  const queries: string[] = [];
  const store = await openTemporary({
    directory,
    keptAnswersBytesMax: 0,
    onReplicaQuery: (text) => queries.push(text),
    replicaLimits: { mergeRows: 1, checkpointBytes: 1_000_000, idleCheckpointBytes: 1_000_000 },
  });
  await store.update(Todo, 'x', { subject: 'three' });
  await store.delete(Todo, 'y');
  // A merge is over when a list need not look for what is not merged.
  await until(async () => {
    queries.length = 0;
    await store.count(Todo);
    return !queries.some((text) => text.includes('_delta'));
  });
  const copy = temporaryDirectory();
  cpSync(directory, copy, { recursive: true });
  expect(readdirSync(join(copy, 'replica'))).toEqual(['1.duckdb']);
  expect(await subjects(copy)).toEqual({ earlier: ['marked'], now: [['x', 'three']] });
  await store.close();
  expect(await subjects(directory)).toEqual({ earlier: ['marked'], now: [['x', 'three']] });
});

test('a store of fewer kinds uses its replica again, too', async () => {
  const directory = await usedDirectory();
  const others = await openTemporary({ directory });
  await others.append(LakeFile, lakeFile('last.csv'));
  await others.close();
  expect(await subjects(directory, [Todo] as never)).toEqual(asLogged);
  await mark(directory);
  expect(await subjects(directory, [Todo] as never)).toEqual(asMarked);
});

describe('the replica is built anew when', () => {
  const doubts: [string, (directory: string) => Promise<unknown> | unknown][] = [
    ['its directory is gone', (d) => rmSync(join(d, 'replica'), { recursive: true })],
    ['its file is garbage', (d) => writeFileSync(replicaPath(d), 'garbage'.repeat(9_999))],
    ['its file is empty', (d) => writeFileSync(replicaPath(d), '')],
    ['its file was cut off', (d) => truncateSync(replicaPath(d), 20_000)],
    [
      'it is of another format',
      (d) => inReplica(replicaPath(d), (c) => c.run(`update replica_state set fingerprint = ''`)),
    ],
    [
      'it does not know how far it is',
      (d) => inReplica(replicaPath(d), (c) => c.run('delete from replica_state')),
    ],
    [
      'it lacks a table',
      (d) => inReplica(replicaPath(d), (c) => c.run('drop table todos_current')),
    ],
    [
      'it is another database',
      async (d) => {
        rmSync(replicaPath(d));
        await inReplica(replicaPath(d), (c) => c.run('create table other (id integer)'));
      },
    ],
    [
      'its last digest is another',
      (d) => inReplica(replicaPath(d), (c) => c.run(`update replica_state set digest = 'x'::blob`)),
    ],
    [
      'it is ahead of the log',
      (d) => inReplica(replicaPath(d), (c) => c.run('update replica_state set position = 9')),
    ],
    [
      'it is of another log',
      async (d) => {
        const other = await usedDirectory();
        await mark(other);
        cpSync(replicaPath(other), replicaPath(d));
      },
    ],
  ];
  test.for(doubts)('%s', async ([, doubt]) => {
    const directory = await usedDirectory();
    await mark(directory);
    await doubt(directory);
    expect(await subjects(directory)).toEqual(asLogged);
    // And the new one is kept.
    await mark(directory);
    expect(await subjects(directory)).toEqual(asMarked);
  });

  test('the log was restored from an older copy', async () => {
    const directory = await usedDirectory();
    const copy = temporaryDirectory();
    cpSync(logPath(directory), logPath(copy));
    const store = await openTemporary({ directory });
    await store.update(Todo, 'x', { subject: 'lost' });
    await store.close();
    cpSync(logPath(copy), logPath(directory));
    expect(await subjects(directory)).toEqual(asLogged);
  });

  test('the log was restored and then went on differently', async () => {
    const directory = await usedDirectory();
    const copy = temporaryDirectory();
    cpSync(logPath(directory), logPath(copy));
    const store = await openTemporary({ directory });
    await store.update(Todo, 'x', { subject: 'lost' });
    await store.close();
    cpSync(logPath(copy), logPath(directory));
    const other = await openTemporary({ directory, replicaInMemory: true });
    for (const subject of ['three', 'four']) await other.update(Todo, 'x', { subject });
    await other.close();
    expect((await subjects(directory)).now).toEqual([
      ['x', 'four'],
      ['y', 'why'],
    ]);
  });

  test('a definition gained a field', async () => {
    const directory = await usedDirectory();
    await mark(directory);
    const Wider = defineEntity({
      name: 'Todo',
      description: Todo.description,
      fields: { ...Todo.fields, colour: field.text({ description: 'Its colour.' }) },
    });
    const store = await openTemporary({ directory, entities: [Wider, LakeFile] });
    for (const at of [1, 4] as Position[]) {
      const { versions } = await store.list(Wider, { at, filter: { id: { eq: 'x' } } });
      expect(versions.map(({ values }) => [values.subject, values.colour])).toEqual([
        [at === 1 ? 'one' : 'two', null],
      ]);
    }
  });
});

test('two stores on one directory in one process have a replica each and see each other', async () => {
  const directory = await usedDirectory();
  const [a, b] = [await openTemporary({ directory }), await openTemporary({ directory })];
  const files = readdirSync(join(directory, 'replica')).filter((name) => name.endsWith('.duckdb'));
  expect(files.sort()).toEqual(['1.duckdb', '2.duckdb']);
  for (let count = 0; count < 20; count += 1) {
    const [writer, reader] = count % 2 ? [a, b] : [b, a];
    const { version } = await writer.update(Todo, 'x', { priority: count });
    expect(await reader.get(Todo, 'x')).toEqual(version);
    expect((await reader.list(Todo)).versions.find(({ id }) => id === 'x')).toEqual(version);
    expect((await reader.history(Todo, 'x')).at(-1)).toEqual(version);
  }
});

test('a directory takes only so many stores, and says so', async () => {
  const directory = await usedDirectory();
  for (let count = 0; count < 16; count += 1) await openTemporary({ directory });
  await expect(openTemporary({ directory })).rejects.toMatchObject({ code: 'CANNOT_OPEN' });
});

test('a replica in memory leaves no file', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory, replicaInMemory: true });
  await store.append(Todo, { id: 'x' });
  expect((await store.get(Todo, 'x'))?.id).toBe('x');
  expect(readdirSync(directory)).not.toContain('replica');
});

test('a large log is built into the replica in several batches and merges', async () => {
  const directory = temporaryDirectory();
  const first = await openTemporary({ directory });
  await first.transact(async (log) => {
    for (let count = 0; count < 300; count += 1) await log.create(Todo, { id: `${count}` });
  });
  for (let round = 0; round < 5; round += 1) {
    await first.transact(async (log) => {
      for (let count = 0; count < 300; count += 2) {
        await log.update(Todo, `${count}`, { priority: round });
      }
    });
  }
  const moments = [300, 700, 1_050] as Position[];
  const listed = (store: Store) =>
    Promise.all(moments.map(async (at) => (await store.list(Todo, { at })).versions));
  const [expected, whole] = [await listed(first), (await first.list(Todo)).versions];
  await first.close();
  rmSync(join(directory, 'replica'), { recursive: true });
  const replicaLimits = { catchUpBatchRows: 64, buildMergeRows: 200 };
  const rebuilt = await openTemporary({ directory, replicaLimits });
  expect(await listed(rebuilt)).toEqual(expected);
  expect((await rebuilt.list(Todo)).versions).toEqual(whole);
});

describe('DuckDB is locked down:', () => {
  const forbidden: [string, string, string][] = [
    ['it reads no file', `select * from read_text('/etc/hostname')`, 'disabled'],
    ['it reads no table from a file', `select * from '/etc/hostname.csv'`, 'disabled'],
    ['it writes no file', `copy (select 1) to '/tmp/everstate-forbidden.csv'`, 'disabled'],
    ['it attaches no other database', `attach '/tmp/everstate-forbidden.duckdb'`, 'disabled'],
    ['it installs no extension', 'install httpfs', 'disabled'],
    ['its configuration stays', `set memory_limit = '100GB'`, 'locked'],
    ['its access stays closed', 'set enable_external_access = true', 'locked'],
  ];
  test.for(forbidden)('%s', async ([, statement, message]) => {
    const directory = await usedDirectory();
    const log = LogFile.open(logPath(directory), schemaVersion);
    const reader = new LogReader(log, [Todo, LakeFile]);
    const replica = await openReplicaFile(join(directory, 'replica'), reader, [Todo], {
      memoryMaxMb: 100,
      threads: 1,
    });
    const connection = await replica.connect();
    onTestFinished(async () => {
      connection.closeSync();
      replica.close();
      await log.close();
    });
    await expect(connection.run(statement)).rejects.toThrow(message);
    const limit = await connection.runAndReadAll(`select current_setting('memory_limit')`);
    expect(limit.getRows()[0]?.[0]).toBe('95.3 MiB');
  });
});
