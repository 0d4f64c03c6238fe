/** Undoing a transaction: field by field, and never over what was changed again since. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LogTransaction, RevertConflict } from '../src/db/index.ts';
import { LakeFile, Todo, type TransactionId } from '../src/entities/index.ts';
import { codesOf, openApi, type TestApi, write } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';
import { mutate, refused, send } from './support/mutate.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenPatch, specimenValues } from './support/specimen.ts';
import { openTemporary, withStore } from './support/temporary-store.ts';

const asked =
  'changed transaction { id reason } versions { id operation ... on TodoVersion { subject status } }';
const revert = (api: TestApi, id: string, options: object = {}) =>
  mutate(api, 'revertTransaction', { id, options }, asked);

test('a change is undone, and what was changed besides it stays', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a', labels: ['l'] });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'b', labels: [] });
  await write(api, 'update', 'Todo', { id: 'x', status: 's' });
  expect(await revert(api, '2', { reason: 'oops' })).toEqual({
    __typename: 'RevertPayload',
    changed: true,
    transaction: { id: '4', reason: 'oops' },
    versions: [{ id: 'x@4', operation: 'UPDATE', subject: 'a', status: 's' }],
  });
  expect((await api.store.get(Todo, 'x'))?.values.labels).toEqual(['l']);
});

test('what a transaction created is deleted, and what it deleted comes back', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  const operations = [
    { createTodo: { id: 'y' } },
    { updateTodo: { id: 'x', subject: 'b' } },
    { deleteTodo: { id: 'x' } },
    { createLakeFile: { id: 'f', filename: 'f', text: 'bytes' } },
  ];
  await mutate(api, 'transact', { operations });
  expect((await revert(api, '2')).versions).toEqual([
    { id: 'f@2', operation: 'DELETE' },
    { id: 'x@4', operation: 'RESTORE', subject: 'a', status: null },
    { id: 'y@2', operation: 'DELETE', subject: null, status: null },
  ]);
  // And that is undone like any other.
  expect((await revert(api, '3')).versions).toMatchObject([
    { id: 'y@3', operation: 'RESTORE' },
    { id: 'x@5', operation: 'DELETE' },
    { id: 'f@3', operation: 'RESTORE' },
  ]);
  expect(await api.data('{ lakeFile(id: "f") { text } todo(id: "y") { revision } }')).toEqual({
    lakeFile: { text: 'bytes' },
    todo: { revision: 3 },
  });
  expect(await api.store.verify()).toEqual({ versions: 11, defect: null });
});

test('what was changed again since stands in the way, and nothing is half done', async () => {
  const api = await openApi();
  const inputs = ['x', 'y', 'z'].map((id) => ({ id, subject: 'a' }));
  await mutate(api, 'createTodos', { inputs });
  const patches = inputs.map(({ id }) => ({ id, subject: 'b', status: 's' }));
  await mutate(api, 'updateTodos', { inputs: patches });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'c' });
  await write(api, 'delete', 'Todo', { id: 'z' });
  const conflict = await refused(api, 'revertTransaction', { id: '2' });
  expect(conflict).toMatchObject({
    __typename: 'RevertConflict',
    code: 'REVERT_CONFLICT',
    conflicts: [
      { fields: ['subject', 'status'], version: { __typename: 'TodoVersion', id: 'z@3' } },
      { fields: ['subject'], version: { id: 'x@3' } },
    ],
  });
  expect(conflict.conflicts[0].message).toContain('deleted since');
  expect(await api.store.get(Todo, 'y')).toMatchObject({ revision: 2, values: { subject: 'b' } });
});

test('a created record that was changed since is not deleted', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x' });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'kept' });
  expect(await refused(api, 'revertTransaction', { id: '1' })).toMatchObject({
    __typename: 'RevertConflict',
    conflicts: [{ fields: ['subject'] }],
  });
});

test('what is as it was before already needs nothing', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'b' });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'a' });
  await write(api, 'create', 'Todo', { id: 'y' });
  await write(api, 'delete', 'Todo', { id: 'y' });
  await mutate(api, 'restoreTodo', { id: 'y' });
  const position = await api.position();
  for (const [id, version] of [
    ['2', 'x@3'],
    ['5', 'y@3'],
  ] as const) {
    const answer = await revert(api, id);
    expect(answer).toMatchObject({
      changed: false,
      transaction: null,
      versions: [{ id: version }],
    });
  }
  expect(await api.position()).toBe(position);
});

test('undoing twice changes nothing the second time', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  await write(api, 'update', 'Todo', { id: 'x', subject: 'b' });
  expect(await revert(api, '2')).toMatchObject({ changed: true });
  expect(await revert(api, '2')).toMatchObject({ changed: false, transaction: null });
});

test('names that a transaction handed on are given back', async () => {
  const store = await openTemporary();
  await store.append(LakeFile, { id: 'x', ...lakeFile('a') });
  await store.append(LakeFile, { id: 'y', ...lakeFile('b') });
  const { transaction } = await store.transact(async (log) => {
    await log.update(LakeFile, 'y', { filename: 'c' });
    await log.update(LakeFile, 'x', { filename: 'b' });
    await log.create(LakeFile, { id: 'z', ...lakeFile('a') });
  });
  const id = transaction?.id as TransactionId;
  await store.transact((log) => log.revert(id));
  const names = await Promise.all(['x', 'y', 'z'].map((file) => store.get(LakeFile, file)));
  expect(names.map((file) => file?.values.filename ?? null)).toEqual(['a', 'b', null]);
});

test('a name that another took since is AlreadyExists', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'x', filename: 'f', text: '' });
  await write(api, 'delete', 'LakeFile', { id: 'x' });
  await write(api, 'create', 'LakeFile', { id: 'y', filename: 'f', text: '' });
  expect(await refused(api, 'revertTransaction', { id: '2' })).toMatchObject({
    __typename: 'AlreadyExists',
    id: 'y',
  });
});

test('a transaction that is not there is NotFound, and what is no id a bad request', async () => {
  const api = await openApi();
  expect(await refused(api, 'revertTransaction', { id: '7' })).toMatchObject({
    __typename: 'NotFound',
    id: '7',
  });
  for (const id of ['', '0', '-1', 'x', '1e3', '9'.repeat(30)]) {
    const answer = await send(api, 'revertTransaction', { id });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.errors?.[0]?.extensions.argument).toBe('id');
  }
});

test('a transaction of more than 10,000 versions is InvalidInput', async () => {
  const store = await openTemporary();
  await store.transact(async (log) => {
    for (let count = 0; count < 10_001; count += 1) await log.create(Todo, {});
  });
  await expect(store.transact((log) => log.revert(1 as TransactionId))).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    issues: [{ path: ['id'] }],
  });
});

const ids = ['a', 'b', 'c'] as const;
const actions = fc.array(
  fc.record({
    id: fc.constantFrom(...ids),
    action: fc.constantFrom('create', 'update', 'update', 'delete', 'restore'),
    values: specimenValues,
    patch: specimenPatch,
  }),
  { minLength: 1, maxLength: 8 },
);

type Values = Readonly<Record<string, unknown>>;
const differ = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);

type Actions = typeof actions extends fc.Arbitrary<infer A> ? A : never;

/** Makes those of the changes that can be made. */
async function play(log: LogTransaction, prefix: string, changes: Actions): Promise<void> {
  for (const { id: suffix, action, values, patch } of changes) {
    const id = prefix + suffix;
    const known = await log.get(Specimen, id);
    const live = known !== null && known.operation !== 'DELETE';
    if (action === 'create' && !known) await log.create(Specimen, { id, ...values });
    if (action === 'update' && live) await log.update(Specimen, id, patch);
    if (action === 'delete' && live) await log.delete(Specimen, id);
    if (action === 'restore' && known && !live) await log.restore(Specimen, id);
  }
}

test('undone at once, any transaction leaves what was there before it', async () => {
  const input = fc.record({ before: actions, transaction: actions });
  await withStore({ entities: [Specimen], replicaInMemory: true }, async (store) => {
    let run = 0;
    await checkProperty('revert', input, 80, async ({ before, transaction }) => {
      run += 1;
      const prefix = `${run}-`;
      const state = async () => {
        const records = await Promise.all(ids.map((id) => store.get(Specimen, prefix + id)));
        return records.map((record) => record?.values ?? null);
      };
      await store.transact((log) => play(log, prefix, before));
      const expected = await state();
      const made = await store.transact((log) => play(log, prefix, transaction));
      if (!made.transaction) return;
      const { id } = made.transaction;
      await store.transact((log) => log.revert(id));
      expect(await state()).toEqual(expected);
      // Nothing is left to undo.
      const again = await store.transact((log) => log.revert(id));
      expect(again.transaction).toBeNull();
    });
    expect((await store.verify()).defect).toBeNull();
  });
});

test('undone late, what others changed since is kept or stands in the way, never lost', async () => {
  const input = fc.record({ before: actions, transaction: actions, since: actions });
  await withStore({ entities: [Specimen], replicaInMemory: true }, async (store) => {
    let run = 0;
    const outcomes = { undone: 0, refused: 0 };
    await checkProperty('late revert', input, 150, async ({ before, transaction, since }) => {
      run += 1;
      const prefix = `${run}-`;
      const state = async () => {
        const records = await Promise.all(ids.map((id) => store.get(Specimen, prefix + id)));
        return records.map((record) => (record?.values ?? null) as Values | null);
      };
      // What is deleted has values, too, and may have been changed before.
      const whole = async () => {
        const histories = await Promise.all(ids.map((id) => store.history(Specimen, prefix + id)));
        return histories.map((history) => {
          const last = history.at(-1);
          return last && { isDeleted: last.operation === 'DELETE', values: last.values };
        });
      };
      await store.transact((log) => play(log, prefix, before));
      const first = await state();
      const made = await store.transact((log) => play(log, prefix, transaction));
      if (!made.transaction) return;
      const { id } = made.transaction;
      const second = await state();
      const asMade = await whole();
      await store.transact((log) => play(log, prefix, since));
      const third = await state();
      const failed = await store
        .transact((log) => log.revert(id))
        .then(
          () => null,
          (error: unknown) => error,
        );
      const fourth = await state();
      outcomes[failed ? 'refused' : 'undone'] += 1;
      if (failed) {
        expect(failed).toBeInstanceOf(RevertConflict);
        expect(fourth).toEqual(third);
        expect(await whole()).not.toEqual(asMade);
        return;
      }
      for (const index of ids.keys()) {
        const [was, made, now, then] = [first, second, third, fourth].map((all) => all[index]);
        // Whether it is there: put back where the transaction changed it, else as it is.
        const there = (was === null) === (made === null) ? now !== null : was !== null;
        expect(then !== null).toBe(there);
        if (!then || !now || !was || !made) continue;
        for (const name of Object.keys(then)) {
          const undone = differ(was[name], made[name]) ? was[name] : now[name];
          expect(then[name]).toEqual(undone);
        }
      }
    });
    console.log('late revert:', outcomes);
    // A few runs, as PROPERTY_RUNS may ask for, need not come to both.
    if (run > 20) expect(Math.min(outcomes.undone, outcomes.refused)).toBeGreaterThan(0);
  });
});
