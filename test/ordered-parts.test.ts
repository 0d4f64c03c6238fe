/** Tables in order, part by part: together the parts are the whole, in its order. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { Order } from '../src/db/criteria/order.ts';
import { runOn } from '../src/db/replica/duckdb-dialect.ts';
import { partsInOrder } from '../src/db/replica/ordered-parts.ts';
import { ReplicaTable } from '../src/db/replica/replica-table.ts';
import { type OrderKey, Todo } from '../src/entities/index.ts';
import { openTables } from './support/replica-tables.ts';

const table = new ReplicaTable(Todo);
const rows = 80_000;

async function filled() {
  const { writing: connection } = await openTables(table);
  // Values that tie, nulls, and texts that have to be quoted, or told apart by their bytes.
  await connection.run(
    `insert into "${table.base}" by name
     select i as position, hash(i)::varchar as id, hash(i) % 5 as priority,
       case hash(i + 1) % 4 when 0 then null when 1 then 'é''"' else chr(65 + (i % 20)::int) end
         as status,
       repeat('x', (hash(i + 2) % 300)::int) as body, 1 as until_position
     from range(1, ${rows + 1}) numbers(i)`,
  );
  await connection.run('create table sorted (number bigint, position bigint)');
  await connection.run('create sequence numbers');
  return connection;
}

const orders: [string, readonly OrderKey[]][] = [
  ['the default order', Todo.defaultOrder],
  ['an order by what may be null', [{ field: 'status', direction: 'asc' }]],
  [
    'an order that goes back and forth',
    [
      { field: 'status', direction: 'desc' },
      { field: 'priority', direction: 'asc' },
    ],
  ],
];

test.each(orders)('the parts of a table in %s make up the whole', async (_name, keys) => {
  const connection = await filled();
  const order = new Order(Todo, keys);
  const parts = await partsInOrder(connection, table.base, order, 1_000_000, 'position % 3 > 0');
  expect(parts.length).toBeGreaterThan(5);
  for (const part of parts) {
    await runOn(
      connection,
      sql`insert into sorted select nextval('numbers'), position from (
        select position from ${sql.table(table.base)} where ${part} order by ${order.clause(false)}
      )`,
    );
  }
  const positionsOf = async (query: string) =>
    (await connection.runAndReadAll(query)).getRowsJS().map(([position]) => Number(position));
  expect(await positionsOf('select position from sorted order by number')).toEqual(
    await positionsOf(
      `select position from "${table.base}" where position % 3 > 0 order by ${order.text()}`,
    ),
  );
});

test('a small table is one part', async () => {
  const connection = await filled();
  const order = new Order(Todo, Todo.defaultOrder);
  expect(await partsInOrder(connection, table.base, order, 64_000_000)).toHaveLength(1);
  expect(await partsInOrder(connection, table.current, order, 64_000_000)).toHaveLength(1);
});
