/** Histories, and records as they were: read from the log, however long they are. */
import { expect, test } from 'vitest';
import { limits, type Store } from '../src/db/index.ts';
import { type Position, positionZero, Todo } from '../src/entities/index.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

/** Longer than what is read in one go, twice. */
const revisions = 2 * limits.historyStretchRows + 3;

/** Writes two records in turn, so that the revisions of neither have consecutive positions. */
async function fill(store: Store): Promise<void> {
  await store.transact(async (log) => {
    await log.create(Todo, { id: 'long', subject: 'first', priority: 0 });
    await log.create(Todo, { id: 'other' });
    for (let priority = 1; priority < revisions; priority += 1) {
      await log.update(Todo, 'long', { priority });
      if (priority % 3 === 0) await log.update(Todo, 'other', { priority });
    }
  });
}

async function versionsOf(store: Store, id: string) {
  const all = await store.versionsBetween(positionZero, await store.head());
  return all.filter((version) => version.id === id);
}

test('a stretch of a long history is that of the log, wherever it begins and ends', async () => {
  const store = await openTemporary();
  await fill(store);
  const versions = await versionsOf(store, 'long');
  const edges = [1, 2, limits.historyStretchRows, limits.historyStretchRows + 1, revisions];
  const keys = edges.flatMap((from) =>
    [...edges, revisions + 9].map((to) => ({ id: 'long', from, to })),
  );
  expect(await store.revisions(Todo, keys)).toEqual(
    keys.map(({ from, to }) => versions.slice(from - 1, to)),
  );
  expect(await store.history(Todo, 'long')).toEqual(versions);
  expect(await store.revisions(Todo, [{ id: 'nobody', from: 1, to: 9 }])).toEqual([[]]);
});

test('a record is found at each of its positions, before and after they are merged', async () => {
  const store = await openTemporary({
    replicaInMemory: false,
    replicaLimits: { mergeRows: 20, mergeIdleMs: 10 },
  });
  await fill(store);
  const histories = {
    long: await versionsOf(store, 'long'),
    other: await versionsOf(store, 'other'),
  };
  const head = await store.head();
  const keys = Array.from({ length: head + 1 }, (_, at) => at as Position).flatMap((at) =>
    (['long', 'other', 'nobody'] as const).map((id) => ({ id, at })),
  );
  const expected = keys.map(({ id, at }) =>
    id === 'nobody' ? null : (histories[id].findLast(({ position }) => position <= at) ?? null),
  );
  expect(await store.records(Todo, keys)).toEqual(expected);
  await store.append(Todo, { id: 'later' });
  expect(await store.records(Todo, keys)).toEqual(expected);
});

test('what set a field long ago is found, however much was set since', async () => {
  const store = await openTemporary();
  await fill(store);
  await store.update(Todo, 'long', { subject: 'last' });
  const keys = [1, 2, revisions, revisions + 1, revisions + 2];
  const found = await store.lastSet(
    Todo,
    keys.map((revision) => ({ id: 'long', revision })),
  );
  expect(found.map(({ subject, priority, body }) => [subject, priority, body])).toEqual([
    [1, 1, 1],
    [1, 2, 1],
    [1, revisions, 1],
    [revisions + 1, revisions, 1],
    [undefined, undefined, undefined],
  ]);
});

test('histories ask DuckDB nothing, nor do records of before the last merge', async () => {
  const queries: string[] = [];
  const store = await openTemporary({
    replicaInMemory: false,
    replicaLimits: { mergeRows: 1 },
    onReplicaQuery: (sql) => queries.push(sql),
  });
  await fill(store);
  const ask = async () => {
    queries.length = 0;
    const keys = [{ id: 'long', at: 1 as Position }];
    expect((await store.records(Todo, keys))[0]?.revision).toBe(1);
    expect(await store.history(Todo, 'long')).toHaveLength(revisions);
    expect(await store.lastSet(Todo, [{ id: 'long', revision: 1 }])).toHaveLength(1);
    return queries.length;
  };
  await until(async () => (await ask()) === 0);
});

test('a closing store refuses what is still to be read of histories', async () => {
  const store = await openTemporary({ directory: temporaryDirectory() });
  await fill(store);
  const keys = Array.from({ length: 2_000 }, () => ({ id: 'long', from: 1, to: revisions }));
  const reading = store.revisions(Todo, keys);
  const refused = expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await store.close();
  await refused;
  await expect(store.history(Todo, 'long')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
