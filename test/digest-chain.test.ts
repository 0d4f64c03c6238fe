/** The digest chain: whatever is altered in the log’s history, verify finds it. */
import type Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { chainStart, contentsDigest, linkDigest } from '../src/db/log/digest.ts';
import { defineEntity, field, LakeFile, Todo } from '../src/entities/index.ts';
import { lakeFile } from './support/lake-file.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

/** Seven versions in five transactions, and the log without what protects it. */
async function tamperable(): Promise<{ store: Store; raw: Database.Database }> {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'a', subject: 'one', labels: ['x'] }, { reason: 'because' });
  await store.append(LakeFile, lakeFile('a.csv'), { actor: 'ada' });
  await store.transact(async (log) => {
    await log.create(Todo, { id: 'b', subject: 'two' });
    await log.create(Todo, { id: 'c', subject: 'three' });
    await log.update(Todo, 'a', { subject: 'four' });
  });
  await store.update(Todo, 'b', { status: 'done' });
  await store.delete(Todo, 'c');
  expect(await store.verify()).toEqual({ versions: 7, defect: null });
  const raw = rawLog(directory);
  raw.pragma('foreign_keys = off');
  const triggers = raw
    .prepare(`select name from sqlite_schema where type = 'trigger'`)
    .pluck()
    .all();
  for (const name of triggers) raw.exec(`drop trigger "${name}"`);
  return { store, raw };
}

const swap = (table: string, column: string, a: number, b: number) => `
  update ${table} set ${column} = -1 where ${column} = ${a};
  update ${table} set ${column} = ${a} where ${column} = ${b};
  update ${table} set ${column} = ${b} where ${column} = -1;`;

const alterations: [string, string, number, string][] = [
  ['a field', `update todos set subject = 'forged' where position = 1`, 1, 'contents were altered'],
  ['a field that was null', `update todos set body = '' where position = 3`, 3, 'contents were'],
  ['a field cleared', 'update todos set subject = null where position = 4', 4, 'contents were'],
  ['a label', `update todos set labels = '["y"]' where position = 1`, 1, 'contents were altered'],
  [
    'a file’s digest',
    `update lake set sha256 = '0' where position = 2`,
    2,
    'contents were altered',
  ],
  ['an id', `update todos set id = 'z' where position = 3`, 3, 'contents were altered'],
  ['a salt', 'update todos set salt = zeroblob(16) where position = 3', 3, 'contents were altered'],
  ['a reason', `update transactions set reason = 'forged' where id = 1`, 1, 'actor or reason'],
  ['an actor', 'update transactions set actor = null where id = 2', 2, 'actor or reason'],
  ['a revision', 'update todos set revision = 9 where position = 5', 5, 'place in history'],
  ['an operation', `update todos set operation = 'UPDATE' where position = 7`, 7, 'place in'],
  ['a version’s time', 'update todos set idx = idx + 1 where position = 5', 5, 'number or time'],
  [
    'a creation time',
    'update todos set created_idx = 1 where position = 6',
    6,
    'history was altered',
  ],
  ['a predecessor', 'update todos set previous_position = 3 where position = 5', 5, 'place in'],
  [
    'a version’s transaction',
    'update todos set transaction_id = 4 where position = 5',
    5,
    'number or time',
  ],
  ['a commit’s time', 'update transactions set committed_at = 1 where id = 1', 1, 'number or time'],
  ['a commit’s number', 'update transactions set id = 9 where id = 5', 7, 'number or time'],
  ['a commit’s digest', 'update transactions set digest = salt where id = 3', 5, 'own digest'],
  [
    'a version’s digest',
    'update todos set digest = salt where position = 4',
    4,
    'place in history',
  ],
  ['a removed version', 'delete from todos where position = 4', 4, 'A version is missing'],
  ['the last version removed', 'delete from todos where position = 7', 7, 'A version is missing'],
  [
    'a removed transaction',
    'delete from transactions where id = 3',
    3,
    'transaction here is missing',
  ],
  ['two versions swapped', swap('todos', 'position', 3, 4), 3, 'place in history'],
  ['two transactions’ numbers swapped', swap('transactions', 'id', 4, 5), 6, 'first position'],
  ['a version moved to the end', 'update todos set position = 8 where position = 7', 7, 'missing'],
  [
    'a version put in at the end',
    `create temp table forged as select * from todos where position = 7;
     update forged set position = 8, revision = 3;
     insert into todos select * from forged`,
    8,
    'belongs to no transaction',
  ],
  [
    'the first position of the last transaction, to hide what it holds',
    `update transactions set first_position = 0 where id = 5;
     update todos set subject = 'forged' where position = 7`,
    7,
    'first position was altered',
  ],
];

test.for(alterations)('%s is found', async ([, statements, position, message]) => {
  const { store, raw } = await tamperable();
  raw.exec(statements);
  const { defect } = await store.verify();
  expect(defect?.position).toBe(position);
  expect(defect?.message).toContain(message);
});

test('a version altered together with all its own digests is found at the next one', async () => {
  const { store, raw } = await tamperable();
  const [version] = await store.history(Todo, 'a');
  if (!version) throw new Error('There is no version to forge.');
  const column = (name: string, table: string) =>
    raw.prepare(`select ${name} from ${table} limit 1`).pluck().get() as Uint8Array;
  const values = { ...version.values, subject: 'forged' };
  const contents = contentsDigest(column('salt', 'todos'), Todo, 'a', values);
  const about = column('contents_digest', 'transactions');
  const digest = linkDigest(chainStart, version, about, contents);
  raw
    .prepare('update todos set subject = ?, contents_digest = ?, digest = ? where position = 1')
    .run('forged', contents, digest);
  raw.prepare('update transactions set digest = ? where id = 1').run(digest);
  expect((await store.verify()).defect).toEqual({
    position: 2,
    message: 'The version’s place in history was altered.',
  });
});

test('two salts differ, so equal contents have different digests', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  for (let count = 0; count < 600; count += 1) store.append(Todo, { subject: 'same' });
  await store.close();
  const raw = rawLog(directory);
  const distinct = (column: string) =>
    raw.prepare(`select count(distinct ${column}) from todos`).pluck().get();
  expect([distinct('salt'), distinct('contents_digest'), distinct('digest')]).toEqual([
    600, 600, 600,
  ]);
});

test('a long log is verified whole while it is written', async () => {
  const store = await openTemporary();
  for (let round = 0; round < 12; round += 1) {
    await Promise.all(Array.from({ length: 100 }, () => store.append(Todo, {})));
  }
  const [verified] = await Promise.all([
    store.verify(),
    ...Array.from({ length: 100 }, () => store.append(Todo, {})),
  ]);
  expect(verified.defect).toBeNull();
  expect(verified.versions).toBeGreaterThanOrEqual(1_200);
  expect(await store.verify()).toEqual({ versions: 1_300, defect: null });
});

test('a field that an entity gains later leaves the chain whole', async () => {
  const directory = temporaryDirectory();
  const define = (fields: object) =>
    defineEntity({ name: 'Note', description: 'A note.', fields: fields as never });
  const text = field.text({ description: 'Its text.' });
  const before = define({ text });
  const store = await openTemporary({ directory, entities: [before] });
  await store.append(before, { id: 'x', text: 'a' } as never);
  await store.close();
  const after = define({ colour: field.text({ description: 'Its colour.' }), text });
  const reopened = await openTemporary({ directory, entities: [after] });
  await reopened.update(after, 'x', { colour: 'red' } as never);
  expect((await reopened.history(after, 'x')).map(({ values }) => values)).toEqual([
    { text: 'a', colour: null },
    { text: 'a', colour: 'red' },
  ]);
  expect(await reopened.verify()).toEqual({ versions: 2, defect: null });
});

test('a store of fewer kinds verifies the others too', async () => {
  const directory = temporaryDirectory();
  const both = await openTemporary({ directory });
  await both.append(Todo, { id: 'x', labels: ['a'] });
  await both.append(LakeFile, lakeFile('a.csv'));
  await both.close();
  const one = await openTemporary({ directory, entities: [Todo] });
  await one.append(Todo, {});
  expect(await one.verify()).toEqual({ versions: 3, defect: null });
  const raw = rawLog(directory);
  raw.exec('drop trigger lake_refuses_update');
  raw.exec(`update lake set labels = '["forged"]'`);
  expect((await one.verify()).defect).toMatchObject({ position: 2 });
});
