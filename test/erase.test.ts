/** Erasing records: what is left of them in the log, in every file, in memory and for whoever follows. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runBackup, runRestore } from '../src/backup/index.ts';
import { isSigned, openLog, type Store } from '../src/db/index.ts';
import {
  LakeFile,
  type Position,
  parseDateTime,
  shippedEntities,
  Todo,
  type TransactionId,
  type Version,
} from '../src/entities/index.ts';
import { checkReceipt, type EraseOptions, runErase, runKeys } from '../src/erasure/index.ts';
import { runClear, runCompact } from '../src/upkeep/index.ts';
import { alter } from './support/altered-log.ts';
import { type ApiAnswer, listen, openApi } from './support/api.ts';
import { takeEvents } from './support/events.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { lakeFile } from './support/lake-file.ts';
import { checkProperty } from './support/property.ts';
import { everstate, ready } from './support/server.ts';
import { smallDisk } from './support/small-disk.ts';
import {
  logPath,
  openTemporary,
  rawLog,
  temporaryDirectory,
  withStore,
} from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { verifyAt } from './support/verify-at.ts';

/** Texts that nothing else has. */
const secret = (name: string) => `secret-${name}-5f1c`;

function filesIn(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

const open = (directory: string): Promise<Store> => openTemporary({ directory });

/** The files below a directory that have a text in them, however it came there. */
function filesWith(directory: string, text: string): string[] {
  return filesIn(directory).filter((path) => readFileSync(path).includes(text));
}

async function putFile(store: Store, filename: string, bytes: Uint8Array): Promise<string> {
  const { value } = await store.transact(async (log) =>
    log.create(LakeFile, { filename, ...(await log.putContents(bytes)) }),
  );
  return value.id;
}

async function everything(store: Store): Promise<unknown[]> {
  const versions = [];
  for (let at = 1; at <= (await store.head()); at += 1) {
    versions.push(...(await store.list(Todo, { at: at as Position, limit: 100 })).versions);
  }
  return versions.map(({ values }) => values);
}

test('what an erased record held is in no file any more, nor in any answer; that it was there is', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  const about = { actor: secret('actor'), reason: secret('reason') };
  await store.append(Todo, { id: 'x', subject: secret('first'), body: secret('body') }, about);
  await store.append(Todo, { id: 'y', subject: 'stays' });
  await store.update(Todo, 'x', { subject: secret('second') }, about);
  // In the replica's file as well, and in answers that are kept.
  await everything(store);
  await store.close();
  const again = await open(directory);
  expect(await everything(again)).toHaveLength(5);
  expect(filesWith(directory, secret('first')).length).toBeGreaterThan(1);

  const erasure = await again.erase([{ entity: Todo, id: 'x' }], { actor: 'admin' });
  expect(erasure).toMatchObject({
    erasure: 1,
    head: { position: 4 },
    records: [{ entity: 'Todo', id: 'x', positions: [1, 3, 4] }],
  });
  for (const name of ['first', 'second', 'body', 'actor', 'reason']) {
    expect(filesWith(directory, secret(name)), name).toEqual([]);
    expect(JSON.stringify(await everything(again))).not.toContain(secret(name));
  }
  expect(await again.get(Todo, 'x')).toBeNull();
  expect((await again.get(Todo, 'y'))?.values.subject).toBe('stays');
  const [history] = await again.revisions(Todo, [{ id: 'x', from: 1, to: 9 }]);
  expect(history?.map(({ operation, values }) => [operation, values.subject, values.body])).toEqual(
    [
      ['CREATE', null, null],
      ['UPDATE', null, null],
      ['DELETE', null, null],
    ],
  );
  expect(history?.map((version) => again.erasedAt(version))).toEqual(
    Array(3).fill(parseDateTime(erasure?.erasedAt as string)),
  );
  // Whoever erased it, and why, is known.
  const ids = [1, 2, 3, 4] as TransactionId[];
  const actors = (await again.transactions(ids)).map((transaction) => transaction?.actor);
  expect(actors).toEqual([null, null, null, 'admin']);
  expect(await again.verify()).toEqual({ versions: 4, defect: null });
  await again.close();
  const reopened = await open(directory);
  expect(await reopened.verify()).toEqual({ versions: 4, defect: null });
  expect(filesWith(directory, secret('first'))).toEqual([]);
});

test('the bytes of an erased file go, those that another file has as well stay', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  const shared = Buffer.from(secret('shared'));
  const own = Buffer.from(`${secret('own')}\n`.repeat(1_000) + Math.random());
  const first = await putFile(store, secret('name'), own);
  await store.transact(async (log) => log.update(LakeFile, first, await log.putContents(shared)));
  const second = await putFile(store, 'other.txt', shared);
  const erasure = await store.erase([{ entity: LakeFile, id: first }]);
  expect(erasure?.contentsBytes).toBe(own.length);
  expect(filesWith(directory, secret('name'))).toEqual([]);
  expect(rawLog(directory).prepare('select count(*) from chunks').pluck().get()).toBe(1);
  const kept = await store.get(LakeFile, second);
  const bytes: Uint8Array[] = [];
  for await (const piece of store.contents(kept?.values.sha256 as string)) bytes.push(piece);
  expect(Buffer.concat(bytes).toString()).toBe(secret('shared'));
  expect(await store.verify()).toEqual({ versions: 4, defect: null });
});

test('reads and writes are answered meanwhile', async () => {
  const store = await open(temporaryDirectory());
  await store.transact(async (log) => {
    for (let number = 0; number < 3_000; number += 1) await log.create(Todo, { id: `${number}` });
  });
  const erasing = store.erase([{ entity: Todo, id: '7' }]);
  let isOver = false;
  erasing.finally(() => {
    isOver = true;
  });
  let answered = 0;
  for (; !isOver; answered += 1) {
    expect(await store.get(Todo, '8')).not.toBeNull();
    await store.update(Todo, '8', { priority: answered });
  }
  expect(answered).toBeGreaterThan(5);
  expect((await erasing)?.records).toHaveLength(1);
  expect((await store.get(Todo, '8'))?.values.priority).toBe(answered - 1);
});

test('erasing again erases nothing; the id stays taken, and nothing comes back', async () => {
  const store = await open(temporaryDirectory());
  await store.append(Todo, { id: 'x', subject: 'gone' });
  await store.delete(Todo, 'x');
  expect(await store.erase([{ entity: Todo, id: 'x' }])).not.toBeNull();
  expect(await store.erase([{ entity: Todo, id: 'x' }])).toBeNull();
  await expect(store.erase([{ entity: Todo, id: 'never' }])).rejects.toThrow('does not exist');
  await expect(store.append(Todo, { id: 'x' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await expect(store.restore(Todo, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(store.restore(Todo, 'x', { revision: 1 })).rejects.toThrow('was erased');
  for (const id of [1, 2]) {
    const undone = store.transact((log) => log.revert(id as TransactionId));
    await expect(undone).rejects.toMatchObject({ code: 'REVERT_CONFLICT' });
  }
  const [version] = (await store.revisions(Todo, [{ id: 'x', from: 1, to: 1 }])).flat();
  await expect(store.prove(version as Version, 2 as Position)).rejects.toThrow('was erased');
});

test('one of several that is not there leaves all of them', async () => {
  const store = await open(temporaryDirectory());
  await store.append(Todo, { id: 'x', subject: 'stays' });
  const records = ['x', 'never'].map((id) => ({ entity: Todo, id }));
  await expect(store.erase(records)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await store.get(Todo, 'x'))?.values.subject).toBe('stays');
});

test('what another process erases is forgotten here within a moment, in files as in answers', async () => {
  const directory = temporaryDirectory();
  const here = await open(directory);
  const other = await open(directory);
  await here.append(Todo, { id: 'x', subject: secret('first') });
  await everything(here);
  await everything(other);
  let told = 0;
  other.onErased(() => {
    told += 1;
  });
  await here.erase([{ entity: Todo, id: 'x' }]);
  await until(() => told > 1);
  expect(JSON.stringify(await everything(other))).not.toContain(secret('first'));
  await until(() => filesWith(directory, secret('first')).length === 0);
});

test('what a kill left undone is done at the next start, and replicas of before are not used', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  await store.append(Todo, { id: 'x', subject: secret('first') });
  await store.delete(Todo, 'x');
  await everything(store);
  await store.close();
  // All that a process does before anything but the log has changed.
  const log = await openLog({ directory, entities: shippedEntities });
  await log.erase([{ entity: Todo, id: 'x' }], {});
  await log.close();
  expect(filesWith(directory, secret('first')).length).toBeGreaterThan(0);
  const reopened = await open(directory);
  expect(JSON.stringify(await everything(reopened))).not.toContain(secret('first'));
  await until(() => filesWith(directory, secret('first')).length === 0);
  expect(await reopened.verify()).toEqual({ versions: 2, defect: null });
});

test('nothing is erased where there is no room to write the log anew', async (context) => {
  const disk = smallDisk(context, 40_000);
  const directory = join(disk, 'data');
  const store = await openTemporary({ directory, replicaInMemory: true });
  await store.append(Todo, { id: 'x', subject: 'secret' });
  await putFile(store, 'large', randomBytes(8_000_000));
  const { position } = await store.totals();
  // Whether or not the file is in the write-ahead log alone yet.
  writeFileSync(join(disk, 'other'), Buffer.alloc(18_000_000));
  const erase = () => store.erase([{ entity: Todo, id: 'x' }]);
  await expect(erase()).rejects.toMatchObject({
    code: 'STORAGE_FULL',
    message: expect.stringMatching(/^To write the log anew takes .* bytes of room .* there are /),
  });
  expect((await store.totals()).position).toBe(position);
  expect((await store.get(Todo, 'x'))?.values.subject).toBe('secret');
  rmSync(join(disk, 'other'));
  expect((await erase())?.records).toHaveLength(1);
  expect(filesWith(directory, 'secret')).toEqual([]);
});

describe('verify finds', () => {
  /** A log with an erased record and another one. */
  async function erasedLog(): Promise<string> {
    const directory = temporaryDirectory();
    const store = await open(directory);
    await store.append(Todo, { id: 'x', subject: 'gone' }, { actor: 'ada' });
    await store.append(Todo, { id: 'y', subject: 'stays' }, { actor: 'bob' });
    await store.erase([{ entity: Todo, id: 'x' }]);
    await store.close();
    return directory;
  }

  test.each([
    ["update todos set salt = x'', subject = null where id = 'y'", 2, 'no erasure names it'],
    ["update todos set subject = 'put in' where id = 'x'", 1, 'yet it has contents'],
    [
      "update todos set salt = x'00', subject = 'put in' where position = 1",
      1,
      'yet it has contents',
    ],
    [
      "update transactions set salt = x'', actor = null where id = 2",
      2,
      'no erasure names all of it',
    ],
    ["update transactions set actor = 'eve' where id = 1", 1, 'actor or reason'],
    ['update erasures set erased_at = 1', null, 'erasure 1 was altered'],
    ['insert into erased_versions values (2, 1)', 2, 'yet it has contents'],
    ['delete from erased_versions where position = 1', 1, 'no erasure names all of it'],
  ])('%s', async (statement, position, message) => {
    const directory = await erasedLog();
    alter(directory, statement);
    const { defect } = await verifyAt(logPath(directory));
    expect(defect?.position).toBe(position);
    expect(defect?.message).toContain(message);
  });
});

describe('over the API', () => {
  const erase = `mutation ($entity: EntityName! = TODO, $id: ID!) {
    eraseRecord(entity: $entity, id: $id, reason: "asked for") {
      ... on EraseRecordPayload { erased receipt }
      ... on NotFound { code id }
    }
  }`;

  test('admins alone erase, and get a receipt that its key proves', async () => {
    const store = await openTemporary();
    await store.append(Todo, { id: 'x', subject: 'gone', userId: 'ada' });
    const viewers = { ada: viewerOf('ada'), root: viewerOf('root', ['admin']) };
    const api = new GuardedApi(store, viewers);
    const refused = await api.ask('ada', erase, { id: 'x' });
    expect(refused.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect((await store.get(Todo, 'x'))?.values.subject).toBe('gone');
    const { data } = await api.ask('root', erase, { id: 'x' });
    const { erased, receipt } = data.eraseRecord;
    expect(erased).toBe(true);
    expect(receipt).toMatchObject({
      log: store.logId,
      actor: 'root',
      reason: 'asked for',
      records: [{ entity: 'Todo', id: 'x', positions: [1, 2] }],
    });
    expect(isSigned(receipt)).toBe(true);
    expect(isSigned({ ...receipt, actor: 'eve' })).toBe(false);
    expect(await store.headAt(2 as Position)).toMatchObject({
      position: 2,
      digest: receipt.head.digest,
    });
    const again = await api.ask('root', erase, { id: 'x' });
    expect(again.data.eraseRecord).toEqual({ erased: false, receipt: null });
    const missing = await api.ask('root', erase, { id: 'never' });
    expect(missing.data.eraseRecord).toEqual({ code: 'NOT_FOUND', id: 'never' });
  });

  test('answers of before are given no more, whatever moment they are of', async () => {
    const api = await openApi();
    await api.store.append(Todo, { id: 'x', subject: secret('first') });
    await api.store.append(Todo, { id: 'y' });
    const queries = [
      '{ todos(asOf: { position: 1 }) { edges { node { subject } } } }',
      '{ todo(id: "x", asOf: { position: 1 }) { subject history { edges { node { subject erasedAt } } } } }',
      '{ todoGroups(by: SUBJECT, asOf: { position: 1 }) { key { subject } } }',
      '{ changes(after: 0) { edges { node { __typename } } } }',
    ];
    const answers = async () =>
      JSON.stringify(await Promise.all(queries.map((query) => api.ask(query))));
    // Twice: what is asked once is not kept.
    for (let times = 0; times < 3; times += 1) expect(await answers()).toContain(secret('first'));
    await api.data(erase, { id: 'x' });
    expect(await answers()).not.toContain(secret('first'));
    const { todo } = await api.data(
      '{ todo(id: "x", asOf: { position: 1 }) { history { edges { node { erasedAt } } } } }',
    );
    expect(todo.history.edges[0].node.erasedAt).toMatch(/^20/);
  });

  test('whoever follows is told that it left, and so is whoever comes back later', async () => {
    const api = await openApi();
    await api.store.append(Todo, { id: 'x', subject: 'wanted' });
    const { url } = await listen(api.app);
    const feed = (after: number) => `subscription {
      todoChanges(filter: { subject: { eq: "wanted" } }, after: ${after}) { kind id todo { id } }
    }`;
    const isLeft = (taken: readonly ApiAnswer[]) => taken.at(-1)?.data.todoChanges.kind === 'LEAVE';
    const following = takeEvents(`${url}/graphql`, feed(0), isLeft);
    await until(() => api.store.waitingFollowers === 1);
    await api.data(erase, { id: 'x' });
    expect((await following).at(-1)?.data.todoChanges).toEqual({
      kind: 'LEAVE',
      id: 'x',
      todo: null,
    });
    const later = await takeEvents(`${url}/graphql`, feed(1), isLeft);
    expect(later.map(({ data }) => data.todoChanges)).toEqual([
      { kind: 'LEAVE', id: 'x', todo: null },
    ]);
  });
});

test('a log from which something was erased is cleared and compacted like any other', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  await store.append(Todo, { id: 'x', subject: 'gone' });
  await store.erase([{ entity: Todo, id: 'x' }]);
  await store.close();
  const { exitCode } = await runCompact(directory);
  expect(exitCode ?? 0).toBe(0);
  await runClear({ yes: true, backup: false }, directory, shippedEntities);
  const cleared = await open(directory);
  expect(await cleared.verify()).toEqual({ versions: 0, defect: null });
  await cleared.append(Todo, { id: 'x', subject: 'anew' });
  expect(cleared.erasedAt((await cleared.get(Todo, 'x')) as Version)).toBeNull();
});

describe('from the command line', () => {
  const run = (
    entity: string | undefined,
    id: string | undefined,
    given: EraseOptions,
    directory: string,
  ) => runErase(entity, id, given, directory, shippedEntities);

  test('all that was ever somebody’s goes, with a receipt that is checked without the log', async () => {
    const directory = temporaryDirectory();
    const store = await open(directory);
    await store.append(Todo, { id: 'x', subject: secret('first'), userId: 'ada' });
    await store.update(Todo, 'x', { userId: 'bob' });
    await store.append(LakeFile, { ...lakeFile(secret('name')), userId: 'ada' });
    await store.append(Todo, { id: 'y', subject: 'stays', userId: 'bob' });
    await everything(store);
    await store.close();
    await expect(run(undefined, undefined, { owner: 'ada' }, directory)).rejects.toMatchObject({
      code: 'CONFIRMATION_NEEDED',
    });
    const file = join(temporaryDirectory(), 'receipt.json');
    const given = { owner: 'ada', actor: 'root', receipt: file, yes: true };
    const { outcome } = await run(undefined, undefined, given, directory);
    expect(outcome).toMatchObject({ records: 2, versions: 5 });
    for (const name of ['first', 'name']) expect(filesWith(directory, secret(name))).toEqual([]);
    const { outcome: keys } = await runKeys(directory);
    const key = keys.receipts as string;
    expect((await checkReceipt(file, key)).outcome).toMatchObject({ isProven: true });
    await expect(checkReceipt(file, undefined)).rejects.toMatchObject({ code: 'KEY_NEEDED' });
    expect((await checkReceipt(file, 'another')).exitCode).toBe(2);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"root"', '"eve"'));
    expect((await checkReceipt(file, key)).exitCode).toBe(2);
    const left = await open(directory);
    expect((await left.get(Todo, 'y'))?.values.subject).toBe('stays');
    expect(await left.verify()).toMatchObject({ defect: null });
  });

  test.each([
    [undefined, undefined, {}, 'BAD_ARGUMENT'],
    ['Todo', undefined, {}, 'BAD_ARGUMENT'],
    ['Todo', 'x', { owner: 'ada' }, 'BAD_ARGUMENT'],
    ['Note', 'x', {}, 'NO_SUCH_ENTITY'],
    ['Todo', 'never', { yes: true }, 'NOT_FOUND'],
  ])('%s %s %j is refused with %s', async (entity, id, given, code) => {
    const directory = temporaryDirectory();
    await (await open(directory)).close();
    await expect(run(entity, id, given, directory)).rejects.toMatchObject({ code });
  });

  test('while a server serves the directory, which forgets it within a moment', async () => {
    const directory = temporaryDirectory();
    const server = await ready(everstate(['serve', '--port', '0', '--data', directory]));
    await server.data(
      'mutation ($subject: String) { createTodo(input: { id: "x", subject: $subject }) { __typename } }',
      { subject: secret('first') },
    );
    const read = () => server.data('{ todo(id: "x", asOf: { position: 1 }) { subject } }');
    expect((await read()).todo.subject).toBe(secret('first'));
    const { code, stdout } = await everstate([
      ...['erase', 'Todo', 'x', '--yes', '--json', '--data', directory],
    ]).ended;
    expect({ code, records: JSON.parse(stdout).records }).toEqual({ code: 0, records: 1 });
    await until(async () => (await read().catch(() => null))?.todo.subject === null);
    await until(() => filesWith(directory, secret('first')).length === 0);
  });
});

test('whatever is erased of whatever was written, the chain is proven and nothing of it is left', async () => {
  const steps = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c'), erase: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  });
  await checkProperty('erasures', steps, 5, (taken) =>
    withStore({}, async (store, directory) => {
      const erased = new Set<string>();
      for (const [number, { id, erase }] of taken.entries()) {
        if (erased.has(id)) continue;
        const values = { subject: secret(`${id}-${number}`) };
        if ((await store.get(Todo, id)) === null) await store.append(Todo, { id, ...values });
        else if (erase) {
          await store.erase([{ entity: Todo, id }]);
          erased.add(id);
        } else await store.update(Todo, id, values);
      }
      expect((await store.verify()).defect).toBeNull();
      for (const id of ['a', 'b', 'c']) {
        const isThere = (await store.get(Todo, id)) !== null;
        if (erased.has(id)) expect(isThere).toBe(false);
        expect(filesWith(directory, `secret-${id}-`).length > 0).toBe(isThere);
      }
    }),
  );
});

test.each([
  ['to its end', {}, 8],
  ['to before the erasure', { toPosition: '4' }, 5],
])(
  'a backup of before and after, restored %s, has nothing of what was erased',
  async (_what, options, versions) => {
    const directory = temporaryDirectory();
    const backup = join(temporaryDirectory(), 'backup');
    const store = await open(directory);
    const back = () =>
      runBackup(backup, { follow: false, drill: false }, directory, shippedEntities);
    await store.append(LakeFile, { ...lakeFile(secret('name')), id: 'f' });
    await store.transact(async (log) =>
      log.update(LakeFile, 'f', await log.putContents(Buffer.from(secret('bytes')))),
    );
    await store.append(LakeFile, lakeFile('other.txt'));
    await store.append(Todo, { id: 'y', subject: 'stays' });
    await back();
    await store.append(Todo, { id: 'x', subject: secret('first') }, { actor: secret('actor') });
    await store.erase(['f', 'x'].map((id) => ({ entity: id === 'f' ? LakeFile : Todo, id })));
    await store.append(Todo, { id: 'z' });
    await back();
    expect(filesWith(backup, secret('bytes'))).not.toEqual([]);
    const restored = temporaryDirectory();
    await runRestore(backup, options, restored, shippedEntities);
    for (const name of ['name', 'bytes', 'first', 'actor']) {
      expect(filesWith(restored, secret(name)), name).toEqual([]);
    }
    const again = await open(restored);
    expect(await again.verify()).toEqual({ versions, defect: null });
    expect(await again.get(LakeFile, 'f')).toBeNull();
    expect((await again.get(Todo, 'y'))?.values.subject).toBe('stays');
  },
);
