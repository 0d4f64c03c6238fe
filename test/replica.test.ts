/** The replica answers exactly as the log does: now, then, and throughout histories. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Problem, type Store } from '../src/db/index.ts';
import { type Entity, type Position, positionZero, Todo } from '../src/entities/index.ts';
import { type Change, Model } from './support/model.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenPatch } from './support/specimen.ts';
import { openTemporary, temporaryDirectory, withStore } from './support/temporary-store.ts';

const entities = [Todo, Specimen] as const;
const ids = ['a', 'b', 'c', 'd', 'e'];

const todoPatch = fc.record(
  {
    subject: fc.constantFrom(null, 's', 't'),
    priority: fc.constantFrom(1, 2),
    labels: fc.constantFrom([], ['x'], ['x', 'y']),
  },
  { requiredKeys: [] },
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    entity: fc.constant(Todo),
    id: fc.constantFrom(...ids),
    action: fc.constantFrom('create', 'update', 'update', 'delete'),
    values: todoPatch,
  }),
  fc.record({
    entity: fc.constant(Specimen),
    id: fc.constantFrom(...ids),
    action: fc.constantFrom('create', 'update', 'update', 'delete'),
    values: specimenPatch,
  }),
);
const transaction = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 5 }),
  /** Its work throws at the end. */
  fails: fc.nat({ max: 9 }).map((nat) => nat === 0),
});
type RandomTransaction = typeof transaction extends fc.Arbitrary<infer T> ? T : never;

/** Small limits, so that batches end and merges happen in the middle of everything. */
const replicaLimits = fc.record({
  mergeRows: fc.constantFrom(1, 2, 3, 8, 1_000),
  buildMergeRows: fc.constantFrom(1, 4, 1_000),
  mergeIdleMs: fc.constantFrom(0, 5, 2_000),
  disorderRowsMax: fc.constantFrom(0, 1, 1_000),
  deltaJsonRowsMin: fc.constantFrom(1, 3, 512),
  catchUpBatchRows: fc.constantFrom(1, 3, 1_000),
  catchUpMemoryRows: fc.constantFrom(0, 3, 1_000),
  unmergedRowsMax: fc.constantFrom(0, 3, 1_000),
});
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      together: fc.array(transaction, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      /** The position, as a part of the head in hundredths. */
      at: fc.nat({ max: 100 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const), replicaLimits }) },
);

async function write(store: Store, model: Model, together: readonly RandomTransaction[]) {
  const results = together.map(({ changes, fails }) =>
    store.transact(async (log) => {
      for (const { entity, id, action, values } of changes) {
        const done =
          action === 'create'
            ? log.create(entity, { ...values, id } as never)
            : action === 'update'
              ? log.update(entity, id, values as never)
              : log.delete(entity, id);
        await done.catch((error: unknown) => {
          if (!(error instanceof Problem)) throw error;
        });
      }
      if (fails) throw new Error('on purpose');
    }),
  );
  const settled = await Promise.allSettled(results);
  for (const [index, result] of settled.entries()) {
    const { changes, fails } = together[index] as RandomTransaction;
    expect(result.status).toBe(fails ? 'rejected' : 'fulfilled');
    if (result.status === 'fulfilled') model.apply(changes, result.value);
  }
  expect(await store.head()).toBe(model.head);
}

const byId = { orderBy: [{ field: 'id', direction: 'asc' }] } as const;

/** Compares everything that can be asked at some positions. */
async function compareAt(store: Store, model: Model, entity: Entity, positions: Position[]) {
  const keys = positions.flatMap((at) => ids.map((id) => ({ id, at })));
  const records = keys.map(({ id, at }) => model.versionAt(entity, id, at));
  const pages = positions.map((at) => ({
    versions: model.liveAt(entity, at).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    more: false,
  }));
  const found = await Promise.all([
    store.records(entity, keys),
    ...positions.map((at) => store.list(entity, { at, ...byId })),
  ]);
  expect(found).toEqual([records, ...pages]);
}

/** Compares every position and every history. */
async function compareAll(store: Store, model: Model) {
  for (const entity of entities) {
    const positions = Array.from({ length: model.head + 1 }, (_, at) => at as Position);
    await compareAt(store, model, entity, positions);
    const histories = ids.map((id) => model.history(entity, id));
    const keys = ids.map((id, index) => ({ id, from: 1 + (index % 2), to: 3 }));
    expect(await store.revisions(entity, keys)).toEqual(
      histories.map((history, index) => history.slice(index % 2, 3)),
    );
    expect(await Promise.all(ids.map((id) => store.history(entity, id)))).toEqual(histories);
  }
  expect(await store.versionsBetween(positionZero, model.head)).toEqual(model.versions);
}

test(
  'random histories of two entities are answered as a plain list of versions answers them',
  {
    timeout: 120_000,
  },
  () =>
    checkProperty(
      'histories',
      fc.tuple(fc.boolean(), replicaLimits, fc.array(step, { minLength: 4, maxLength: 24 })),
      10,
      ([inMemory, firstLimits, steps]) =>
        withStore({ entities, replicaLimits: firstLimits }, async (first, directory) => {
          const options = { directory, entities, replicaInMemory: inMemory };
          const model = new Model();
          let store = first;
          let reads: Promise<void>[] = [];
          for (const next of steps) {
            if (next.kind === 'write') await write(store, model, next.together);
            if (next.kind === 'read') {
              // Not awaited: it goes on while later steps write and merge.
              const at = Math.floor((model.head * next.at) / 100) as Position;
              reads.push(...entities.map((entity) => compareAt(store, model, entity, [at])));
            }
            if (next.kind === 'reopen') {
              await Promise.all(reads.splice(0));
              await store.close();
              store = await openTemporary({ ...options, replicaLimits: next.replicaLimits });
            }
          }
          await Promise.all(reads);
          reads = [];
          await compareAll(store, model);
          expect(await store.verify()).toEqual({ versions: model.head, defect: null });
          await store.close();
          const reopened = await openTemporary(options);
          await compareAll(reopened, model);
          await reopened.close();
        }),
    ),
);

test('a long history is answered alike while it is merged and read by many', async () => {
  const store = await openTemporary({
    replicaInMemory: false,
    replicaLimits: { mergeRows: 3, mergeIdleMs: 0, disorderRowsMax: 5 },
  });
  const subjects: string[] = [];
  const wrong: unknown[] = [];
  await store.append(Todo, { id: 'x', subject: '0' });
  subjects.push('0');
  let writing = true;
  const reader = async () => {
    while (writing) {
      // Mostly the latest positions, which merges are about to pass.
      const back = Math.random() < 0.8 ? 3 : subjects.length;
      const at = Math.max(1, subjects.length - Math.floor(Math.random() * back)) as Position;
      const [version, page] = await Promise.all([
        store.get(Todo, 'x', at),
        store.list(Todo, { at }),
      ]);
      const expected = subjects[at - 1];
      if (version?.values.subject !== expected) wrong.push({ at, version });
      if (page.versions.length !== 1 || page.versions[0]?.values.subject !== expected) {
        wrong.push({ at, page });
      }
    }
  };
  const readers = Array.from({ length: 16 }, reader);
  for (let count = 1; count <= 150; count += 1) {
    await store.update(Todo, 'x', { subject: String(count) });
    subjects.push(String(count));
  }
  writing = false;
  await Promise.all(readers);
  expect(wrong).toEqual([]);
  expect((await store.history(Todo, 'x')).map(({ values }) => values.subject)).toEqual(subjects);
});

test('commits of two stores in turn are applied in order by both', async () => {
  const directory = temporaryDirectory();
  const stores = [await openTemporary({ directory }), await openTemporary({ directory })];
  const subjects = Array.from({ length: 40 }, (_, index) => String(index));
  for (const [index, subject] of subjects.entries()) {
    await stores[index % 2]?.append(Todo, { subject });
  }
  for (const store of stores) {
    const { versions } = await store.list(Todo, {
      orderBy: [{ field: 'createdAt', direction: 'asc' }],
    });
    expect(versions.map(({ values }) => values.subject)).toEqual(subjects);
  }
});

test('a read that begins after a write was acknowledged sees it', async () => {
  const store = await openTemporary({ replicaInMemory: false, replicaLimits: { mergeRows: 5 } });
  await store.append(Todo, { id: 'x', priority: 0 });
  for (let priority = 1; priority <= 20; priority += 1) {
    await store.update(Todo, 'x', { priority });
    const [record, page, history] = await Promise.all([
      store.get(Todo, 'x'),
      store.list(Todo),
      store.history(Todo, 'x'),
    ]);
    expect(record?.values.priority).toBe(priority);
    expect(page.versions[0]?.values.priority).toBe(priority);
    expect(history).toHaveLength(priority + 1);
  }
});

test('records asked for at several positions wait for the newest of them', async () => {
  const store = await openTemporary({ replicaInMemory: false });
  for (let count = 0; count < 20; count += 1) {
    const { id, position } = await store.append(Todo, {});
    const keys = [positionZero, position].map((at) => ({ id, at }));
    const found = await store.records(Todo, keys);
    expect(found.map((version) => version?.position)).toEqual([undefined, position]);
  }
});

test('a moment in the future cannot be asked for', async () => {
  const store = await openTemporary({ replicaInMemory: false });
  await store.append(Todo, { id: 'x' });
  const at = 2 as Position;
  const refusal = { code: 'BAD_USER_INPUT', argument: 'at' };
  await expect(store.get(Todo, 'x', at)).rejects.toMatchObject(refusal);
  await expect(store.list(Todo, { at })).rejects.toMatchObject(refusal);
  await expect(store.records(Todo, [{ id: 'x', at }])).rejects.toMatchObject(refusal);
});

test('closing waits for the reads under way and refuses those that come after', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await store.transact(async (log) => {
    for (let count = 0; count < 500; count += 1) await log.create(Todo, { subject: `${count}` });
  });
  const reads = Array.from({ length: 40 }, () => store.list(Todo));
  const closing = store.close();
  await expect(store.list(Todo)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  for (const read of await Promise.allSettled(reads)) {
    if (read.status === 'fulfilled') expect(read.value.versions).toHaveLength(500);
    else expect(read.reason).toMatchObject({ code: 'UNAVAILABLE' });
  }
  await closing;
});

test('closing right after many commits leaves nothing behind and reports no fault', async () => {
  const directory = temporaryDirectory();
  const limits = { catchUpBatchRows: 2, mergeRows: 3 };
  const store = await openTemporary({ directory, replicaLimits: limits });
  const writes = Array.from({ length: 100 }, (_, index) => store.append(Todo, { id: `${index}` }));
  await store.close();
  await Promise.all(writes);
  const reopened = await openTemporary({ directory });
  expect((await reopened.list(Todo)).versions).toHaveLength(100);
});
