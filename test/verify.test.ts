/** verify: beside the chain, all that a disk or another program can have done to the log's file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CannotOpen } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { alter } from './support/altered-log.ts';
import { toFormat3 } from './support/older-log.ts';
import { checkProperty } from './support/property.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { verifyAt } from './support/verify-at.ts';

/** A log of six versions, with contents and an idempotency key; closed. */
async function writeLog(directory: string): Promise<void> {
  const store = await openTemporary({ directory, replicaInMemory: true });
  await store.append(Todo, { id: 'a', subject: 'one', labels: ['x', 'y'] }, { reason: 'why' });
  await store.write(
    async (log) => {
      const version = await log.create(Todo, { id: 'b', body: 'two'.repeat(3_000) });
      return [{ version, changed: true, rebasedOver: [] }];
    },
    { once: { key: 'k', requestDigest: 'd' } },
  );
  await store.transact(async (log) => {
    const contents = await log.putContents(Buffer.from('bytes '.repeat(2_000)));
    await log.create(LakeFile, { id: 'f', filename: 'f', ...contents });
    await log.create(LakeFile, { id: 'g', filename: 'g', path: 'p', ...contents });
  });
  await store.update(LakeFile, 'g', { status: 'done' });
  await store.delete(Todo, 'a');
  await store.close();
}

const keys = 'lake_keys';
const damages: [string, string, number | null, string][] = [
  [
    'labels that are no list any more',
    `update todos set labels = '["x","y' where position = 1`,
    1,
    'cannot be read',
  ],
  [
    'labels that are something else',
    `update todos set labels = '7' where position = 1`,
    1,
    'contents were altered',
  ],
  [
    'labels written otherwise',
    `update todos set labels = '["x", "y"]' where position = 1`,
    1,
    'labels is not as it is written',
  ],
  [
    'contents damaged',
    `update chunks set bytes = cast('bites ' || substr(bytes, 7) as blob), encoding = 'none'`,
    3,
    'are damaged',
  ],
  [
    'contents cut short',
    'update chunks set bytes = cast(substr(bytes, 2) as blob)',
    3,
    'are damaged',
  ],
  ['a chunk missing', 'delete from content_chunks', 3, 'are damaged'],
  [
    'a chunk that is another, its digest included',
    `update chunks set digest = x'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
       size = 1, bytes = x'00', encoding = 'none'`,
    3,
    'are damaged',
  ],
  [
    'a chunk too many',
    'insert into content_chunks select contents, 12000, chunk from content_chunks',
    3,
    'are damaged',
  ],
  ['another size of contents', 'update contents set size = 7', 3, 'are damaged'],
  ['contents missing', 'delete from content_chunks; delete from contents', 3, 'are missing'],
  [
    'contents that nobody names damaged',
    `insert into contents values (9, '00', 4)`,
    null,
    'stored under the SHA-256 00',
  ],
  ['a unique key missing', `delete from ${keys} where id = 'g'`, 5, 'LakeFile "g" is not kept'],
  [
    'a unique key altered',
    `update ${keys} set path = 'q' where id = 'g'`,
    5,
    'LakeFile "g" is not its own',
  ],
  [
    'a unique key of null altered',
    `update ${keys} set path = 'q' where id = 'f'`,
    3,
    'LakeFile "f" is not its own',
  ],
  [
    'a unique key of nobody',
    `insert into ${keys} (id, filename) values ('z', 'z')`,
    null,
    'LakeFile "z", which is no',
  ],
  [
    'an idempotency key that leads nowhere',
    'update idempotency_keys set position = 99, digest = null',
    null,
    '"k" leads to no version',
  ],
  [
    'an idempotency key with a result elsewhere',
    `update idempotency_keys set results = '[["Todo",99,true,[]]]', digest = null`,
    null,
    '"k" leads to no version',
  ],
  [
    'an idempotency key with no result',
    `update idempotency_keys set results = '[["Todo"', digest = null`,
    null,
    '"k" leads to no version',
  ],
  [
    'an idempotency key of no transaction',
    'update idempotency_keys set transaction_id = 99, digest = null',
    null,
    'idempotency_keys refers to none of transactions',
  ],
  ['another idempotency key', `update idempotency_keys set key = 'l'`, null, 'key "l" was altered'],
  [
    'what the log says of a kind',
    `update entities set fields = replace(fields, 'subject', 'sabject')`,
    null,
    'says of the kind Todo',
  ],
  ['another id of the log', `update log set id = 'x'`, null, 'log’s id'],
  ['another beginning of the log', 'update log set created_at = 1', null, 'log’s id'],
  ['a second id of the log', `insert into log values ('x', 1, null)`, null, 'log’s id'],
];

test.for(damages)('%s: found', async ([, statements, position, message]) => {
  const directory = temporaryDirectory();
  await writeLog(directory);
  alter(directory, statements);
  const { defect } = await verifyAt(logPath(directory));
  expect(defect?.message).toContain(message);
  expect(defect?.position).toBe(position);
});

const alterations: [string, string, string][] = [
  [
    'a trigger missing',
    'drop trigger todos_refuses_update',
    'trigger "todos_refuses_update" is missing',
  ],
  [
    'a trigger that does something else',
    `drop trigger lake_keys_follow;
     create trigger lake_keys_follow after insert on lake begin select 1; end`,
    'trigger "lake_keys_follow" was altered',
  ],
  [
    'a trigger that is not the log’s',
    'create trigger todos_spy after insert on todos begin delete from lake_keys; end',
    'trigger "todos_spy" is not one',
  ],
  ['an index missing', 'drop index lake_keys_unique', 'index "lake_keys_unique" is missing'],
  [
    'a rule of a table gone',
    `update sqlite_schema set sql = replace(sql, 'check (revision >= 1)', '')
     where name = 'todos'`,
    'table "todos" was altered',
  ],
  ['a table missing', 'drop table idempotency_keys', 'table "idempotency_keys" is missing'],
];

test.for(alterations)('%s: found', async ([, statements, message]) => {
  const directory = temporaryDirectory();
  await writeLog(directory);
  alter(directory, statements, true);
  const { defect } = await verifyAt(logPath(directory));
  expect(defect?.message).toContain(message);
});

test('an index that does not hold what its table holds is found, in SQLite’s words', async () => {
  const directory = temporaryDirectory();
  await writeLog(directory);
  const raw = new Database(logPath(directory));
  const root = (name: string) =>
    raw.prepare('select rootpage from sqlite_schema where name = ?').pluck().get(name) as number;
  const size = raw.pragma('page_size', { simple: true }) as number;
  const page = root('sqlite_autoindex_todos_1');
  raw.close();
  const bytes = readFileSync(logPath(directory));
  // A text in the index of ids and revisions: its first row's id.
  const at = bytes.indexOf('b', (page - 1) * size + 100);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(logPath(directory), bytes);
  const { defect } = await verifyAt(logPath(directory));
  expect(defect).toEqual({
    position: null,
    message: expect.stringMatching(/^SQLite finds: .*sqlite_autoindex_todos_1/),
  });
});

test('whatever is wrong with kinds that the store was not opened with is found as well', async () => {
  const directory = temporaryDirectory();
  await writeLog(directory);
  const only = [Todo] as never;
  expect(await verifyAt(logPath(directory), only)).toEqual({ versions: 6, defect: null });
  alter(directory, `delete from ${keys} where id = 'g'`);
  const { defect } = await verifyAt(logPath(directory), only);
  expect(defect?.message).toContain('LakeFile "g" is not kept');
});

test('an older log gains a digest of its id when it is opened', async () => {
  const directory = temporaryDirectory();
  await writeLog(directory);
  const triggers = ['update', 'delete', 'replace'].map(
    (name) => `drop trigger log_refuses_${name};`,
  );
  const raw = new Database(logPath(directory));
  toFormat3(raw);
  raw.close();
  const columns = ['log', 'idempotency_keys'].map(
    (name) => `alter table ${name} drop column digest;`,
  );
  alter(directory, `${triggers.join(' ')} ${columns.join(' ')} pragma user_version = 2`, true);
  const store = await openTemporary({ directory });
  expect(await store.verify()).toEqual({ versions: 6, defect: null });
  expect(rawLog(directory).prepare('select length(digest) from log').pluck().all()).toEqual([32]);
});

/** Everything that a file holds, as text. */
function rowsOf(path: string): string {
  const raw = new Database(path);
  const tables = raw.prepare(`select name from sqlite_schema where type = 'table'`).pluck().all();
  const all = tables.map((name) => [name, raw.prepare(`select * from "${name}" order by 1`).all()]);
  raw.close();
  return JSON.stringify(all);
}

test('one bit flipped anywhere in the file is found, or changes nothing', async () => {
  const directory = temporaryDirectory();
  await writeLog(directory);
  const whole = readFileSync(logPath(directory));
  const rows = rowsOf(logPath(directory));
  const path = join(directory, 'flipped.db');
  let found = 0;
  const input = fc.tuple(fc.nat(whole.length - 1), fc.nat(7));
  await checkProperty('flipped bits', input, 60, async ([at, bit]) => {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ (1 << bit);
    writeFileSync(path, bytes);
    try {
      const { defect } = await verifyAt(path);
      if (defect === null) expect(rowsOf(path)).toBe(rows);
      else found += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(CannotOpen);
    }
  });
  expect(found).toBeGreaterThan(0);
});

test('the rest of the process goes on while a log is verified', async () => {
  const store = await openTemporary();
  for (let round = 0; round < 40; round += 1) {
    await store.transact(async (log) => {
      const body = `${round}`.repeat(10_000);
      for (let count = 0; count < 25; count += 1) await log.create(Todo, { body });
      await log.putContents(Buffer.alloc(2_000_000, round));
    });
  }
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 1);
  expect(await store.verify()).toEqual({ versions: 1_000, defect: null });
  clearInterval(counting);
  expect(turns).toBeGreaterThan(10);
});
