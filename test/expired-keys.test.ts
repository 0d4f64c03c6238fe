/** Idempotency keys that have expired: removed in small commits, and free for another write. */
import { expect, test } from 'vitest';
import { openStore, type Store } from '../src/db/index.ts';
import { systemClock } from '../src/db/shared/clock.ts';
import { limits } from '../src/db/shared/limits.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { backedUp, restored, segmentsIn } from './support/backups.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

const hourUs = 3_600_000_000;
const dayUs = 24 * hourUs;

/** A clock that a test sets back, by some microseconds. */
function clockSetBack(): { now: () => number; by: number } {
  const clock = { by: 0, now: () => systemClock() - clock.by };
  return clock;
}

/** Creates a todo under a key. @returns its id. */
async function createOnce(store: Store, key: string, subject = key): Promise<string> {
  const { results } = await store.write(
    async (log) => {
      const version = await log.create(Todo, { subject });
      return [{ version, changed: true, rebasedOver: [] }];
    },
    { once: { key, requestDigest: subject } },
  );
  return results[0]?.version.id as string;
}

const writeNothing = (store: Store, key: string) =>
  store.write(async () => [], { once: { key, requestDigest: key } });

const keysIn = (directory: string) =>
  rawLog(directory).prepare('select key from idempotency_keys order by key').pluck().all();

test('a key counts for as many days as are set, and then the same is written again', async () => {
  const directory = temporaryDirectory();
  const clock = clockSetBack();
  const store = await openTemporary({ directory, clock: clock.now, idempotencyKeyDays: 3 });
  clock.by = 3 * dayUs + 2 * hourUs;
  const first = await createOnce(store, 'old');
  await writeNothing(store, 'nothing');
  clock.by = 3 * dayUs;
  const young = await createOnce(store, 'young');
  clock.by = 0;
  expect(await createOnce(store, 'old')).toBe(first);
  expect(await store.collectKeys()).toBe(2);
  expect(keysIn(directory)).toEqual(['young']);
  expect(await createOnce(store, 'young')).toBe(young);
  const second = await createOnce(store, 'old');
  expect(second).not.toBe(first);
  expect(await createOnce(store, 'old')).toBe(second);
  expect(await store.collectKeys()).toBe(0);
  expect(await store.verify()).toEqual({ versions: 3, defect: null });
});

test('with 0 days they count for ever', async () => {
  const directory = temporaryDirectory();
  const clock = clockSetBack();
  const store = await openTemporary({ directory, clock: clock.now, idempotencyKeyDays: 0 });
  clock.by = 1_000 * dayUs;
  const first = await createOnce(store, 'k');
  clock.by = 0;
  expect(await store.collectKeys()).toBe(0);
  expect(await createOnce(store, 'k')).toBe(first);
});

test('many are removed in small commits, and writes go on between them', async () => {
  const directory = temporaryDirectory();
  const clock = clockSetBack();
  const commits: number[] = [];
  const store = await openTemporary({
    directory,
    clock: clock.now,
    idempotencyKeyDays: 1,
    onGroupCommit: ({ mutations }) => commits.push(mutations),
  });
  clock.by = 2 * dayUs;
  const count = 2 * limits.removedKeysMax + 10;
  await Promise.all(Array.from({ length: count }, (_, index) => createOnce(store, `k${index}`)));
  clock.by = 0;
  commits.length = 0;
  const [removed] = await Promise.all([store.collectKeys(), createOnce(store, 'meanwhile')]);
  expect(removed).toBe(count);
  expect(commits.length).toBeGreaterThanOrEqual(3);
  expect(keysIn(directory)).toEqual(['meanwhile']);
});

test('keys from before they had a time are as old as the position that they answer at', async () => {
  const directory = temporaryDirectory();
  const clock = clockSetBack();
  const store = await openTemporary({ directory, clock: clock.now, idempotencyKeyDays: 1 });
  await writeNothing(store, 'before all');
  clock.by = 3 * dayUs;
  await createOnce(store, 'old');
  clock.by = 0;
  await createOnce(store, 'young');
  await store.close();
  const raw = rawLog(directory);
  raw.exec(`
    drop trigger idempotency_keys_refuses_update;
    update idempotency_keys set created_at = null, digest = null;`);
  const again = await openTemporary({ directory, idempotencyKeyDays: 1, replicaInMemory: true });
  expect(await again.collectKeys()).toBe(2);
  expect(keysIn(directory)).toEqual(['young']);
});

test('nobody removes a key of the last day', async () => {
  const directory = temporaryDirectory();
  const clock = clockSetBack();
  const store = await openTemporary({ directory, clock: clock.now });
  clock.by = dayUs + hourUs;
  await createOnce(store, 'old');
  clock.by = dayUs - hourUs;
  await createOnce(store, 'young');
  const raw = rawLog(directory);
  const remove = (key: string) =>
    raw.prepare('delete from idempotency_keys where key = ?').run(key);
  expect(() => remove('young')).toThrow('idempotency_keys is append-only: delete is refused');
  expect(remove('old').changes).toBe(1);
});

test('a server whose clock is set back two days removes nothing too early', async () => {
  const directory = temporaryDirectory();
  const clock = clockSetBack();
  const store = await openTemporary({ directory, clock: clock.now, idempotencyKeyDays: 1 });
  const first = await createOnce(store, 'k');
  clock.by = 2 * dayUs;
  expect(await store.collectKeys()).toBe(0);
  const second = await createOnce(store, 'later');
  clock.by = 0;
  expect(await store.collectKeys()).toBe(0);
  expect(await createOnce(store, 'k')).toBe(first);
  expect(await createOnce(store, 'later')).toBe(second);
});

test.for(['in segments of its own', 'in one segment'])(
  'of a key that came again, backed up %s, a restore knows the later write',
  async (how) => {
    const [directory, target] = [temporaryDirectory(), `${temporaryDirectory()}/backup`];
    const clock = clockSetBack();
    const open = () => openStore({ directory, entities: shippedEntities, clock: clock.now });
    clock.by = 40 * dayUs;
    let store = await open();
    const first = await createOnce(store, 'k', 'first');
    await createOnce(store, 'other');
    await store.close();
    await backedUp(directory, target);
    clock.by = 0;
    store = await open();
    expect(await store.collectKeys()).toBe(2);
    const second = await createOnce(store, 'k', 'second');
    await store.close();
    await backedUp(directory, target);
    if (how === 'in one segment') {
      // Small segments become one by and by.
      for (let count = 0; segmentsIn(target).length > 1 && count < 20; count += 1) {
        store = await open();
        await store.append(Todo, {});
        await store.close();
        await backedUp(directory, target);
      }
    }
    const back = `${temporaryDirectory()}/back`;
    await restored(target, back);
    store = await openTemporary({ directory: back, replicaInMemory: true });
    expect(await createOnce(store, 'k', 'second')).toBe(second);
    expect(second).not.toBe(first);
    expect((await store.verify()).defect).toBeNull();
    expect(keysIn(back)).toEqual(['k', 'other']);
  },
);
