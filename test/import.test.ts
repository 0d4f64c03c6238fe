/** Imports: where they may go, what they refuse, and what is left of one that ends too early. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { type Position, shippedEntities, Todo } from '../src/entities/index.ts';
import { everstate, type TestProcess } from './support/server.ts';
import { putFiles } from './support/stored-files.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { exported, historyOf, imported, onLog } from './support/transfers.ts';
import { until } from './support/until.ts';

/** A log with some history, and its export. */
async function someHistory(transactions: number, versions = 1) {
  const data = temporaryDirectory();
  await onLog(data, async (log) => {
    for (let number = 0; number < transactions; number += 1) {
      await log.transact(
        async (each) => {
          for (let row = 0; row < versions; row += 1) {
            await each.create(Todo, { id: `${number}-${row}`, subject: 'x'.repeat(200) });
          }
        },
        { actor: 'ada', reason: `because ${number}` },
      );
    }
  });
  const out = join(data, 'out');
  await exported(data, out, { format: 'ndjson', history: true, files: true });
  return { data, out };
}

/** Resolves once a log has more versions than before, or the process that writes them has ended. */
async function untilMore(process: TestProcess, data: string, before: number): Promise<void> {
  const path = join(data, 'everstate.db');
  await until(() => {
    if (process.child.exitCode !== null) return true;
    return existsSync(path) && versionsIn(path) > before;
  });
}

/** As another program sees them; none while the log is being made. */
function versionsIn(path: string): number {
  const log = new Database(path, { readonly: true, fileMustExist: true });
  try {
    return log.prepare('select max(last_position) from transactions').pluck().get() as number;
  } catch {
    return 0;
  } finally {
    log.close();
  }
}

const command = (...args: string[]) => everstate(args);

/** Changes a file of an export, and what its manifest says of it. */
function alter(out: string, file: string, change: (text: string) => string): void {
  const path = join(out, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function acceptAltered(out: string): void {
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  for (const each of [...manifest.entities, manifest.transactions]) {
    if (!each) continue;
    const bytes = readFileSync(join(out, each.file));
    each.sha256 = createHash('sha256').update(bytes).digest('hex');
  }
  writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest));
}

describe('importing history', () => {
  test('goes on where it stopped, and once all is there has nothing to do', async () => {
    const { data, out } = await someHistory(6);
    const half = join(data, 'half');
    await exported(data, half, { format: 'csv', history: true, atPosition: '3' });
    const back = temporaryDirectory();
    expect(await imported(back, half)).toMatchObject({ found: 0, versions: 3, position: 3 });
    expect(await imported(back, out)).toMatchObject({ found: 3, versions: 3, position: 6 });
    expect(await imported(back, out)).toMatchObject({ found: 6, versions: 0, position: 6 });
    expect(await historyOf(back)).toEqual(await historyOf(data));
  });

  test('is killed again and again, and leaves whole transactions to go on from', async () => {
    const { data, out } = await someHistory(40, 2_000);
    const back = temporaryDirectory();
    // Before the first commit, and right after it.
    for (const [kill, versions] of [-1, 0].entries()) {
      const process = command('import', out, '--data', back);
      await untilMore(process, back, versions);
      await process.stop('SIGKILL');
      const done = await onLog(back, async (log) => (await log.totals()).versions);
      expect(done % 2_000).toBe(0);
      if (kill === 1) expect(done).toBeGreaterThan(0);
    }
    await imported(back, out);
    expect(await historyOf(back)).toEqual(await historyOf(data));
    expect((await onLog(back, (log) => log.verify())).defect).toBeNull();
  }, 120_000);

  test('is refused by a log that is no beginning of it, which stays as it is', async () => {
    const { data, out } = await someHistory(2);
    const other = await someHistory(1);
    const before = await historyOf(other.data);
    await expect(imported(other.data, out)).rejects.toMatchObject({ code: 'NOT_A_PREFIX' });
    await expect(imported(other.data, out, { dryRun: true })).rejects.toMatchObject({
      code: 'NOT_A_PREFIX',
    });
    expect(await historyOf(other.data)).toEqual(before);
    await onLog(data, (log) => log.transact((each) => each.create(Todo, { subject: 'later' })));
    await expect(imported(data, out)).rejects.toThrow('goes on after it, with transaction 3');
  });

  test('tried changes nothing, and says what would happen', async () => {
    const { data, out } = await someHistory(4);
    const none = join(data, 'none');
    const tried = { dryRun: true, found: 0, versions: 4, transactions: 4, position: 4 };
    expect(await imported(none, out, { dryRun: true })).toMatchObject(tried);
    expect(existsSync(none)).toBe(false);
    expect(await imported(data, out, { dryRun: true })).toMatchObject({ found: 4, versions: 0 });
  });

  test('goes into a log that a server has open, and readers are told of it', async () => {
    const { out } = await someHistory(5);
    const back = temporaryDirectory();
    const store = await openTemporary({ directory: back });
    const seen: number[] = [];
    const following = (async () => {
      for await (const { position } of store.follow({ after: 0 as Position })) {
        seen.push(position);
        if (position === 5) break;
      }
    })();
    await imported(back, out);
    await following;
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(await store.count(Todo)).toBe(5);
    expect((await store.get(Todo, '3-0'))?.committedAt).toBeLessThan(Date.now() * 1_000);
    const next = await store.append(Todo, { subject: 'afterwards' });
    expect(next.position).toBe(6);
    await expect(imported(back, out)).rejects.toMatchObject({ code: 'NOT_A_PREFIX' });
  });

  test('ends where somebody else writes into the log meanwhile', async () => {
    const { data } = await someHistory(3);
    await onLog(data, async (log) => {
      await log.transact((each) => each.create(Todo, {}));
      const past = {
        committedAt: Date.now() * 2_000,
        actor: null,
        reason: null,
        origin: 'a test',
        versions: [],
      };
      await expect(log.appendHistory(3 as Position, [past])).rejects.toMatchObject({
        code: 'LOG_MOVED',
      });
      expect((await log.totals()).position).toBe(4);
    });
  });

  test('is refused where a file is not as it was written', async () => {
    const { data, out } = await someHistory(2);
    alter(out, 'Todo.ndjson', (text) => text.replace('xxx', 'yyy'));
    const back = join(data, 'back');
    await expect(imported(back, out)).rejects.toMatchObject({ code: 'EXPORT_DAMAGED' });
    expect(existsSync(back)).toBe(false);
    await expect(imported(back, data)).rejects.toMatchObject({ code: 'NOT_AN_EXPORT' });
    await expect(imported(back, join(data, 'no'))).rejects.toMatchObject({
      code: 'NO_SUCH_SOURCE',
    });
  });

  test.each([
    ['"priority":100', '"priority":-1', 'Todo.ndjson, line 2, priority: must be from 0'],
    ['"priority":100', '"priority":"1"', 'line 2, priority: must be a whole number'],
    ['"revision":1', '"revision":7', 'must have revision 1 here, but has 7'],
    ['"CREATE"', '"UPDATE"', 'must have operation CREATE here, but has UPDATE'],
    ['"id":"1-0"', '"id":"0-0"', 'Todo.ndjson, line 2: Todo "0-0" must have revision 2'],
    ['"id":"1-0"', '"id":""', 'line 2: id must not be empty'],
    ['"transactionId":2', '"transactionId":9', 'transactions.ndjson, line 2: no row'],
    ['{', '{{', 'Todo.ndjson, line 2: must be JSON'],
  ])('tells where %s must not be %s', async (good, bad, message) => {
    const { data, out } = await someHistory(3);
    alter(out, 'Todo.ndjson', (text) => {
      const lines = text.split('\n');
      lines[1] = (lines[1] ?? '').replace(good, bad);
      return lines.join('\n');
    });
    acceptAltered(out);
    const error = await imported(join(data, 'back'), out).catch((thrown) => thrown);
    expect([error.message, ...(error.issues ?? [])].join('\n')).toContain(message);
  });

  test('keeps contents of any size, and is refused where they are missing', async () => {
    const data = temporaryDirectory();
    const store = await openTemporary({ directory: data });
    const large = Buffer.alloc(3_000_000, 'large ');
    await putFiles(store, [
      { filename: 'empty', contents: '' },
      { filename: 'large', contents: large },
    ]);
    await exported(data, join(data, 'without'), { history: true });
    await exported(data, join(data, 'with'), { history: true, files: true });
    const back = temporaryDirectory();
    await expect(imported(back, join(data, 'without'))).rejects.toMatchObject({
      code: 'CONTENTS_MISSING',
    });
    expect(await imported(back, join(data, 'with'))).toMatchObject({ contents: 2 });
    expect((await onLog(back, (log) => log.verify())).defect).toBeNull();
    const [sha256 = ''] = readdirSync(join(data, 'with', 'files')).sort();
    writeFileSync(join(data, 'with', 'files', sha256), 'other bytes');
    await expect(imported(join(data, 'b'), join(data, 'with'))).rejects.toMatchObject({
      code: 'EXPORT_DAMAGED',
    });
  });

  test('of some kinds alone keeps order and times, and counts positions anew', async () => {
    const data = temporaryDirectory();
    const store = await openTemporary({ directory: data });
    await putFiles(store, [{ filename: 'a', contents: 'a' }]);
    const { committedAt } = await store.append(Todo, { id: 'a' });
    await exported(data, join(data, 'out'), { history: true, entity: ['Todo'] });
    const back = temporaryDirectory();
    expect(await imported(back, join(data, 'out'))).toMatchObject({ versions: 1, position: 1 });
    const copy = await openTemporary({ directory: back });
    expect((await copy.get(Todo, 'a'))?.committedAt).toBe(committedAt);
  });
});

describe('importing records', () => {
  const csv = 'id,subject,labels,priority\na,first,"[""x, y""]",1\n,"",,\n';

  test('comes from a file by hand, with some of the fields, ids made where there are none', async () => {
    const data = temporaryDirectory();
    const file = join(data, 'todos.csv');
    writeFileSync(file, csv);
    expect(await imported(data, file, { entity: 'Todo', dryRun: true })).toMatchObject({
      created: 2,
    });
    expect(await imported(data, file, { entity: 'Todo', reason: 'by hand' })).toMatchObject({
      created: 2,
    });
    const store = await openTemporary({ directory: data });
    const { versions } = await store.list(Todo);
    const found = versions.map(({ id, values }) => [id.length, values.subject, values.labels]);
    expect(found).toEqual([
      [1, 'first', ['x, y']],
      [36, '', []],
    ]);
    expect(versions[1]?.values.priority).toBe(100);
    const [transaction] = await store.transactions([versions[0]?.transactionId as never]);
    expect(transaction?.reason).toBe('by hand');
  });

  test('passes over what is the same, and updates the rest only when it is to', async () => {
    const data = temporaryDirectory();
    const file = join(data, 'todos.ndjson');
    const rows = ['a', 'b', 'c'].map((id) => ({ id, subject: id }));
    const write = () => writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    write();
    const how = { entity: 'Todo' };
    await imported(data, file, how);
    await onLog(data, (log) => log.transact((each) => each.delete(Todo, 'c')));
    (rows[0] as { subject: string }).subject = 'other';
    write();
    const refused = await imported(data, file, how).catch((error) => error);
    expect([refused.code, refused.issues]).toEqual([
      'RECORDS_DIFFER',
      [
        'todos.ndjson, line 1: Todo "a" has another subject.',
        'todos.ndjson, line 3: Todo "c" was deleted.',
      ],
    ]);
    const done = { created: 0, updated: 2, unchanged: 1 };
    expect(await imported(data, file, { ...how, update: true })).toMatchObject(done);
    expect(await imported(data, file, how)).toMatchObject({ unchanged: 3 });
  });

  test('looks at all rows before it writes any, and tells of each that is wrong', async () => {
    const data = temporaryDirectory();
    const file = join(data, 'todos.csv');
    writeFileSync(file, 'id,subject,priority,labels\na,x,1,\nb,x,many,\na,y,2000000,[x\n');
    const { code, issues } = await imported(data, file, { entity: 'Todo' }).catch((each) => each);
    expect(code).toBe('BAD_ROWS');
    expect(issues).toEqual([
      'todos.csv, row 2, priority: must be a whole number, but was "many".',
      'todos.csv, row 3, labels: must be a list of texts as JSON, such as ["a", "b"], but was "[x".',
    ]);
    writeFileSync(file, 'id,subjekt\na,x\n');
    await expect(imported(data, file, { entity: 'Todo' })).rejects.toMatchObject({
      issues: ['todos.csv, row 1, subjekt: is not a field of Todo.'],
    });
    writeFileSync(file, 'id,subject\na,x\na,y\n');
    await expect(imported(data, file, { entity: 'Todo' })).rejects.toMatchObject({
      issues: ['todos.csv, row 2, id: is that of a row before it.'],
    });
    expect(await onLog(data, async (log) => (await log.totals()).position)).toBe(0);
  });

  test('of a file that is none of its format is told', async () => {
    const data = temporaryDirectory();
    const file = (name: string, bytes: string | Buffer) => {
      writeFileSync(join(data, name), bytes);
      return imported(data, join(data, name), { entity: 'Todo' });
    };
    for (const [name, bytes] of [
      ['a.parquet', 'none'],
      ['b.csv', 'id,id\na,b\n'],
      ['c.csv', 'id,subject\na,"b\n'],
      ['d.csv', 'id,subject\na\n'],
      ['e.ndjson', Buffer.from([0xff, 0x0a])],
      ['f.ndjson', '[]\n'],
    ] as const) {
      await expect(file(name, bytes)).rejects.toMatchObject({ code: 'BAD_ROWS' });
    }
    await expect(file('g.txt', '')).rejects.toThrow('Say with --format what');
    expect(shippedEntities).toHaveLength(2);
  });
});

test('the commands tell programs in one JSON object, of errors as well, and end with 0 or 1', async () => {
  const data = temporaryDirectory();
  const file = join(data, 'todos.csv');
  writeFileSync(file, 'id\na\n');
  const good = await command('import', file, '--entity', 'Todo', '--data', data, '--json').end();
  expect([good.code, JSON.parse(good.stdout)]).toMatchObject([0, { created: 1, dryRun: false }]);
  const bad = await command('export', data, '--data', data, '--json').end();
  expect([bad.code, JSON.parse(bad.stdout)]).toMatchObject([
    1,
    { error: { code: 'TARGET_EXISTS' } },
  ]);
  const wrong = await command('export', data, '--data', data).end();
  expect(wrong.stderr).toContain(`everstate: ${data} is there already`);
});
