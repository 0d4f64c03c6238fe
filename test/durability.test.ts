/**
 * kill -9 at random moments under concurrent mutations. What was acknowledged must be there, every
 * transaction whole, positions unbroken, and the replica must answer exactly as the log does.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Order, type Place } from '../src/db/index.ts';
import type { Entity, Position, Version } from '../src/entities/index.ts';
import { LakeFile, openStore, type Store, shippedEntities, Todo } from '../src/index.ts';
import { type Installed, installEverstate } from './support/installed.ts';
import { bytesOf } from './support/older-log.ts';
import { type RandomNumber, randomNumbers } from './support/random.ts';
import { ready, TestProcess, type TestServer } from './support/server.ts';
import { logPath, temporaryDirectory } from './support/temporary-store.ts';

/** How often a server is killed; DURABILITY_KILLS=300 is for whoever has some minutes. */
const kills = Number(process.env.DURABILITY_KILLS ?? 50);
/** What one of them may take, with all that is looked at after it. */
const killTimeMaxMs = 12_000;
const clients = 6;
/** A server is killed after up to so many acknowledged mutations, … */
const acknowledgedMax = 60;
/** … or after this time, in the middle of whatever it does then. */
const workTimeMaxMs = 2_000;
/** Every so many kills the whole log is held against ledger and replica; nothing in it ever changes. */
const checkEvery = 5;
/** Every so many kills, a second process writes transactions of many versions at the same time. */
const bulkEvery = 4;

let everstate: Installed;
beforeAll(async () => {
  everstate = await installEverstate();
});
afterAll(() => everstate?.remove());

/** A version that a client was told of, with the values it must have. */
interface Acknowledged {
  readonly table: 'todos' | 'lake';
  readonly id: string;
  readonly revision: number;
  readonly position: number;
  readonly operation: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What was acknowledged since the first start. */
class Ledger {
  readonly versions: Acknowledged[] = [];
  /** Transactions of many versions, by their reason. */
  readonly bulk: { readonly reason: string; readonly first: number; readonly last: number }[] = [];
}

const todoFields = 'id revision position subject body priority labels deletedAt';
const fileFields = 'id revision position path filename labels size sha256 deletedAt';
const mutation = (name: string, input: string, payload: string, fields: string) =>
  `mutation ($input: ${input}!) { ${name}(input: $input) { __typename
    ... on ${payload} { record: ${fields} } } }`;
const documents = {
  createTodo: mutation(
    'createTodo',
    'CreateTodoInput',
    'CreateTodoPayload',
    `todo { ${todoFields} }`,
  ),
  updateTodo: mutation(
    'updateTodo',
    'UpdateTodoInput',
    'UpdateTodoPayload',
    `todo { ${todoFields} }`,
  ),
  deleteTodo: `mutation ($input: ID!) { deleteTodo(id: $input) { __typename
    ... on DeleteTodoPayload { record: todo { ${todoFields} } } } }`,
  createLakeFile: mutation(
    'createLakeFile',
    'CreateLakeFileInput',
    'CreateLakeFilePayload',
    `lakeFile { ${fileFields} }`,
  ),
  updateLakeFile: mutation(
    'updateLakeFile',
    'UpdateLakeFileInput',
    'UpdateLakeFilePayload',
    `lakeFile { ${fileFields} }`,
  ),
  deleteLakeFile: `mutation ($input: ID!) { deleteLakeFile(id: $input) { __typename
    ... on DeleteLakeFilePayload { record: lakeFile { ${fileFields} } } } }`,
} as const;

/** Sends mutations one after the other until the server is gone. */
async function client(server: TestServer, random: RandomNumber, ledger: Ledger): Promise<void> {
  for (let count = 0; count < 100_000; count += 1) {
    const [name, input] = nextMutation(random);
    const answer = await server.ask(documents[name], { input }).catch(() => null);
    if (!answer) return;
    if (answer.errors) throw new Error(`${name} failed: ${JSON.stringify(answer.errors)}`);
    const { record } = answer.data[name];
    // A problem: the record is there already, or is not there any more.
    if (!record) continue;
    const { id, revision, position, deletedAt, ...values } = record;
    const operation = deletedAt ? 'DELETE' : revision === 1 ? 'CREATE' : 'UPDATE';
    const table = name.endsWith('Todo') ? 'todos' : 'lake';
    ledger.versions.push({ table, id, revision, position: Number(position), operation, values });
  }
}

function nextMutation(random: RandomNumber): [keyof typeof documents, unknown] {
  const id = `r${random(30)}`;
  const text = `${random(1_000_000)} “ä” \u{1f600}`;
  const labels = ['a,b', `l${random(9)}`];
  const todo = {
    id,
    subject: text,
    body: text.repeat(random(40)),
    priority: random(1_000),
    labels,
  };
  const bytes = Buffer.alloc(random(8) ? 100 : 400_000, text);
  const file = { id, path: 'p', filename: `${id}.bin`, labels, data: bytes.toString('base64') };
  const kind = random(20);
  if (kind < 6) return ['createTodo', { ...todo, id: random(2) ? id : `n${text}` }];
  if (kind < 13) return ['updateTodo', todo];
  if (kind < 14) return ['deleteTodo', id];
  if (kind < 16) return ['createLakeFile', { ...file, id: random(2) ? id : null }];
  if (kind < 19) return ['updateLakeFile', random(2) ? file : { id, labels: [text] }];
  return ['deleteLakeFile', id];
}

/** A program of a user's own beside the server: transactions of many versions, until killed. */
const bulkWriter = `
  import { LakeFile, openStore, shippedEntities, Todo } from 'everstate';
  import { setTimeout as sleep } from 'node:timers/promises';
  const [, , directory, name] = process.argv;
  const store = await openStore({ directory, entities: shippedEntities });
  for (let count = 0; count < 100_000; count += 1) {
    const reason = name + '-' + count;
    const { transaction } = await store.transact(async (log) => {
      for (let part = 0; part < 5; part += 1) {
        await log.create(Todo, { id: reason + '/' + part, subject: reason });
        await log.update(Todo, reason + '/' + part, { priority: part });
      }
      await log.create(LakeFile, { id: reason, filename: reason, size: 0, sha256: '${sha256('')}' });
    }, { reason });
    console.log(JSON.stringify({ reason, first: transaction.firstPosition, last: transaction.lastPosition }));
    await sleep(10);
  }`;
const bulkVersions = 11;

test(`${kills} kills lose nothing that was acknowledged and leave nothing half done`, {
  timeout: kills * killTimeMaxMs,
}, async () => {
  const seed = Number(process.env.DURABILITY_SEED ?? Date.now() % 2 ** 31);
  console.log(`kill -9 at random moments: DURABILITY_SEED=${seed}`);
  const random = randomNumbers(seed);
  const directory = join(temporaryDirectory(), 'data');
  const script = join(everstate.folder, 'bulk-writer.mjs');
  writeFileSync(script, bulkWriter);
  const ledger = new Ledger();
  const start = () => {
    const args = [everstate.bin, 'serve', '--port', '0', '--data', directory];
    return new TestProcess(args, { cwd: everstate.folder });
  };
  let starting = start();
  for (let kill = 1; kill <= kills; kill += 1) {
    const bulk = kill % bulkEvery ? null : startBulk(script, directory, `bulk${kill}`);
    const server = await ready(starting);
    await checkAnswers(server, ledger.versions.slice(-40));
    await bulk?.prints(/\n/);
    const work = Array.from({ length: clients }, () => client(server, random, ledger));
    await untilAcknowledged(ledger, random(acknowledgedMax));
    await sleep(random(10));
    server.process.child.kill('SIGKILL');
    if (bulk) {
      await sleep(random(40));
      bulk.child.kill('SIGKILL');
    }
    await Promise.all([server.process.end(), bulk?.end(), ...work]);
    if (bulk) ledger.bulk.push(...parseBulk(bulk.stdout));
    starting = start();
    // By turns the server recovers the log first, or this process, which starts faster.
    if (kill % 2) await starting.prints(/ready/);
    if (kill % checkEvery === 0) await checkLog(directory, ledger);
  }
  const server = await ready(starting);
  expect((await server.process.stop('SIGTERM')).code).toBe(0);
  await checkLog(directory, ledger);
  console.log(
    `${ledger.versions.length} mutations and ${ledger.bulk.length} bulk ones acknowledged`,
  );
  expect(ledger.versions.length).toBeGreaterThan(10 * kills);
  expect(ledger.bulk.length).toBeGreaterThan(0);
});

/** Waits until some more mutations were acknowledged. */
async function untilAcknowledged(ledger: Ledger, more: number): Promise<void> {
  const end = ledger.versions.length + more;
  const deadline = performance.now() + workTimeMaxMs;
  while (ledger.versions.length < end && performance.now() < deadline) await sleep(1);
}

function startBulk(script: string, directory: string, name: string): TestProcess {
  return new TestProcess([script, directory, name], { cwd: everstate.folder });
}

function parseBulk(stdout: string): Ledger['bulk'] {
  // What follows the last line's end was cut off by the kill.
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** What the server answers, through GraphQL, about what was acknowledged last. */
async function checkAnswers(server: TestServer, last: readonly Acknowledged[]): Promise<void> {
  if (last.length === 0) return;
  const fields = last.map(({ table, id }, index) => {
    const [name, own] = table === 'todos' ? ['todo', todoFields] : ['lakeFile', fileFields];
    const selected = own.replace(/^id|deletedAt$/g, '');
    return `a${index}: ${name}(id: ${JSON.stringify(id)}, includeDeleted: true) {
      history(first: 1000, order: ASC) { edges { node { operation ${selected} } } } }`;
  });
  const data = await server.data(`{ ${fields.join('\n')} }`);
  for (const [index, acknowledged] of last.entries()) {
    const { id, revision, position, operation, values } = acknowledged;
    const { node } = data[`a${index}`].history.edges[revision - 1];
    expect(node, id).toEqual({ revision, position: `${position}`, operation, ...values });
  }
}

type Row = Readonly<Record<string, unknown>> & {
  readonly position: number;
  readonly id: string;
  readonly revision: number;
  readonly operation: string;
};

/** Reads the log with nothing but SQLite, and holds ledger and replica against it. */
async function checkLog(directory: string, ledger: Ledger): Promise<void> {
  const store = await openStore({ directory, entities: shippedEntities });
  const log = new Database(logPath(directory), { readonly: true });
  try {
    const todos = log.prepare('select * from todos order by position').all() as Row[];
    const files = log.prepare('select * from lake order by position').all() as Row[];
    checkAcknowledged(ledger, { todos, lake: files });
    checkTransactions(log, ledger, [...todos, ...files]);
    checkContents(log);
    expect(log.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(await store.verify()).toEqual({ versions: todos.length + files.length, defect: null });
    await checkReplica(store, todos, files);
  } finally {
    log.close();
    await store.close();
  }
}

function checkAcknowledged(ledger: Ledger, rows: Readonly<Record<'todos' | 'lake', Row[]>>): void {
  const byKey = new Map<string, Row>();
  for (const table of ['todos', 'lake'] as const) {
    for (const row of rows[table]) byKey.set(`${table} ${row.id} ${row.revision}`, row);
  }
  for (const { table, id, revision, position, operation, values } of ledger.versions) {
    const row = byKey.get(`${table} ${id} ${revision}`);
    const labels = JSON.stringify(values.labels);
    expect(row, id).toMatchObject({ id, revision, position, operation, ...values, labels });
  }
}

function checkTransactions(log: Database.Database, ledger: Ledger, rows: readonly Row[]): void {
  const positions = rows.map(({ position }) => position).sort((a, b) => a - b);
  expect(positions).toEqual(positions.map((_, index) => index + 1));
  const transactionOf = new Map(rows.map((row) => [row.position, row.transaction_id]));
  const transactions = log.prepare('select * from transactions order by id').all() as {
    id: number;
    first_position: number;
    last_position: number;
    reason: string | null;
  }[];
  let next = 1;
  for (const { id, first_position, last_position, reason } of transactions) {
    expect(first_position).toBe(next);
    for (; next <= last_position; next += 1) expect(transactionOf.get(next)).toBe(id);
    expect(last_position - first_position + 1).toBe(reason === null ? 1 : bulkVersions);
  }
  expect(next).toBe(positions.length + 1);
  const byReason = new Map(transactions.map((transaction) => [transaction.reason, transaction]));
  for (const { reason, first, last } of ledger.bulk) {
    const kept = byReason.get(reason);
    expect(kept).toMatchObject({ first_position: first, last_position: last });
  }
}

function checkContents(log: Database.Database): void {
  const contents = log.prepare('select id from contents where sha256 = ?').pluck();
  const used = log.prepare('select distinct sha256, size from lake').all();
  for (const { sha256: digest, size } of used as { sha256: string; size: number }[]) {
    const bytes = bytesOf(log, contents.get(digest) as number);
    expect({ size: bytes.length, sha256: sha256(bytes) }).toEqual({ size, sha256: digest });
  }
}

/** Every record's history and current state, and both lists, from DuckDB as from SQLite. */
async function checkReplica(store: Store, todos: Row[], files: Row[]): Promise<void> {
  const at = await store.head();
  for (const [entity, rows] of [
    [Todo, todos],
    [LakeFile, files],
  ] as const) {
    const ids = [...new Set(rows.map(({ id }) => id))];
    const last = new Map(rows.map((row) => [row.id, row]));
    const histories: Version[] = [];
    const current: (Version | null)[] = [];
    for (let begin = 0; begin < ids.length; begin += 500) {
      const some = ids.slice(begin, begin + 500);
      const keys = some.map((id) => ({ id, from: 1, to: 1_000_000 }));
      histories.push(...(await store.revisions(entity, keys)).flat());
      current.push(
        ...(await store.records(
          entity,
          some.map((id) => ({ id, at })),
        )),
      );
    }
    histories.sort((a, b) => a.position - b.position);
    expect(histories.map(rowOf)).toEqual(rows.map(withoutDigests));
    expect(current.map((version) => version && rowOf(version))).toEqual(
      ids.map((id) => withoutDigests(last.get(id) as Row)),
    );
    const live = ids.filter((id) => last.get(id)?.operation !== 'DELETE').sort();
    expect((await listedIds(store, entity, at)).sort()).toEqual(live);
  }
}

/** The whole list, page by page. */
async function listedIds(
  store: Store,
  entity: typeof Todo | typeof LakeFile,
  at: Position,
): Promise<string[]> {
  const order = new Order(entity, entity.defaultOrder);
  const ids: string[] = [];
  let after: Place | undefined;
  for (let more = true; more; ) {
    const page = await store.list<Entity>(entity, { at, after });
    ids.push(...page.versions.map(({ id }) => id));
    const last = page.versions.at(-1);
    after = last && order.placeOf(last);
    more = page.more;
  }
  return ids;
}

function rowOf({ entity: _entity, values, ...version }: Version): unknown {
  const fields = Object.entries(values).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    name === 'labels' ? JSON.stringify(value) : value,
  ]);
  return {
    position: version.position,
    transaction_id: version.transactionId,
    idx: version.committedAt,
    created_idx: version.createdAt,
    id: version.id,
    revision: version.revision,
    operation: version.operation,
    previous_position: version.previousPosition,
    ...Object.fromEntries(fields),
  };
}

function withoutDigests(row: Row): unknown {
  const { salt: _salt, contents_digest: _contents, digest: _digest, ...rest } = row;
  return rest;
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
