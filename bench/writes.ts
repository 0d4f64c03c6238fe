/**
 * What a write costs besides SQLite and the digests: transactions through the store, against the
 * same rows from bare prepared statements, with two digests each. Counted is CPU time of the
 * thread that writes, so that what else the machine does weighs little.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type BareChange, BareLog } from './bare-log.ts';
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

/** Microseconds of CPU time per row, by the way in which rows are written. */
export async function measureWrites(dataset: Dataset): Promise<Figure[]> {
  const directory = mkdtempSync(join(dataset.directory, '..', 'writes-'));
  const store = await openTodos(join(directory, 'store'));
  await (await openTodos(join(directory, 'floor'))).close();
  const floor = new BareLog(join(directory, 'floor', logName));
  const random = randomFrom(6);
  const ids: string[] = [];
  try {
    await createInBulk(store, 2 * rowsPerRound, random, ids);
    createInBulkBare(floor, 2 * rowsPerRound, random);
    const single = await takeTurns(
      rounds,
      () => perRow(() => writeOneByOne(store, random, ids)),
      () => perRow(async () => writeOneByOneBare(floor, random)),
    );
    const bulk = await takeTurns(
      rounds,
      () => perRow(() => createInBulk(store, rowsPerRound, random, ids)),
      () => perRow(async () => createInBulkBare(floor, rowsPerRound, random)),
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

/** The same without a store. */
function writeOneByOneBare(floor: BareLog, random: Random): void {
  for (let left = rowsPerRound; left > 0; left -= floorRows) {
    const known = floor.todos;
    const changes = Array.from({ length: Math.min(floorRows, left) }, (_, index): BareChange => {
      const id = index % 4 === 0 ? null : `t${drawIndex(random, known)}`;
      return { id, todo: drawTodo(random) };
    });
    floor.write(changes);
  }
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

function createInBulkBare(floor: BareLog, rows: number, random: Random): void {
  for (let left = rows; left > 0; left -= bulkRows) {
    floor.create(Array.from({ length: Math.min(bulkRows, left) }, () => drawTodo(random)));
  }
}
