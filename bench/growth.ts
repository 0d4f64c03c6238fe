/**
 * `npm run bench:growth`: how many bytes a version takes, by what it changes, in the log and in a
 * replica. Prints a table for docs/growth.md. `npm run bench:growth -- created` measures only changes with
 * that word.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogCompaction, openStore, type Store } from '../src/db/index.ts';
import { LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { makeTemporary, removeTemporary } from './leftovers.ts';
import { drawIndex, randomFrom } from './random.ts';
import { drawTodo, statuses } from './todo-values.ts';

const records = 20_000;
/** Files of which the bytes change are larger than records, and fewer. */
const files = 100;
const fileBytes = 1_000_000;
const changedBytes = 100;
const textLength = 4_000;
/** Mutations that wait for one commit together; each is a transaction of its own. */
const together = 500;

const random = randomFrom(7);

/** One kind of change: what is there before, and the change of each record. */
interface Change {
  readonly what: string;
  readonly count: number;
  readonly before: readonly ((store: Store, number: number) => Promise<unknown>)[];
  readonly change: (store: Store, number: number) => Promise<unknown>;
}

const idOf = (number: number) => `todo-${number}`;
const createTodo = (store: Store, number: number) =>
  store.append(Todo, { ...drawTodo(random), id: idOf(number) });
const createLong = (store: Store, number: number) =>
  store.append(Todo, { ...drawTodo(random), id: idOf(number), body: longText() });
const setStatus = (store: Store, number: number) =>
  store.update(Todo, idOf(number), { status: `${statuses[number % statuses.length]}!` });
const deleteTodo = (store: Store, number: number) => store.delete(Todo, idOf(number));
const contentsOf = new Map<number, Buffer>();

const changes: readonly Change[] = [
  { what: 'a todo is created', count: records, before: [], change: createTodo },
  {
    what: `the same, ${together} of them in each transaction`,
    count: records,
    before: [],
    change: createTogether,
  },
  {
    what: 'a short field of it is changed',
    count: records,
    before: [createTodo],
    change: setStatus,
  },
  {
    what: `its text of ${textLength.toLocaleString('en')} characters is changed`,
    count: records,
    before: [createLong],
    change: (store, number) => store.update(Todo, idOf(number), { body: longText() }),
  },
  {
    what: 'a short field of a todo with such a text is changed',
    count: records,
    before: [createLong],
    change: setStatus,
  },
  { what: 'it is deleted', count: records, before: [createTodo], change: deleteTodo },
  {
    what: 'it is restored',
    count: records,
    before: [createTodo, deleteTodo],
    change: (store, number) => store.restore(Todo, idOf(number)),
  },
  {
    what: 'metadata of a file are changed',
    count: records,
    before: [(store, number) => putFile(store, number, Buffer.from('the same for all of them'))],
    change: (store, number) => store.update(LakeFile, idOf(number), { status: 'read' }),
  },
  {
    what: `${changedBytes} bytes of a file of 1 MB are changed`,
    count: files,
    before: [createFile],
    change: changeFile,
  },
  { what: 'a file of 1 MB is created', count: files, before: [], change: createFile },
];

async function createTogether(store: Store, first: number): Promise<void> {
  if (first % together > 0) return;
  await store.transact(async (log) => {
    for (let number = first; number < first + together; number += 1) {
      await log.create(Todo, { ...drawTodo(random), id: idOf(number) });
    }
  });
}

function longText(): string {
  let text = '';
  while (text.length < textLength) text += `${drawTodo(random).subject}. `;
  return text.slice(0, textLength);
}

async function putFile(store: Store, number: number, bytes: Buffer): Promise<void> {
  await store.transact(async (log) => {
    const contents = await log.putContents(bytes);
    const filename = `${number}.bin`;
    await log.create(LakeFile, { id: idOf(number), filename, ...contents });
  });
}

async function createFile(store: Store, number: number): Promise<void> {
  const bytes = randomBytes(fileBytes);
  contentsOf.set(number, bytes);
  await putFile(store, number, bytes);
}

async function changeFile(store: Store, number: number): Promise<void> {
  const bytes = Buffer.from(contentsOf.get(number) ?? '');
  randomBytes(changedBytes).copy(bytes, drawIndex(random, bytes.length - changedBytes));
  await store.transact(async (log) => {
    await log.update(LakeFile, idOf(number), await log.putContents(bytes));
  });
}

async function main(): Promise<void> {
  console.log('| change | log | replica |\n| --- | --- | --- |');
  const word = process.argv[2] ?? '';
  for (const change of changes.filter(({ what }) => what.includes(word))) {
    const { log, replica } = await measure(change);
    const [inLog, inReplica] = [log, replica].map((bytes) =>
      Math.round(bytes).toLocaleString('en'),
    );
    console.log(`| ${change.what} | ${inLog} | ${inReplica} |`);
  }
}

/** Bytes that one version of a change takes. */
async function measure({ count, before, change }: Change): Promise<Sizes> {
  const directory = makeTemporary(join(tmpdir(), 'everstate-growth-'));
  try {
    for (const each of before) await applied(directory, count, each);
    const began = await sizesOf(directory);
    await applied(directory, count, change);
    const ended = await sizesOf(directory);
    const by = (sizes: Sizes, name: keyof Sizes) => sizes[name] / count;
    return {
      log: by(ended, 'log') - by(began, 'log'),
      replica: by(ended, 'replica') - by(began, 'replica'),
    };
  } finally {
    removeTemporary(directory);
  }
}

async function applied(
  directory: string,
  count: number,
  change: (store: Store, number: number) => Promise<unknown>,
): Promise<void> {
  const store = await openStore({ directory, entities: shippedEntities });
  for (let from = 0; from < count; from += together) {
    const length = Math.min(together, count - from);
    await Promise.all(Array.from({ length }, (_, index) => change(store, from + index)));
  }
  await store.close();
}

interface Sizes {
  readonly log: number;
  readonly replica: number;
}

/** The log without pages that hold nothing, and a replica that is made of it anew. */
async function sizesOf(directory: string): Promise<Sizes> {
  const replicas = join(directory, 'replica');
  rmSync(replicas, { recursive: true, force: true });
  const store = await openStore({ directory, entities: shippedEntities });
  await store.list(Todo);
  await store.close();
  const log = await LogCompaction.open(directory);
  const { bytes, freeBytes } = await log.room().finally(() => log.close());
  const names = readdirSync(replicas).filter((name) => name.endsWith('.duckdb'));
  const replica = names.reduce((sum, name) => sum + statSync(join(replicas, name)).size, 0);
  return { log: bytes - freeBytes, replica };
}

await main();
