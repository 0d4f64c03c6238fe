/** What was read lately is not read again, and never shown once it is superseded. */
import { expect, test } from 'vitest';
import { RecentVersions } from '../src/db/replica/recent-versions.ts';
import { type Position, Todo } from '../src/entities/index.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';

test('a record that was read is read again without asking DuckDB', async () => {
  let queries = 0;
  const onReplicaQuery = () => {
    queries += 1;
  };
  const store = await openTemporary({ replicaInMemory: true, onReplicaQuery });
  await store.append(Todo, { id: 'a', subject: 'first' });
  await store.get(Todo, 'a');
  const before = queries;
  expect((await store.get(Todo, 'a'))?.values.subject).toBe('first');
  expect(queries).toBe(before);
});

test('a change shows at once, and what was before it stays readable where it was', async () => {
  const store = await openTemporary({ replicaInMemory: true });
  const { position } = await store.append(Todo, { id: 'a', subject: 'first' });
  await store.get(Todo, 'a');
  await store.update(Todo, 'a', { subject: 'second' });
  expect((await store.get(Todo, 'a'))?.values.subject).toBe('second');
  expect((await store.get(Todo, 'a', position))?.values.subject).toBe('first');
  await store.delete(Todo, 'a');
  expect(await store.get(Todo, 'a')).toBeNull();
});

test('a change by another store on the same data shows at once', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const other = await openTemporary({ directory });
  await store.append(Todo, { id: 'a', subject: 'first' });
  await store.get(Todo, 'a');
  await other.update(Todo, 'a', { subject: 'second' });
  expect((await store.get(Todo, 'a'))?.values.subject).toBe('second');
});

test('a version is not shown at a position before it', async () => {
  const store = await openTemporary({ replicaInMemory: true });
  const first = await store.append(Todo, { id: 'a' });
  const { version } = await store.update(Todo, 'a', { subject: 'second' });
  const recent = new RecentVersions();
  recent.keep(version);
  expect(recent.get(Todo, 'a', first.position)).toBeNull();
  expect(recent.get(Todo, 'a', version.position)).toBe(version);
  expect(recent.get(Todo, 'a', (version.position + 9) as Position)).toBe(version);
  recent.supersede([version]);
  expect(recent.get(Todo, 'a', version.position)).toBeNull();
});
