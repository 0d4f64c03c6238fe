/** Unique keys: user, path and filename name one live file, nulls included. */
import { expect, test } from 'vitest';
import { AlreadyExists, type Store } from '../src/db/index.ts';
import { defineEntity, field, LakeFile } from '../src/entities/index.ts';
import { lakeFile } from './support/lake-file.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

interface Key {
  userId?: string | null;
  path?: string | null;
}
const create = (store: Store, key: Key, filename = 'a.csv') =>
  store.append(LakeFile, { ...lakeFile(filename), ...key });

test('two live files of one user, path and name cannot be', async () => {
  const store = await openTemporary();
  const { id } = await create(store, { userId: 'u', path: 'p' });
  await expect(create(store, { userId: 'u', path: 'p' })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    id,
  });
  expect(await store.head()).toBe(1);
});

test.for<[Key]>([[{}], [{ userId: 'u' }], [{ path: 'p' }], [{ userId: null, path: '' }]])(
  'a null is equal to a null: %o is taken once',
  async ([key]) => {
    const store = await openTemporary();
    await create(store, key);
    await expect(create(store, key)).rejects.toBeInstanceOf(AlreadyExists);
  },
);

test('a null, the empty text and every other text are different names', async () => {
  const store = await openTemporary();
  const texts = [null, '', ' ', 'a', 'A', 'ä', 'a\u0308', 'null', '\u{1f600}'];
  for (const userId of texts) for (const path of texts) await create(store, { userId, path });
  expect(await store.head()).toBe(texts.length ** 2);
});

test('a name is free again once its file was deleted', async () => {
  const store = await openTemporary();
  const first = await create(store, { path: 'p' });
  await store.delete(LakeFile, first.id);
  const second = await create(store, { path: 'p' });
  await store.delete(LakeFile, second.id);
  await create(store, { path: 'p' });
  expect(await store.head()).toBe(5);
});

test('a name is free again once its file was renamed or moved, and its new name is taken', async () => {
  const store = await openTemporary();
  const file = await create(store, { path: 'p' }, 'old.csv');
  await store.update(LakeFile, file.id, { filename: 'new.csv' });
  await expect(create(store, { path: 'p' }, 'new.csv')).rejects.toMatchObject({ id: file.id });
  await create(store, { path: 'p' }, 'old.csv');
  await store.update(LakeFile, file.id, { path: null });
  await create(store, { path: 'p' }, 'new.csv');
  await expect(create(store, {}, 'new.csv')).rejects.toBeInstanceOf(AlreadyExists);
});

test('a file cannot be renamed to a name that is taken, and stays as it was', async () => {
  const store = await openTemporary();
  const taken = await create(store, {}, 'a.csv');
  const file = await create(store, {}, 'b.csv');
  await expect(
    store.update(LakeFile, file.id, { filename: 'a.csv', status: 'moved' }),
  ).rejects.toMatchObject({ code: 'ALREADY_EXISTS', id: taken.id });
  expect(await store.get(LakeFile, file.id)).toEqual(file);
});

test('two files swap their names in one transaction by way of a third', async () => {
  const store = await openTemporary();
  const a = await create(store, {}, 'a.csv');
  const b = await create(store, {}, 'b.csv');
  await store.transact(async (log) => {
    await log.update(LakeFile, a.id, { filename: 'c.csv' });
    await log.update(LakeFile, b.id, { filename: 'a.csv' });
    await log.update(LakeFile, a.id, { filename: 'b.csv' });
    expect(await log.find(LakeFile, { filename: 'a.csv' })).toBe(b.id);
    expect(await log.find(LakeFile, { filename: 'c.csv' })).toBeNull();
  });
  await expect(create(store, {}, 'b.csv')).rejects.toMatchObject({ id: a.id });
});

test('a change of anything but the name keeps the name taken', async () => {
  const store = await openTemporary();
  const { id } = await create(store, { userId: 'u' });
  await store.update(LakeFile, id, { status: 'checked' });
  await expect(create(store, { userId: 'u' })).rejects.toMatchObject({ id });
});

test('a transaction that failed takes no name', async () => {
  const store = await openTemporary();
  await expect(
    store.transact(async (log) => {
      await log.create(LakeFile, lakeFile('a.csv'));
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  await create(store, {});
});

test('of many concurrent writers of one name exactly one succeeds', async () => {
  const store = await openTemporary();
  const attempts = await Promise.allSettled(
    Array.from({ length: 200 }, (_, index) => create(store, {}, `${index % 10}.csv`)),
  );
  const refused = attempts.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(190);
  for (const refusal of refused) {
    expect((refusal as PromiseRejectedResult).reason).toBeInstanceOf(AlreadyExists);
  }
  expect((await store.list(LakeFile)).versions).toHaveLength(10);
});

test('the database itself refuses a second live name, whoever inserts it', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await create(store, {});
  const raw = rawLog(directory);
  raw.exec('create temp table forged as select * from lake');
  raw.exec(`update forged set position = 2, id = 'other'`);
  expect(() => raw.exec('insert into lake select * from forged')).toThrow('UNIQUE constraint');
});

test('keys of other kinds than text are unique too', async () => {
  const Seat = defineEntity({
    name: 'Seat',
    description: 'A seat in a row.',
    fields: {
      row: field.int({ description: 'The row.' }),
      aisle: field.boolean({ description: 'Whether it is at the aisle.' }),
      height: field.float({ description: 'Its height.' }),
    },
    uniqueKey: ['row', 'aisle', 'height'],
  });
  const store = await openTemporary({ entities: [Seat] });
  const seat = { row: 1, aisle: true, height: 0.5 };
  const { id } = await store.append(Seat, seat);
  await store.append(Seat, { ...seat, aisle: false });
  await store.append(Seat, { ...seat, row: null });
  await expect(store.append(Seat, seat)).rejects.toMatchObject({ id });
  await expect(store.append(Seat, { ...seat, row: null })).rejects.toBeInstanceOf(AlreadyExists);
  const { value } = await store.transact((log) => log.find(Seat, seat));
  expect(value).toBe(id);
});
