/** Tables that are written anew in order: what reads find meanwhile. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { limits } from '../src/db/index.ts';
import { ReplicaTable } from '../src/db/replica/replica-table.ts';
import { ReplicaUpkeep } from '../src/db/replica/replica-upkeep.ts';
import { RowOrder } from '../src/db/replica/row-order.ts';
import { Todo } from '../src/entities/index.ts';
import { openTables } from './support/replica-tables.ts';
import { temporaryDirectory } from './support/temporary-store.ts';

const table = new ReplicaTable(Todo);
const rows = 50_000;

/** The first column of all rows. */
async function column(connection: DuckDBConnection, sql: string): Promise<unknown[]> {
  return (await connection.runAndReadAll(sql)).getRowsJS().map(([first]) => first);
}

const indexes = 'select index_name from duckdb_indexes()';

/** Tables with rows in no order, to be put in order. */
async function disordered() {
  const path = join(temporaryDirectory(), 'replica.duckdb');
  const { writing, reading } = await openTables(table, path, { checkpoint_threshold: '1GB' });
  const some = `select uuid()::varchar, i, i % 7, repeat(uuid()::varchar, 8) from range(${rows}) t(i)`;
  await writing.run(
    `insert into "${table.base}" (id, position, priority, description, until_position)
     select *, 1 from (${some})`,
  );
  await writing.run(`insert into "${table.current}" (id, position, priority, "_version") ${some}`);
  await writing.run(table.indexDefinition());
  await writing.run('checkpoint');
  const upkeep = new ReplicaUpkeep(writing, [table], new RowOrder(64_000_000), {
    ...limits,
    disorderRowsMax: 0,
  });
  return { upkeep, reading };
}

/** Whether the rows of a table lie in their order. */
async function isInOrder(connection: DuckDBConnection, name: string): Promise<boolean> {
  const found = await column(connection, `select position from "${name}"`);
  const inOrder = `select position from "${name}" order by priority, position desc`;
  return isDeepStrictEqual(found, await column(connection, inOrder));
}

test('a current table written anew has its index at every moment', async () => {
  const { upkeep, reading } = await disordered();
  let isDone = false;
  const restored = upkeep.restoreOrder(0, true).finally(() => {
    isDone = true;
  });
  while (!isDone) expect(await column(reading, indexes)).toEqual([`${table.current}_id`]);
  await restored;
  expect(await column(reading, indexes)).toEqual([`${table.current}_id`]);
  expect(await isInOrder(reading, table.current)).toBe(true);
});

test.each([0, 5, 50])('%i ms after it began, it gives way, until all is merged', async (ms) => {
  const { upkeep, reading } = await disordered();
  const restored = upkeep.restoreOrder(0, true);
  if (ms > 0) await sleep(ms);
  upkeep.giveWay();
  await restored;
  expect(await isInOrder(reading, table.base)).toBe(false);
  await upkeep.restoreOrder(0, false);
  expect(await isInOrder(reading, table.base)).toBe(false);
  await upkeep.restoreOrder(0, true);
  expect(await isInOrder(reading, table.base)).toBe(true);
  expect(await isInOrder(reading, table.current)).toBe(true);
});
