/** What is restored from backups: to which point, what is refused, and that it is what the log was. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runBackup } from '../src/backup/index.ts';
import { type LogAccess, openStore } from '../src/db/index.ts';
import { defineEntity, field, LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { alter } from './support/altered-log.ts';
import {
  backedUp,
  endsOf,
  largeText,
  restored,
  rowsAt,
  segmentsIn,
  someLog,
  writeTodos,
} from './support/backups.ts';
import { checkProperty } from './support/property.ts';
import { everstate } from './support/server.ts';
import { smallDisk } from './support/small-disk.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { inDirectory, onLog } from './support/transfers.ts';
import { until } from './support/until.ts';

describe('a restore', () => {
  test('ends with the last transaction at or before a position or a moment', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    await writeTodos(data, 'e', 'f');
    await backedUp(data, target);
    const times = await onLog(data, (log) => log.transactionsAfter(0 as never));
    const moment = (place: number, by = 0) =>
      new Date(Math.ceil(((times[place]?.committedAt ?? 0) + by) / 1_000)).toISOString();
    for (const [options, end] of [
      [{ toPosition: '4' }, 2],
      [{ toPosition: '5' }, 5],
      [{ toPosition: '6' }, 6],
      [{ toTime: moment(4, 1_000_000) }, 7],
    ] as const) {
      await inDirectory(async (back) => {
        expect(await restored(target, back, options)).toMatchObject({ position: end });
        expect(rowsAt(back, end)).toEqual(rowsAt(data, end));
      });
    }
    const back = join(data, 'back');
    for (const options of [
      { toPosition: '0' },
      { toPosition: '8' },
      { toPosition: 'x' },
      { toTime: 'yesterday' },
      { toTime: moment(0, -1_000_000) },
      { toTime: moment(0), toPosition: '1' },
    ]) {
      await expect(restored(target, back, options)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    }
    expect(existsSync(logPath(back))).toBe(false);
  });

  test('to the very microsecond of a commit has its transaction, and a microsecond before has not', async () => {
    const data = temporaryDirectory();
    let time = 1_700_000_000_000_000;
    const store = await openTemporary({ directory: data, clock: () => time });
    for (const id of ['a', 'b', 'c']) {
      await store.append(Todo, { id });
      time += 5;
    }
    const target = join(data, 'backup');
    await backedUp(data, target);
    for (const [micros, end] of [
      ['000005', 2],
      ['000004', 1],
      ['000009', 2],
      ['000010', 3],
    ] as const) {
      await inDirectory(async (back) => {
        const toTime = `2023-11-14T22:13:20.${micros}Z`;
        expect(await restored(target, back, { toTime })).toMatchObject({ position: end });
      });
    }
  });

  test('knows the idempotency keys of what it restored, and no later ones', async () => {
    const data = temporaryDirectory();
    const store = await openTemporary({ directory: data });
    const once = (key: string) => ({ once: { key, requestDigest: key } });
    const create = (id: string) =>
      store.write(
        async (log) => [
          { version: await log.create(Todo, { id }), changed: true, rebasedOver: [] },
        ],
        once(id),
      );
    await create('a');
    const target = join(data, 'backup');
    await backedUp(data, target);
    await store.write(async () => [], once('nothing'));
    await create('b');
    await backedUp(data, target);
    const keys = async (toPosition: string) => {
      const back = join(data, `back-${toPosition}`);
      await restored(target, back, { toPosition });
      return rawLog(back).prepare('select key from idempotency_keys order by key').pluck().all();
    };
    expect(await keys('1')).toEqual(['a']);
    expect(await keys('2')).toEqual(['a', 'b', 'nothing']);
  });

  test('is another log with the same history, that is served and written on', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    const back = join(data, 'back');
    await restored(target, back);
    const [before, after] = await Promise.all(
      [data, back].map((directory) => onLog(directory, async (log) => log.logId)),
    );
    expect(after).not.toBe(before);
    const store = await openTemporary({ directory: back });
    expect((await store.get(Todo, 'c'))?.position).toBe(4);
    let bytes = '';
    for await (const chunk of store.contents(
      (await store.get(LakeFile, 'f'))?.values.sha256 as string,
    ))
      bytes += Buffer.from(chunk).toString();
    expect(bytes).toBe(largeText);
    expect((await store.append(Todo, {})).position).toBe(6);
    expect(await store.verify()).toMatchObject({ defect: null });
  });

  test('never writes over a log, nor beside what is left of one', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    await expect(restored(target, data)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(endsOf(data)).toEqual([1, 2, 5]);
    const back = temporaryDirectory();
    writeFileSync(`${logPath(back)}-wal`, 'left');
    await expect(restored(target, back)).rejects.toThrow('everstate.db-wal is there already');
    rmSync(`${logPath(back)}-wal`);
    await restored(target, back);
  });

  test('refuses segments that are missing, swapped, cut or altered, and a manifest that is', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    await writeTodos(data, 'e');
    await backedUp(data, target);
    const [one = '', two = ''] = segmentsIn(target).map((name) => join(target, name));
    const manifest = join(target, 'backup.json');
    const text = readFileSync(manifest, 'utf8');
    const kept = [one, two, manifest].map((path) => [path, readFileSync(path)] as const);
    const [first] = JSON.parse(text).segments;
    for (const [spoil, why] of [
      [() => rmSync(one), 'is missing'],
      [
        () => {
          renameSync(one, `${one}.other`);
          renameSync(two, one);
          renameSync(`${one}.other`, two);
        },
        'is not as it was written',
      ],
      [() => truncateSync(two, 4_096), 'is not as it was written'],
      [
        () => writeFileSync(two, readFileSync(two).fill(1, 5_000, 5_001)),
        'is not as it was written',
      ],
      [() => truncateSync(manifest, 300), 'must be JSON'],
      [() => writeFileSync(manifest, '{}'), 'does not name segments'],
      [
        () => writeFileSync(manifest, text.replaceAll(first.digest, '0'.repeat(64))),
        'something else than backup.json',
      ],
      [() => writeFileSync(manifest, text.replace(/\{\s+"file"[^}]*\},/, '')), 'does not go on'],
      [
        () => writeFileSync(manifest, text.replaceAll(first.file, '../../etc/passwd')),
        'does not name',
      ],
    ] as const) {
      spoil();
      const back = join(data, 'back');
      const failing = restored(target, back);
      await expect(failing).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
      await expect(failing).rejects.toThrow(new RegExp(why));
      expect(existsSync(logPath(back))).toBe(false);
      for (const [path, bytes] of kept) writeFileSync(path, bytes);
    }
    await restored(target, join(data, 'back'));
    await expect(restored(data, join(data, 'b'))).rejects.toMatchObject({ code: 'NO_SUCH_BACKUP' });
    await expect(restored(two, join(data, 'b'))).rejects.toThrow('a part of a backup');
  });

  test('to a point before a segment that is damaged does not need it', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    await writeTodos(data, 'e');
    await backedUp(data, target);
    rmSync(join(target, segmentsIn(target)[1] as string));
    await restored(target, join(data, 'back'), { toPosition: '5' });
    expect(rowsAt(join(data, 'back'), 5)).toEqual(rowsAt(data, 5));
  });

  test('that has no room leaves nothing', async (context) => {
    const data = await someLog();
    await backedUp(data, join(data, 'b'));
    const disk = smallDisk(context, 96);
    await expect(restored(join(data, 'b'), disk)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(readdirSync(disk)).toEqual([]);
  });

  test('is killed, leaves no log, and is run again', async () => {
    const data = temporaryDirectory();
    await onLog(data, async (log) => {
      await log.transact(async (each) => {
        for (let row = 0; row < 10_000; row += 1) await each.create(Todo, { id: `${row}` });
      });
    });
    const [target, back] = [join(data, 'backup'), join(data, 'back')];
    await backedUp(data, target);
    const building = join(back, 'restoring', 'everstate.db');
    const process = everstate(['restore', target, '--data', back]);
    await until(() => existsSync(building) || process.child.exitCode !== null);
    await process.stop('SIGKILL');
    expect([existsSync(building), existsSync(logPath(back))]).toEqual([true, false]);
    await restored(target, back);
    expect(readdirSync(back)).toEqual(['everstate.db']);
    expect(rowsAt(back, 10_000)).toEqual(rowsAt(data, 10_000));
  });
});

const noteFields = {
  text: field.text({ description: 'What it says.', required: true }),
  pages: field.int({ description: 'How long it is.' }),
};
const about = { name: 'Note', description: 'A note.', uniqueKey: ['text'] } as const;
const Note = defineEntity({ ...about, fields: noteFields });
const MoodyNote = defineEntity({
  ...about,
  fields: { ...noteFields, mood: field.text({ description: 'How it was meant.' }) },
});

test('kinds of records that have gained a field since, and that are not shipped, are restored', async () => {
  const data = temporaryDirectory();
  const target = join(data, 'backup');
  await onLog(data, (log) => log.transact((each) => each.create(Note, { text: 'a' })), [Note]);
  await backedUp(data, target);
  for (let number = 0; number < 8; number += 1) {
    const more = { text: `b${number}`, mood: 'cheerful' };
    const write = (log: LogAccess) => log.transact((each) => each.create(MoodyNote, more));
    await onLog(data, write, [MoodyNote]);
    if (number === 3) await restored(target, join(data, 'apart'));
    await backedUp(data, target);
  }
  // Those before became one, of the kind as it is now.
  expect(segmentsIn(target).length).toBeLessThan(8);
  const whole = join(data, 'whole');
  await restored(target, whole);
  expect(rowsAt(whole, 9)).toEqual(rowsAt(data, 9));
  for (const [directory, versions] of [
    [whole, 9],
    [join(data, 'apart'), 4],
  ] as const) {
    const found = await onLog(directory, (log) => log.verify(), [MoodyNote]);
    expect(found).toEqual({ versions, defect: null });
  }
  const store = await openTemporary({ directory: whole, entities: [MoodyNote, LakeFile, Todo] });
  await expect(store.append(MoodyNote, { text: 'a' })).rejects.toThrow('exists already');
});

describe('a drill', () => {
  test('says of each answer that it is the same, beside a server', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    const store = await openTemporary({ directory: data });
    await store.update(Todo, 'a', { subject: 'later' });
    const { position, differ, compared } = await backedUp(data, target, { drill: true });
    expect([position, differ]).toEqual([5, 0]);
    const questions = (compared as { question: string }[]).map(({ question }) => question);
    expect(questions).toEqual(
      expect.arrayContaining([
        'count of Todo at 5',
        'list of LakeFile at 2',
        'history of Todo "a"',
        'contents of LakeFile "f"',
        'groups of Todo by status at 5',
      ]),
    );
  });

  test('fails, and tells of what, where something else is answered than what was restored', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    await (await openTemporary({ directory: data })).close();
    const replica = await DuckDBInstance.create(join(data, 'replica', '1.duckdb'));
    const connection = await replica.connect();
    await connection.run("update todos set status = 'X' where id = 'a'");
    connection.closeSync();
    replica.closeSync();
    const { exitCode, lines, outcome } = await runBackup(
      target,
      { drill: true },
      data,
      shippedEntities,
    );
    expect([exitCode, outcome]).toEqual([2, expect.objectContaining({ position: 5 })]);
    const different = lines.filter((line) => line.includes('in what was restored'));
    expect(different.join()).toContain('series of Todo by status up to 5, but ');
    expect(different.join()).not.toContain('LakeFile');
    expect(outcome.differ).toBe(different.length);
  });

  test('fails, and tells where, when the log is damaged', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    alter(data, "update todos set subject = 'X' where id = 'a'");
    const { exitCode, lines, outcome } = await runBackup(
      target,
      { drill: true },
      data,
      shippedEntities,
    );
    expect([exitCode, lines.length]).toEqual([2, 2]);
    expect(lines[0]).toContain('The version at position 1 is not as it was written.');
    expect(lines[1]).toContain('restored up to position 5, and what it holds is whole');
    expect(outcome).toMatchObject({ position: 5, message: lines[0] });
  });

  test('is refused for a backup of another log', async () => {
    const [data, other] = [await someLog(), await someLog()];
    await backedUp(data, join(data, 'b'));
    const drilled = backedUp(other, join(data, 'b'), { drill: true });
    await expect(drilled).rejects.toMatchObject({ code: 'OTHER_HISTORY' });
    const contradicting = backedUp(data, join(data, 'b'), { drill: true, follow: true });
    await expect(contradicting).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});

/** A log whose todos and files are written at random. */
async function openTemporaryLog(directory: string) {
  const store = await openStore({ directory, entities: shippedEntities, replicaInMemory: true });
  return {
    /** Changes todos, or creates them, and gives a file other bytes. */
    write: async (number: number, ids: readonly string[], file: number | null) => {
      const terms = { once: { key: `${number}`, requestDigest: '' } };
      await store.write(async (log) => {
        const done = [];
        for (const id of ids) {
          const known = await log.get(Todo, id);
          const values = { subject: `${id} ${number}` };
          if (known) done.push(await log.update(Todo, id, values));
          else
            done.push({
              version: await log.create(Todo, { id, ...values }),
              changed: true,
              rebasedOver: [],
            });
        }
        if (file !== null) {
          // Much of it is what other files have.
          const bytes = Buffer.from('abcdefgh'.repeat(20_000) + 'x'.repeat(file));
          await log.create(LakeFile, { filename: `${number}`, ...(await log.putContents(bytes)) });
        }
        return done;
      }, terms);
    },
    nothing: (key: string) => store.write(async () => [], { once: { key, requestDigest: '' } }),
    close: () => store.close(),
  };
}

/** What a process leaves that is killed before, or after, a segment has its name. */
function leaveHalf(target: string): void {
  if (!existsSync(target)) return;
  writeFileSync(join(target, 'segment.unfinished'), 'half');
  const unnamed = join(target, '0000000000000001-0000000000000002.segment');
  if (!existsSync(unnamed)) writeFileSync(unnamed, 'half');
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      ids: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 }),
      file: fc.option(fc.nat(3)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('nothing' as const), key: fc.uuid() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('back up' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('be killed' as const) }) },
);

test('whatever is written and backed up, what is restored to a position is the log as it was then', async () => {
  const input = fc.record({
    steps: fc.array(step, { minLength: 4, maxLength: 24 }),
    cuts: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }),
  });
  await checkProperty('backups', input, 6, async ({ steps, cuts }) => {
    await inDirectory(async (directory) => {
      const [data, target] = [join(directory, 'data'), join(directory, 'backup')];
      const store = await openTemporaryLog(data);
      try {
        for (const [number, each] of steps.entries()) {
          if (each.do === 'back up') await backedUp(data, target);
          else if (each.do === 'be killed') leaveHalf(target);
          else if (each.do === 'nothing') await store.nothing(each.key);
          else await store.write(number, each.ids, each.file);
        }
      } finally {
        await store.close();
      }
      await backedUp(data, target);
      const ends = endsOf(data);
      const last = ends.at(-1) ?? 0;
      for (const cut of cuts) {
        if (last === 0) break;
        const asked = 1 + (cut % last);
        const end = ends.findLast((each) => each <= asked);
        const back = join(directory, `back-${asked}`);
        if (existsSync(back)) continue;
        if (end === undefined) {
          await expect(restored(target, back, { toPosition: `${asked}` })).rejects.toThrow(
            'nothing',
          );
          continue;
        }
        expect(await restored(target, back, { toPosition: `${asked}` })).toMatchObject({
          position: end,
        });
        expect(rowsAt(back, end)).toEqual(rowsAt(data, end));
      }
      const back = join(directory, 'back');
      await restored(target, back);
      expect(rowsAt(back, last)).toEqual(rowsAt(data, last));
    });
  });
}, 120_000);
