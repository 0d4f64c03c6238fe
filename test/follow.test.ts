/** Following the log: every version once, in order, from any position, until it is ended. */
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { limits, type Store } from '../src/db/index.ts';
import {
  LakeFile,
  type Position,
  positionZero,
  Todo,
  type Version,
} from '../src/entities/index.ts';
import { lakeFile } from './support/lake-file.ts';
import { checkProperty } from './support/property.ts';
import { openTemporary, withStore } from './support/temporary-store.ts';
import { untilWaiting } from './support/until.ts';

/** Takes `count` versions; then the following ends. */
async function take(store: Store, count: number, options: Parameters<Store['follow']>[0] = {}) {
  const ending = new AbortController();
  const taken: Version[] = [];
  if (count === 0) return taken;
  for await (const version of store.follow({ ...options, signal: ending.signal })) {
    taken.push(version);
    if (taken.length === count) ending.abort();
  }
  return taken;
}

const positionsOf = (versions: readonly Version[]) => versions.map(({ position }) => position);
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('a follower gets what was committed before it came and what is committed after', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'a' });
  const following = take(store, 3);
  await untilWaiting(store, 1);
  const b = await store.append(Todo, { id: 'b' });
  const { version } = await store.update(Todo, 'b', { status: 'done' });
  const taken = await following;
  expect(positionsOf(taken)).toEqual([1, 2, 3]);
  expect(taken.slice(1)).toEqual([b, version]);
});

test('followers miss nothing and repeat nothing while eight writers write', async () => {
  const store = await openTemporary({ replicaInMemory: false, replicaLimits: { mergeRows: 20 } });
  const total = 8 * 40;
  const followers = [0, 0, 100, 319].map((after) =>
    take(store, total - after, { after: after as Position }),
  );
  const writer = async (name: number) => {
    for (let count = 0; count < 20; count += 1) {
      await store.transact(async (log) => {
        const { id } = await log.create(Todo, { subject: `${name}` });
        await log.update(Todo, id, { priority: count });
      });
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => writer(name)));
  const [first, second, third, fourth] = await Promise.all(followers);
  expect(positionsOf(first ?? [])).toEqual(range(1, total));
  expect(second).toEqual(first);
  expect(third).toEqual(first?.slice(100));
  expect(positionsOf(fourth ?? [])).toEqual([total]);
  expect(first).toEqual(await store.versionsBetween(positionZero, await store.head()));
});

test('from any position and for any kinds, a follower gets exactly the rest', () =>
  checkProperty(
    'following',
    fc.tuple(
      fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }), { maxLength: 12 }),
      fc.array(
        fc.record({
          after: fc.nat({ max: 40 }),
          entities: fc.constantFrom(
            undefined,
            [Todo],
            [LakeFile],
            [Todo, LakeFile],
            [LakeFile, Todo],
          ),
        }),
        { minLength: 4, maxLength: 4 },
      ),
    ),
    8,
    ([transactions, followers]) =>
      withStore({ replicaInMemory: true }, async (store) => {
        const kinds = transactions.flat();
        const expected = followers.map(({ after, entities }) =>
          range(1, kinds.length).filter((position) => {
            const kind = kinds[position - 1] ? Todo : LakeFile;
            return position > after && (!entities || entities.some((entity) => entity === kind));
          }),
        );
        const taken = followers.map(({ after, entities }, index) =>
          take(store, expected[index]?.length ?? 0, { after: after as Position, entities }),
        );
        for (const [number, changes] of transactions.entries()) {
          await store.transact(async (log) => {
            for (const [index, isTodo] of changes.entries()) {
              if (isTodo) await log.create(Todo, {});
              else await log.create(LakeFile, lakeFile(`${number}.${index}`));
            }
          });
        }
        expect((await Promise.all(taken)).map(positionsOf)).toEqual(expected);
        expect(store.waitingFollowers).toBe(0);
      }),
  ));

test('a transaction larger than a batch is followed whole and in order', async () => {
  const store = await openTemporary();
  const following = take(store, 2_600);
  await store.append(Todo, {});
  await store.transact(async (log) => {
    for (let count = 0; count < 2_500; count += 1) await log.create(Todo, {});
  });
  for (let count = 0; count < 99; count += 1) await store.append(Todo, {});
  expect(positionsOf(await following)).toEqual(range(1, 2_600));
});

test('a slow follower gets everything, and holds nobody up', async () => {
  const store = await openTemporary();
  const ending = new AbortController();
  const slow = store.follow({ signal: ending.signal });
  await store.append(Todo, {});
  expect((await slow.next()).value?.position).toBe(1);
  for (let count = 0; count < 50; count += 1) await store.append(Todo, {});
  for (const position of range(2, 51)) {
    expect((await slow.next()).value?.position).toBe(position);
  }
  ending.abort();
  expect(await slow.next()).toEqual({ value: undefined, done: true });
});

test('an aborted follower ends at once and leaves nobody waiting', async () => {
  const store = await openTemporary();
  const endings = range(1, 20).map(() => new AbortController());
  const followers = endings.map(({ signal }) => store.follow({ signal }));
  const nexts = followers.map((follower) => follower.next());
  await untilWaiting(store, 20);
  for (const ending of endings.slice(0, 19)) ending.abort();
  expect(await Promise.all(nexts.slice(0, 19))).toEqual(
    Array(19).fill({ value: undefined, done: true }),
  );
  expect(store.waitingFollowers).toBe(1);
  endings[19]?.abort();
  await nexts[19];
  expect(store.waitingFollowers).toBe(0);
});

test('a follower whose signal was aborted before gets nothing', async () => {
  const store = await openTemporary();
  await store.append(Todo, {});
  const follower = store.follow({ signal: AbortSignal.abort() });
  expect((await follower.next()).done).toBe(true);
});

test('a follower left in the middle of a batch leaves nothing behind', async () => {
  const store = await openTemporary();
  for (let count = 0; count < 3; count += 1) await store.append(Todo, {});
  for await (const version of store.follow()) if (version.position === 2) break;
  expect(store.waitingFollowers).toBe(0);
});

test('closing the store ends its followers', async () => {
  const store = await openTemporary();
  const follower = store.follow();
  const next = follower.next();
  await untilWaiting(store, 1);
  await store.close();
  expect((await next).done).toBe(true);
  expect(store.waitingFollowers).toBe(0);
  expect((await store.follow().next()).done).toBe(true);
});

test('a follower of a position that is yet to come waits for it', async () => {
  const store = await openTemporary();
  const following = take(store, 1, { after: 3 as Position });
  for (let count = 0; count < 4; count += 1) await store.append(Todo, {});
  expect(positionsOf(await following)).toEqual([4]);
});

test('a store that closes while it looks for other processes’ commits has no fault', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  // The test fails by itself when the store reports a fault.
  const store = await openTemporary();
  const following = store.follow().next();
  await untilWaiting(store, 1);
  vi.advanceTimersByTime(limits.foreignCommitPollMs);
  await store.close();
  expect((await following).done).toBe(true);
  await new Promise(setImmediate);
});
