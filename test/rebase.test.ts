/** Rebasing: a stale patch of fields that nobody else touched is applied on top. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RevisionConflict } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { openApi, type TestApi, write } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';
import { mutate, refused } from './support/mutate.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenPatch, specimenValues } from './support/specimen.ts';
import { openTemporary, withStore } from './support/temporary-store.ts';

const asked =
  'changed todo { revision subject status body labels priority } transaction { id } ' +
  'rebasedOver { id revision operation status }';
const rebase = { onConflict: 'REBASE' };

/** Revisions 1 to 3: created, then status, then labels. */
async function threeRevisions(api: TestApi): Promise<void> {
  await write(api, 'create', 'Todo', { id: 'x', subject: 'a' });
  await write(api, 'update', 'Todo', { id: 'x', status: 's' });
  await write(api, 'update', 'Todo', { id: 'x', labels: ['l', 'm'] });
}

const patch = (api: TestApi, input: object, options: object = rebase) =>
  mutate(api, 'updateTodo', { input: { id: 'x', ...input }, options }, asked);

test('a stale patch of untouched fields is applied on top, and tells of what', async () => {
  const api = await openApi();
  await threeRevisions(api);
  expect(await patch(api, { expectedRevision: 1, subject: 'b', body: null })).toMatchObject({
    __typename: 'UpdateTodoPayload',
    changed: true,
    todo: { revision: 4, subject: 'b', status: 's', labels: ['l', 'm'] },
    rebasedOver: [
      { id: 'x@2', operation: 'UPDATE', status: 's' },
      { id: 'x@3', operation: 'UPDATE', status: 's' },
    ],
  });
});

test('without the policy, or with FAIL, it is a conflict as ever', async () => {
  const api = await openApi();
  await threeRevisions(api);
  for (const options of [{}, { onConflict: 'FAIL' }, { onConflict: null }]) {
    const input = { id: 'x', expectedRevision: 1, subject: 'b' };
    expect(await refused(api, 'updateTodo', { input, options })).toMatchObject({
      __typename: 'RevisionConflict',
      expected: 1,
      actual: 3,
      changedFields: ['status', 'labels'],
    });
  }
});

test('a field that was changed since is a conflict, and nothing of the patch is kept', async () => {
  const api = await openApi();
  await threeRevisions(api);
  const input = { id: 'x', expectedRevision: 1, subject: 'b', labels: ['m', 'l'] };
  const conflict = await refused(api, 'updateTodo', { input, options: rebase });
  expect(conflict).toMatchObject({
    __typename: 'RevisionConflict',
    expected: 1,
    actual: 3,
    changedFields: ['status', 'labels'],
  });
  expect(conflict.message).toContain('names labels');
});

test('a field that was changed since to the very value of the patch is none', async () => {
  const api = await openApi();
  await threeRevisions(api);
  const same = { expectedRevision: 1, status: 's', labels: ['l', 'm'] };
  expect(await patch(api, same)).toMatchObject({
    changed: false,
    transaction: null,
    todo: { revision: 3 },
    rebasedOver: [{ revision: 2 }, { revision: 3 }],
  });
  expect(await patch(api, { ...same, subject: 'b' })).toMatchObject({ changed: true });
});

test('a field that was changed since and back again was touched: a conflict', async () => {
  const api = await openApi();
  await threeRevisions(api);
  await write(api, 'update', 'Todo', { id: 'x', status: null });
  const input = { id: 'x', expectedRevision: 1, status: 't' };
  expect(await refused(api, 'updateTodo', { input, options: rebase })).toMatchObject({
    changedFields: ['status', 'labels'],
  });
});

test('a patch that is not stale is applied over nothing', async () => {
  const api = await openApi();
  await threeRevisions(api);
  const fresh = await patch(api, { expectedRevision: 3, subject: 'b' });
  expect(fresh).toMatchObject({ changed: true, rebasedOver: [] });
  const unsaid = await patch(api, { subject: 'c' });
  expect(unsaid).toMatchObject({ changed: true, rebasedOver: [] });
});

test('an expectation ahead of the record is a conflict, and none below 1 can be', async () => {
  const api = await openApi();
  await threeRevisions(api);
  const update = (expectedRevision: number) =>
    refused(api, 'updateTodo', {
      input: { id: 'x', expectedRevision, subject: 'b' },
      options: rebase,
    });
  expect(await update(4)).toMatchObject({ __typename: 'RevisionConflict', changedFields: [] });
  for (const impossible of [0, -1]) {
    expect(await update(impossible)).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['expectedRevision'] }],
    });
  }
});

test('a record that was deleted since is NotFound', async () => {
  const api = await openApi();
  await threeRevisions(api);
  await write(api, 'delete', 'Todo', { id: 'x' });
  const input = { id: 'x', expectedRevision: 1, subject: 'b' };
  expect(await refused(api, 'updateTodo', { input, options: rebase })).toMatchObject({
    __typename: 'NotFound',
    id: 'x',
  });
});

test('new contents of a file are not applied over other new contents', async () => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'x', filename: 'f', text: 'one' });
  await write(api, 'update', 'LakeFile', { id: 'x', text: 'two' });
  const stale = { id: 'x', expectedRevision: 1 };
  const options = rebase;
  const lost = { input: { ...stale, text: 'six' }, options };
  expect(await refused(api, 'updateLakeFile', lost)).toMatchObject({
    changedFields: ['sha256'],
  });
  const other = { input: { ...stale, status: 's' }, options };
  expect(await mutate(api, 'updateLakeFile', other, 'lakeFile { text status }')).toMatchObject({
    lakeFile: { text: 'two', status: 's' },
  });
});

test('a patch that lies more than 1,000 revisions back is a conflict', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x', subject: 'a' });
  await store.transact(async (log) => {
    for (let count = 1; count <= 1_000; count += 1) {
      await log.update(Todo, 'x', { priority: 1_000 + count });
    }
  });
  const rebased = (expectedRevision: number) =>
    store.update(Todo, 'x', { body: 'b' }, { expectedRevision, onConflict: 'REBASE' });
  const late = await rebased(1).catch((error) => error);
  expect(late).toBeInstanceOf(RevisionConflict);
  expect(late).toMatchObject({ expected: 1, actual: 1_001, changedFields: ['priority'] });
  expect((await rebased(2)).rebasedOver).toHaveLength(999);
});

test('a rebased rename meets a name that is taken', async () => {
  const store = await openTemporary();
  await store.append(LakeFile, { id: 'x', ...lakeFile('a') });
  await store.append(LakeFile, { id: 'y', ...lakeFile('b') });
  await store.update(LakeFile, 'x', { status: 's' });
  const stale = { expectedRevision: 1, onConflict: 'REBASE' } as const;
  await expect(store.update(LakeFile, 'x', { filename: 'b' }, stale)).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    id: 'y',
  });
});

test('a rebased patch loses nobody’s change, and is refused only where it would', async () => {
  // Few fields at a time, so that patches that meet and patches that do not are both common.
  const patches = fc
    .tuple(specimenPatch, fc.subarray(Object.keys(Specimen.fields), { maxLength: 3 }))
    .map(([all, names]): typeof all =>
      Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))),
    );
  const input = fc.record({
    created: specimenValues,
    meanwhile: fc.array(patches, { minLength: 1, maxLength: 3 }),
    other: patches,
    // Two people who do the same.
    alike: fc.boolean(),
  });
  const outcomes = { over: 0, same: 0, refused: 0 };
  await withStore({ entities: [Specimen], replicaInMemory: true }, async (store) => {
    await checkProperty('rebase', input, 300, async ({ created, meanwhile, other, alike }) => {
      const late = alike ? { ...other, ...meanwhile.at(-1) } : other;
      const { id } = await store.append(Specimen, created);
      for (const change of meanwhile) await store.update(Specimen, id, change);
      const revisions = await store.history(Specimen, id);
      const values = revisions.map((revision) => revision.values as Record<string, unknown>);
      const now = values.at(-1) ?? {};
      const differ = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
      const touched = Object.keys(now).filter((name) =>
        values.some((each, index) => index > 0 && differ(each[name], values[index - 1]?.[name])),
      );
      const named = Object.entries(late).filter(([, value]) => value !== undefined);
      const lost = named.filter(
        ([name, value]) => touched.includes(name) && differ(value, now[name]),
      );
      const policy = { expectedRevision: 1, onConflict: 'REBASE' } as const;
      const answer = await store.update(Specimen, id, late, policy).catch((error) => error);
      if (lost.length > 0) {
        outcomes.refused += 1;
        expect(answer).toBeInstanceOf(RevisionConflict);
        expect(answer.changedFields.toSorted()).toEqual(touched.toSorted());
        expect((await store.get(Specimen, id))?.values).toEqual(now);
      } else {
        outcomes[named.some(([name]) => touched.includes(name)) ? 'same' : 'over'] += 1;
        expect(answer.version.values).toEqual({ ...now, ...Object.fromEntries(named) });
        expect(answer.rebasedOver).toEqual(revisions.slice(1));
      }
    });
    console.log('rebase:', outcomes);
  });
});
