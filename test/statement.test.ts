/** Statements of the log that are written once and run in place. */
import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { contentsDigest } from '../src/db/log/digest.ts';
import { LogFile } from '../src/db/log/sqlite/log-file.ts';
import { schemaVersion } from '../src/db/log/sqlite/migrations.ts';
import { given } from '../src/db/log/sqlite/statement.ts';
import { Todo } from '../src/entities/index.ts';
import { logPath, openTemporary, temporaryDirectory } from './support/temporary-store.ts';

async function openLog(): Promise<LogFile> {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  for (const id of ['a', 'b', 'c']) await store.append(Todo, { id, subject: `of ${id}` });
  await store.close();
  const log = LogFile.open(logPath(directory), schemaVersion);
  onTestFinished(() => log.close());
  return log;
}

test('a statement is written once, however often it is run', async () => {
  const log = await openLog();
  let written = 0;
  const idAt = (position: number) => {
    const statement = log.statement(Todo, 'id at', () => {
      written += 1;
      const at = given<number>(0);
      return log.versions.selectFrom('todos').select('id').where('position', '=', at).compile();
    });
    return statement.first([position]);
  };
  expect([1, 3, 2, 4].map(idAt)).toEqual([['a'], ['c'], ['b'], undefined]);
  expect(written).toBe(1);
});

test('values stand where they belong, beside those that are always the same', async () => {
  const log = await openLog();
  const statement = log.statement(Todo, 'between', () =>
    log.versions
      .selectFrom('todos')
      .select(['position', 'id'])
      .where('id', '>=', given<string>(1))
      .where('operation', '=', 'CREATE')
      .where('position', '<=', given<number>(0))
      .orderBy('position')
      .compile(),
  );
  expect(statement.all([2, 'a'])).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
  expect(statement.all([3, 'c'])).toEqual([[3, 'c']]);
});

test.each([1, 20_000, 21_800, 60_000, 200_000])(
  'the digest of contents with a text of %i characters is SHA-256 of salt and JSON',
  (length) => {
    const salt = Buffer.alloc(16, 7);
    const body = 'ä€😀'.repeat(Math.ceil(length / 4)).slice(0, length);
    const values = { subject: null, body, priority: 1, labels: [] };
    const fields = [
      ['body', body],
      ['labels', []],
      ['priority', 1],
    ];
    const names = ['body', 'labels', 'priority', 'subject'];
    const entity = { ...Todo, fields: Object.fromEntries(names.map((name) => [name, {}])) };
    const expected = createHash('sha256')
      .update(salt)
      .update(JSON.stringify(['Todo', 'a', fields]))
      .digest();
    const digest = contentsDigest(salt, entity as unknown as typeof Todo, 'a', values);
    expect(Buffer.compare(digest, expected)).toBe(0);
  },
);
