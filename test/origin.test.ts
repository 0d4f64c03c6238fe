/** The twelve things that dkdc-state, dkdc-todo and dkdc-lake left open, each shown to be gone. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { AlreadyExists, differingFields, NotFound, RevisionConflict } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { lakeFile } from './support/lake-file.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

test('1: after a change of owner the old owner no longer sees the record', async () => {
  const store = await openTemporary();
  const ofUser = async (user: string) =>
    (await store.list(Todo, { filter: { userId: { eq: user } } })).versions.map(({ id }) => id);
  await store.append(Todo, { id: 'x', userId: 'ada' });
  expect([await ofUser('ada'), await ofUser('bob')]).toEqual([['x'], []]);
  await store.update(Todo, 'x', { userId: 'bob' });
  expect([await ofUser('ada'), await ofUser('bob')]).toEqual([[], ['x']]);
});

test('2: no user means nobody’s records, not everybody’s', async () => {
  const store = await openTemporary();
  await store.append(LakeFile, { ...lakeFile('a.csv'), id: 'hers', userId: 'ada' });
  const find = (userId: string | null) =>
    store.transact((log) => log.find(LakeFile, { userId, path: null, filename: 'a.csv' }));
  expect((await find(null)).value).toBeNull();
  await store.append(LakeFile, { ...lakeFile('a.csv'), id: 'nobody’s' });
  expect([(await find(null)).value, (await find('ada')).value]).toEqual(['nobody’s', 'hers']);
  const { versions } = await store.list(LakeFile, { filter: { userId: { isNull: true } } });
  expect(versions.map(({ id }) => id)).toEqual(['nobody’s']);
});

test('3: of two writers that create the same record only one succeeds', async () => {
  const store = await openTemporary();
  for (const create of [
    () => store.append(Todo, { id: 'x' }),
    () => store.append(LakeFile, lakeFile('a.csv')),
  ]) {
    const [first, second] = await Promise.allSettled([create(), create()]);
    expect(first?.status).toBe('fulfilled');
    expect((second as PromiseRejectedResult).reason).toBeInstanceOf(AlreadyExists);
  }
});

test('4: the newest version is the last committed, whatever the clock says', async () => {
  const readings = [3_000, 3_000, 1_000];
  const store = await openTemporary({ clock: () => readings.shift() ?? 0 });
  await store.append(Todo, { id: 'x', subject: 'first' });
  await store.update(Todo, 'x', { subject: 'in the same microsecond' });
  await store.update(Todo, 'x', { subject: 'after the clock stepped back' });
  expect((await store.get(Todo, 'x'))?.values.subject).toBe('after the clock stepped back');
  const times = (await store.history(Todo, 'x')).map(({ committedAt }) => committedAt);
  expect(times).toEqual([3_000, 3_001, 3_002]);
});

test('5: an update keeps what it does not name and can expect a revision', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x', subject: 's', priority: 3, labels: ['l'] });
  const { version } = await store.update(Todo, 'x', { status: 'done' }, { expectedRevision: 1 });
  expect(version.values).toMatchObject({
    subject: 's',
    priority: 3,
    labels: ['l'],
    status: 'done',
  });
  const late = store.update(Todo, 'x', { status: 'open' }, { expectedRevision: 1 });
  await expect(late).rejects.toBeInstanceOf(RevisionConflict);
});

test('6: bytes are stored once, are known by size and digest, and are read in pieces', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const bytes = randomBytes(600_000);
  const { value } = await store.transact(async (log) =>
    log.create(LakeFile, { filename: 'a.bin', ...(await log.putContents(bytes)) }),
  );
  for (const status of ['a', 'b', 'c']) await store.update(LakeFile, value.id, { status });
  const stored = 'select sum(size) from chunks';
  expect(rawLog(directory).prepare(stored).pluck().get()).toBe(bytes.length);
  const [listed] = (await store.list(LakeFile)).versions;
  expect(listed?.values).toMatchObject({ size: bytes.length, sha256: value.values.sha256 });
  for (const held of Object.values(listed?.values ?? {})) {
    expect(held).not.toBeInstanceOf(Uint8Array);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.contents(value.values.sha256)) chunks.push(chunk);
  expect(chunks.length).toBeGreaterThan(1);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});

test('7: revisions count; files are renamed, moved, deleted, restored, and named again', async () => {
  const store = await openTemporary();
  const { id } = await store.append(LakeFile, { ...lakeFile('old.csv'), path: 'here', version: 7 });
  await store.update(LakeFile, id, { filename: 'new.csv' });
  await store.update(LakeFile, id, { path: 'there' });
  await store.delete(LakeFile, id);
  expect(await store.get(LakeFile, id)).toBeNull();
  const history = await store.history(LakeFile, id);
  expect(history.map(({ revision, values }) => [revision, values.version])).toEqual([
    [1, 7],
    [2, 7],
    [3, 7],
    [4, 7],
  ]);
  const again = await store.append(LakeFile, { ...lakeFile('new.csv'), path: 'there' });
  expect(again.revision).toBe(1);
  // Its name is taken now, but not the one that it had at first.
  await expect(store.restore(LakeFile, id)).rejects.toBeInstanceOf(AlreadyExists);
  const { version } = await store.restore(LakeFile, id, { revision: 1 });
  expect(version).toMatchObject({ revision: 5, values: { filename: 'old.csv', path: 'here' } });
});

test('8: a label keeps its comma, and no labels are an empty list', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x', labels: ['a,b', 'c'] });
  await store.append(Todo, { id: 'y', labels: [] });
  await store.append(Todo, { id: 'z' });
  const labels = await Promise.all(['x', 'y', 'z'].map((id) => store.get(Todo, id)));
  expect(labels.map((version) => version?.values.labels)).toEqual([['a,b', 'c'], [], []]);
  const { versions } = await store.list(Todo, { filter: { labels: { has: 'a' } } });
  expect(versions).toEqual([]);
});

test('9: what is missing is missing in the same way, whatever its kind', async () => {
  const store = await openTemporary();
  for (const entity of [Todo, LakeFile]) {
    expect(await store.get(entity, 'x')).toBeNull();
    expect(await store.history(entity, 'x')).toEqual([]);
    await expect(store.update(entity, 'x', {})).rejects.toBeInstanceOf(NotFound);
    await expect(store.delete(entity, 'x')).rejects.toBeInstanceOf(NotFound);
  }
});

test('10: history, past states, differences, creation times, pages, search and a feed are there', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const created = await store.append(Todo, { id: 'x', subject: 'then' });
  await store.append(Todo, { id: 'y' });
  const { version: now } = await store.update(Todo, 'x', { subject: 'now' });
  expect(await store.history(Todo, 'x')).toEqual([created, now]);
  expect(await store.get(Todo, 'x', created.position)).toEqual(created);
  expect(differingFields(Todo, created.values, now.values)).toEqual(['subject']);
  expect(now.createdAt).toBe(created.committedAt);
  expect(await store.list(Todo, { limit: 1 })).toMatchObject({ versions: [now], more: true });
  expect(await store.list(Todo, { filter: { search: 'NOW' } })).toMatchObject({ versions: [now] });
  const followed: number[] = [];
  for await (const { position } of store.follow()) {
    if (followed.push(position) === 3) break;
  }
  expect(followed).toEqual([1, 2, 3]);
  expect(() => rawLog(directory).exec('delete from todos')).toThrow('append-only');
});

test('11: one transaction changes records of several kinds, or none', async () => {
  const store = await openTemporary();
  const both = (id: string) =>
    store.transact(async (log) => {
      await log.create(Todo, { id });
      await log.create(LakeFile, lakeFile('a.csv'));
    });
  const { transaction } = await both('x');
  expect(transaction).toMatchObject({ firstPosition: 1, lastPosition: 2 });
  await expect(both('y')).rejects.toBeInstanceOf(AlreadyExists);
  expect(await store.get(Todo, 'y')).toBeNull();
});

test('12: reads rank no log, and concurrent writers lose nothing', async () => {
  const queries: string[] = [];
  const store = await openTemporary({ onReplicaQuery: (sql) => queries.push(sql) });
  const ids = Array.from({ length: 10 }, (_, index) => String(index));
  await Promise.all(ids.map((id) => store.append(Todo, { id })));
  const updates = Array.from({ length: 300 }, (_, index) =>
    store.update(Todo, String(index % 10), { priority: index }),
  );
  await Promise.all(updates);
  const histories = await Promise.all(ids.map((id) => store.history(Todo, id)));
  expect(histories.map(({ length }) => length)).toEqual(Array(10).fill(31));
  await Promise.all([store.list(Todo), store.get(Todo, '0')]);
  expect(queries.length).toBeGreaterThan(0);
  expect(queries.filter((sql) => /\bover\s*\(|row_number|group by/i.test(sql))).toEqual([]);
});
