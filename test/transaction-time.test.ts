/** Transactions from code whose work takes too long: given up alone, and nobody waits for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { type LogTransaction, TransactionTimeout } from '../src/index.ts';
import { codesOf, openApi } from './support/api.ts';
import { openTemporary } from './support/temporary-store.ts';

const short = { replicaInMemory: true, transactionTimeMaxMs: 600 };
const never = () => new Promise<never>(() => {});

test('work that never ends is given up, and the writes after it go on', async () => {
  const store = await openTemporary(short);
  const before = store.append(Todo, { id: 'before' });
  const endless = store.transact(async (log) => {
    await log.create(Todo, { id: 'endless' });
    await never();
  });
  const after = store.append(Todo, { id: 'after' });
  await expect(endless).rejects.toBeInstanceOf(TransactionTimeout);
  await expect(endless).rejects.toMatchObject({ code: 'TRANSACTION_TIMEOUT' });
  expect([(await before).position, (await after).position]).toEqual([1, 2]);
  expect((await store.append(Todo, { id: 'later' })).position).toBe(3);
  expect(await store.get(Todo, 'endless')).toBeNull();
  expect(await store.verify()).toEqual({ versions: 3, defect: null });
});

test('whatever it does later with its transaction is refused', async () => {
  const store = await openTemporary(short);
  await store.append(Todo, { id: 'a' });
  let late = (_: LogTransaction) => {};
  const transaction = new Promise<LogTransaction>((resolve) => {
    late = resolve;
  });
  const endless = store.transact(async (log) => {
    late(log);
    await never();
  });
  await expect(endless).rejects.toThrow('took longer');
  const log = await transaction;
  const uses = [
    () => log.create(Todo, { id: 'late' }),
    () => log.update(Todo, 'a', { subject: 'late' }),
    () => log.delete(Todo, 'a'),
    () => log.get(Todo, 'a'),
    () => log.find(LakeFile, { filename: 'f' }),
    () => log.putContents(Buffer.from('late')),
  ];
  for (const use of uses) await expect(use()).rejects.toThrow('The transaction is over');
  expect(await store.head()).toBe(1);
});

test('work that ends too late has not been done, its idempotency key included', async () => {
  const store = await openTemporary(short);
  const once = { key: 'k', requestDigest: 'd' };
  let ended = false;
  const slow = store.write(
    async () => {
      await sleep(800);
      ended = true;
      return [];
    },
    { once },
  );
  await expect(slow).rejects.toThrow('took longer');
  // Another transaction is open when the slow work comes to its end.
  await store.transact(async (log) => {
    await log.create(Todo, { id: 'a' });
    while (!ended) await sleep(10);
    await sleep(10);
  });
  const { results } = await store.write(
    async (log) => [{ version: await log.create(Todo, {}), changed: true, rebasedOver: [] }],
    { once },
  );
  expect(results).toHaveLength(1);
  expect(await store.verify()).toEqual({ versions: 2, defect: null });
});

test('each work that shares a commit has all of its time', async () => {
  const store = await openTemporary({ transactionTimeMaxMs: 400 });
  const slow = async (log: Parameters<Parameters<typeof store.transact>[0]>[0]) => {
    await sleep(250);
    return (await log.create(Todo, {})).position;
  };
  const made = await Promise.all([1, 2, 3, 4].map(() => store.transact(slow)));
  expect(made.map(({ value }) => value)).toEqual([1, 2, 3, 4]);
});

test('a store closes though work never ends', async () => {
  const store = await openTemporary(short);
  const endless = store.transact(never);
  const closed = store.close();
  await expect(endless).rejects.toThrow('took longer');
  await closed;
});

test('a client is told of it with a code', async () => {
  const api = await openApi({ transactionTimeMaxMs: 1 });
  const inputs = Array.from({ length: 5_000 }, (_, index) => ({ id: `${index}` }));
  const answer = await api.ask(
    'mutation ($inputs: [CreateTodoInput!]!) { createTodos(inputs: $inputs) { __typename } }',
    { inputs },
  );
  expect(codesOf(answer)).toEqual(['TRANSACTION_TIMEOUT']);
  expect(await api.position()).toBe('0');
});
