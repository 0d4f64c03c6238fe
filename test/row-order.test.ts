/** Tables of the replica in their default order: written anew when enough is out of order. */
import { expect, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { ReplicaTable } from '../src/db/replica/replica-table.ts';
import { RowOrder } from '../src/db/replica/row-order.ts';
import type { Position } from '../src/entities/index.ts';
import { Todo } from '../src/entities/index.ts';
import { openTables } from './support/replica-tables.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

const table = new ReplicaTable(Todo);
const never = new AbortController().signal;

/** Tables with so many rows, none of them in order. */
async function tablesOf(rows: number, memoryLimit: string) {
  const options = { threads: '1', memory_limit: memoryLimit, temp_directory: '' };
  const { writing: connection } = await openTables(table, ':memory:', options);
  await connection.run(
    `insert into "${table.base}" by name
     select i as position, 1 as transaction_id, i as idx, i as created_idx, 'id ' || i as id,
       1 as revision, 0 as operation, hash(i) % 3 as priority, [] as labels,
       repeat(hash(i)::varchar, 8) as body, 9223372036854775807 as until_position
     from range(1, ${rows + 1}) numbers(i)`,
  );
  const positions = async () => {
    const found = await connection.runAndReadAll(
      `select position, priority, "_in_order" as "inOrder" from "${table.base}"`,
    );
    return found.getRowObjectsJS();
  };
  return { connection, positions };
}

test('rows out of order are put in order, and then are known to be', async () => {
  const { connection, positions } = await tablesOf(1_000, '200MB');
  const order = new RowOrder(64_000_000);
  await order.look(connection, [table]);
  expect(order.isDisturbed(table.base, 1 as Position)).toBe(true);
  expect(order.isDisturbed(table.current, 1 as Position)).toBe(false);
  expect(await order.restore(connection, [table], 0.5, 1_000, never)).toBe(false);
  expect(await order.restore(connection, [table], 0.5, 400, never)).toBe(true);
  expect(order.isDisturbed(table.base, 1_000 as Position)).toBe(false);
  const found = await positions();
  expect(found.map(({ inOrder }) => inOrder)).toEqual(found.map(() => true));
  const sorted = found.toSorted(
    (a, b) => Number(a.priority) - Number(b.priority) || Number(b.position) - Number(a.position),
  );
  expect(found).toEqual(sorted);
  order.added([table], 1_000 as Position);
  expect(order.isDisturbed(table.base, 1_000 as Position)).toBe(false);
  expect(order.isDisturbed(table.base, 1_001 as Position)).toBe(true);
});

test('what memory does not suffice to sort is left as it is', async () => {
  const { connection, positions } = await tablesOf(60_000, '32MB');
  const order = new RowOrder(64_000_000);
  await order.look(connection, [table]);
  expect(await order.restore(connection, [table], 0.5, 0, never)).toBe(false);
  expect(await order.restore(connection, [table], 0.5, 0, never)).toBe(false);
  expect(order.isDisturbed(table.base, 1 as Position)).toBe(true);
  expect(await positions()).toHaveLength(60_000);
});

test('closing does not wait until everything is in order', async () => {
  const directory = temporaryDirectory();
  const faults: unknown[] = [];
  const options = {
    directory,
    onFault: (error: unknown) => faults.push(error),
    replicaLimits: { mergeIdleMs: 1, disorderRowsMax: 0 },
  };
  const expected: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    const store = await openTemporary(options);
    await store.transact(async (log) => {
      for (let row = 0; row < 1_000; row += 1) {
        expected.push((await log.create(Todo, { priority: row % 3 })).position);
      }
    });
    const { versions } = await store.list(Todo, { limit: 1_000 });
    expect(versions.map(({ position }) => position)).toEqual(
      expected
        .toSorted((a, b) => (((a - 1) % 1_000) % 3) - (((b - 1) % 1_000) % 3) || b - a)
        .slice(0, 1_000),
    );
    // From nothing merged yet to all in order.
    if (round % 2 === 1) {
      await until(async () => (await store.totals()).replicaPosition === (await store.head()));
    }
    await store.close();
  }
  expect(faults).toEqual([]);
});

test('once nothing is written for a while, little that is out of order is put in order', async () => {
  const queries: string[] = [];
  const options = {
    directory: temporaryDirectory(),
    keptAnswersBytesMax: 0,
    onReplicaQuery: (text: string) => queries.push(text),
    replicaLimits: { mergeIdleMs: 1, orderIdleMs: 2_000, disorderRowsMax: 0 },
  };
  const create = (store: Store, rows: number) =>
    store.transact(async (log) => {
      for (let row = 0; row < rows; row += 1) await log.create(Todo, { priority: row % 3 });
    });
  const first = await openTemporary(options);
  await create(first, 900);
  await first.close();
  const store = await openTemporary(options);
  await create(store, 90);
  // Whether a page as of an earlier position has rows out of order to look at.
  const isDisturbed = async () => {
    queries.length = 0;
    const { versions } = await store.list(Todo, { at: 989 as Position, limit: 1_000 });
    const sorted = versions.toSorted(
      (a, b) => a.values.priority - b.values.priority || b.position - a.position,
    );
    expect(versions).toHaveLength(989);
    expect(versions).toEqual(sorted);
    return queries.some((text) => text.includes('"_in_order" = false'));
  };
  await until(isDisturbed);
  await until(async () => !(await isDisturbed()));
});

test('while much is written nothing is put in order, and soon after all is', async () => {
  const queries: string[] = [];
  const store = await openTemporary({
    replicaInMemory: false,
    keptAnswersBytesMax: 0,
    onReplicaQuery: (text: string) => queries.push(text),
    replicaLimits: {
      mergeRows: 500,
      mergeIdleMs: 1,
      orderIdleMs: 3_000,
      disorderRowsMax: 0,
      // However slowly a busy machine writes, it is much.
      rushRows: 0,
    },
  });
  const isDisturbed = async () => {
    queries.length = 0;
    await store.list(Todo, { limit: 5 });
    return queries.some((text) => text.includes('"_in_order" = false'));
  };
  await store.append(Todo, {});
  await until(async () => !(await isDisturbed()));
  let wasDisturbed = false;
  for (let writes = 0; writes < 30; writes += 1) {
    await store.transact(async (log) => {
      for (let row = 0; row < 500; row += 1) await log.create(Todo, { priority: row % 3 });
    });
    const isNow = await isDisturbed();
    expect(isNow || !wasDisturbed).toBe(true);
    wasDisturbed ||= isNow;
  }
  expect(wasDisturbed).toBe(true);
  await until(async () => !(await isDisturbed()));
});
