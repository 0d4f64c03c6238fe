/** Databases of dkdc-state, made as it makes them, imported with their whole history. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { dkdcTime } from '../src/transfer/dkdc-time.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { historyOf, imported, onLog } from './support/transfers.ts';

/** The columns as Ibis declares them. */
const tables = {
  todos:
    'idx TIMESTAMP, id TEXT, user_id TEXT, subject TEXT, body TEXT, priority BIGINT, status TEXT, ' +
    'description TEXT, labels TEXT',
  lake:
    'idx TIMESTAMP, id TEXT, user_id TEXT, path TEXT, filename TEXT, filetype TEXT, data BLOB, ' +
    'version BIGINT, status TEXT, description TEXT, labels TEXT',
} as const;

type Row = Readonly<Record<string, unknown>>;

/** A database of one table, with rows in the order in which they were appended. */
function database(directory: string, table: keyof typeof tables, rows: readonly Row[]): string {
  const path = join(directory, table === 'todos' ? 'todo.db' : 'lake.db');
  const file = new Database(path);
  file.exec(`create table ${table} (${tables[table]})`);
  const names = tables[table].split(', ').map((column) => column.split(' ')[0] as string);
  const insert = file.prepare(`insert into ${table} values (${names.map(() => '?').join(', ')})`);
  for (const row of rows) insert.run(names.map((name) => row[name] ?? null));
  file.close();
  return path;
}

const time = (seconds: number, fraction = '') =>
  `2024-11-20T01:02:${String(seconds).padStart(2, '0')}${fraction}`;
const micros = (seconds: number) => Date.UTC(2024, 10, 20, 1, 2, seconds) * 1_000;

test('rows become revisions with their times, and what was left open is told', async () => {
  const directory = temporaryDirectory();
  const path = database(directory, 'todos', [
    {
      idx: time(1, '.000007'),
      id: 'test',
      user_id: 'dev',
      subject: 'a',
      priority: 100,
      labels: 'x,y',
    },
    { idx: time(3), id: 'test', user_id: 'ops', subject: 'a', priority: 1, labels: '' },
    { idx: time(3), id: 'other', user_id: 'dev', subject: '', priority: null },
    // The clock stepped back: dkdc-state went on to show the row before this one.
    { idx: time(2), id: 'test', user_id: 'dev', subject: 'late', priority: 5, labels: ' b' },
  ]);
  const data = join(directory, 'data');
  const outcome = await imported(data, path, { dkdc: true });
  expect(outcome).toMatchObject({ versions: 4, transactions: 4 });
  expect(outcome.notes).toEqual([
    expect.stringContaining('1 record changed owners'),
    expect.stringContaining('1 row had the time of another'),
    expect.stringContaining('The clock stepped back 1 time'),
  ]);
  const store = await openTemporary({ directory: data });
  const revisions = (await store.history(Todo, 'test')).map(
    ({ values, committedAt, operation }) => [
      operation,
      committedAt,
      values.userId,
      values.subject,
      values.priority,
      values.labels,
    ],
  );
  expect(revisions).toEqual([
    ['CREATE', micros(1) + 7, 'dev', 'a', 100, ['x', 'y']],
    ['UPDATE', micros(2), 'dev', 'late', 5, [' b']],
    ['UPDATE', micros(3), 'ops', 'a', 1, []],
  ]);
  const other = await store.get(Todo, 'other');
  expect(other).toMatchObject({ committedAt: micros(3) + 1 });
  expect(other?.values).toMatchObject({ subject: '', priority: 100, labels: [] });
  expect((await store.verify()).defect).toBeNull();
});

test('both databases go into one log together, in whichever order, and not one after the other', async () => {
  const directory = temporaryDirectory();
  const todos = database(directory, 'todos', [
    { idx: time(1), id: 'a', subject: 'first' },
    { idx: time(5), id: 'a', subject: 'third' },
  ]);
  const lake = database(directory, 'lake', [
    { idx: time(1), id: 'f', filename: 'a.txt', data: Buffer.from('one'), version: 1 },
    { idx: time(4), id: 'f', filename: 'a.txt', data: Buffer.from(''), version: 2 },
  ]);
  const data = join(directory, 'data');
  expect(await imported(data, [lake, todos], { dkdc: true })).toMatchObject({
    versions: 4,
    contents: 2,
  });
  expect(await imported(data, [todos, lake], { dkdc: true })).toMatchObject({
    found: 4,
    versions: 0,
  });
  const store = await openTemporary({ directory: data });
  const versions = await store.versionsBetween(0 as never, await store.head());
  expect(versions.map(({ entity, revision }) => [entity.name, revision])).toEqual([
    ['Todo', 1],
    ['LakeFile', 1],
    ['LakeFile', 2],
    ['Todo', 2],
  ]);
  const [, { values }] = (await store.history(LakeFile, 'f')) as never as [
    null,
    typeof LakeFile & { values: { size: number; version: number } },
  ];
  expect(values).toMatchObject({ size: 0, version: 2 });
  const alone = join(directory, 'alone');
  await imported(alone, todos, { dkdc: true });
  const before = await historyOf(alone);
  await expect(imported(alone, lake, { dkdc: true })).rejects.toThrow(
    'What is of several sources is imported by one command.',
  );
  expect(await historyOf(alone)).toEqual(before);
});

test('a name that two files have, and rows that break rules, are told before anything is written', async () => {
  const directory = temporaryDirectory();
  const file = { path: null, filename: 'a.txt', data: Buffer.from('x') };
  const lake = database(directory, 'lake', [
    { idx: time(1), id: 'one', ...file },
    { idx: time(2), id: 'two', ...file },
    { idx: time(3), id: 'one', ...file, filename: 'b.txt' },
    { idx: time(4), id: 'three', ...file, data: null },
  ]);
  const data = join(directory, 'data');
  await expect(imported(data, lake, { dkdc: true })).rejects.toMatchObject({
    code: 'BAD_ROWS',
    issues: [
      'lake.db, lake, rowid 2, userId, path, filename: are those of another id as well ' +
        '(lake.db, lake, rowid 1). Rename one of them there.',
      expect.stringContaining('lake.db, lake, rowid 4, size: is required'),
      expect.stringContaining('lake.db, lake, rowid 4, sha256: is required'),
    ],
  });
  const todos = database(directory, 'todos', [
    { idx: 'yesterday', id: 'a' },
    { idx: time(1), id: null, priority: -5 },
  ]);
  await expect(imported(data, todos, { dkdc: true })).rejects.toThrow('1 value breaks a rule');
  const other = database(temporaryDirectory(), 'todos', []);
  await expect(imported(data, [todos, other], { dkdc: true })).rejects.toThrow(
    'have a table todos',
  );
  await expect(imported(data, join(process.cwd(), 'package.json'), { dkdc: true })).rejects.toThrow(
    'must be a SQLite database of dkdc-state',
  );
  expect(await onLog(data, async (log) => (await log.totals()).position)).toBe(0);
});

test('moments are read however they were written', () => {
  const whole = micros(1);
  for (const [text, expected] of [
    ['2024-11-20T01:02:01', whole],
    ['2024-11-20 01:02:01.5', whole + 500_000],
    ['2024-11-20 01:02:01.000007+00:00', whole + 7],
    ['2024-11-20T02:02:01.000007123+0100', whole + 7],
    ['2024-11-20 01:02', whole - 1_000_000],
    [BigInt(whole), whole],
    [BigInt(whole) * 1_000n, whole],
    [whole / 1_000, whole],
    [whole / 1_000_000, whole],
    ['2024-13-20T01:02:01', null],
    ['', null],
    [null, null],
  ] as const) {
    expect([text, dkdcTime(text)]).toEqual([text, expected]);
  }
});
