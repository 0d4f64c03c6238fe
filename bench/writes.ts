/**
 * What a write costs besides SQLite and the digests: transactions through the store, against the
 * same rows from bare prepared statements, with two digests each. Counted is CPU time of the
 * thread that writes, so that what else the machine does weighs little.
 */
import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type Dataset, logName, openTodos } from './dataset.ts';
import { drawIndex, type Random, randomFrom } from './random.ts';
import { comparison, type Figure } from './results.ts';
import { takeTurns } from './rounds.ts';
import { drawPatch, drawTodo } from './todo-values.ts';

const rounds = 5;
const rowsPerRound = 8_192;
const writers = 512;
const bulkRows = 1_000;
const floorRows = 256;
/** Rows that one statement of the floor inserts where many are created. */
const statementRows = 32;

/** Microseconds of CPU time per row, by the way in which rows are written. */
export async function measureWrites(dataset: Dataset): Promise<Figure[]> {
  const directory = mkdtempSync(join(dataset.directory, '..', 'writes-'));
  const store = await openTodos(join(directory, 'store'));
  await (await openTodos(join(directory, 'floor'))).close();
  const floor = new Floor(join(directory, 'floor', logName));
  const random = randomFrom(6);
  const ids: string[] = [];
  try {
    await createInBulk(store, 2 * rowsPerRound, random, ids);
    floor.create(2 * rowsPerRound, bulkRows);
    const single = await takeTurns(
      rounds,
      () => perRow(() => writeOneByOne(store, random, ids)),
      () => perRow(async () => floor.write(rowsPerRound)),
    );
    const bulk = await takeTurns(
      rounds,
      () => perRow(() => createInBulk(store, rowsPerRound, random, ids)),
      () => perRow(async () => floor.create(rowsPerRound, bulkRows)),
    );
    const about = { benchmark: 'writes', unit: 'µs', better: 'less' as const };
    const against = 'CPU time per row against bare prepared statements and digests';
    return [
      comparison(
        { ...about, what: `single transactions, ${writers} at a time: ${against}` },
        single,
      ),
      comparison({ ...about, what: `transactions of ${bulkRows} creates: ${against}` }, bulk),
    ];
  } finally {
    floor.close();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** CPU time of this thread per row of a round, in microseconds. */
async function perRow(work: () => Promise<void>): Promise<number> {
  const begin = threadCpuMicroseconds();
  await work();
  return (threadCpuMicroseconds() - begin) / rowsPerRound;
}

/** Linux alone tells it of one thread; elsewhere the whole process counts, DuckDB included. */
function threadCpuMicroseconds(): number {
  if (process.platform === 'linux') {
    const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(
      ' ',
    );
    return Number(nanoseconds) / 1_000;
  }
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** One create to three updates, each a transaction of its own. */
async function writeOneByOne(store: Store, random: Random, ids: string[]): Promise<void> {
  let left = rowsPerRound;
  const write = async () => {
    while (left > 0) {
      left -= 1;
      if (left % 4 === 0) ids.push((await store.append(Todo, drawTodo(random))).id);
      else
        await store.update(Todo, ids[drawIndex(random, ids.length)] as string, drawPatch(random));
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

async function createInBulk(
  store: Store,
  rows: number,
  random: Random,
  ids: string[],
): Promise<void> {
  for (let left = rows; left > 0; left -= bulkRows) {
    await store.transact(async (log) => {
      for (let row = Math.min(bulkRows, left); row > 0; row -= 1) {
        ids.push((await log.create(Todo, drawTodo(random))).id);
      }
    });
  }
}

/** The log's own tables, triggers and durability, written to without anything in between. */
class Floor {
  readonly #database: Database.Database;
  readonly #insert: Database.Statement;
  readonly #insertMany: Database.Statement;
  readonly #insertTransaction: Database.Statement;
  readonly #steps: ReadonlyMap<string, Database.Statement>;
  readonly #last: Database.Statement<[string], { revision: number; position: number }>;
  readonly #random = randomFrom(7);
  readonly #salt = Buffer.alloc(16);
  #digest: Buffer = this.#salt;
  #position = 0;
  #transaction = 0;
  #records = 0;

  constructor(path: string) {
    this.#database = new Database(path);
    for (const setting of ['synchronous = full', 'foreign_keys = on', 'recursive_triggers = on']) {
      this.#database.pragma(setting);
    }
    const row = `(${Array.from({ length: 18 }, () => '?').join()})`;
    const rows = Array.from({ length: statementRows }, () => row).join();
    this.#insert = this.#database.prepare(`insert into todos values ${row}`);
    this.#insertMany = this.#database.prepare(`insert into todos values ${rows}`);
    this.#last = this.#database.prepare(
      'select * from todos where id = ? order by revision desc limit 1',
    );
    this.#insertTransaction = this.#database.prepare(
      'insert into transactions values (?, ?, ?, ?, null, null, ?, ?, ?)',
    );
    const steps = ['begin immediate', 'savepoint mutation', 'release mutation', 'commit'];
    this.#steps = new Map(steps.map((text) => [text, this.#database.prepare(text)]));
  }

  /** So many creates, some to a transaction. */
  create(rows: number, transactionRows: number): void {
    for (let left = rows; left > 0; left -= transactionRows) {
      this.#step('begin immediate');
      const count = Math.min(transactionRows, left);
      this.#transact(() => this.#createTogether(count));
      this.#step('commit');
    }
  }

  /** One create to three updates, each a transaction of its own; some to a commit. */
  write(rows: number): void {
    for (let left = rows; left > 0; left -= floorRows) {
      this.#step('begin immediate');
      for (let row = Math.min(floorRows, left); row > 0; row -= 1) {
        this.#step('savepoint mutation');
        const id = row % 4 === 0 ? null : `t${drawIndex(this.#random, this.#records)}`;
        this.#transact(() => this.#insert.run(this.#row(id)));
        this.#step('release mutation');
      }
      this.#step('commit');
    }
  }

  close(): void {
    this.#database.close();
  }

  #step(text: string): void {
    this.#steps.get(text)?.run();
  }

  #transact(insert: () => void): void {
    this.#transaction += 1;
    const [id, first] = [this.#transaction, this.#position + 1];
    insert();
    const about = digestOf(this.#salt, '[null,null]');
    this.#insertTransaction.run(id, id, first, this.#position, this.#salt, about, this.#digest);
  }

  #createTogether(count: number): void {
    let left = count;
    for (; left >= statementRows; left -= statementRows) {
      this.#insertMany.run(Array.from({ length: statementRows }, () => this.#row(null)).flat());
    }
    for (; left > 0; left -= 1) this.#insert.run(this.#row(null));
  }

  /**
   * The next row.
   * @param id of the record that is changed; null for a new one.
   */
  #row(id: string | null): unknown[] {
    const before = id === null ? undefined : this.#last.get(id);
    const todo = drawTodo(this.#random);
    this.#position += 1;
    if (id === null) this.#records += 1;
    const contents = digestOf(this.#salt, JSON.stringify(todo));
    this.#digest = digestOf(contents, JSON.stringify([this.#position, this.#transaction]));
    return [
      this.#position,
      this.#transaction,
      this.#transaction,
      this.#transaction,
      id ?? `t${this.#records - 1}`,
      (before?.revision ?? 0) + 1,
      before ? 'UPDATE' : 'CREATE',
      before?.position ?? null,
      todo.userId,
      todo.subject,
      todo.body,
      todo.priority,
      todo.status,
      todo.description,
      JSON.stringify(todo.labels),
      this.#salt,
      contents,
      this.#digest,
    ];
  }
}

function digestOf(bytes: Buffer, text: string): Buffer {
  const together = Buffer.concat([bytes, Buffer.from(text)]);
  return Buffer.from(hash('sha256', together, 'binary'), 'binary');
}
