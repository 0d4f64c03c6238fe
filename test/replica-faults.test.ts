/**
 * The replica is disposable: whatever is wrong with its file, at the start or later, costs a file and
 * never an answer. Every answer is compared with the log.
 */
import { fork } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { limits, openStore, type StateChange } from '../src/db/index.ts';
import { LogReader } from '../src/db/log/log-reader.ts';
import { LogFile } from '../src/db/log/sqlite/log-file.ts';
import { schemaVersion } from '../src/db/log/sqlite/migrations.ts';
import { queryCount } from '../src/db/queries/page-query.ts';
import { ReplicaKeeper } from '../src/db/replica/replica-keeper.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { differences } from './support/differences.ts';
import { OtherProcess } from './support/other-process.ts';
import { compiled } from './support/run-directory.ts';
import { fill, makeRoom, smallDisk } from './support/small-disk.ts';
import { logPath, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { openWatched, statesOf } from './support/watched-store.ts';

const replicaPath = (directory: string) => join(directory, 'replica', '1.duckdb');

/** Writes todos of which a third have two versions and some are deleted, and closes. */
async function usedDirectory(todos: number): Promise<string> {
  const directory = temporaryDirectory();
  const store = await openStore({ directory, entities: shippedEntities });
  await store.transact(async (log) => {
    for (let count = 0; count < todos; count += 1) {
      const body = `${Math.sin(count)}`.repeat(10);
      await log.create(Todo, { id: `t${count}`, subject: `todo ${count}`, body });
    }
  });
  await store.transact(async (log) => {
    for (let count = 0; count < todos; count += 3)
      await log.update(Todo, `t${count}`, { body: '' });
    for (let count = 0; count < todos; count += 7) await log.delete(Todo, `t${count}`);
  });
  await store.close();
  return directory;
}

/** Overwrites everything after the headers, as a bad disk or another program might. */
function damage(path: string): void {
  const file = openSync(path, 'r+');
  const length = statSync(path).size - 12_288;
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, 12_288);
  closeSync(file);
}

test('a bit that flips anywhere in the file costs no start and no answer', {
  timeout: 180_000,
}, async () => {
  const directory = await usedDirectory(600);
  const { size } = statSync(replicaPath(directory));
  const headers = [0, 9, 50, 4_096, 4_105, 4_140, 8_192, 8_201, 8_236];
  const blocks = Array.from({ length: 15 }, (_, index) => Math.floor(((index + 0.5) * size) / 15));
  const places = [...headers, ...blocks];
  const args = [directory, temporaryDirectory(), JSON.stringify(places)];
  const child = fork(compiled('test/support/flipped-replica.ts'), args);
  const outcomes = new Map<number, string>();
  child.on('message', ({ place, outcome }: { place: number; outcome: string }) => {
    outcomes.set(place, outcome);
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect([...outcomes].filter(([, outcome]) => outcome !== 'right')).toEqual([]);
  expect([outcomes.size, code]).toEqual([places.length, 0]);
});

describe('the store opens, and answers as the log does, when the replica’s', () => {
  const faults: [string, (directory: string) => void][] = [
    [
      'last byte is missing',
      (d) => truncateSync(replicaPath(d), statSync(replicaPath(d)).size - 1),
    ],
    ['blocks are all damaged', (d) => damage(replicaPath(d))],
    [
      'write-ahead log is garbage',
      (d) => writeFileSync(`${replicaPath(d)}.wal`, 'x'.repeat(9_999)),
    ],
    ['write-ahead log is a directory', (d) => mkdirSync(`${replicaPath(d)}.wal`)],
    [
      'file is a directory',
      (d) => {
        rmSync(replicaPath(d));
        mkdirSync(join(replicaPath(d), 'kept'), { recursive: true });
      },
    ],
  ];
  test.for(faults)('%s', async ([, fault]) => {
    const directory = await usedDirectory(100);
    fault(directory);
    for (let start = 0; start < 2; start += 1) {
      const { store, changes } = await openWatched(directory);
      expect(await differences(store)).toEqual([]);
      expect(changes.filter(({ state }) => state === 'memory')).toEqual([]);
      await store.append(Todo, {});
      await store.close();
    }
  });
});

describe('the replica lies in memory, and the log says so, when', () => {
  const faults: [string, (directory: string) => void][] = [
    [
      'a file has the place of its directory',
      (d) => {
        rmSync(join(d, 'replica'), { recursive: true });
        writeFileSync(join(d, 'replica'), 'kept');
      },
    ],
    [
      'directories have the places of all its files',
      (d) => {
        rmSync(replicaPath(d));
        for (let number = 1; number <= 16; number += 1) {
          mkdirSync(join(d, 'replica', `${number}.duckdb`));
        }
      },
    ],
  ];
  test.for(faults)('%s', async ([, fault]) => {
    const directory = await usedDirectory(100);
    fault(directory);
    const { store, changes } = await openWatched(directory);
    expect(statesOf(changes)).toEqual(['replica: memory']);
    expect(await differences(store)).toEqual([]);
    expect(store.health()).toEqual({ log: 'ok', replica: 'memory' });
  });

  test('its directory cannot be written', async (context) => {
    if (process.geteuid?.() === undefined) context.skip('nobody can become another user here');
    const directory = await usedDirectory(100);
    chmodSync(directory, 0o777);
    for (const name of readdirSync(directory)) {
      if (name.startsWith('everstate.db')) chmodSync(join(directory, name), 0o666);
    }
    chmodSync(join(directory, 'replica'), 0o555);
    const isSuperuser = process.geteuid?.() === 0;
    if (isSuperuser) process.seteuid?.(65_534);
    try {
      const { store, changes } = await openWatched(directory);
      expect(statesOf(changes)).toEqual(['replica: memory']);
      expect(await differences(store)).toEqual([]);
      await store.close();
    } finally {
      if (isSuperuser) process.seteuid?.(0);
    }
  });
});

test('a file that is damaged under a running store is given up, and another is built', async () => {
  const directory = await usedDirectory(1_000);
  const { store, changes, faults } = await openWatched(directory);
  damage(replicaPath(directory));
  const reads = Array.from({ length: 3 }, () => differences(store));
  expect(await Promise.all(reads)).toEqual(reads.map(() => []));
  expect(statesOf(changes)).toEqual(['replica: building', 'replica: ok']);
  expect(store.health()).toEqual({ log: 'ok', replica: 'ok' });
  await store.append(Todo, { id: 'later' });
  expect(await differences(store)).toEqual([]);
  await store.close();
  expect(faults).toEqual([]);
  const reopened = await openWatched(directory);
  expect(await differences(reopened.store)).toEqual([]);
  expect(reopened.changes).toEqual([]);
});

test.for(['its file', 'its directory'])(
  '%s deleted under a running store is made anew',
  async (what) => {
    const directory = await usedDirectory(100);
    const { store, changes } = await openWatched(directory);
    rmSync(what === 'its file' ? replicaPath(directory) : join(directory, 'replica'), {
      recursive: true,
    });
    await until(() => changes.length === 2);
    expect(statesOf(changes)).toEqual(['replica: building', 'replica: ok']);
    expect(existsSync(replicaPath(directory))).toBe(true);
    expect(await differences(store)).toEqual([]);
  },
);

test('a file that may not grow any more is given up when it has to', async (context) => {
  const directory = temporaryDirectory();
  const process = await OtherProcess.openOne(directory);
  try {
    // Enough for the log, which holds everything once, and too little for the replica.
    process.limitFileSize(8_000_000);
  } catch {
    context.skip('there is no prlimit here');
  }
  for (let round = 0; round < 4; round += 1) await process.ask('createLarge', 400);
  await until(async () => (await process.ask('health')).replica === 'memory');
  expect(await process.ask('differences')).toEqual([]);
  expect((await process.ask('health')).log).toBe('ok');
  await process.kill();
  const { store } = await openWatched(directory);
  expect(await differences(store)).toEqual([]);
  expect(store.health()).toEqual({ log: 'ok', replica: 'ok' });
});

test('what fails again soon after is spaced, and lies in memory then', async () => {
  const directory = await usedDirectory(100);
  const log = LogFile.open(logPath(directory), schemaVersion);
  onTestFinished(() => log.close());
  const changes: StateChange[] = [];
  const keeper = await ReplicaKeeper.open(new LogReader(log, shippedEntities), shippedEntities, {
    directory: join(directory, 'replica'),
    resources: { memoryMaxMb: 100, threads: 1 },
    limits,
    alone: (work) => work(),
    onQuery: () => {},
    onFault: (error) => expect(error).toBeNull(),
    onStateChange: (change) => changes.push(change),
  });
  onTestFinished(() => keeper.close());
  const failOnce = async () => {
    let failed = false;
    return await keeper.read(async (replica) => {
      if (failed) return await queryCount(replica, Todo, { at: replica.watermark });
      failed = true;
      throw new Error('FATAL Error: Failed: database has been invalidated because of …');
    });
  };
  const count = await keeper.read((replica) =>
    queryCount(replica, Todo, { at: replica.watermark }),
  );
  expect(await failOnce()).toBe(count);
  expect(statesOf(changes)).toEqual(['replica: building', 'replica: ok']);
  const began = performance.now();
  expect(await failOnce()).toBe(count);
  expect(statesOf(changes).slice(2)).toEqual(['replica: building', 'replica: memory']);
  expect(performance.now() - began).toBeGreaterThan(limits.retryMinMs - 1);
  expect(readdirSync(join(directory, 'replica'))).toEqual([]);
});

test('a disk of the replica that is full costs no write and no read', async (context) => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'replica'));
  const disk = smallDisk(context, 12_288, join(directory, 'replica'));
  const { store, changes } = await openWatched(directory, {
    replicaLimits: { mergeRows: 100, checkpointBytes: 100_000 },
  });
  const acknowledged: string[] = [];
  for (let round = 0; round < 30; round += 1) {
    if (round === 10) fill(disk);
    const created = Array.from({ length: 50 }, () =>
      store.append(Todo, { body: `${Math.random()}`.repeat(100) }),
    );
    for (const { id } of await Promise.all(created)) acknowledged.push(id);
    expect(await store.count(Todo)).toBe(acknowledged.length);
  }
  expect(await differences(store)).toEqual([]);
  // It is found out when the next versions are merged.
  await until(() => changes.length === 2);
  expect(statesOf(changes)).toEqual(['replica: building', 'replica: memory']);
  expect(await differences(store)).toEqual([]);
  expect(store.health()).toEqual({ log: 'ok', replica: 'memory' });
  await store.close();
  makeRoom(disk);
  const reopened = await openWatched(directory);
  expect(await differences(reopened.store)).toEqual([]);
  expect(reopened.store.health()).toEqual({ log: 'ok', replica: 'ok' });
  await reopened.store.close();
});

test('a replica that cannot be built is tried again after pauses, and reads say so', async () => {
  const directory = temporaryDirectory();
  const { store, changes } = await openWatched(directory, {
    replicaInMemory: true,
    replicaMemoryMaxMb: 10,
  });
  // More than its memory holds.
  const body = 'x'.repeat(60_000);
  for (let round = 0; round < 6; round += 1) {
    await store.transact(async (log) => {
      for (let count = 0; count < 100; count += 1)
        await log.create(Todo, { body: `${count}${body}` });
    });
  }
  await until(() => changes.length > 0);
  await expect(store.count(Todo)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(store.health()).toEqual({ log: 'ok', replica: 'failed' });
  // What the log alone answers goes on.
  expect(await store.totals()).toMatchObject({ versions: 600 });
  expect(changes.length).toBeLessThan(6);
});
