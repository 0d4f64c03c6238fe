/** `everstate serve --workers`: several processes behind one port, as clients and operators see them. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openStore, shippedEntities } from '../src/index.ts';
import { childrenOf } from './support/children.ts';
import { fileTree } from './support/file-tree.ts';
import { PinnedConnection } from './support/pinned.ts';
import { everstate, ready, type TestProcess, type TestServer } from './support/server.ts';
import { temporaryDirectory } from './support/temporary-store.ts';
import { Tus } from './support/tus.ts';
import { until } from './support/until.ts';

const createTodo = `mutation ($id: ID!, $subject: String, $key: String) {
  createTodo(input: { id: $id, subject: $subject }, options: { idempotencyKey: $key }) {
    ... on CreateTodoPayload { todo { id position } }
    ... on Problem { code }
  }
}`;
const updateTodo = `mutation ($id: ID!, $subject: String) {
  updateTodo(input: { id: $id, subject: $subject }) { ... on UpdateTodoPayload { todo { revision } } }
}`;
const readTodo = `query ($id: ID!) {
  todo(id: $id) { subject history(first: 1) { edges { node { subject } } } }
  todos(filter: { id: { eq: "x" } }) { edges { node { subject } } }
}`;

function run(args: readonly string[], directory: string): TestProcess {
  return everstate(['serve', '--data', directory, ...args]);
}

async function serve(directory = join(temporaryDirectory(), 'data')): Promise<TestServer> {
  return await ready(run(['--workers', '2', '--port', '0'], directory));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Pinned {
  readonly pid: number;
  readonly connection: PinnedConnection;
}

/** A connection to each worker. While one of them stands still, the other's connection answers. */
async function pinnedToEach(server: TestServer): Promise<[Pinned, Pinned]> {
  const [still, other] = childrenOf(server.process.child.pid) as [number, number];
  const connections = [new PinnedConnection(server.url), new PinnedConnection(server.url)] as const;
  for (const connection of connections) await connection.ask('{ __typename }');
  process.kill(still, 'SIGSTOP');
  const answers = connections.map((connection) =>
    connection.ask('{ __typename }').then(() => connection),
  );
  const first = await Promise.race(answers);
  process.kill(still, 'SIGCONT');
  await Promise.all(answers);
  const second = connections[0] === first ? connections[1] : connections[0];
  return [
    { pid: other, connection: first },
    { pid: still, connection: second },
  ];
}

/** A subscription over a WebSocket of its own: the positions that it was told. */
async function subscribe(server: TestServer, query: string) {
  const socket = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  const positions: number[] = [];
  const closed = once(socket, 'close').then(([code]) => code as number);
  let acknowledged = false;
  socket.on('message', (text) => {
    const { type, payload } = JSON.parse(String(text));
    acknowledged ||= type === 'connection_ack';
    if (type === 'next') positions.push(Number(payload.data.changes.position));
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await until(() => acknowledged);
  socket.send(JSON.stringify({ type: 'subscribe', id: 's', payload: { query } }));
  return { positions, closed };
}

/** Sends a request through a connection that nothing else uses. */
async function sendAlone(url: string, init: RequestInit): Promise<Response> {
  const { method = 'GET', headers } = init;
  const sent = httpRequest(url, { method, headers: headers as OutgoingHttpHeaders, agent: false });
  sent.end(init.body as Uint8Array | undefined);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece);
  const { statusCode: status = 0 } = answer;
  const body = status === 204 ? null : Buffer.concat(pieces);
  return new Response(body, { status, headers: answer.headers as Record<string, string> });
}

const messagesOf = ({ stderr }: TestProcess): string[] =>
  stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg);

describe('with two workers', { timeout: 60_000 }, () => {
  test('a client reads through one what it wrote through the other, and a key counts in both', async () => {
    const [a, b] = (await pinnedToEach(await serve())).map(({ connection }) => connection) as [
      PinnedConnection,
      PinnedConnection,
    ];
    await a.data(createTodo, { id: 'x', subject: 'first' });
    for (let count = 0; count < 20; count += 1) {
      for (const [writing, reading] of [[a, b] as const, [b, a] as const]) {
        const node = { subject: `${count} ${writing === a}` };
        await writing.data(updateTodo, { id: 'x', ...node });
        expect(await reading.data(readTodo, { id: 'x' })).toEqual({
          todo: { ...node, history: { edges: [{ node }] } },
          todos: { edges: [{ node }] },
        });
      }
    }
    const once = { id: 'once', subject: 'kept', key: 'k' };
    const created = await a.data(createTodo, once);
    expect(created.createTodo.todo.id).toBe('once');
    expect(await b.data(createTodo, once)).toEqual(created);
    const other = await b.data(createTodo, { ...once, subject: 'another' });
    expect(other.createTodo.code).toBe('IDEMPOTENCY_MISMATCH');
  });

  test('an upload that comes in pieces may come to either, piece by piece', async () => {
    const server = await serve();
    const { origin } = new URL(server.url);
    // Connections are given to the workers in turn: each request has one of its own.
    const tus = new Tus((path, init) => sendAlone(`${origin}${path}`, init));
    const bytes = randomBytes(6_000_000);
    const pieceBytes = 750_000;
    const path = await tus.begin(bytes.length, { filename: 'pieces' });
    let last: Response | null = null;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      last = await tus.patch(path, at, bytes.subarray(at, at + pieceBytes));
      expect(last.ok, await last.clone().text()).toBe(true);
    }
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(await last?.json()).toMatchObject({ revision: 1, sha256: digest });
    const read = await fetch(`${origin}/files/by-path/pieces`);
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('writers in both are all acknowledged, and a subscriber to either is told all in order', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const server = await serve(directory);
    const query = 'subscription { changes(after: "0") { position } }';
    // Connections go to the workers in turn.
    const feeds = [await subscribe(server, query), await subscribe(server, query)];
    const each = 25;
    const write = async (writer: number) => {
      const connection = new PinnedConnection(server.url);
      for (let count = 0; count < each; count += 1) {
        const { createTodo: made } = await connection.data(createTodo, {
          id: `${writer}/${count}`,
        });
        expect(made.todo.id).toBe(`${writer}/${count}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    const positions = Array.from({ length: 8 * each }, (_, index) => index + 1);
    await until(() => feeds.every((feed) => feed.positions.length >= positions.length));
    for (const feed of feeds) expect(feed.positions).toEqual(positions);
    for (let count = 0; count < 2; count += 1) {
      const resumed = await subscribe(server, query.replace('"0"', '"190"'));
      await until(() => resumed.positions.length >= 10);
      expect(resumed.positions).toEqual(positions.slice(190));
    }
    expect((await server.process.stop('SIGTERM')).code).toBe(0);
    const store = await openStore({ directory, entities: shippedEntities });
    onTestFinished(() => store.close());
    expect(await store.verify()).toEqual({ versions: positions.length, defect: null });
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'one that ends by %s is replaced; the other answers meanwhile',
    async (signal) => {
      const server = await serve();
      const [a, b] = await pinnedToEach(server);
      await a.connection.data(createTodo, { id: 'x', subject: 'kept' });
      process.kill(a.pid, signal);
      let answers = 0;
      await until(async () => {
        const { todo } = await b.connection.data(readTodo, { id: 'x' });
        expect(todo.subject).toBe('kept');
        // A connection that was on its way to the one that ended is lost, and nobody tells.
        await Promise.race([server.data(readTodo, { id: 'x' }).catch(() => null), sleep(1_000)]);
        answers += 1;
        // Asked without a pause, they would keep from its start what takes the place.
        await sleep(20);
        return server.process.stderr.split('\n').length > 2;
      });
      expect(answers).toBeGreaterThan(2);
      expect(messagesOf(server.process)).toEqual([
        'a worker ended; another takes its place',
        'a worker serves in the place of one that ended',
      ]);
      const pids = childrenOf(server.process.child.pid);
      expect(pids).toHaveLength(2);
      expect(pids).toContain(b.pid);
      for (const { connection } of await pinnedToEach(server)) {
        expect((await connection.data(readTodo, { id: 'x' })).todo.subject).toBe('kept');
      }
      expect((await server.process.stop('SIGTERM')).code).toBe(0);
    },
  );

  test('one that is replaced takes no other log for the one that is served', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const server = await serve(directory);
    await server.data(createTodo, { id: 'x', subject: 'kept' });
    const [pid] = childrenOf(server.process.child.pid) as [number];
    renameSync(directory, `${directory}-moved`);
    process.kill(pid, 'SIGKILL');
    await until(() => server.process.stderr.includes('is not the log that was there'));
    expect(fileTree(directory)).toBeNull();
    renameSync(`${directory}-moved`, directory);
    await until(() => server.process.stderr.includes('a worker serves in the place'));
    for (const { connection } of await pinnedToEach(server)) {
      expect((await connection.data(readTodo, { id: 'x' })).todo.subject).toBe('kept');
    }
  });

  test('a stop lets both finish what is under way, and leaves nothing behind', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const server = await serve(directory);
    const pids = childrenOf(server.process.child.pid);
    const feeds = [];
    const uploads = [];
    for (let worker = 0; worker < 2; worker += 1) {
      feeds.push(await subscribe(server, 'subscription { changes { position } }'));
      const body = JSON.stringify({ query: createTodo, variables: { id: `late ${worker}` } });
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      const upload = httpRequest(server.url, { method: 'POST', headers });
      upload.write(body.slice(0, 20));
      await once(upload, 'socket');
      uploads.push({ upload, rest: body.slice(20) });
    }
    await server.data('{ __typename }');
    const ended = server.process.stop('SIGTERM');
    expect(await Promise.all(feeds.map(({ closed }) => closed))).toEqual([1001, 1001]);
    for (const { upload, rest } of uploads) {
      upload.end(rest);
      const [response] = await once(upload, 'response');
      let text = '';
      for await (const chunk of response) text += chunk;
      expect(JSON.parse(text).data.createTodo.todo.id).toMatch(/^late/);
    }
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `Everstate is ready: GraphiQL at ${server.url}, data in ${directory}\n` +
        'Everstate is closing (SIGTERM).\n',
    );
    expect(pids.filter(isAlive)).toEqual([]);
    const names = Object.keys(fileTree(directory) ?? {}).map((p) => p.slice(directory.length + 1));
    const replicas = ['1.duckdb', '2.duckdb'].map((name) => join('replica', name));
    expect(names.sort()).toEqual(['everstate.db', 'replica', ...replicas]);
  });

  test.each([
    ['a second signal', 'SIGINT', 1],
    ['the end of the first process, whatever ends it,', 'SIGKILL', null],
  ] as const)('%s ends them at once', async (_what, signal, code) => {
    const server = await serve();
    const pids = childrenOf(server.process.child.pid);
    const headers = { 'content-type': 'application/json', 'content-length': 100 };
    const hanging = httpRequest(server.url, { method: 'POST', headers });
    hanging.on('error', () => {});
    hanging.write('{');
    await server.data('{ __typename }');
    if (signal === 'SIGINT') {
      server.process.child.kill(signal);
      await server.process.prints(/closing/);
    }
    expect((await server.process.stop(signal)).code).toBe(code);
    await until(() => !pids.some(isAlive));
  });
});

describe('starting', () => {
  /** A port that is in use, until the test ends. */
  async function portInUse(): Promise<number> {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    return (other.address() as AddressInfo).port;
  }

  test.each([
    ['a port in use', async () => ['--port', `${await portInUse()}`], 'is in use. Stop'],
    ['a data directory below a file', () => ['--data', 'package.json/data'], 'cannot be created'],
    ['an --entities file that is missing', () => ['--entities', './no.ts'], 'there is no ./no.ts'],
  ] as const)('%s is told in one line, once, and ends it', async (_what, argsOf, expected) => {
    const directory = join(temporaryDirectory(), 'data');
    const args = ['--workers', '2', '--port', '0', ...(await argsOf())];
    const { code, stdout, stderr } = await run(args, directory).end();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^everstate: [^\n]+\n$/);
    expect(stderr).toContain(expected);
    expect(fileTree(directory), 'nothing was changed').toBeNull();
  });

  test('without workers there is one process', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const server = await ready(run(['--port', '0'], directory));
    await server.data('{ __typename }');
    expect(childrenOf(server.process.child.pid)).toEqual([]);
  });
});
