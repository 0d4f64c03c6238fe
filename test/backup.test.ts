/** Backups: what they hold, what they refuse, and what is left of one that ends too early. */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeableOf } from '../src/backup/roll-up.ts';
import { limits, openStore } from '../src/db/index.ts';
import { LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { backedUp, endsOf, restored, rowsAt } from './support/backups.ts';
import { checkProperty } from './support/property.ts';
import { everstate } from './support/server.ts';
import { fill, makeRoom, smallDisk } from './support/small-disk.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { inDirectory, onLog } from './support/transfers.ts';
import { until } from './support/until.ts';

const large = 'x'.repeat(300_000);

/** A log with todos, files and a transaction of several versions. @returns its directory. */
async function someLog(): Promise<string> {
  const data = temporaryDirectory();
  await onLog(data, async (log) => {
    await log.transact((each) => each.create(Todo, { id: 'a', subject: 'one' }), { actor: 'ada' });
    await log.transact(async (each) => {
      const contents = await each.putContents(Buffer.from(large));
      await each.create(LakeFile, { id: 'f', filename: 'f.txt', ...contents });
    });
    await log.transact(async (each) => {
      for (const id of ['b', 'c', 'd']) await each.create(Todo, { id, subject: id });
    });
  });
  return data;
}

/** Appends todos, a transaction each. */
async function write(data: string, ...ids: string[]): Promise<void> {
  await onLog(data, async (log) => {
    for (const id of ids) await log.transact((each) => each.create(Todo, { id }));
  });
}

const segmentsIn = (directory: string) =>
  readdirSync(directory).filter((name) => name.endsWith('.segment'));

describe('a backup in a directory', () => {
  test('holds all of the log, and then what came since', async () => {
    const data = await someLog();
    const target = join(temporaryDirectory(), 'backup');
    expect(await backedUp(data, target)).toMatchObject({ position: 5, versions: 5, segments: 1 });
    expect(await backedUp(data, target)).toMatchObject({ position: 5, versions: 0, segments: 1 });
    const first = readFileSync(join(target, segmentsIn(target)[0] as string));
    await write(data, 'e', 'f');
    expect(await backedUp(data, target)).toMatchObject({ position: 7, versions: 2, segments: 2 });
    expect(readFileSync(join(target, segmentsIn(target)[0] as string))).toEqual(first);
    // The contents of the file are in the first, and are not written again.
    expect(statSync(join(target, segmentsIn(target)[1] as string)).size).toBeLessThan(200_000);
    const back = join(temporaryDirectory(), 'back');
    expect(await restored(target, back)).toMatchObject({ position: 7, backedUp: 7 });
    expect(rowsAt(back, 7)).toEqual(rowsAt(data, 7));
    const verified = await onLog(back, (log) => log.verify());
    expect(verified).toEqual({ versions: 7, defect: null });
  });

  test('is taken while others write, and holds whole transactions up to its position', async () => {
    const data = temporaryDirectory();
    const store = await openTemporary({ directory: data });
    const target = join(data, 'backup');
    let isOver = false;
    const writing = (async () => {
      for (let number = 0; !isOver; number += 1) {
        await store.transact(async (log) => {
          await log.create(Todo, { id: `${number}-a` });
          await log.create(Todo, { id: `${number}-b` });
        });
      }
    })();
    const positions: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      await until(async () => (await store.head()) > (positions.at(-1) ?? 0) + 20);
      positions.push(Number((await backedUp(data, target)).position));
    }
    isOver = true;
    await writing;
    for (const [number, position] of positions.entries()) {
      const back = join(data, `back-${number}`);
      await restored(target, back, { toPosition: String(position) });
      expect(position % 2).toBe(0);
      expect(rowsAt(back, position)).toEqual(rowsAt(data, position));
    }
  });

  test('of an empty log is one, and gives an empty log', async () => {
    const data = temporaryDirectory();
    await write(data);
    expect(await backedUp(data, join(data, 'b'))).toMatchObject({ position: 0, segments: 0 });
    await restored(join(data, 'b'), join(data, 'back'));
    await write(join(data, 'back'), 'a');
    expect(endsOf(join(data, 'back'))).toEqual([1]);
  });

  test('that many small segments were added to is a few files, and the same log', async () => {
    const data = temporaryDirectory();
    const target = join(data, 'backup');
    const ids = Array.from({ length: 40 }, (_, number) => `t${number}`);
    for (const id of ids) {
      await write(data, id);
      await backedUp(data, target);
    }
    expect(segmentsIn(target).length).toBeLessThan(16);
    await restored(target, join(data, 'back'));
    expect(rowsAt(join(data, 'back'), 40)).toEqual(rowsAt(data, 40));
    await restored(target, join(data, 'cut'), { toPosition: '23' });
    expect(rowsAt(join(data, 'cut'), 23)).toEqual(rowsAt(data, 23));
  });

  test('goes on with a log that was restored whole, and not with one that went another way', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    const [whole, cut] = [join(data, 'whole'), join(data, 'cut')];
    await restored(target, whole);
    await write(whole, 'more');
    expect(await backedUp(whole, target)).toMatchObject({ position: 6, versions: 1 });
    await restored(target, cut, { toPosition: '2' });
    await expect(backedUp(cut, target)).rejects.toMatchObject({ code: 'OTHER_HISTORY' });
    await write(cut, 'p', 'q', 'r', 's', 't');
    await expect(backedUp(cut, target)).rejects.toThrow('the digest of this log is another one');
    await expect(backedUp(data, target)).rejects.toThrow('this log ends at position 5');
  });

  test('is written by one process at a time', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    const both = await Promise.allSettled([backedUp(data, target), backedUp(data, target)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [refused] = both.filter((each) => each.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'IN_USE' });
  });

  test('is not begun among other files, nor of a log of another format', async () => {
    const data = await someLog();
    await expect(backedUp(data, data)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    rawLog(data).pragma('user_version = 3');
    const before = readFileSync(logPath(data));
    await expect(backedUp(data, join(data, 'b'))).rejects.toMatchObject({ code: 'CANNOT_OPEN' });
    expect(readFileSync(logPath(data))).toEqual(before);
    await expect(backedUp(join(data, 'none'), join(data, 'b'))).rejects.toThrow('There is no log');
  });

  test('is refused by a log that lacks versions', async () => {
    const data = await someLog();
    const raw = rawLog(data);
    raw.exec("drop trigger todos_refuses_delete; delete from todos where id = 'c'");
    await expect(backedUp(data, join(data, 'b'))).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
    expect(segmentsIn(join(data, 'b'))).toEqual([]);
  });

  test('that has no room ends, keeps what it had, and goes on once there is some', async (context) => {
    const data = await someLog();
    const disk = smallDisk(context, 2_048);
    const target = join(disk, 'backup');
    await backedUp(data, target);
    await onLog(data, async (log) => {
      await log.transact(async (each) => {
        for (let number = 0; number < 200; number += 1) {
          await each.create(Todo, { id: `n${number}`, body: 'x'.repeat(2_000) });
        }
      });
    });
    fill(disk);
    const failing = backedUp(data, target);
    await expect(failing).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    await expect(failing).rejects.toThrow(target);
    makeRoom(disk);
    await restored(target, join(data, 'before'));
    expect(rowsAt(join(data, 'before'), 5)).toEqual(rowsAt(data, 5));
    expect(await backedUp(data, target)).toMatchObject({ versions: 200 });
    await restored(target, join(data, 'after'));
    expect(rowsAt(join(data, 'after'), 205)).toEqual(rowsAt(data, 205));
  });

  test('that cannot be written is told of', async () => {
    const data = await someLog();
    const file = join(data, 'file');
    writeFileSync(file, '');
    await expect(backedUp(data, join(file, 'b'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await expect(backedUp(data, join(file, 'a.backup'))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
  });

  test('is killed while it is written, and goes on where it was', async () => {
    const data = temporaryDirectory();
    const target = join(data, 'backup');
    await write(data, 'first');
    await backedUp(data, target);
    await onLog(data, async (log) => {
      await log.transact(async (each) => {
        for (let row = 0; row < 10_000; row += 1) {
          await each.create(Todo, { id: `${row}`, subject: 'x'.repeat(200) });
        }
      });
    });
    const process = everstate(['backup', target, '--data', data]);
    const isWriting = () => existsSync(join(target, 'segment.unfinished'));
    await until(() => isWriting() || process.child.exitCode !== null);
    await process.stop('SIGKILL');
    const left = isWriting();
    await restored(target, join(data, 'before'));
    const end = endsOf(join(data, 'before')).at(-1);
    expect(end).toBe(left ? 1 : 10_001);
    await backedUp(data, target);
    expect(readdirSync(target)).not.toContain('segment.unfinished');
    await restored(target, join(data, 'after'));
    expect(rowsAt(join(data, 'after'), 10_001)).toEqual(rowsAt(data, 10_001));
  });
});

describe('segments become one', () => {
  test('so that there are few of them, and each byte is written a few times', () => {
    for (const bytes of [90_000, 700_000]) {
      const sizes: number[] = [];
      let written = 0;
      for (let count = 0; count < 5_000; count += 1) {
        sizes.push(bytes);
        written += bytes;
        const merged = mergeableOf(sizes);
        if (merged === 0) continue;
        const sum = sizes.splice(-merged).reduce((all, each) => all + each, 0);
        sizes.push(sum);
        written += sum;
      }
      expect(sizes.length).toBeLessThan(48);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(limits.mergedSegmentBytesMax);
      expect(written / (5_000 * bytes)).toBeLessThan(7);
    }
  });

  test('unless they are large already', () => {
    expect(mergeableOf(Array.from({ length: 50 }, () => limits.mergedSegmentBytesMax))).toBe(0);
    expect(mergeableOf([10_000_000, ...Array.from({ length: 7 }, () => 90_000)])).toBe(0);
    expect(mergeableOf([10_000_000, ...Array.from({ length: 8 }, () => 90_000)])).toBe(8);
  });
});

describe('a backup in a file', () => {
  test('holds all of the log, and is not written over', async () => {
    const data = await someLog();
    const file = join(data, 'all.backup');
    expect(await backedUp(data, file)).toMatchObject({ file, position: 5 });
    await expect(backedUp(data, file)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    await restored(file, join(data, 'back'));
    expect(rowsAt(join(data, 'back'), 5)).toEqual(rowsAt(data, 5));
  });

  test('that is cut, altered or none is refused, and nothing is restored', async () => {
    const data = await someLog();
    const back = join(data, 'back');
    const files = ['cut', 'altered', 'none', 'log'].map((name) => join(data, `${name}.backup`));
    const [cut = '', altered = '', none = '', log = ''] = files;
    for (const file of [cut, altered]) await backedUp(data, file);
    truncateSync(cut, Math.floor(statSync(cut).size / 2));
    const bytes = readFileSync(altered);
    bytes[bytes.indexOf('one')] = 'X'.charCodeAt(0);
    writeFileSync(altered, bytes);
    writeFileSync(none, 'none');
    copyFileSync(logPath(data), log);
    for (const file of files) {
      await expect(restored(file, back)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
      expect(readdirSync(back, { recursive: true })).toEqual([]);
    }
    await expect(restored(join(data, 'gone'), back)).rejects.toThrow('there is none');
  });
});

describe('a restore', () => {
  test('ends with the last transaction at or before a position or a moment', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    await write(data, 'e', 'f');
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
    expect(bytes).toBe(large);
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
    await write(data, 'e');
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
        'end with|go on|not as',
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
    await write(data, 'e');
    await backedUp(data, target);
    rmSync(join(target, segmentsIn(target)[1] as string));
    await restored(target, join(data, 'back'), { toPosition: '5' });
    expect(rowsAt(join(data, 'back'), 5)).toEqual(rowsAt(data, 5));
  });

  test('that has no room leaves nothing', async (context) => {
    const data = await someLog();
    await backedUp(data, join(data, 'b'));
    const disk = smallDisk(context, 256);
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

describe('a backup that follows', () => {
  const position = (target: string) => {
    const { segments } = JSON.parse(readFileSync(join(target, 'backup.json'), 'utf8'));
    return segments.at(-1)?.position as number;
  };

  test('has each commit soon, goes on when the server starts again, and ends well with a signal', async () => {
    const data = temporaryDirectory();
    const target = join(data, 'backup');
    const open = () => openStore({ directory: data, entities: shippedEntities });
    let store = await open();
    await store.append(Todo, { id: 'a' });
    const process = everstate(['backup', target, '--follow', '--data', data, '--json']);
    await until(() => process.stderr.includes('Following') || process.child.exitCode !== null);
    for (const id of ['b', 'c']) {
      const { position: written } = await store.append(Todo, { id });
      await until(() => position(target) === written || process.child.exitCode !== null);
    }
    await store.close();
    store = await open();
    await store.append(Todo, { id: 'd' });
    await until(() => position(target) === 4 || process.child.exitCode !== null);
    await expect(backedUp(data, target)).rejects.toMatchObject({ code: 'IN_USE' });
    await restored(target, join(data, 'meanwhile'));
    await store.append(Todo, { id: 'e' });
    const { code, stdout, stderr } = await process.stop('SIGTERM');
    await store.close();
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('everstate:')]);
    expect(JSON.parse(stdout)).toMatchObject({ position: 5, versions: 5 });
    await restored(target, join(data, 'back'));
    expect(rowsAt(join(data, 'back'), 5)).toEqual(rowsAt(data, 5));
  });

  test('ends when the log is gone', async () => {
    const parent = temporaryDirectory();
    const data = join(parent, 'data');
    await write(data, 'a');
    const process = everstate(['backup', join(parent, 'b'), '--follow', '--data', data]);
    await until(() => process.stderr.includes('Following') || process.child.exitCode !== null);
    renameSync(data, join(parent, 'elsewhere'));
    const { code, stderr } = await process.end();
    expect([code, stderr]).toEqual([1, expect.stringContaining('is no longer the file')]);
  });
});

describe('a drill', () => {
  test('says of each answer that it is the same, beside a server', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    const store = await openTemporary({ directory: data });
    await store.update(Todo, 'a', { subject: 'later' });
    const { position, compared } = await backedUp(data, target, { drill: true });
    expect(position).toBe(5);
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

  test('fails, and tells of what, where the log says something else than what was restored', async () => {
    const data = await someLog();
    const target = join(data, 'backup');
    await backedUp(data, target);
    const raw = rawLog(data);
    raw.exec("drop trigger todos_refuses_update; update todos set subject = 'X' where id = 'a'");
    raw.close();
    const failed = await backedUp(data, target, { drill: true }).catch((error) => error);
    expect(failed.code).toBe('DRILL_FAILED');
    expect(failed.issues.join()).toContain('history of Todo "a": ');
    expect(failed.issues.join()).not.toContain('LakeFile');
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
);

test('whatever is written and backed up, what is restored to a position is the log as it was then', async () => {
  const input = fc.record({
    steps: fc.array(step, { minLength: 4, maxLength: 24 }),
    cuts: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }),
  });
  await checkProperty('backups', input, 12, async ({ steps, cuts }) => {
    await inDirectory(async (directory) => {
      const [data, target] = [join(directory, 'data'), join(directory, 'backup')];
      const store = await openTemporaryLog(data);
      try {
        for (const [number, each] of steps.entries()) {
          if (each.do === 'back up') await backedUp(data, target);
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
