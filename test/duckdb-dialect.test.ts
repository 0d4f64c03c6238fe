/** Queries of the replica: their statements are kept, and answer from what there is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { Kysely, type RawBuilder, sql } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import { duckdbDialect } from '../src/db/replica/duckdb-dialect.ts';

test('a statement that is used again sees what was inserted since', async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const kysely = new Kysely({ dialect: duckdbDialect(() => instance.connect(), 1) });
  onTestFinished(async () => {
    await kysely.destroy();
    connection.closeSync();
    instance.closeSync();
  });
  const queries: RawBuilder<unknown>[] = [
    sql`select id from versions where operation <> 2`,
    sql`select id from versions where operation <> 2 and id > ${0}`,
  ];
  const ids = async () => {
    const answers = await Promise.all(queries.map((query) => query.execute(kysely)));
    return answers.map(({ rows }) => rows.map((row) => (row as { id: number }).id));
  };
  await connection.run('create table versions (id integer, operation utinyint)');
  expect(await ids()).toEqual([[], []]);
  await connection.run('insert into versions values (1, 0)');
  expect(await ids()).toEqual([[1], [1]]);
  await connection.run('insert into versions values (2, 2)');
  expect(await ids()).toEqual([[1], [1]]);
});

test('no commit comes between the plan of a query and its answer', async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const kysely = new Kysely({ dialect: duckdbDialect(() => instance.connect(), 1) });
  // Whoever prepares waits meanwhile, as on a busy event loop.
  const prepare = DuckDBConnection.prototype.prepare;
  const slow = vi.spyOn(DuckDBConnection.prototype, 'prepare').mockImplementation(async function (
    this: DuckDBConnection,
    text: string,
  ) {
    const statement = await prepare.call(this, text);
    await sleep(50);
    return statement;
  });
  onTestFinished(async () => {
    slow.mockRestore();
    await kysely.destroy();
    connection.closeSync();
    instance.closeSync();
  });
  await connection.run('create table versions (id integer, done boolean)');
  await connection.run('insert into versions values (1, true)');
  const queries: RawBuilder<unknown>[] = [
    sql`select id from versions where done is not null`,
    sql`select id from versions where done is not null and id > ${0}`,
  ];
  for (const query of queries) {
    const asked = query.execute(kysely);
    await sleep(10);
    await connection.run('insert into versions values (2, null)');
    expect((await asked).rows).toEqual([{ id: 1 }]);
  }
});
