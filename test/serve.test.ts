/** `everstate serve` as its users run it: a process of its own, installed from the package. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { settingFlags } from '../src/config.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { openStore } from '../src/index.ts';
import { fileTree } from './support/file-tree.ts';
import { type Installed, installEverstate } from './support/installed.ts';
import { type Ended, ready, TestProcess, type TestServer } from './support/server.ts';
import { fill, makeRoom, smallDisk } from './support/small-disk.ts';
import { logPath, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

let everstate: Installed;
beforeAll(async () => {
  everstate = await installEverstate();
});
afterAll(() => everstate?.remove());

type Environment = Readonly<Record<string, string>>;

/** Runs the command; without --port it must not get as far as listening. */
function run(args: readonly string[], env?: Environment, cwd = temporaryDirectory()): TestProcess {
  return new TestProcess([everstate.bin, ...args], { cwd, env });
}

async function serve(directory: string, args: readonly string[] = []): Promise<TestServer> {
  return await ready(run(['serve', '--port', '0', '--data', directory, ...args]));
}

/** A data directory with some todos in it, and no process that uses it. */
async function filledDirectory(): Promise<string> {
  const directory = join(temporaryDirectory(), 'data');
  const store = await openStore({ directory, entities: shippedEntities });
  const body = 'x'.repeat(2_000);
  await store.transact(async (log) => {
    for (let count = 0; count < 100; count += 1) await log.create(Todo, { id: `${count}`, body });
  });
  await store.close();
  return directory;
}

/** What a start that cannot work says: one line, and nothing on standard output. */
function complaint({ code, signal, stdout, stderr }: Ended): string {
  expect({ code, signal, stdout, stderr }).toMatchObject({ code: 1, signal: null, stdout: '' });
  expect(stderr).toMatch(/^everstate: [^\n]+\n$/);
  expect(stderr, 'a line for people, not a stack').not.toMatch(/ at .*:\d+:\d+|node:internal/);
  return stderr;
}

/** Refuses to serve the directory, and leaves it as it was. */
async function refuses(directory: string): Promise<string> {
  const before = fileTree(directory);
  const line = complaint(await run(['serve', '--port', '0', '--data', directory]).end());
  expect(fileTree(directory)).toEqual(before);
  return line;
}

const createTodo = `mutation ($input: CreateTodoInput!) {
  createTodo(input: $input) { ... on CreateTodoPayload { todo { id position } } }
}`;
const updateTodo = `mutation ($input: UpdateTodoInput!) {
  updateTodo(input: $input) { ... on UpdateTodoPayload { todo { id revision position } } }
}`;
const readTodo = 'query ($id: ID!) { todo(id: $id) { subject revision position } }';

describe('starting', () => {
  test('takes a free port, says in one line where GraphiQL and the data are, and answers', async () => {
    const directory = join(temporaryDirectory(), 'not', 'there', 'yet');
    const server = await serve(directory);
    expect(server.process.stdout).toBe(
      `Everstate is ready: GraphiQL at ${server.url}, data in ${directory}\n`,
    );
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/graphql$/);
    const page = await fetch(server.url, { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain('GraphiQL');
    await server.data(createTodo, { input: { id: 'a', subject: 'First' } });
    expect(await server.data(readTodo, { id: 'a' })).toEqual({
      todo: { subject: 'First', revision: 1, position: '1' },
    });
    expect(existsSync(logPath(directory))).toBe(true);
    expect(server.process.stderr).toBe('');
  });

  test('takes its settings from variables; a flag wins', async () => {
    const cwd = temporaryDirectory();
    const variables = {
      EVERSTATE_PORT: '0',
      EVERSTATE_HOST: '::1',
      EVERSTATE_DATA: 'from-variable',
      EVERSTATE_REPLICA_MEMORY_MAX_MB: '256',
    };
    const child = run(['serve', '--data', 'from-flag', '--host', 'localhost'], variables, cwd);
    const server = await ready(child);
    expect(child.stdout).toContain(join(cwd, 'from-flag'));
    expect(await server.data('{ log { position } }')).toEqual({ log: { position: '0' } });
    expect(existsSync(join(cwd, 'from-variable'))).toBe(false);
  });
});

test('a replica that has no place on disk is in memory, and a line says so', async () => {
  const directory = await filledDirectory();
  rmSync(join(directory, 'replica'), { recursive: true });
  writeFileSync(join(directory, 'replica'), 'mine');
  const server = await serve(directory);
  expect((await server.data(readTodo, { id: '7' })).todo.revision).toBe(1);
  const lines = server.process.stderr.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    'The replica’s file cannot be used, so that it lies in memory until the next start.',
  ]);
  expect(readFileSync(join(directory, 'replica'), 'utf8')).toBe('mine');
});

describe('telling of itself', () => {
  test('its version is that of the package', async () => {
    const { code, stdout } = await run(['--version']).end();
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect([code, stdout]).toEqual([0, `${version}\n`]);
  });

  test('its help names each setting with its variable and its default', async () => {
    const { code, stdout } = await run(['serve', '--help']).end();
    expect(code).toBe(0);
    const words = stdout.replace(/\s+/g, ' ');
    for (const { flag, description } of settingFlags()) {
      expect(words).toContain(`${flag} ${description}`);
    }
    expect(words).toContain('EVERSTATE_REPLICA_MEMORY_MAX_MB, default 1024');
  });

  test.each([
    [['bogus'], 'unknown command "bogus"; there are serve, demo'],
    [['--port', '0', 'bogus'], 'unknown command "bogus"'],
    [['serve', 'me'], 'too many arguments: serve takes none, but was given "me"'],
  ])('%j is refused in one line', async (args, expected) => {
    expect(complaint(await run(args).end())).toContain(expected);
  });
});

describe('started by npm, which starts it through a shell', () => {
  /** npm, or npx, as a process group of its own that ends with the test. */
  async function start(command: string, args: readonly string[], cwd: string) {
    const env = Object.entries(process.env).filter(([name]) => !/^(EVERSTATE_|npm_)/i.test(name));
    const child = spawn(command, args, {
      cwd,
      env: Object.fromEntries(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    onTestFinished(() => {
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
      } catch (error) {
        // None of the group is left.
        expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
      }
    });
    await until(() => /GraphiQL at /.test(output));
    return { child, output: () => output };
  }

  /** npm is told to stop, and the server must stop, in order. */
  async function expectServerEnds({ child, output }: Awaited<ReturnType<typeof start>>) {
    const [, url] = /GraphiQL at (http:\S+),/.exec(output()) ?? [];
    child.kill('SIGTERM');
    await until(() => /Everstate is closing/.test(output()));
    while (await fetch(url as string).catch(() => null)) await setTimeout(10);
  }

  test('`npm start` ends with npm', async () => {
    const args = ['start', '--', '--port', '0', '--data', join(temporaryDirectory(), 'data')];
    await expectServerEnds(await start('npm', args, process.cwd()));
  });

  test('`npx everstate` ends with npx', async () => {
    const bin = join(everstate.folder, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync('../everstate/dist/main.js', join(bin, 'everstate'));
    const args = ['everstate', '--port', '0', '--data', join(temporaryDirectory(), 'data')];
    await expectServerEnds(await start('npx', args, everstate.folder));
  });
});

describe('closing', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends the process with code 0, the log in one file and the replica complete',
    async (signal) => {
      const directory = join(temporaryDirectory(), 'data');
      const server = await serve(directory);
      for (const id of ['a', 'b', 'c']) await server.data(createTodo, { input: { id } });
      const { code, stdout, stderr } = await server.process.stop(signal);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n').slice(1)).toEqual([`Everstate is closing (${signal}).`, '']);
      const names = Object.keys(fileTree(directory) ?? {}).map((p) =>
        p.slice(directory.length + 1),
      );
      expect(names.sort()).toEqual(['everstate.db', 'replica', join('replica', '1.duckdb')]);
      const log = new Database(logPath(directory), { readonly: true });
      onTestFinished(() => void log.close());
      expect(log.prepare('select count(*) from todos').pluck().get()).toBe(3);
      expect(log.pragma('integrity_check', { simple: true })).toBe('ok');
    },
  );

  test('a request under way finishes, and its write is kept', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const server = await serve(directory);
    const body = JSON.stringify({ query: createTodo, variables: { input: { id: 'late' } } });
    const upload = httpRequest(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    });
    upload.write(body.slice(0, 20));
    await server.data('{ log { position } }');
    const ended = server.process.stop('SIGTERM');
    await server.process.prints(/closing/);
    await expect(fetch(server.url), 'no new connection').rejects.toThrow();
    upload.end(body.slice(20));
    const [response] = await once(upload, 'response');
    let answer = '';
    for await (const chunk of response) answer += chunk;
    expect(JSON.parse(answer).data.createTodo.todo).toEqual({ id: 'late', position: '1' });
    expect((await ended).code).toBe(0);
    const again = await serve(directory);
    expect((await again.data(readTodo, { id: 'late' })).todo.revision).toBe(1);
  });

  test('a Host header that is none is refused without a word of the inside', async () => {
    const server = await serve(join(temporaryDirectory(), 'data'));
    for (const host of ['[', 'a b', '%']) {
      const request = httpRequest(server.url, { headers: { host } }).end();
      const [response] = await once(request, 'response');
      let text = '';
      for await (const chunk of response) text += chunk;
      expect([response.statusCode, text]).toEqual([400, expect.stringMatching(/^The Host header/)]);
    }
    expect((await server.process.stop('SIGINT')).code).toBe(0);
  });

  test('an open subscription completes without an error', async () => {
    const server = await serve(join(temporaryDirectory(), 'data'));
    const changes = server.subscribe('subscription { changes(after: "0") { position id } }');
    await server.data(createTodo, { input: { id: 'a' } });
    expect((await changes.next()).value?.data.changes).toEqual({ position: '1', id: 'a' });
    const end = changes.next();
    expect((await server.process.stop('SIGINT')).code).toBe(0);
    expect(await end).toMatchObject({ done: true });
  });

  test('a WebSocket is told that the server goes away', async () => {
    const server = await serve(join(temporaryDirectory(), 'data'));
    const socket = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws');
    const messages: { type: string; id?: string }[] = [];
    socket.on('message', (text) => messages.push(JSON.parse(String(text))));
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    const query = 'subscription { todoChanges { kind } }';
    await once(socket, 'message');
    socket.send(JSON.stringify({ type: 'subscribe', id: 's', payload: { query } }));
    await once(socket, 'message');
    const closed = once(socket, 'close');
    expect((await server.process.stop('SIGINT')).code).toBe(0);
    expect((await closed)[0]).toBe(1001);
    expect(messages.map(({ type }) => type).slice(0, 2)).toEqual(['connection_ack', 'next']);
  });

  test('a WebSocket whose client answers nothing does not hold it open', async () => {
    const server = await serve(join(temporaryDirectory(), 'data'));
    const socket = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws');
    await once(socket, 'open');
    socket.pause();
    onTestFinished(() => socket.terminate());
    expect((await server.process.stop('SIGINT')).code).toBe(0);
  });

  test('clients that keep sending do not hold it open, and lose nothing acknowledged', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const server = await serve(directory);
    const acknowledged: string[] = [];
    const clients = Array.from({ length: 8 }, async (_, client) => {
      for (let count = 0; count < 100_000; count += 1) {
        const id = `${client}-${count}`;
        const answer = await server.ask(createTodo, { input: { id } }).catch(() => null);
        if (!answer) return;
        if (answer.data?.createTodo.todo) acknowledged.push(id);
      }
    });
    while (acknowledged.length < 100) await setTimeout(5);
    const began = performance.now();
    expect((await server.process.stop('SIGTERM')).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(8_000);
    await Promise.all(clients);
    const log = new Database(logPath(directory), { readonly: true });
    onTestFinished(() => void log.close());
    const kept = new Set(log.prepare('select id from todos').pluck().all());
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  });

  test('a second signal does not wait for a request that never ends', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const server = await serve(directory);
    await server.data(createTodo, { input: { id: 'a' } });
    const hanging = httpRequest(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 100 },
    });
    hanging.on('error', () => {});
    hanging.write('{');
    await server.data('{ log { position } }');
    server.process.child.kill('SIGINT');
    await server.process.prints(/closing/);
    expect((await server.process.stop('SIGINT')).code).toBe(1);
    const again = await serve(directory);
    expect((await again.data(readTodo, { id: 'a' })).todo.revision).toBe(1);
  });

  test('the next start takes the replica as it is, instead of building it again', async () => {
    const directory = await filledDirectory();
    const replica = join(directory, 'replica', '1.duckdb');
    const mark = await DuckDBInstance.create(replica);
    const connection = await mark.connect();
    await connection.run('create table mark as select 1 as one');
    connection.closeSync();
    mark.closeSync();
    const server = await serve(directory);
    await server.data(updateTodo, { input: { id: '7', subject: 'Changed' } });
    expect((await server.data(readTodo, { id: '7' })).todo.subject).toBe('Changed');
    expect((await server.process.stop('SIGINT')).code).toBe(0);
    const opened = await DuckDBInstance.create(replica);
    onTestFinished(() => opened.closeSync());
    const reading = await opened.connect();
    const rows = await reading.runAndReadAll(
      'select one, position::integer, (select count(*)::integer from todos) from mark, replica_state',
    );
    expect(rows.getRowsJS()).toEqual([[1, 101, 101]]);
  });
});

describe('on a disk that is full', () => {
  test('it refuses to start, in one line', async (context) => {
    const disk = smallDisk(context, 256);
    fill(disk);
    const args = ['serve', '--port', '0', '--data', join(disk, 'data')];
    expect(complaint(await run(args).end())).toMatch(/cannot be created|disk is full/);
  });

  test('it has one line for each change, none for each request, and stops in order', async (context) => {
    const disk = smallDisk(context, 8_192);
    const server = await serve(disk);
    const health = async () => {
      const response = await fetch(new URL('/health', server.url));
      return [response.status, (await response.json()).log];
    };
    expect(await health()).toEqual([200, 'ok']);
    const acknowledged: string[] = [];
    const write = async (id: string) => {
      const input = { id, body: 'x'.repeat(20_000) };
      const { data, errors } = await server.ask(createTodo, { input });
      if (data?.createTodo) acknowledged.push(id);
      return errors?.[0]?.extensions?.code;
    };
    await write('before');
    fill(disk);
    const codes: unknown[] = [];
    for (let count = 0; count < 300; count += 1) codes.push(await write(`t${count}`));
    expect(codes.filter((code) => code === 'STORAGE_FULL').length).toBeGreaterThan(50);
    // What was refused left room for a smaller write, perhaps.
    let last = 0;
    while ((await write(`last${last}`)) !== 'STORAGE_FULL') last += 1;
    expect(await health()).toEqual([503, 'full']);
    makeRoom(disk);
    expect(await write('after')).toBeUndefined();
    for (let status = 503; status !== 200; [status] = (await health()) as [number]);
    const lines = server.process.stderr.trim().split('\n');
    const messages = lines.map((line) => JSON.parse(line).msg);
    expect(messages[0]).toMatch(/disk of the log is full/);
    expect(messages.length).toBeLessThan(9);
    expect((await server.process.stop('SIGTERM')).code).toBe(0);
    const again = await serve(disk);
    for (const id of acknowledged) {
      expect((await again.data(readTodo, { id })).todo, id).not.toBeNull();
    }
    const { log } = await again.data('{ log { position } }');
    expect(log.position).toBe(String(acknowledged.length));
    await again.process.stop('SIGTERM');
  });
});

describe('refusing to start, in one line and with nothing changed', () => {
  test('a port in use, without creating the data directory', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const directory = join(temporaryDirectory(), 'data');
    const child = run(['serve', '--port', `${port}`, '--data', directory]);
    expect(complaint(await child.end())).toContain(`127.0.0.1:${port} is in use. Stop`);
    expect(existsSync(directory)).toBe(false);
  });

  test('an address that is not this machine’s', async () => {
    const child = run(['serve', '--port', '0', '--host', '203.0.113.1', '--insecure']);
    expect(complaint(await child.end())).toContain('203.0.113.1:0 cannot be listened on');
  });

  test('a data directory below a file, and one that is a file', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'mine');
    expect(await refusesPath(join(file, 'data'))).toMatch(/cannot be created.*Name another/);
    expect(await refusesPath(file)).toMatch(/cannot be created.*Name another/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  async function refusesPath(path: string): Promise<string> {
    return complaint(await run(['serve', '--port', '0', '--data', path]).end());
  }

  test('a folder where the log should be', async () => {
    const directory = join(temporaryDirectory(), 'data');
    mkdirSync(logPath(directory), { recursive: true });
    expect(await refuses(directory)).toContain(`${logPath(directory)} cannot be`);
  });

  test('a log that is no database', async () => {
    const directory = temporaryDirectory();
    writeFileSync(logPath(directory), 'This is not a database. '.repeat(500));
    expect(await refuses(directory)).toContain('is not a SQLite database. Name another');
  });

  test('a log that was cut off in the middle', async () => {
    const directory = await filledDirectory();
    truncateSync(logPath(directory), 8 * 4_096);
    expect(await refuses(directory)).toContain('is damaged. Restore it from a backup');
    truncateSync(logPath(directory), 50);
    expect(await refuses(directory)).toMatch(/is (damaged|not a SQLite database).*backup/);
  });

  test('a log whose first page was overwritten', async () => {
    const directory = await filledDirectory();
    const bytes = readFileSync(logPath(directory));
    bytes.fill(0xff, 100, 4_096);
    writeFileSync(logPath(directory), bytes);
    expect(await refuses(directory)).toContain('is damaged. Restore it from a backup');
  });

  test('a log of a newer Everstate, one that was not closed included', async () => {
    const directory = await filledDirectory();
    setInHeader(directory, (log) => log.pragma('user_version = 99'));
    expect(await refuses(directory)).toMatch(/newer Everstate.*has 99.*Start the newer/);
    leaveUnfinished(directory, 'create table later (a)');
    expect(Object.keys(fileTree(directory) ?? {})).toContain(`${logPath(directory)}-wal`);
    expect(await refuses(directory)).toContain('was written by a newer Everstate');
  });

  test('a database of another program, one in use included', async () => {
    const directory = temporaryDirectory();
    setInHeader(directory, (log) =>
      log.exec('create table accounts (a); insert into accounts values (1)'),
    );
    expect(await refuses(directory)).toMatch(/database of another program.*Name another/);
    setInHeader(directory, (log) => log.pragma('journal_mode = wal'));
    leaveUnfinished(directory, 'insert into accounts values (2)');
    expect(await refuses(directory)).toContain('is a database of another program');
  });

  function setInHeader(directory: string, change: (log: Database.Database) => void): void {
    const log = new Database(logPath(directory));
    change(log);
    log.close();
  }

  /** As a program that was killed leaves its database: with commits in the write-ahead log. */
  function leaveUnfinished(directory: string, change: string): void {
    const log = new Database(logPath(directory));
    log.exec(change);
    const files = ['', '-wal'].map((end) => [end, readFileSync(logPath(directory) + end)] as const);
    log.close();
    for (const [end, bytes] of files) writeFileSync(logPath(directory) + end, bytes);
  }

  test.each([
    ['--port', 'EVERSTATE_PORT', '65536'],
    ['--host', 'EVERSTATE_HOST', ''],
    ['--data', 'EVERSTATE_DATA', ''],
    ['--entities', 'EVERSTATE_ENTITIES', ''],
    ['--replica-memory-max-mb', 'EVERSTATE_REPLICA_MEMORY_MAX_MB', '127'],
  ])('a wrong %s or %s', async (flag, variable, value) => {
    const cwd = temporaryDirectory();
    const byFlag = run(['serve', `${flag}=${value}`], {}, cwd);
    const byVariable = run(['serve'], { [variable]: value }, cwd);
    const got = `but was ${JSON.stringify(value)}.`;
    expect(complaint(await byFlag.end())).toMatch(new RegExp(`${flag} must be .*${got}`));
    expect(complaint(await byVariable.end())).toMatch(new RegExp(`${variable} must be .*${got}`));
    expect(fileTree(cwd)).toEqual({});
  });

  test('a variable or flag that does not exist, and an argument too many', async () => {
    const cwd = temporaryDirectory();
    const unknown = await run(['serve'], { EVERSTATE_PROT: '1' }, cwd).end();
    expect(complaint(unknown)).toMatch(
      /EVERSTATE_PROT is not a setting; there are .*EVERSTATE_PORT/,
    );
    const misspelt = complaint(await run(['serve', '--prot', '1'], {}, cwd).end());
    expect(misspelt).toContain("unknown option '--prot' (Did you mean --port?)");
    expect(complaint(await run(['serve', '--port'], {}, cwd).end())).toContain('argument missing');
    expect(complaint(await run(['serve', 'me'], {}, cwd).end())).toContain('too many arguments');
    expect(fileTree(cwd)).toEqual({});
  });

  const define = (name: string, rest = '') =>
    `export const ${name} = defineEntity({ name: '${name}', description: 'x', ${rest}
      fields: { a: field.text({ description: 'x' }) } });\n`;
  test.each([
    ['is missing', null, 'there is no ./own.ts'],
    ['is empty', '', 'exports none'],
    ['exports no entity', 'export const name = 1;', 'exports none'],
    ['is no TypeScript', 'export const = ;', 'cannot be loaded'],
    ['throws', 'throw new Error("one\\ntwo");', 'cannot be loaded from ./own.ts: one two'],
    ['imports what is not there', "import 'nowhere';", 'cannot be loaded'],
    ['defines what cannot be', define('note'), 'its name must be'],
    ['takes a name of the API', define('Query'), 'cannot be served'],
    [
      'has two of one name',
      `export { Todo as Other } from 'everstate';\n${define('Todo')}`,
      'Another type with name Todo',
    ],
    [
      'has two of one table',
      define('Note', "table: 't',") + define('Memo', "table: 't',"),
      'Two entities have the same table "t"',
    ],
  ])('an --entities file that %s', async (_case, code, expected) => {
    const cwd = temporaryDirectory();
    const imports = "import { defineEntity, field } from 'everstate';\n";
    const needed = code?.includes('defineEntity') ? imports : '';
    if (code !== null) writeFileSync(join(cwd, 'own.ts'), needed + code);
    const before = fileTree(cwd);
    const child = run(['serve', '--port', '0', '--entities', './own.ts'], {}, cwd);
    expect(complaint(await child.end())).toContain(expected);
    expect(fileTree(cwd)).toEqual(before);
  });

  test('an --entities file without kinds that have records is told of in one line', async () => {
    const cwd = temporaryDirectory();
    const store = await openStore({ directory: join(cwd, 'data'), entities: shippedEntities });
    await store.append(Todo, {});
    await store.close();
    const own = `import { defineEntity, field } from 'everstate';\n${define('Note')}`;
    writeFileSync(join(cwd, 'own.ts'), own);
    const told = /^The log also holds records of (.*), which are not served\. (.*)$/m;
    const child = run(['serve', '--port', '0', '--entities', './own.ts'], {}, cwd);
    const [, kinds, how] = await child.prints(told);
    await ready(child);
    // LakeFile has no records: nothing is missed.
    expect([kinds, how]).toEqual(['Todo', 'Export them from ./own.ts, too, to see them.']);
    await child.stop('SIGINT');
    const shipped = run(['serve', '--port', '0'], {}, cwd);
    await ready(shipped);
    expect(shipped.stdout).not.toMatch(told);
  });

  test('a kind without a rule of access is named once it is asked who one is', async () => {
    const cwd = temporaryDirectory();
    const own = `import { defineEntity, field } from 'everstate';\n${define('Note')}`;
    writeFileSync(join(cwd, 'own.ts'), own);
    const args = ['serve', '--port', '0', '--entities', './own.ts'];
    const told = /^Admins alone see records of Note: give them an owner, or an access rule\.$/m;
    const asking = run(args, { EVERSTATE_JWT_SECRET: 's'.repeat(32) }, cwd);
    await asking.prints(told);
    await ready(asking);
    await asking.stop('SIGINT');
    const open = run(args, {}, cwd);
    await ready(open);
    expect(open.stdout).not.toMatch(told);
  });

  test('an --entities file that contradicts what the log holds', async () => {
    const cwd = temporaryDirectory();
    const store = await openStore({ directory: join(cwd, 'data'), entities: shippedEntities });
    await store.close();
    writeFileSync(
      join(cwd, 'own.ts'),
      `import { defineEntity, field } from 'everstate';\n${define('Todo')}`,
    );
    const before = fileTree(cwd);
    const child = run(['serve', '--port', '0', '--entities', './own.ts'], {}, cwd);
    expect(complaint(await child.end())).toContain('Todo');
    expect(fileTree(cwd)).toEqual(before);
  });
});

describe('two servers on one data directory', () => {
  test('processes that open a new directory at the same moment all get in', async () => {
    const root = temporaryDirectory();
    const script = join(everstate.folder, 'open-at-once.mjs');
    writeFileSync(
      script,
      `import { openStore, Todo } from 'everstate';
      const [, , root, begin] = process.argv;
      for (let round = 0; round < 20; round += 1) {
        while (Date.now() < Number(begin) + round * 150);
        const directory = root + '/' + round;
        const store = await openStore({ directory, entities: [Todo], replicaInMemory: true });
        await store.append(Todo, {});
        await store.close();
      }`,
    );
    const begin = `${Date.now() + 1_500}`;
    const cwd = everstate.folder;
    const processes = [1, 2, 3].map(() => new TestProcess([script, root, begin], { cwd }));
    for (const one of processes) expect(await one.end()).toMatchObject({ code: 0, stderr: '' });
    const log = new Database(logPath(join(root, '19')), { readonly: true });
    onTestFinished(() => void log.close());
    expect(log.prepare('select position from todos').pluck().all()).toEqual([1, 2, 3]);
  });

  test('start at the same moment on a directory that does not exist yet', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const servers = await Promise.all([serve(directory), serve(directory), serve(directory)]);
    await Promise.all(
      servers.map((server, index) => server.data(createTodo, { input: { id: `${index}` } })),
    );
    for (const server of servers) {
      expect((await server.data('{ log { position } }')).log.position).toBe('3');
    }
  });

  test('read each other’s acknowledged writes at once, in one order without a gap', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const [a, b] = await Promise.all([serve(directory), serve(directory)]);
    const changes = a.subscribe('subscription { changes(after: "0") { position id } }');
    const acknowledged = new Map<number, string>();
    await Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        const id = `${client}`;
        for (let revision = 1; revision <= 25; revision += 1) {
          const [writes, reads] = (client + revision) % 2 ? [a, b] : [b, a];
          const subject = `${client}/${revision}`;
          const [document, field] =
            revision === 1 ? [createTodo, 'createTodo'] : [updateTodo, 'updateTodo'];
          const written = await writes.data(document, { input: { id, subject } });
          const { position } = written[field].todo;
          acknowledged.set(Number(position), id);
          const { todo } = await reads.data(readTodo, { id });
          expect(todo).toEqual({ subject, revision, position });
        }
      }),
    );
    const followed: [number, string][] = [];
    while (followed.length < 200) {
      const { value } = await changes.next();
      followed.push([Number(value.data.changes.position), value.data.changes.id]);
    }
    expect(followed.map(([position]) => position)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    expect(new Map(followed)).toEqual(acknowledged);
  });

  test('one that closes leaves the other at work', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const [a, b] = await Promise.all([serve(directory), serve(directory)]);
    await a.data(createTodo, { input: { id: 'a' } });
    expect((await a.process.stop('SIGINT')).code).toBe(0);
    await b.data(updateTodo, { input: { id: 'a', subject: 'Still here' } });
    const again = await serve(directory);
    expect((await again.data(readTodo, { id: 'a' })).todo).toMatchObject({ revision: 2 });
    expect((await b.process.stop('SIGINT')).code).toBe(0);
    expect((await again.data(readTodo, { id: 'a' })).todo.subject).toBe('Still here');
  });
});
