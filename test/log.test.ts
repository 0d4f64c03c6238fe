/** The log in SQLite: positions, time, revisions, and what one transaction is. */
import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import {
  AlreadyExists,
  InvalidInput,
  NotFound,
  RevisionConflict,
  type Store,
  Unavailable,
} from '../src/db/index.ts';
import { LogFile } from '../src/db/log/sqlite/log-file.ts';
import { schemaVersion } from '../src/db/log/sqlite/migrations.ts';
import { LakeFile, type Position, positionZero, Todo } from '../src/entities/index.ts';
import { lakeFile } from './support/lake-file.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

async function wholeLog(store: Store) {
  return await store.versionsBetween(positionZero, await store.head());
}

test('an empty log is at position 0 and answers nothing', async () => {
  const store = await openTemporary();
  expect(await store.head()).toBe(0);
  expect(await store.get(Todo, 'x')).toBeNull();
  expect(await store.history(Todo, 'x')).toEqual([]);
  expect(await store.list(Todo)).toEqual({ versions: [], more: false });
  expect(await store.totals()).toEqual({
    position: 0,
    committedAt: null,
    transactions: 0,
    versions: 0,
    replicaPosition: 0,
  });
});

test('positions are consecutive across entities and in commit order', async () => {
  const store = await openTemporary();
  const acknowledged: number[] = [];
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const { position } = await store.transact(async (log) => {
        if (index % 2) await log.create(Todo, { subject: String(index) });
        await log.create(LakeFile, lakeFile(`${index}.csv`));
      });
      acknowledged.push(position);
    }),
  );
  const versions = await wholeLog(store);
  expect(versions.map(({ position }) => position)).toEqual(
    Array.from({ length: 60 }, (_, index) => index + 1),
  );
  expect(acknowledged).toEqual(acknowledged.toSorted((a, b) => a - b));
  const commits = versions.map(({ transactionId }) => transactionId);
  expect(commits).toEqual(commits.toSorted((a, b) => a - b));
});

test('commit time increases strictly even when the clock steps back', async () => {
  const readings = [5_000, 5_000, 4_000, 10, 6_000];
  const store = await openTemporary({ clock: () => readings.shift() ?? 1 });
  const times: number[] = [];
  for (let count = 0; count < 6; count += 1) {
    const { transaction } = await store.transact((log) => log.create(Todo, {}));
    times.push(transaction?.committedAt ?? 0);
  }
  expect(times).toEqual([5_000, 5_001, 5_002, 5_003, 6_000, 6_001]);
});

test('commit time goes on increasing after a restart with a clock that was set back', async () => {
  const directory = temporaryDirectory();
  const before = await openTemporary({ directory, clock: () => 9_000 });
  await before.append(Todo, { id: 'x' });
  await before.close();
  const after = await openTemporary({ directory, clock: () => 1 });
  const { version } = await after.update(Todo, 'x', { subject: 'later' });
  expect(version).toMatchObject({ committedAt: 9_001, createdAt: 9_000, revision: 2 });
});

test('the versions of one transaction share its time, actor and reason', async () => {
  const store = await openTemporary();
  const { transaction, position } = await store.transact(
    async (log) => {
      await log.create(Todo, { id: 'a' });
      await log.create(Todo, { id: 'b' });
      await log.update(Todo, 'a', { status: 'done' });
    },
    { actor: 'ada', reason: 'import' },
  );
  expect(transaction).toMatchObject({
    id: 1,
    firstPosition: 1,
    lastPosition: 3,
    actor: 'ada',
    reason: 'import',
  });
  expect(position).toBe(3);
  const versions = await wholeLog(store);
  expect(new Set(versions.map(({ committedAt }) => committedAt)).size).toBe(1);
  expect(await store.transactions([1, 99] as never[])).toEqual([transaction, null]);
});

test('revisions count 1, 2, 3 … and each names the version that it supersedes', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x' });
  await store.append(Todo, { id: 'y' });
  await store.update(Todo, 'x', { status: 'open' });
  await store.delete(Todo, 'x');
  const history = await store.history(Todo, 'x');
  expect(history.map((v) => [v.revision, v.operation, v.position, v.previousPosition])).toEqual([
    [1, 'CREATE', 1, null],
    [2, 'UPDATE', 3, 1],
    [3, 'DELETE', 4, 3],
  ]);
});

test('an id that was ever used is refused, also after its record was deleted', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x' });
  const refusal = { code: 'ALREADY_EXISTS', id: 'x' };
  await expect(store.append(Todo, { id: 'x' })).rejects.toMatchObject(refusal);
  await store.delete(Todo, 'x');
  await expect(store.append(Todo, { id: 'x' })).rejects.toBeInstanceOf(AlreadyExists);
  expect(await store.head()).toBe(2);
});

test('ids of different entities do not meet', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x' });
  await store.append(LakeFile, { ...lakeFile('x.csv'), id: 'x' });
  expect((await store.get(LakeFile, 'x'))?.values.filename).toBe('x.csv');
});

test('changing or deleting an id that is unknown or deleted is refused', async () => {
  const store = await openTemporary();
  await expect(store.update(Todo, 'x', {})).rejects.toBeInstanceOf(NotFound);
  await expect(store.delete(Todo, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND', id: 'x' });
  await store.append(Todo, { id: 'x' });
  await store.delete(Todo, 'x');
  await expect(store.update(Todo, 'x', {})).rejects.toThrow('was deleted in revision 2');
  await expect(store.delete(Todo, 'x')).rejects.toBeInstanceOf(NotFound);
  expect(await store.head()).toBe(2);
});

test('an id that nobody gave sorts by the time of creation', async () => {
  const store = await openTemporary();
  const ids: string[] = [];
  for (let count = 0; count < 20; count += 1) ids.push((await store.append(Todo, {})).id);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(20);
});

test('a patch keeps what it leaves out and clears what it says is null', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x', subject: 'a', body: 'b', priority: 7, labels: ['l'] });
  const { version, changed } = await store.update(Todo, 'x', { body: null, status: undefined });
  expect(changed).toBe(true);
  expect(version.values).toMatchObject({ subject: 'a', body: null, priority: 7, labels: ['l'] });
});

test('a patch that changes nothing writes nothing', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x', subject: 'a', labels: ['l'] });
  const committed = await store.transact((log) =>
    log.update(Todo, 'x', { subject: 'a', labels: ['l'] }),
  );
  expect(committed).toMatchObject({ transaction: null, position: 1, value: { changed: false } });
  expect(committed.value.version.revision).toBe(1);
  expect(await store.totals()).toMatchObject({ position: 1, transactions: 1 });
});

test('an expected revision that is not the record’s is refused with what changed since', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x', subject: 'a' });
  await store.update(Todo, 'x', { subject: 'b' }, { expectedRevision: 1 });
  await store.update(Todo, 'x', { status: 'open', priority: 1 });
  const conflict = await store
    .update(Todo, 'x', { body: 'late' }, { expectedRevision: 2 })
    .catch((error) => error);
  expect(conflict).toBeInstanceOf(RevisionConflict);
  expect(conflict).toMatchObject({ expected: 2, actual: 3 });
  expect(conflict.changedFields.toSorted()).toEqual(['priority', 'status']);
  const ahead = store.delete(Todo, 'x', { expectedRevision: 4 });
  await expect(ahead).rejects.toBeInstanceOf(RevisionConflict);
  for (const expectedRevision of [-1, 0, 1.5, Number.NaN]) {
    await expect(store.delete(Todo, 'x', { expectedRevision })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['expectedRevision'] }],
    });
  }
  expect((await store.get(Todo, 'x'))?.revision).toBe(3);
});

test('of many writers that expect one revision exactly one succeeds', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x' });
  const attempts = await Promise.allSettled(
    Array.from({ length: 30 }, (_, index) =>
      store.update(Todo, 'x', { subject: `${index}` }, { expectedRevision: 1 }),
    ),
  );
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect((await store.history(Todo, 'x')).length).toBe(2);
});

test('one transaction spans kinds: when any part fails nothing of it is written', async () => {
  const store = await openTemporary();
  const failing = store.transact(async (log) => {
    await log.create(Todo, { id: 'x' });
    await log.create(LakeFile, lakeFile('a.csv'));
    await log.update(Todo, 'unknown', {});
  });
  await expect(failing).rejects.toBeInstanceOf(NotFound);
  expect(await store.totals()).toMatchObject({ position: 0, transactions: 0 });
  await store.append(LakeFile, lakeFile('a.csv'));
});

test('an error thrown by the work itself leaves nothing and goes to its caller alone', async () => {
  const store = await openTemporary();
  const ours = new Error('changed my mind');
  const results = await Promise.allSettled([
    store.append(Todo, { id: 'before' }),
    store.transact(async (log) => {
      await log.create(Todo, { id: 'x' });
      await log.putContents(Buffer.from('bytes'));
      throw ours;
    }),
    store.append(Todo, { id: 'after' }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: ours });
  expect((await wholeLog(store)).map(({ id, position }) => [id, position])).toEqual([
    ['before', 1],
    ['after', 2],
  ]);
  expect(await store.verify()).toEqual({ versions: 2, defect: null });
});

test('a problem that the work catches leaves the rest of its transaction whole', async () => {
  const store = await openTemporary();
  await store.append(LakeFile, lakeFile('a.csv'));
  await store.transact(async (log) => {
    await log.create(Todo, { id: 'x' });
    await log.create(LakeFile, lakeFile('a.csv')).catch(() => {});
    await log.create(Todo, { id: 'y' });
  });
  expect((await wholeLog(store)).map(({ position }) => position)).toEqual([1, 2, 3]);
  expect(await store.verify()).toEqual({ versions: 3, defect: null });
});

test('of many creations those before the first that cannot be are made', async () => {
  const store = await openTemporary();
  await store.append(LakeFile, lakeFile('60.csv'));
  const files = Array.from({ length: 100 }, (_, number) => lakeFile(`${number}.csv`));
  const { value } = await store.transact(async (log) => {
    const made = await log.createMany(LakeFile, files);
    await expect(log.createMany(LakeFile, files.slice(made.length))).resolves.toEqual([]);
    await expect(log.create(LakeFile, files[60] as (typeof files)[0])).rejects.toThrow('60.csv');
    return [...made, ...(await log.createMany(LakeFile, files.slice(61)))];
  });
  expect((await wholeLog(store)).slice(1)).toEqual(value);
  expect(value.map(({ position }) => position)).toEqual(value.map((_, place) => place + 2));
  expect(await store.verify()).toEqual({ versions: 100, defect: null });
});

test('a transaction that is alone and fails leaves nothing, and the next goes on', async () => {
  const store = await openTemporary();
  const failing = store.transact(async (log) => {
    await log.create(Todo, { id: 'x' });
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  await store.append(Todo, { id: 'x' });
  expect(await store.verify()).toEqual({ versions: 1, defect: null });
});

test('work may start several changes at once: they are written one after the other', async () => {
  const store = await openTemporary();
  await store.transact((log) =>
    Promise.all(['a', 'b', 'c', 'd'].map((id) => log.create(Todo, { id }))),
  );
  expect((await wholeLog(store)).map(({ position }) => position)).toEqual([1, 2, 3, 4]);
  expect(await store.verify()).toEqual({ versions: 4, defect: null });
});

test('a change is made when it is called, and those called after it follow in order', async () => {
  const store = await openTemporary();
  const { value } = await store.transact(async (log) => {
    const created = log.create(Todo, { id: 'a' });
    const seen = await log.get(Todo, 'a');
    const later = Array.from({ length: 2_000 }, (_, priority) =>
      log.update(Todo, 'a', { priority: priority + 1_000 }),
    );
    await Promise.all([created, ...later]);
    return seen?.revision;
  });
  expect(value).toBe(1);
  const last = await store.history(Todo, 'a', { from: 1_999 });
  expect(last.map(({ values }) => values.priority)).toEqual([2_997, 2_998, 2_999]);
  expect(await store.verify()).toEqual({ versions: 2_001, defect: null });
});

test('others have their turn while many small transactions share a commit', async () => {
  const store = await openTemporary();
  let [committed, turns] = [false, 0];
  const writes = Array.from({ length: 100 }, () =>
    store
      .transact(async (log) => {
        for (let count = 0; count < 200; count += 1) await log.create(Todo, {});
      })
      .then(() => {
        committed = true;
      }),
  );
  for (; !committed; turns += 1) await new Promise(setImmediate);
  await Promise.all(writes);
  // 20,000 changes take several stretches of limits.stretchMs on any machine.
  expect(turns).toBeGreaterThan(5);
});

test('changes that a failed work still had under way reach no other transaction', async () => {
  const store = await openTemporary();
  const failing = store.transact(async (log) => {
    const createAll = async () => {
      for (const id of ['a', 'b', 'c', 'd']) await log.create(Todo, { id });
    };
    await Promise.all([createAll(), log.update(Todo, 'unknown', {})]);
  });
  const others = ['e', 'f', 'g'].map((id) => store.append(Todo, { id }));
  await expect(failing).rejects.toBeInstanceOf(NotFound);
  await Promise.all(others);
  expect((await wholeLog(store)).map(({ id }) => id)).toEqual(['e', 'f', 'g']);
  expect(await store.verify()).toEqual({ versions: 3, defect: null });
});

test('a transaction that is over takes no further change', async () => {
  const store = await openTemporary();
  const { value: log } = await store.transact(async (transaction) => ({ transaction }));
  await expect(log.transaction.create(Todo, { id: 'late' })).rejects.toThrow('is over');
  expect(await store.head()).toBe(0);
});

/** How many commits the write-ahead log holds: a commit's last frame says the database's size. */
function commitsIn(directory: string): number {
  const wal = readFileSync(`${logPath(directory)}-wal`);
  const frameBytes = 24 + wal.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= wal.length; at += frameBytes) {
    const sameGeneration = wal.compare(wal, 16, 24, at + 8, at + 16) === 0;
    if (sameGeneration && wal.readUInt32BE(at + 4) > 0) commits += 1;
  }
  return commits;
}

test('mutations that arrive together share one commit', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const before = commitsIn(directory);
  await Promise.all(Array.from({ length: 50 }, () => store.append(Todo, {})));
  expect(commitsIn(directory) - before).toBe(1);
  expect((await store.totals()).transactions).toBe(50);
  await store.append(Todo, {});
  expect(commitsIn(directory) - before).toBe(2);
});

test('what comes in while another process holds the log shares the commit after that', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.append(Todo, {});
  const before = commitsIn(directory);
  const other = rawLog(directory);
  other.exec('begin immediate');
  const writing = [store.append(Todo, {})];
  for (let count = 0; count < 20; count += 1) {
    await new Promise((next) => setTimeout(next, 2));
    writing.push(store.append(Todo, {}));
  }
  other.exec('rollback');
  await Promise.all(writing);
  expect(commitsIn(directory) - before).toBe(1);
});

test('of mutations that share a commit a failing one fails alone', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'x' });
  const before = commitsIn(directory);
  const results = await Promise.allSettled([
    store.append(Todo, { id: 'y' }),
    store.append(Todo, { id: 'x' }),
    store.append(Todo, { id: 'z', priority: -1 }),
    store.update(Todo, 'y', { status: 'done' }),
  ]);
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ]);
  expect(commitsIn(directory) - before).toBe(1);
  expect((await wholeLog(store)).map(({ id, position }) => [id, position])).toEqual([
    ['x', 1],
    ['y', 2],
    ['y', 3],
  ]);
});

test('an actor or reason that cannot be kept is refused', async () => {
  const store = await openTemporary();
  for (const about of [{ actor: '' }, { reason: 'x'.repeat(4_097) }, { reason: '\ud800' }]) {
    await expect(store.append(Todo, {}, about)).rejects.toBeInstanceOf(InvalidInput);
  }
});

test('after closing begins, writes are refused and those queued before are kept', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const queued = Array.from({ length: 20 }, () => store.append(Todo, {}));
  const closing = store.close();
  await expect(store.append(Todo, {})).rejects.toBeInstanceOf(Unavailable);
  await Promise.all([...queued, closing]);
  await store.close();
  const reopened = await openTemporary({ directory });
  expect(await reopened.head()).toBe(20);
});

const appendOnly = ['todos', 'lake', 'transactions', 'contents', 'content_chunks', 'chunks'];

test.for(appendOnly)('the database refuses to change or delete rows of %s', async (table) => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.transact(async (log) => {
    await log.create(Todo, { id: 'x' });
    const contents = await log.putContents(Buffer.from('bytes'));
    await log.create(LakeFile, { ...lakeFile('a.csv'), ...contents });
  });
  const raw = rawLog(directory);
  const [column] = raw.prepare('select name from pragma_table_info(?)').pluck().all(table);
  const rows = () => raw.prepare(`select * from ${table}`).all();
  const before = rows();
  expect(before.length).toBeGreaterThan(0);
  const refused = `${table} is append-only`;
  expect(() => raw.exec(`update ${table} set ${column} = ${column}`)).toThrow(refused);
  expect(() => raw.exec(`update or replace ${table} set ${column} = 1`)).toThrow(refused);
  expect(() => raw.exec(`delete from ${table}`)).toThrow(refused);
  const replace = `insert or replace into ${table} select * from ${table}`;
  expect(() => raw.exec(replace)).toThrow(refused);
  expect(rows()).toEqual(before);
});

test('no version can be replaced by way of its id and revision', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'x', subject: 'as it was' });
  const raw = rawLog(directory);
  raw.exec('create temp table forged as select * from todos');
  raw.exec(`update forged set position = 2, subject = 'forged'`);
  expect(() => raw.exec('insert or replace into todos select * from forged')).toThrow(
    'todos is append-only',
  );
  expect(raw.prepare('select subject from todos').pluck().all()).toEqual(['as it was']);
});

test('every table is STRICT', async () => {
  const directory = temporaryDirectory();
  await openTemporary({ directory });
  const tables = rawLog(directory)
    .prepare(`select name, strict from pragma_table_list where name not like 'sqlite_%'`)
    .all() as { name: string; strict: number }[];
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['todos', 'lake_keys']));
  expect(tables.filter(({ strict }) => strict !== 1)).toEqual([]);
});

test('a log is opened with WAL, synchronous=FULL and foreign keys', async () => {
  const directory = temporaryDirectory();
  await (await openTemporary({ directory })).close();
  const file = LogFile.open(logPath(directory), schemaVersion);
  onTestFinished(() => file.close());
  const pragma = async (name: string) => {
    const { rows } = await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(file.kysely);
    return Object.values(rows[0] ?? {})[0];
  };
  expect(await pragma('journal_mode')).toBe('wal');
  expect(await pragma('synchronous')).toBe(2);
  expect(await pragma('foreign_keys')).toBe(1);
});

test('the moment of a position is found by time', async () => {
  let now = 0;
  const store = await openTemporary({ clock: () => now });
  for (now of [100, 200, 300]) await store.append(Todo, {});
  const found: Position[] = [];
  for (const time of [99, 100, 199, 200, 1_000]) found.push(await store.positionAtTime(time));
  expect(found).toEqual([0, 1, 1, 2, 3]);
});
