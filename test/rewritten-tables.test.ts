/** Tables that are written anew in order: what reads find meanwhile. */
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { ReplicaTable } from '../src/db/replica/replica-table.ts';
import { ReplicaUpkeep } from '../src/db/replica/replica-upkeep.ts';
import { RowOrder } from '../src/db/replica/row-order.ts';
import { Todo } from '../src/entities/index.ts';
import { temporaryDirectory } from './support/temporary-store.ts';

const table = new ReplicaTable(Todo);
const rows = 50_000;

/** The first column of all rows. */
async function column(connection: DuckDBConnection, sql: string): Promise<unknown[]> {
  return (await connection.runAndReadAll(sql)).getRowsJS().map(([first]) => first);
}

const indexes = 'select index_name from duckdb_indexes()';

test('a current table written anew has its index at every moment', async () => {
  const path = join(temporaryDirectory(), 'replica.duckdb');
  const instance = await DuckDBInstance.create(path, { checkpoint_threshold: '1GB' });
  const [writing, reading] = [await instance.connect(), await instance.connect()];
  for (const statement of table.definitions()) await writing.run(statement);
  const some = `select uuid()::varchar, i, i % 7, repeat(uuid()::varchar, 8) from range(${rows}) t(i)`;
  await writing.run(
    `insert into "${table.base}" (id, position, priority, description, until_position)
     select *, 1 from (${some})`,
  );
  await writing.run(`insert into "${table.current}" (id, position, priority, "_version") ${some}`);
  await writing.run(table.indexDefinition());
  await writing.run('checkpoint');
  const upkeep = new ReplicaUpkeep(writing, [table], new RowOrder(), 0);

  let isDone = false;
  const restored = upkeep.restoreOrder(0, true).finally(() => {
    isDone = true;
  });
  while (!isDone) expect(await column(reading, indexes)).toEqual([`${table.current}_id`]);
  await restored;

  expect(await column(reading, indexes)).toEqual([`${table.current}_id`]);
  const inOrder = `select position from "${table.current}" order by priority, position desc`;
  expect(await column(reading, `select position from "${table.current}"`)).toEqual(
    await column(reading, inOrder),
  );
  reading.closeSync();
  writing.closeSync();
  instance.closeSync();
});
