/** What all commands have in common: help with examples, errors for programs, and how they end. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { restoreLog } from '../src/backup/restore.ts';
import { StoredBackup } from '../src/backup/stored-backup.ts';
import { helpOf } from '../src/command-help.ts';
import { shippedEntities } from '../src/entities/index.ts';
import { backedUp, someLog } from './support/backups.ts';
import { compiled } from './support/run-directory.ts';
import { everstate, TestProcess } from './support/server.ts';
import { temporaryDirectory } from './support/temporary-store.ts';

const run = promisify(execFile);

async function printed(...args: string[]): Promise<string> {
  return (await run(process.execPath, [compiled('src/main.ts'), ...args])).stdout;
}

describe('help', () => {
  let commands: string[];
  let helps: Map<string, string>;
  beforeAll(async () => {
    const lines = (await printed('--help')).split('Commands:')[1] ?? '';
    const names = [...lines.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name as string);
    commands = names.filter((name) => name !== 'help');
    const texts: [string, string][] = [];
    for (const name of commands) texts.push([name, await printed(name, '--help')]);
    helps = new Map(texts);
  }, 60_000);

  test('of each command has examples, which say what is there, and exit codes', () => {
    expect(commands.length).toBeGreaterThan(12);
    for (const name of commands) {
      const text = helps.get(name) ?? '';
      expect(text, name).toContain(helpOf(name));
      expect(text, name).toMatch(/\nExamples:\n {2}everstate .*\n {6}\S/);
      expect(text, name).toMatch(/\nEnds with:\n {2}0 .*\n {2}1 /);
      const examples = [...text.matchAll(/^ {2}everstate (\w+)(.*)$/gm)];
      for (const [line, command, rest = ''] of examples) {
        expect(line.length, line).toBeLessThanOrEqual(80);
        expect(command).toBe(name);
        for (const [flag] of rest.matchAll(/--[\w-]+/g)) {
          expect(text, line).toContain(`  ${flag} `);
        }
      }
    }
  });

  test('of each that takes long says that it tells programs as JSON', () => {
    const short = ['serve', 'token', 'schema'];
    for (const name of commands.filter((name) => !short.includes(name))) {
      expect(helps.get(name), name).toMatch(/^ {2}--json /m);
    }
  });

  test('stands in the README, command by command', async () => {
    const { readFile } = await import('node:fs/promises');
    const readme = await readFile('README.md', 'utf8');
    for (const name of commands) expect(readme).toContain(`| \`everstate ${name}`);
  });
});

test.each([
  [['verify', '--json', '--entities', '/nowhere.ts'], 'WRONG_SETTING', 'there is no /nowhere.ts'],
  [['demo', '--json', '--data', ''], 'WRONG_SETTING', '--data'],
  [['export', '--json'], 'BAD_ARGUMENT', "missing required argument 'directory'"],
  [['verify', '--json', '--nothing'], 'BAD_ARGUMENT', "unknown option '--nothing'"],
  [['prove', 'Todo', 'a', '--json', '--data', '/nowhere'], 'CANNOT_OPEN', 'no log in /nowhere'],
])('%j tells programs as JSON why not', async (args, code, text) => {
  const ended = await everstate(args).end();
  expect([ended.code, ended.stderr]).toEqual([1, '']);
  const { error } = JSON.parse(ended.stdout);
  expect([error.code, error.issues]).toEqual([code, []]);
  expect(error.message).toContain(text);
});

test('Ctrl-C ends a command while SQLite looks through a file in a thread', async () => {
  const terminal = resolve('src/terminal/index.ts');
  const endless =
    'with recursive n (x) as (select 1 union all select x + 1 from n) select count(*) from n';
  const script = `
    import { createRequire } from 'node:module';
    import { Worker } from 'node:worker_threads';
    import { startProgress } from ${JSON.stringify(terminal)};
    const driver = createRequire(${JSON.stringify(resolve('x.js'))}).resolve('better-sqlite3');
    const check = "const Database = require(" + JSON.stringify(driver) + ");" +
      "const database = new Database(':memory:');" +
      "require('node:worker_threads').parentPort.postMessage('begun');" +
      "database.prepare(" + JSON.stringify(${JSON.stringify(endless)}) + ").get();";
    startProgress('Verifying', 1, 'versions', { stream: process.stderr });
    new Worker(check, { eval: true, execArgv: [] }).on('message', (text) => console.log(text));`;
  const child = new TestProcess(['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: resolve('.'),
  });
  await child.prints(/begun/);
  const { code, signal } = await child.stop('SIGINT');
  // As a shell knows it: 130.
  expect([code, signal]).toEqual([null, 'SIGINT']);
});

test('a restore that is interrupted while it proves leaves nothing', async () => {
  const target = `${await someLog()}.backup`;
  await backedUp(target.replace(/\.backup$/, ''), target);
  const backup = await StoredBackup.open(target);
  const restorable = await backup.restorable(null, () => {});
  for (const endsAt of [1, 4]) {
    const data = join(temporaryDirectory(), 'data');
    let proven = 0;
    const onProven = () => {
      proven += 1;
      if (proven === endsAt) throw new Error('Interrupted.');
    };
    const watch = { onVersions: () => {}, onProving: () => {}, onProven };
    const restoring = restoreLog(restorable, data, shippedEntities, watch);
    await expect(restoring).rejects.toThrow(/^Interrupted\.$/);
    expect(proven).toBe(endsAt);
    expect(existsSync(data) ? readdirSync(data) : []).toEqual([]);
  }
});

test('a drill shows how far it has come', async () => {
  const data = await someLog();
  const target = join(temporaryDirectory(), 'backup');
  await backedUp(data, target);
  const { code, stderr } = await everstate(['backup', target, '--drill', '--data', data]).end();
  expect(code).toBe(0);
  for (const title of ['Checking the backup', 'Restoring', 'Proving', 'Comparing']) {
    expect(stderr).toContain(`${title} 0 % · 0 of `);
  }
});
