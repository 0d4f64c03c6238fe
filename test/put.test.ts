/** `everstate put`: a directory in the lake, and only what changed of it. */
import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { LakeFile, shippedEntities } from '../src/entities/index.ts';
import { type PutOptions, runPut } from '../src/transfer/index.ts';
import { everstate } from './support/server.ts';
import { putFiles } from './support/stored-files.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { onLog } from './support/transfers.ts';
import { until } from './support/until.ts';

async function put(directory: string, data: string, options: PutOptions = {}) {
  return (await runPut(directory, options, data, shippedEntities)).outcome;
}

function tree(files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = temporaryDirectory();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), bytes);
  }
  return directory;
}

async function lakeOf(store: Store): Promise<Record<string, string>> {
  const { versions } = await store.list(LakeFile);
  const files = await Promise.all(
    versions.map(async ({ values }) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.contents(values.sha256)) chunks.push(chunk);
      const name = [values.userId ?? '-', values.path ?? '', values.filename].join('|');
      return [name, Buffer.concat(chunks).toString('latin1')] as const;
    }),
  );
  return Object.fromEntries(files);
}

test('files come with their folders, beside a server, and only what changed comes again', async () => {
  const large = Buffer.alloc(2_500_000, 'large');
  const directory = tree({ 'a.txt': 'one', 'b/C.CSV': 'two', 'b/d/large': large, 'e/empty': '' });
  const data = temporaryDirectory();
  const store = await openTemporary({ directory: data });
  const how = { to: 'reports/2024', user: 'ada' };
  const first = { created: 4, updated: 0, unchanged: 0, bytes: 6 + large.length, passedOver: [] };
  expect(await put(directory, data, how)).toMatchObject(first);
  expect(await lakeOf(store)).toEqual({
    'ada|reports/2024|a.txt': 'one',
    'ada|reports/2024/b|C.CSV': 'two',
    'ada|reports/2024/b/d|large': large.toString('latin1'),
    'ada|reports/2024/e|empty': '',
  });
  const { versions } = await store.list(LakeFile, {
    filter: { filename: { eq: 'C.CSV' } },
  } as never);
  expect(versions[0]?.values.filetype).toBe('csv');
  // Of the same length.
  writeFileSync(join(directory, 'a.txt'), 'uno');
  const before = await store.head();
  const tried = { dryRun: true, created: 0, updated: 1, unchanged: 3 };
  expect(await put(directory, data, { ...how, dryRun: true })).toMatchObject(tried);
  expect(await store.head()).toBe(before);
  expect(await put(directory, data, how)).toMatchObject({ updated: 1, unchanged: 3, bytes: 3 });
  expect(await put(directory, data, how)).toMatchObject({ updated: 0, unchanged: 4 });
  expect(await store.head()).toBe(before + 1);
  expect((await store.verify()).defect).toBeNull();
});

test('what the directory does not have is deleted only when it is to be, and only there', async () => {
  const directory = tree({ 'a.txt': 'a', 'sub/b.txt': 'b' });
  const data = temporaryDirectory();
  const store = await openTemporary({ directory: data });
  await putFiles(store, [
    { path: 'x', filename: 'gone', contents: '' },
    { path: 'x/sub', filename: 'gone', contents: '' },
    { path: 'xy', filename: 'stays', contents: '' },
    { path: 'x', filename: 'stays', userId: 'ada', contents: '' },
  ]);
  symlinkSync('a.txt', join(directory, 'link'));
  await putFiles(store, [{ path: 'x', filename: 'link', contents: 'there' }]);
  expect(await put(directory, data, { to: 'x' })).toMatchObject({ created: 2, deleted: 0 });
  expect(await put(directory, data, { to: 'x', delete: true, dryRun: true })).toMatchObject({
    deleted: 2,
  });
  expect(Object.keys(await lakeOf(store))).toHaveLength(7);
  rmSync(join(directory, 'sub'), { recursive: true });
  expect(await put(directory, data, { to: 'x', delete: true })).toMatchObject({ deleted: 3 });
  expect(Object.keys(await lakeOf(store)).sort()).toEqual([
    '-|xy|stays',
    '-|x|a.txt',
    '-|x|link',
    'ada|x|stays',
  ]);
});

test('what cannot be in a lake is passed over, and told', async () => {
  const directory = tree({ good: '1' });
  const data = temporaryDirectory();
  symlinkSync('/', join(directory, 'link'));
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/bad`), Buffer.from([0xff])]), '2');
  const { passedOver } = await put(directory, data);
  expect(passedOver).toEqual([
    { path: 'bad\u{fffd}', why: 'its name is not UTF-8' },
    { path: 'link', why: 'it is a symbolic link' },
  ]);
  const long = { to: 'x'.repeat(5_000) };
  expect((await put(directory, data, long)).passedOver).toHaveLength(3);
  for (const to of ['../x', 'a//b', '', '/a', 'a/./b', 'a\0']) {
    await expect(put(directory, data, { to })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  }
  await expect(put(join(directory, 'good'), data)).rejects.toMatchObject({
    code: 'NO_SUCH_SOURCE',
  });
});

test('one that is killed leaves whole files, and the next goes on', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1_500 }, (_, number) => [`d${number % 20}/f${number}`, `text ${number}`]),
  );
  const directory = tree(files);
  const data = temporaryDirectory();
  const process = everstate(['put', directory, '--data', data]);
  const written = () => statSync(join(data, 'everstate.db-wal'), { throwIfNoEntry: false })?.size;
  await until(() => (written() ?? 0) > 500_000 || process.child.exitCode !== null);
  await process.stop('SIGKILL');
  const before = await onLog(data, async (log) => (await log.totals()).versions);
  expect(await put(directory, data)).toMatchObject({ created: 1_500 - before, unchanged: before });
  const { versions, defect } = await onLog(data, (log) => log.verify());
  expect([versions, defect]).toEqual([1_500, null]);
}, 60_000);
