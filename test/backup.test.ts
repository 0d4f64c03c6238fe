/** Backups: what they hold, what they refuse, and what is left of one that ends too early. */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mergeableOf } from '../src/backup/roll-up.ts';
import { limits, openStore } from '../src/db/index.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { alter } from './support/altered-log.ts';
import {
  backedUp,
  endsOf,
  restored,
  rowsAt,
  segmentsIn,
  someLog,
  writeTodos,
} from './support/backups.ts';
import { everstate } from './support/server.ts';
import { fill, makeRoom, smallDisk } from './support/small-disk.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { onLog } from './support/transfers.ts';
import { until } from './support/until.ts';

describe('a backup in a directory', () => {
  test('holds all of the log, and then what came since', async () => {
    const data = await someLog();
    const target = join(temporaryDirectory(), 'backup');
    expect(await backedUp(data, target)).toMatchObject({ position: 5, versions: 5, segments: 1 });
    expect(await backedUp(data, target)).toMatchObject({ position: 5, versions: 0, segments: 1 });
    const first = readFileSync(join(target, segmentsIn(target)[0] as string));
    await writeTodos(data, 'e', 'f');
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
    await writeTodos(data);
    expect(await backedUp(data, join(data, 'b'))).toMatchObject({ position: 0, segments: 0 });
    await restored(join(data, 'b'), join(data, 'back'));
    await writeTodos(join(data, 'back'), 'a');
    expect(endsOf(join(data, 'back'))).toEqual([1]);
  });

  test('that many small segments were added to is a few files, and the same log', async () => {
    const data = temporaryDirectory();
    const target = join(data, 'backup');
    const ids = Array.from({ length: 40 }, (_, number) => `t${number}`);
    for (const id of ids) {
      await writeTodos(data, id);
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
    await writeTodos(whole, 'more');
    expect(await backedUp(whole, target)).toMatchObject({ position: 6, versions: 1 });
    await restored(target, cut, { toPosition: '2' });
    await expect(backedUp(cut, target)).rejects.toMatchObject({ code: 'OTHER_HISTORY' });
    await writeTodos(cut, 'p', 'q', 'r', 's', 't');
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

  test.each([
    ['a version', "update todos set subject = 'X' where id = 'b'", 'HISTORY_DAMAGED'],
    ['a transaction', "update transactions set actor = 'eve' where id = 1", 'HISTORY_DAMAGED'],
    ['a file', "update chunks set bytes = x'00', encoding = 'none'", 'CONTENTS_DAMAGED'],
  ])(
    'is not made of a log in which %s is damaged, and keeps what it had',
    async (_, damage, code) => {
      const data = await someLog();
      const [whole, target] = [join(data, 'whole'), join(data, 'target')];
      await onLog(data, (log) => log.transact((each) => each.create(Todo, { id: 'e' })));
      alter(data, damage);
      await expect(backedUp(data, whole)).rejects.toMatchObject({ code });
      expect(segmentsIn(whole)).toEqual([]);
      const other = await someLog();
      await backedUp(other, target);
      const before = segmentsIn(target);
      await onLog(other, (log) => log.transact((each) => each.create(Todo, { id: 'late' })));
      alter(other, "update todos set subject = 'X' where id = 'late'");
      await expect(backedUp(other, target)).rejects.toMatchObject({ code: 'HISTORY_DAMAGED' });
      expect(segmentsIn(target)).toEqual(before);
    },
  );

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
    await writeTodos(data, 'first');
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
      const small = sizes.filter((size) => size < 32 * 1024 * 1024);
      expect(small.length).toBeLessThan(40);
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
      expect(existsSync(back) ? readdirSync(back) : []).toEqual([]);
    }
    await expect(restored(join(data, 'gone'), back)).rejects.toThrow('there is none');
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
    await writeTodos(data, 'a');
    const process = everstate(['backup', join(parent, 'b'), '--follow', '--data', data]);
    await until(() => process.stderr.includes('Following') || process.child.exitCode !== null);
    renameSync(data, join(parent, 'elsewhere'));
    const { code, stderr } = await process.end();
    expect([code, stderr]).toEqual([1, expect.stringContaining('is no longer the file')]);
  });
});
