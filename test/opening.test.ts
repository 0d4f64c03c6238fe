/** Opening a data directory: what is refused, in one line, and then left as it was. */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { CannotOpen, openStore } from '../src/db/index.ts';
import { defineEntity, type Entity, field, shippedEntities, Todo } from '../src/entities/index.ts';
import { lakeFile } from './support/lake-file.ts';
import { fill, smallDisk } from './support/small-disk.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

/** A directory with a log of some versions, closed in order. */
async function usedDirectory(): Promise<string> {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.transact(async (log) => {
    for (let count = 0; count < 100; count += 1) await log.create(Todo, { id: `${count}` });
  });
  await store.append(shippedEntities[1], lakeFile('a.csv'));
  await store.close();
  return directory;
}

async function expectRefusal(
  directory: string,
  message: string | RegExp,
  entities: readonly Entity[] = shippedEntities,
): Promise<void> {
  const refusal = await openStore({ directory, entities }).then(
    async (store) => {
      await store.close();
      return null;
    },
    (error) => error,
  );
  expect(refusal).toBeInstanceOf(CannotOpen);
  expect(refusal.message).toMatch(message);
  expect(refusal.message).not.toContain('\n');
}

/** Expects the refusal, and the log byte for byte as it was. */
async function expectUntouched(
  directory: string,
  message: string | RegExp,
  entities?: readonly Entity[],
): Promise<void> {
  const before = readFileSync(logPath(directory));
  await expectRefusal(directory, message, entities);
  expect(readFileSync(logPath(directory)).equals(before)).toBe(true);
}

test('a missing directory is made, with all above it', async () => {
  const directory = join(temporaryDirectory(), 'a', 'b');
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'x' });
  expect(existsSync(logPath(directory))).toBe(true);
});

test('a log opens again as it was closed', async () => {
  const directory = await usedDirectory();
  const before = readFileSync(logPath(directory));
  const store = await openTemporary({ directory });
  expect(await store.totals()).toMatchObject({ versions: 101, transactions: 2 });
  await store.close();
  expect(readFileSync(logPath(directory)).equals(before)).toBe(true);
});

test('a log whose process was killed is read from its write-ahead log', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'x' });
  const copy = temporaryDirectory();
  for (const suffix of ['', '-wal']) {
    writeFileSync(`${logPath(copy)}${suffix}`, readFileSync(`${logPath(directory)}${suffix}`));
  }
  const opened = await openTemporary({ directory: copy });
  expect((await opened.get(Todo, 'x'))?.position).toBe(1);
});

test('a log of a newer Everstate is refused', async () => {
  const directory = await usedDirectory();
  const raw = rawLog(directory);
  raw.pragma('user_version = 999');
  raw.close();
  await expectUntouched(directory, 'newer Everstate');
});

test('another program’s database is refused', async () => {
  const directory = temporaryDirectory();
  const other = new Database(logPath(directory));
  other.exec('create table todos (id text); insert into todos values (1)');
  other.close();
  await expectUntouched(directory, 'a database of another program');
  expect(existsSync(`${logPath(directory)}-wal`)).toBe(false);
});

test('a file that is no database is refused', async () => {
  const directory = temporaryDirectory();
  writeFileSync(logPath(directory), 'not a database, but longer than a header '.repeat(500));
  await expectUntouched(directory, 'is not a SQLite database');
});

test.for([60, 100, 4_096, 10_000, -4_096])('a log cut off at %i bytes is refused', async (cut) => {
  const directory = await usedDirectory();
  const size = readFileSync(logPath(directory)).length;
  truncateSync(logPath(directory), cut > 0 ? cut : size + cut);
  await expectUntouched(directory, /is damaged|is not a SQLite database/);
});

test('a log with a damaged schema is refused', async () => {
  const directory = await usedDirectory();
  const file = openSync(logPath(directory), 'r+');
  writeSync(file, Buffer.alloc(2_000, 0xa5), 0, 2_000, 101);
  closeSync(file);
  await expectUntouched(directory, 'is damaged');
});

test('a log with a damaged table is refused', async () => {
  const directory = await usedDirectory();
  const raw = rawLog(directory);
  const page = raw
    .prepare(`select rootpage from sqlite_schema where name = 'todos'`)
    .pluck()
    .get() as number;
  raw.close();
  const file = openSync(logPath(directory), 'r+');
  writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, (page - 1) * 4_096);
  closeSync(file);
  rmSync(join(directory, 'replica'), { recursive: true });
  await expectUntouched(directory, 'is damaged');
});

test('a directory that is a file, or lies below one, is refused', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'file');
  writeFileSync(file, 'kept');
  await expectRefusal(file, 'cannot be created');
  await expectRefusal(join(file, 'below'), 'cannot be created');
  expect(readFileSync(file, 'utf8')).toBe('kept');
});

test('a log that is a directory is refused', async () => {
  const directory = temporaryDirectory();
  mkdirSync(logPath(directory));
  await expectRefusal(directory, /cannot be (opened|read)/);
});

/** The superuser may write everywhere, so what it must not write is tried as somebody else. */
async function withoutPrivileges(use: () => Promise<void>): Promise<void> {
  const nobody = 65_534;
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser) process.seteuid?.(nobody);
  try {
    await use();
  } finally {
    if (isSuperuser) process.seteuid?.(0);
  }
}

test('a new log in a directory that cannot be written is refused', async () => {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o555);
  await withoutPrivileges(() => expectRefusal(directory, 'cannot be opened'));
  await withoutPrivileges(() => expectRefusal(join(directory, 'new'), 'cannot be created'));
});

test('a log in a directory that cannot be written is refused', async () => {
  const directory = await usedDirectory();
  const before = readFileSync(logPath(directory));
  chmodSync(directory, 0o555);
  await withoutPrivileges(() => expectRefusal(directory, /cannot be (written|opened)/));
  expect(readFileSync(logPath(directory)).equals(before)).toBe(true);
});

test('a log that cannot be written is refused', async () => {
  const directory = await usedDirectory();
  const before = readFileSync(logPath(directory));
  chmodSync(directory, 0o777);
  chmodSync(logPath(directory), 0o444);
  await withoutPrivileges(() => expectRefusal(directory, 'cannot be written'));
  expect(readFileSync(logPath(directory)).equals(before)).toBe(true);
});

test('a new log on a disk that is full is refused', async (context) => {
  const disk = smallDisk(context, 64);
  fill(disk);
  await expectRefusal(join(disk, 'data'), /cannot be (created|opened|written)/);
  mkdirSync(join(disk, 'made'), { recursive: true });
  await expectRefusal(join(disk, 'made'), /disk is full|cannot be (opened|read or written)/);
});

test('a log that filled its disk is refused in one line, or served', async (context) => {
  const disk = smallDisk(context, 4_096);
  const store = await openStore({ directory: disk, entities: shippedEntities });
  await store.append(Todo, { id: 'x' });
  await store.close();
  fill(disk);
  const opened = await openStore({
    directory: disk,
    entities: shippedEntities,
    onStateChange: () => {},
  }).catch((error) => error);
  if (opened instanceof Error) {
    expect(opened).toBeInstanceOf(CannotOpen);
    expect(opened.message).not.toContain('\n');
  } else {
    expect((await opened.get(Todo, 'x'))?.position).toBe(1);
    await opened.close();
  }
});

// ---- definitions against the log -----------------------------------------------------------------

const text = field.text({ description: 'A text.' });
const int = field.int({ description: 'A number.' });

function note(fields: object, more: object = {}): Entity {
  return defineEntity({
    name: 'Note',
    description: 'A note.',
    fields: fields as Record<string, typeof text>,
    ...more,
  });
}
const before = note({
  text,
  must: field.text({ description: 'A text.', required: true }),
});

const contradictions: [string, Entity, string][] = [
  ['loses a field', note({ text }), 'must is in the log but not in the definition'],
  [
    'changes a field’s kind',
    note({ ...before.fields, text: int }),
    'text was text, but is defined as int',
  ],
  [
    'requires what may be null in the log',
    note({ ...before.fields, text: field.text({ description: 'x', required: true }) }),
    'text may be null in the log',
  ],
  [
    'lets be null what the log’s table refuses',
    note({ ...before.fields, must: text }),
    'must is never null in the log',
  ],
  [
    'gains a field that older versions have no value for',
    note({ ...before.fields, more: field.int({ description: 'x', default: 1 }) }),
    'more is new',
  ],
  ['changes its table', note(before.fields, { table: 'jottings' }), 'the table "notes"'],
  [
    'takes another’s table',
    note(before.fields, { name: 'Other', table: 'notes' }),
    'keeps Note in the table "notes"',
  ],
  ['changes its unique key', note(before.fields, { uniqueKey: ['text'] }), 'uniqueKey'],
];

test.for(contradictions)('a definition that %s is refused', async ([, after, message]) => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory, entities: [before] });
  await store.append(before, { id: 'x', must: 'a' });
  await store.close();
  // The other kind would get its table, were the whole not undone.
  await expectUntouched(directory, message, [Todo, after]);
  const reopened = await openTemporary({ directory, entities: [before] });
  expect((await reopened.get(before, 'x'))?.values).toEqual({ text: null, must: 'a' });
});

test('a definition may gain a field that may be null, and a log another kind', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory, entities: [before] });
  await store.append(before, { id: 'x', must: 'a' });
  await store.close();
  const after = note({ more: int, ...before.fields });
  const reopened = await openTemporary({ directory, entities: [after, Todo] });
  expect((await reopened.get(after, 'x'))?.values).toEqual({ more: null, text: null, must: 'a' });
  await reopened.update(after, 'x', { more: 7 });
  await reopened.append(Todo, { id: 'x' });
  await reopened.close();
  const again = await openTemporary({ directory, entities: [after, Todo] });
  expect((await again.get(after, 'x'))?.values).toEqual({ more: 7, text: null, must: 'a' });
});
