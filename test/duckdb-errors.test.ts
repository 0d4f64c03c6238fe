/** Which of DuckDB's errors cost the replica: those of its file, as DuckDB itself throws them. */
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAboutDatabase } from '../src/db/replica/duckdb-errors.ts';
import { temporaryDirectory } from './support/temporary-store.ts';

async function connect(path = ':memory:', options: Record<string, string> = {}) {
  const instance = await DuckDBInstance.create(path, options);
  const connection = await instance.connect();
  onTestFinished(() => {
    connection.closeSync();
    instance.closeSync();
  });
  return connection;
}

describe('is about the query:', () => {
  const queries: [string, string][] = [
    ['a syntax error', 'selct 1'],
    ['an unknown table', 'select * from nothing'],
    ['an unknown column', 'select nothing'],
    ['a value of another type', `select 'x'::integer`],
    ['a number out of range', 'select 2147483647::integer + 1::integer'],
    ['a wrong regular expression', `select regexp_matches('a', '(')`],
    ['an argument that cannot be', `select strptime('x', '%')`],
    ['what is forbidden', `select * from read_text('/etc/hostname')`],
    ['a second transaction', 'begin; begin'],
    [
      'what memory does not suffice for',
      'select list(x order by y) from (select range x, hash(range) y from range(1500000))',
    ],
  ];
  test.for(queries)('%s', async ([, query]) => {
    const options = { memory_limit: '20MB', enable_external_access: 'false' };
    const connection = await connect(':memory:', options);
    const error = await connection.run(query).catch((error) => error);
    expect(error).toBeInstanceOf(Error);
    expect([error.message, isAboutDatabase(error)]).toEqual([error.message, false]);
  });

  test('one that was interrupted', async () => {
    const connection = await connect();
    const slow = connection.run('select count(*) from range(1000000) a, range(1000000) b');
    setTimeout(() => connection.interrupt(), 50);
    const error = await slow.catch((error) => error);
    expect(error).toBeInstanceOf(Error);
    expect([error.message, isAboutDatabase(error)]).toEqual([error.message, false]);
  });
});

describe('is about the database:', () => {
  test('a block that is damaged', async () => {
    const path = join(temporaryDirectory(), 'x.duckdb');
    const instance = await DuckDBInstance.create(path);
    const writing = await instance.connect();
    await writing.run('create table t as select hash(range) as x from range(500000)');
    writing.closeSync();
    instance.closeSync();
    const connection = await connect(path);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(statSync(path).size - 12_288, 0xa5), 0, undefined, 12_288);
    closeSync(file);
    const error = await connection.run('select sum(x) from t').catch((error) => error);
    expect(error).toBeInstanceOf(Error);
    expect([error.message, isAboutDatabase(error)]).toEqual([error.message, true]);
  });

  test('a file that cannot be opened', async () => {
    const path = join(temporaryDirectory(), 'missing', 'x.duckdb');
    const error = await DuckDBInstance.create(path).catch((error) => error);
    expect([error.message, isAboutDatabase(error)]).toEqual([error.message, true]);
  });

  // As they were met on a disk whose fsync failed, and on one that was full.
  const met = [
    'FATAL Error: fsync failed!',
    'FATAL Error: Failed: database has been invalidated because of a previous fatal error. The database must be restarted prior to being used again.\nOriginal error: "fsync failed!"',
    'TransactionContext Error: Failed to commit: Could not write file "1.duckdb.wal": No space left on device',
  ];
  test.for(met)('%s', (message) => {
    expect(isAboutDatabase(new Error(message))).toBe(true);
  });
});
