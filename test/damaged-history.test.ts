/** Versions and transactions that the disk has changed: never served as they are now. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogDamaged, openLog, openStore, type Store } from '../src/db/index.ts';
import { defineEntity, field, LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { alter } from './support/altered-log.ts';
import { codesOf, openApi } from './support/api.ts';
import { checkProperty } from './support/property.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

/** Todo "a" has positions 1, 3 and 5, "b" has 2, and a file has 4; in four transactions. */
async function writeLog(store: Store): Promise<void> {
  await store.append(Todo, { id: 'a', subject: 'one', labels: ['x'] }, { actor: 'ada' });
  await store.append(Todo, { id: 'b', subject: 'two' }, { reason: 'because' });
  await store.transact(async (log) => {
    await log.update(Todo, 'a', { subject: 'three', priority: 3 });
    await log.create(LakeFile, {
      id: 'f',
      filename: 'f',
      ...(await log.putContents(Buffer.of(1))),
    });
  });
  await store.update(Todo, 'a', { status: 'done' });
}

/** The same, and nothing of it in memory. */
async function writtenBefore(): Promise<{ directory: string; store: Store }> {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeLog(store);
  await store.close();
  return { directory, store: await openTemporary({ directory }) };
}

/** What damages the middle version of todo "a", a column each. */
const damages = [
  `subject = 'thrae'`,
  `body = ''`,
  'subject = null',
  'priority = 7',
  `labels = '["y"]'`,
  `labels = '["x"'`,
  'salt = zeroblob(16)',
  `salt = x''`,
  'contents_digest = zeroblob(32)',
  'digest = zeroblob(32)',
  'digest = zeroblob(31)',
  'idx = idx + 1',
  'created_idx = created_idx - 1',
  `operation = 'RESTORE'`,
  'previous_position = 2',
  'transaction_id = 2',
];

test.for(damages)('a version with %s is served nowhere, and others are', async (damage) => {
  const { directory, store } = await writtenBefore();
  alter(directory, `update todos set ${damage} where position = 3`);
  const damaged = expect.objectContaining({ code: 'HISTORY_DAMAGED', position: 3 });
  const collect = async () => {
    const signal = AbortSignal.timeout(5_000);
    for await (const _ of store.follow({ after: 0 as never, signal }));
  };
  await expect(store.history(Todo, 'a')).rejects.toEqual(damaged);
  await expect(store.list(Todo, { limit: 9, at: 4 as never })).rejects.toEqual(damaged);
  await expect(store.restore(Todo, 'a', { revision: 2 as never })).rejects.toEqual(damaged);
  await expect(collect()).rejects.toEqual(damaged);
  expect((await store.history(Todo, 'b')).map(({ values }) => values.subject)).toEqual(['two']);
  expect((await store.list(Todo, { limit: 9 })).versions.map(({ id }) => id).sort()).toEqual([
    'a',
    'b',
  ]);
  await store.update(Todo, 'a', { status: 'open' });
});

test('nothing is written on top of a version that is damaged', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeLog(store);
  alter(directory, `update todos set subject = 'eerht' where position = 5`);
  const damaged = { code: 'HISTORY_DAMAGED', position: 5 };
  await expect(store.update(Todo, 'a', { body: 'more' })).rejects.toMatchObject(damaged);
  await expect(store.delete(Todo, 'a')).rejects.toMatchObject(damaged);
  expect((await store.append(Todo, { id: 'c' })).position).toBe(6);
});

test.for([
  `actor = 'eve'`,
  'actor = null',
  `reason = ''`,
  'salt = zeroblob(16)',
  `salt = x'', actor = null`,
  'contents_digest = zeroblob(32)',
  'digest = zeroblob(32)',
  'committed_at = committed_at + 1',
  'first_position = 0',
  'last_position = 9',
])('a transaction with %s is served nowhere, and others are', async (damage) => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeLog(store);
  alter(directory, `update transactions set ${damage} where id = 1`);
  const damaged = expect.objectContaining({ code: 'HISTORY_DAMAGED' });
  const list = (filter?: object) => store.transactionPage({ descending: true, limit: 9, filter });
  await expect(store.transactions([1 as never])).rejects.toEqual(damaged);
  await expect(list()).rejects.toEqual(damaged);
  await expect(list({ actor: { eq: 'ada' } })).rejects.toEqual(damaged);
  expect((await store.transactions([4 as never]))[0]?.firstPosition).toBe(5);
});

test('a mutation is not taken for done by a key that is damaged', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeLog(store);
  const repeat = () =>
    store.write(async (log) => [await log.update(Todo, 'a', { body: 'once' })], {
      once: { key: 'k', requestDigest: 'd' },
    });
  await repeat();
  expect((await repeat()).position).toBe(6);
  alter(directory, `update idempotency_keys set results = replace(results, '6', '5')`);
  await expect(repeat()).rejects.toMatchObject({ code: 'HISTORY_DAMAGED', position: 6 });
});

test('no replica is made of a log with a version that is damaged', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeLog(store);
  await store.close();
  alter(directory, `update lake set filename = 'g' where position = 4`);
  rmSync(join(directory, 'replica'), { recursive: true });
  const opening = openStore({ directory, entities: shippedEntities });
  await expect(opening).rejects.toBeInstanceOf(LogDamaged);
  await expect(opening).rejects.toThrow(
    /everstate\.db is damaged\. The version at position 4 is not as it was written\. Restore/,
  );
});

test('a record that is damaged can be given up by erasing it, and the log is whole then', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeLog(store);
  await store.close();
  alter(directory, `update todos set subject = 'thrae' where position = 3`);
  const log = await openLog({ directory, entities: shippedEntities });
  await log.erase([{ entity: Todo, id: 'a' }], {});
  await log.close();
  const after = await openTemporary({ directory });
  expect(await after.verify()).toEqual({ versions: 6, defect: null });
  expect((await after.list(Todo, { limit: 9 })).versions.map(({ id }) => id)).toEqual(['b']);
});

test('clients are told a code, and the server’s log where it is', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  await writeLog(api.store);
  alter(directory, `update todos set subject = 'thrae' where position = 3`);
  const query = '{ todo(id: "a") { subject history(first: 5) { edges { node { revision } } } } }';
  const answer = await api.ask(query);
  expect(codesOf(answer)).toEqual(['HISTORY_DAMAGED']);
  expect(answer.errors?.[0]?.message).toMatch(/damaged, and is not served.* has it under/);
  expect(api.logged).toMatchObject([{ err: { code: 'HISTORY_DAMAGED', position: 3 } }]);
});

test('what another process gives the log to know is no damage', async () => {
  const fields = { text: field.text({ description: 'x' }) };
  const Before = defineEntity({ name: 'Note', description: 'x', fields });
  const more = { ...fields, more: field.int({ description: 'x' }) };
  const After = defineEntity({ name: 'Note', description: 'x', fields: more });
  const directory = temporaryDirectory();
  const options = { directory, replicaInMemory: true };
  const store = await openTemporary({ ...options, entities: [Before] });
  await store.append(Before, { id: 'n', text: 'one' });
  await store.history(Before, 'n');
  await store.transactionPage({ descending: true, limit: 9 });
  const other = await openTemporary({ ...options, entities: [After, Todo] });
  await other.append(Todo, { id: 't' });
  await other.update(After, 'n', { text: 'two', more: 2 });
  const history = await store.history(Before, 'n');
  expect(history.map(({ values }) => values)).toEqual([{ text: 'one' }, { text: 'two' }]);
  const { transactions } = await store.transactionPage({ descending: true, limit: 9 });
  expect(transactions).toHaveLength(3);
});

test('one bit flipped in the row of a version is told, or changes no answer', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeLog(store);
  const answersOf = async (from: Store) =>
    JSON.stringify([
      await from.history(Todo, 'a'),
      await from.history(Todo, 'b'),
      await from.list(Todo, { limit: 9, at: 4 as never }),
      (await from.transactionPage({ descending: false, limit: 9 })).transactions,
    ]);
  const expected = await answersOf(store);
  await store.close();
  const raw = rawLog(directory);
  const row = raw.prepare('select subject, digest from todos where position = 3').get() as {
    subject: string;
    digest: Buffer;
  };
  raw.pragma('wal_checkpoint(truncate)');
  raw.close();
  const whole = readFileSync(logPath(directory));
  const end = whole.indexOf(row.digest) + row.digest.length;
  // Its number, the header that says what is where, and all that it holds.
  const begin = whole.lastIndexOf(row.subject, end) - 60;
  let told = 0;
  const input = fc.tuple(fc.integer({ min: begin, max: end - 1 }), fc.nat(7), fc.boolean());
  await checkProperty('flipped bits of a version', input, 30, async ([at, bit, anew]) => {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ (1 << bit);
    writeFileSync(logPath(directory), bytes);
    if (anew) rmSync(join(directory, 'replica'), { recursive: true, force: true });
    const open = {
      directory,
      entities: shippedEntities,
      onFault: () => {},
      onStateChange: () => {},
    };
    const answers = openStore(open).then(async (opened) => {
      try {
        return await answersOf(opened);
      } finally {
        await opened.close();
      }
    });
    await answers.then(
      (found) => expect(found).toBe(expected),
      () => {
        told += 1;
      },
    );
  });
  expect(told).toBeGreaterThan(5);
});
