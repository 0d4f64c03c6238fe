/** `everstate clear`: a log that begins anew, or kinds that are deleted; what was there is kept before. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { limits } from '../src/db/index.ts';
import { LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { clearKinds } from '../src/upkeep/clear-kinds.ts';
import { type ClearOptions, runClear } from '../src/upkeep/index.ts';
import { restored, rowsAt, someLog } from './support/backups.ts';
import { compiled } from './support/run-directory.ts';
import { everstate, ready } from './support/server.ts';
import { logPath, openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { onLog } from './support/transfers.ts';
import { until } from './support/until.ts';

async function cleared(data: string, options: ClearOptions) {
  return (await runClear({ yes: true, ...options }, data, shippedEntities)).outcome;
}

/** A data directory within one of its own, so that what is made beside it goes with the test. */
async function someData(): Promise<string> {
  const data = join(temporaryDirectory(), 'data');
  cpSync(await someLog(), data, { recursive: true });
  return data;
}

/** What somebody types at a terminal. */
function terminal(...typed: string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  let shown = '';
  output.on('data', (text) => {
    shown += text;
    if (String(shown).includes('to go on')) input.write(typed.shift() ?? '');
  });
  return { input, output, shown: () => shown };
}

const backupsBeside = (data: string) =>
  readdirSync(dirname(data)).filter((name) => name.endsWith('.backup'));

describe('a whole log', () => {
  test('begins anew, and what was there is in a backup', async () => {
    const data = await someData();
    const [rows, idBefore] = [rowsAt(data, 5), await onLog(data, async (log) => log.logId)];
    await (await openTemporary({ directory: data })).close();
    mkdirSync(join(data, 'tables'));
    writeFileSync(join(data, 'tables', 'of-a-file'), 'what was read of it');
    const outcome = await cleared(data, {});
    expect(outcome).toMatchObject({ kinds: null, versions: 5, position: 0 });
    expect(existsSync(join(data, 'replica')) || existsSync(join(data, 'tables'))).toBe(false);
    expect(statSync(logPath(data)).size).toBeLessThan(250_000);
    const [backup = ''] = backupsBeside(data);
    expect(backup).toMatch(/^data-\d{4}-\d\d-\d\dT.*Z\.backup$/);
    expect(outcome.backup).toMatchObject({ file: join(dirname(data), backup), position: 5 });
    const back = join(temporaryDirectory(), 'back');
    await restored(join(dirname(data), backup), back);
    expect(rowsAt(back, 5)).toEqual(rows);
    const store = await openTemporary({ directory: data });
    expect(store.logId).not.toBe(idBefore);
    expect((await store.list(Todo)).versions).toEqual([]);
    await store.append(Todo, { id: 'a' });
    expect(await store.head()).toBe(1);
    expect(await store.verify()).toEqual({ versions: 1, defect: null });
  });

  test('is left as it is while a server has it open', async () => {
    const data = await someData();
    const server = await ready(everstate(['serve', '--data', data, '--port', '0']));
    const { code, stdout } = await everstate(['clear', '--yes', '--json', '--data', data]).end();
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'LOG_IN_USE',
      message: expect.stringMatching(
        / is open in another process, .* Stop that, and run this again\.$/,
      ),
    });
    expect(backupsBeside(data)).toEqual([]);
    expect(await server.data('{ todos { totalCount } }')).toEqual({ todos: { totalCount: 4 } });
  });

  test('is kept where the backup cannot be made', async () => {
    const data = await someData();
    const taken = join(temporaryDirectory(), 'taken.backup');
    writeFileSync(taken, 'something else');
    await expect(cleared(data, { backup: taken })).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect((await onLog(data, (log) => log.totals())).position).toBe(5);
  });

  test('is either whole or anew when the command is killed', async () => {
    const data = await someData();
    await onLog(data, (log) =>
      log.transact(async (each) => {
        const contents = await each.putContents(randomBytes(20_000_000));
        await each.create(LakeFile, { filename: 'large', ...contents });
      }),
    );
    const child = everstate(['clear', '--yes', '--data', data]);
    await until(() => backupsBeside(data).length > 0);
    await child.stop('SIGKILL');
    const { versions, defect } = await onLog(data, (log) => log.verify());
    expect(defect).toBeNull();
    expect([0, 6]).toContain(versions);
  });

  test('goes without a backup where that is said, or into a directory of backups', async () => {
    const data = await someData();
    const target = join(temporaryDirectory(), 'backup');
    expect(await cleared(data, { backup: target })).toMatchObject({ backup: { segments: 1 } });
    await onLog(data, (log) => log.transact((each) => each.create(Todo, {})));
    // The directory is of the log that was.
    await expect(cleared(data, { backup: target })).rejects.toMatchObject({
      code: 'OTHER_HISTORY',
    });
    expect(await cleared(data, { backup: false })).toMatchObject({ backup: null, versions: 1 });
    expect(backupsBeside(data)).toEqual([]);
  });
});

describe('kinds', () => {
  test('are deleted beside a server, and keep their history', async () => {
    const data = await someData();
    const store = await openTemporary({ directory: data });
    const outcome = await cleared(data, { only: ['Todo'], actor: 'ada', reason: 'spring' });
    expect(outcome).toMatchObject({ kinds: ['Todo'], deleted: 4, position: 9 });
    expect((await store.list(Todo)).versions).toEqual([]);
    expect((await store.list(LakeFile)).versions).toHaveLength(1);
    const last = (await onLog(data, (log) => log.transactionsAfter(3 as never))).at(-1);
    expect(last).toMatchObject({ actor: 'ada', reason: 'spring' });
    expect((await store.verify()).defect).toBeNull();
    expect(backupsBeside(data)).toHaveLength(1);
    const again = await cleared(data, { only: ['Todo', 'LakeFile', 'Todo'], backup: false });
    expect(again).toMatchObject({ kinds: ['Todo', 'LakeFile'], deleted: 1, position: 10 });
  });

  test('go some in each transaction, each of which is whole; interrupted, it goes on', async () => {
    const data = join(temporaryDirectory(), 'data');
    const records = limits.clearedRecordsMax + 10;
    await onLog(data, (log) =>
      log.transact(async (each) => {
        for (let number = 0; number < records; number += 1) await each.create(Todo, {});
      }),
    );
    const about = { actor: null, reason: 'everstate clear' };
    const interrupted = onLog(data, (log) =>
      clearKinds(log, [Todo], about, () => {
        throw new Error('Interrupted.');
      }),
    );
    await expect(interrupted).rejects.toThrow('Interrupted.');
    const { position } = await onLog(data, (log) => log.totals());
    expect(position).toBe(records + limits.clearedRecordsMax);
    expect(await cleared(data, { only: ['Todo'], backup: false })).toMatchObject({
      deleted: records - limits.clearedRecordsMax,
      position: 2 * records,
    });
    const transactions = await onLog(data, (log) => log.transactionsAfter(1 as never));
    expect(transactions).toHaveLength(2);
    expect(transactions[0]).toMatchObject({ actor: null, reason: 'everstate clear' });
  });
});

describe('before anything is done', () => {
  test('the word is asked for on a terminal', async () => {
    const data = await someData();
    const wrong = terminal('yes\n');
    const refused = runClear({}, data, shippedEntities, wrong);
    await expect(refused).rejects.toMatchObject({ code: 'NOT_CONFIRMED' });
    expect(wrong.shown()).toContain(`This takes all records of ${data} away, with their history. `);
    expect(backupsBeside(data)).toEqual([]);
    const right = terminal('clear\n');
    const { outcome } = await runClear({ only: ['Todo'] }, data, shippedEntities, right);
    expect(outcome).toMatchObject({ deleted: 4 });
    expect(right.shown()).toContain('This deletes every Todo of ');
  });

  test('Ctrl-C, and an end of what is typed, are no answer', async () => {
    const data = await someData();
    for (const key of ['\u0003', '\u0004']) {
      const refused = runClear({}, data, shippedEntities, terminal(key));
      await expect(refused).rejects.toMatchObject({ code: 'INTERRUPTED' });
    }
    expect((await onLog(data, (log) => log.totals())).position).toBe(5);
  });

  test('a real terminal is asked, and Ctrl-C there ends with 130', async ({ skip }) => {
    const data = await someData();
    const command = `"${process.execPath}" "${compiled('src/main.ts')}" clear --data "${data}"`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (shown += text));
    const ended = new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null)).once('close', resolve);
    });
    if ((await Promise.race([ended, until(() => shown.includes('to go on'))])) === null) {
      skip('there is no script to make a terminal with');
    }
    child.stdin.write('\u0003');
    expect(await ended).toBe(130);
    expect(shown).toContain('Interrupted: nothing was changed.');
    expect((await onLog(data, (log) => log.totals())).position).toBe(5);
  });

  test.each([
    [[], 'CONFIRMATION_NEEDED', 'say --yes'],
    [['--yes', '--only', 'Nothing'], 'NO_SUCH_ENTITY', 'There is no Nothing; there are '],
    [['--yes', '--reason', 'why'], 'BAD_ARGUMENT', '--only'],
  ])('%j is refused without a terminal', async (args, code, text) => {
    const data = await someData();
    const ended = await everstate(['clear', '--data', data, '--json', ...args]).end();
    const { error } = JSON.parse(ended.stdout);
    expect([ended.code, error.code]).toEqual([1, code]);
    expect(error.message).toContain(text);
    expect((await onLog(data, (log) => log.totals())).position).toBe(5);
  });

  test('a directory without a log is refused', async () => {
    const nowhere = join(temporaryDirectory(), 'nowhere');
    await expect(cleared(nowhere, {})).rejects.toMatchObject({ code: 'CANNOT_OPEN' });
    expect(existsSync(nowhere)).toBe(false);
  });
});
