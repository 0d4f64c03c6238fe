/** Replica files against the log: whatever they hold otherwise is found, whoever has them open. */
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, test } from 'vitest';
import { openStore, type ReplicaVerdict } from '../src/db/index.ts';
import { defineEntity, field, LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { runVerify } from '../src/proof/index.ts';
import { forge } from './support/forged-log.ts';
import { lakeFile } from './support/lake-file.ts';
import {
  lastingDirectory,
  logPath,
  openTemporary,
  temporaryDirectory,
} from './support/temporary-store.ts';

/** So that there are several pages, and one that is not full. */
const versions = 9_000;
let whole: string;

beforeAll(async () => {
  whole = lastingDirectory();
  await write(whole);
});

async function write(directory: string): Promise<void> {
  const store = await openStore({ directory, entities: shippedEntities });
  for (let round = 0; round < 6; round += 1) {
    await store.transact(async (log) => {
      for (let number = 0; number < 1_000; number += 1) {
        await log.create(Todo, {
          id: `${round}-${number}`,
          subject: number % 7 === 0 ? null : `Straße ${number}`,
          labels: number % 3 === 0 ? ['x', 'Ä'] : [],
          priority: number % 5,
        });
      }
    });
  }
  await store.transact(async (log) => {
    for (let number = 0; number < 999; number += 1) {
      await log.create(LakeFile, { ...lakeFile(`${number}.csv`), id: `${number}` });
    }
    for (let number = 0; number < 1_000; number += 1) {
      await log.update(Todo, `0-${number}`, { status: 'done' });
      await log.delete(Todo, `1-${number}`);
    }
    await log.create(Todo, { id: 'last' });
  });
  await store.close();
}

/** A copy of the data directory, with its replica changed by DuckDB as nothing but a fault would. */
async function changed(...statements: string[]): Promise<string> {
  const directory = temporaryDirectory();
  cpSync(whole, directory, { recursive: true });
  const instance = await DuckDBInstance.create(join(directory, 'replica', '1.duckdb'));
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
  return directory;
}

async function verdicts(directory: string, entities = shippedEntities) {
  const { exitCode, outcome } = await runVerify({}, directory, entities);
  return { exitCode, replicas: outcome.replicas as ReplicaVerdict[] };
}

test('a replica that a server left holds what the log holds', async () => {
  expect(await verdicts(whole)).toEqual({
    exitCode: 0,
    replicas: [
      {
        file: '1.duckdb',
        state: 'right',
        position: versions,
        message: `It holds what the log holds, up to position ${versions}.`,
      },
    ],
  });
});

const differences: [string, string[], number | null, string][] = [
  [
    'a value',
    ['update todos set priority = 6 where position = 4100'],
    4_100,
    'as the log has it: priority',
  ],
  [
    'a text in any case',
    [`update todos set _subject_folded = 'x' where position = 3`],
    3,
    '_subject_folded',
  ],
  ['a label', [`update todos set labels = ['y'] where position = 5998`], 5_998, 'labels'],
  ['a value that is null', [`update todos set subject = '' where position = 8`], 8, 'subject'],
  ['a revision', ['update todos set revision = 2 where position = 5'], 5, 'revision'],
  ['a version missing', ['delete from todos where position = 8193'], 8_193, 'is missing'],
  [
    'the last version missing',
    [`delete from todos where position = ${versions}`],
    versions,
    'is missing',
  ],
  [
    'a version too many',
    [
      `insert into todos select * replace (${versions + 1} as position) from todos where position = 5`,
    ],
    versions + 1,
    'is not in the log',
  ],
  [
    'a version far after the log',
    [
      'insert into todos select * replace (9007199254740993 as position) from todos where position = 5',
    ],
    9_007_199_254_740_992,
    'is not in the log',
  ],
  [
    'a version twice',
    ['insert into todos select * from todos where position = 4097'],
    null,
    'holds a version twice',
  ],
  [
    'another kind’s value',
    [`update lake set status = 'other' where position = 6500`],
    6_500,
    'In the table "lake" the version at position 6500',
  ],
  [
    'an interval that ends elsewhere',
    ['update todos set until_position = 7001 where position = 12'],
    12,
    'in force until another moment',
  ],
  [
    'an interval that does not end',
    ['update todos set until_position = 9223372036854775807 where position = 13'],
    13,
    'in force until another moment',
  ],
  [
    'a current value',
    [`update todos_current set priority = 9 where id = '3-5'`],
    3_006,
    'does not hold what is current',
  ],
  [
    'a current version as a text',
    [`update todos_current set _version = replace(_version, 'last', 'lost') where id = 'last'`],
    versions,
    'does not hold what is current',
  ],
  [
    'a record that is not current any more',
    [`delete from todos_current where id = '2-0'`],
    2_001,
    'does not hold what is current',
  ],
  [
    'a record that is current twice',
    [`insert into todos_current select * from todos_current where id = '2-0'`],
    2_001,
    'does not hold what is current',
  ],
  [
    'an order that is none',
    [
      'update lake set _in_order = true',
      'insert into lake select * from lake where position = 6500',
      'delete from lake where rowid = (select min(rowid) from lake where position = 6500)',
    ],
    null,
    'in its order',
  ],
];

test.for(differences)('%s: found', async ([, statements, position, message]) => {
  const { exitCode, replicas } = await verdicts(await changed(...statements));
  expect(exitCode).toBe(2);
  expect(replicas[0]).toMatchObject({
    state: 'wrong',
    message: expect.stringContaining(message),
  });
  if (position !== null) expect(replicas[0]?.position).toBe(position);
});

describe('a replica that would be built anew', () => {
  test.each([
    ['of other definitions', `update replica_state set fingerprint = 'x'`],
    ['of another log, or of one that was altered', `update replica_state set digest = 'x'::blob`],
    ['of a log that was longer', 'update replica_state set position = 99999'],
  ])('%s is told, and no damage', async (_, statement) => {
    const { exitCode, replicas } = await verdicts(await changed(statement));
    expect(exitCode).toBe(0);
    expect(replicas).toMatchObject([{ file: '1.duckdb', state: 'outdated' }]);
  });

  test('since the log was forged is told', async () => {
    const directory = await changed('select 1');
    forge(directory, `update todos set subject = 'forged' where position = 3`);
    const { replicas } = await verdicts(directory);
    expect(replicas).toMatchObject([
      { state: 'outdated', message: expect.stringContaining('9000') },
    ]);
  });

  test('since it was opened with other kinds is told', async () => {
    expect((await verdicts(whole, [Todo] as never)).replicas).toMatchObject([
      { state: 'outdated' },
    ]);
  });
});

test('a bit that the disk flipped is found', async () => {
  const directory = await changed('select 1');
  const path = join(directory, 'replica', '1.duckdb');
  const bytes = readFileSync(path);
  // A text of the table’s own, as it lies in a block.
  const at = bytes.indexOf('Straße 998');
  expect(at).toBeGreaterThan(0);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
  const { exitCode, replicas } = await verdicts(directory);
  expect(exitCode).toBe(2);
  expect(replicas).toMatchObject([
    { state: 'wrong', message: expect.stringContaining('DuckDB cannot read it') },
  ]);
});

test('something else in the place of a replica is found', async () => {
  const directory = await changed('select 1');
  writeFileSync(join(directory, 'replica', '1.duckdb'), 'no database');
  const { exitCode, replicas } = await verdicts(directory);
  expect({ exitCode, replicas }).toMatchObject({ exitCode: 2, replicas: [{ state: 'wrong' }] });
});

describe('the replica of a store that is open', () => {
  test('is compared as it lies in its file, and nothing of it is disturbed', async () => {
    const directory = await changed('select 1');
    const store = await openTemporary({ directory, replicaLimits: { mergeRows: 10 } });
    const writing = (async () => {
      for (let count = 0; count < 200; count += 1) await store.append(Todo, { subject: 'more' });
    })();
    const { exitCode, replicas } = await verdicts(directory);
    await writing;
    expect(exitCode).toBe(0);
    expect(replicas).toMatchObject([{ file: '1.duckdb', state: 'right', position: versions }]);
    expect(store.health()).toEqual({ log: 'ok', replica: 'ok' });
    await store.append(Todo, { id: 'after' });
    expect((await store.get(Todo, 'after'))?.position).toBe(versions + 201);
    expect(existsSync(join(directory, 'replica', '2.duckdb'))).toBe(false);
  });

  test('is not compared before anything of it lies there', async () => {
    const directory = temporaryDirectory();
    const store = await openTemporary({ directory });
    await store.append(Todo, { id: 'a' });
    const message = 'The process that has it open has written nothing into it yet.';
    expect(await verdicts(directory)).toEqual({
      exitCode: 0,
      replicas: [{ file: '1.duckdb', state: 'unchecked', position: null, message }],
    });
    await store.close();
    expect((await verdicts(directory)).replicas).toMatchObject([{ state: 'right', position: 1 }]);
  });
});

test('a directory without replicas has none to compare', async () => {
  const directory = await changed('select 1');
  rmSync(join(directory, 'replica'), { recursive: true });
  expect(await verdicts(directory)).toEqual({ exitCode: 0, replicas: [] });
});

describe('verify only reads', () => {
  test('the log has the same bytes afterwards, and its format is not raised', async () => {
    const directory = await changed('select 1');
    const before = readFileSync(logPath(directory));
    await verdicts(directory);
    expect(readFileSync(logPath(directory)).equals(before)).toBe(true);
  });

  test('a log that SQLite cannot read is damaged, and is not said to be missing', async () => {
    const directory = temporaryDirectory();
    const bytes = readFileSync(logPath(whole));
    for (const garbled of [
      Buffer.concat([Buffer.from('no database'), bytes.subarray(11)]),
      Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(8_192, 7), bytes.subarray(12_288)]),
      bytes.subarray(0, 100_000),
    ]) {
      writeFileSync(logPath(directory), garbled);
      const { exitCode, outcome } = await runVerify({}, directory, shippedEntities);
      expect({ exitCode, outcome }).toMatchObject({ exitCode: 2, outcome: { isSound: false } });
    }
  });

  test('a log of an older format is not verified, and told how it can be', async () => {
    const directory = temporaryDirectory();
    copyFileSync(logPath(whole), logPath(directory));
    const raw = new Database(logPath(directory));
    raw.pragma('user_version = 4');
    raw.close();
    await expect(verdicts(directory)).rejects.toMatchObject({
      code: 'CANNOT_OPEN',
      message: expect.stringContaining('older Everstate'),
    });
  });

  test('kinds and fields that were defined since are no damage', async () => {
    const note = defineEntity({
      name: 'Note',
      description: 'A note.',
      fields: { text: field.text({ description: 'Its text.' }) },
    });
    const colour = field.text({ description: 'Its colour.' });
    const todo = { ...Todo, fields: { ...Todo.fields, colour } };
    const { exitCode, replicas } = await verdicts(whole, [todo, LakeFile, note] as never);
    expect(exitCode).toBe(0);
    expect(replicas).toMatchObject([{ state: 'outdated' }]);
  });
});
