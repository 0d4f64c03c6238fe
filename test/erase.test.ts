/** Erasing records: what is left of them in the log, in every file, in memory and for whoever follows. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { LakeFile, type Position, Todo } from '../src/entities/index.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

/** Texts that nothing else has. */
const secret = (name: string) => `secret-${name}-5f1c`;

function filesIn(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

/** A store whose replica may be built anew, as it is after each erasure. */
function open(directory: string): Promise<Store> {
  return openTemporary({ directory, onStateChange: () => {} });
}

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
    id: 1,
    position: 4,
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
    Array(3).fill(erasure?.erasedAt),
  );
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
