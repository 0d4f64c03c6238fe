/**
 * Concurrent clients of two server processes on one data directory, one of which is killed and
 * started again: their history is strictly serializable.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFailed, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { randomNumbers } from './support/random.ts';
import { everstate, ready, type TestServer } from './support/server.ts';
import { findViolation, type HistoryEvent, type Logged } from './support/strict-serializability.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';

const clients = 8;
const lists = ['a', 'b', 'c', 'd'];
/** As many as a record's labels may be. */
const elementsMax = Todo.fields.labels.countMax;
const workTimeMs = 8_000;
/** A busy machine takes longer until what happened is worth checking. */
const workTimeMaxMs = 60_000;

/** Work on both servers, conflicts, and enough of both. */
function isWorthChecking(history: readonly HistoryEvent[]): boolean {
  const count = (wanted: (event: HistoryEvent) => boolean) => history.filter(wanted).length;
  return (
    count((event) => event.kind === 'append' && event.outcome === 'done') > 50 &&
    count((event) => event.kind === 'append' && event.outcome === 'refused') > 5 &&
    count(({ kind }) => kind === 'read') > 100
  );
}

// ---- the checker finds what it is for ------------------------------------------------------------

const append = (element: string, position: number, from: number, to: number): HistoryEvent => ({
  kind: 'append',
  client: 1,
  list: 'a',
  element,
  outcome: 'done',
  position,
  invoked: from,
  completed: to,
});
const read = (
  position: number,
  seen: Record<string, string[]>,
  from: number,
  to: number,
): HistoryEvent => ({
  kind: 'read',
  client: 2,
  position,
  lists: seen,
  invoked: from,
  completed: to,
});
const log: Logged[] = [
  { position: 1, list: 'a', element: 'x' },
  { position: 2, list: 'a', element: 'y' },
];
const good = [append('x', 1, 0, 10), append('y', 2, 5, 20), read(1, { a: ['x'] }, 6, 12)];

test('the checker accepts what is in order', () => {
  expect(findViolation(good, log)).toBeNull();
  const unknown = { ...append('y', 2, 5, 20), outcome: 'unknown', position: null, completed: null };
  expect(findViolation([good[0], unknown] as HistoryEvent[], log)).toBeNull();
  expect(findViolation([good[0], unknown] as HistoryEvent[], log.slice(0, 1))).toBeNull();
});

const planted: [string, HistoryEvent[], Logged[]][] = [
  ['a lost update', good, [{ position: 1, list: 'a', element: 'x' }]],
  ['a write that nobody made', good.slice(0, 1), log],
  [
    'a write that was refused',
    [good[0], { ...good[1], outcome: 'refused' }] as HistoryEvent[],
    log,
  ],
  ['a write elsewhere than acknowledged', [append('x', 2, 0, 1), append('y', 1, 0, 1)], log],
  ['a write done twice', good, [...log, { position: 3, list: 'a', element: 'x' }]],
  ['a read of what was not there yet', [...good, read(1, { a: ['x', 'y'] }, 6, 7)], log],
  ['a read that misses something', [...good, read(2, { a: ['x'] }, 6, 7)], log],
  ['a read in another order', [...good, read(2, { a: ['y', 'x'] }, 6, 7)], log],
  ['a torn read of two lists', [...good, read(1, { a: ['x'], b: ['y'] }, 6, 7)], log],
  ['a stale read', [...good, read(1, { a: ['x'] }, 21, 22)], log],
  ['a write before what it came after', [append('x', 1, 30, 40), append('y', 2, 5, 20)], log],
];
test.each(planted)('the checker finds %s', (_name, history, logged) => {
  expect(findViolation(history, logged)).not.toBeNull();
});

// ---- a real history ------------------------------------------------------------------------------

const readQuery = `{ ${lists.map((id) => `${id}: todo(id: "${id}") { revision labels }`).join(' ')} }`;
const appendMutation = `mutation ($input: UpdateTodoInput!) {
  updateTodo(input: $input) { __typename ... on UpdateTodoPayload { todo { position } } }
}`;

async function start(directory: string, flags: readonly string[]): Promise<TestServer> {
  return await ready(everstate(['serve', '--data', directory, '--port', '0', ...flags]));
}

/** Reads all lists, appends to one, and again, until the time is over and there is something to check. */
async function work(
  client: number,
  servers: readonly TestServer[],
  history: HistoryEvent[],
  begin: number,
): Promise<void> {
  const random = randomNumbers(client);
  for (let count = 0; ; count += 1) {
    const timeMs = performance.now() - begin;
    if (timeMs > workTimeMaxMs || (timeMs > workTimeMs && isWorthChecking(history))) return;
    const server = servers[random(servers.length)] as TestServer;
    const began = performance.now();
    const answer = await server.ask(readQuery).catch(() => null);
    if (!answer) {
      await sleep(20);
      continue;
    }
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    const found = Object.entries(answer.data as Record<string, { labels: string[] }>);
    history.push({
      kind: 'read',
      client,
      invoked: began,
      completed: performance.now(),
      position: Number(answer.extensions?.position),
      lists: Object.fromEntries(found.map(([id, { labels }]) => [id, labels])),
    });
    const list = lists[random(lists.length)] as string;
    const { labels, revision } = answer.data[list];
    if (labels.length >= elementsMax) continue;
    const element = `${client}-${count}`;
    // To either server, so that what one acknowledged the other has to know.
    const other = servers[random(servers.length)] as TestServer;
    const sent = { kind: 'append', client, list, element, invoked: performance.now() } as const;
    const input = { id: list, expectedRevision: revision, labels: [...labels, element] };
    const written = await other.ask(appendMutation, { input }).catch(() => null);
    if (written?.errors) throw new Error(JSON.stringify(written.errors));
    const done = written?.data.updateTodo.__typename === 'UpdateTodoPayload';
    history.push({
      ...sent,
      completed: written ? performance.now() : null,
      outcome: written ? (done ? 'done' : 'refused') : 'unknown',
      position: done ? Number(written?.data.updateTodo.todo.position) : null,
    });
  }
}

test.each([
  ['kept', []],
  ['worked out afresh', ['--kept-answers-max-mb', '0']],
])(
  '8 clients of two servers, one of them killed, answers %s: strictly serializable',
  {
    timeout: 120_000,
  },
  async (_how, flags) => {
    const directory = temporaryDirectory();
    const history: HistoryEvent[] = [];
    onTestFailed(() => {
      const path = join(tmpdir(), 'everstate-isolation-history.json');
      writeFileSync(path, JSON.stringify(history, null, 1));
      console.log(`The history: ${path}`);
    });
    const prepared = await openTemporary({ directory });
    for (const id of lists) await prepared.append(Todo, { id });
    await prepared.close();
    const servers = [await start(directory, flags)];
    const begin = performance.now();
    const working = Promise.all(
      Array.from({ length: clients }, (_, client) => work(client, servers, history, begin)),
    );
    // A second process joins, then the first is killed in the middle of its work and replaced.
    servers.push(await start(directory, flags));
    await sleep(500);
    await (servers[0] as TestServer).process.stop('SIGKILL');
    servers[0] = await start(directory, flags);
    await working;
    const store = await openTemporary({ directory });
    const logged: Logged[] = [];
    for (const list of lists) {
      for (const { position, revision, values } of await store.history(Todo, list)) {
        const element = values.labels.at(-1);
        if (revision > 1 && element) logged.push({ position, list, element });
      }
    }
    logged.sort((a, b) => a.position - b.position);
    expect(findViolation(history, logged)).toBeNull();
    expect(isWorthChecking(history)).toBe(true);
  },
);
