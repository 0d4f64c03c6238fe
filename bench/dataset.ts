/**
 * The data that is measured on: a log of todos with long and short histories, written through the
 * store, so that positions, revisions and digest chain are real. Built once and kept.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Clock, openStore, type Store } from '../src/db/index.ts';
import { type Microseconds, shippedEntities, Todo } from '../src/entities/index.ts';
import { makeTemporary, removeTemporary } from './leftovers.ts';
import { drawIndex, type Random, randomFrom } from './random.ts';
import { drawPatch, drawTodo } from './todo-values.ts';

/** Raised when the generated data changes, so that an older cache is not taken for it. */
const datasetFormat = 3;

/** Versions per record, on average. */
const revisionsMean = 4;
const transactionRows = 10_000;
/** The log is written within minutes, but says that it took these days. */
const daysCovered = 90;
const firstDay = Date.UTC(2026, 0, 1);
const dayMs = 86_400_000;

/** Where the data is built and kept unless another directory is named. */
export const cacheDirectory = join(tmpdir(), 'everstate-bench');

/** The log of a data directory. */
export const logName = 'everstate.db';

export interface Dataset {
  /** Never written to by a benchmark: those that write take a copy. */
  readonly directory: string;
  readonly versions: number;
  /** Time that building it took, when that was. */
  readonly buildSeconds: number;
}

/** Opens a store as the benchmarks use it. */
export function openTodos(directory: string, clock?: Clock): Promise<Store> {
  return openStore({ directory, entities: shippedEntities, ...(clock && { clock }) });
}

/** The time that is covered, from its first to right after its last moment. */
export function timeCovered(): { readonly from: Microseconds; readonly to: Microseconds } {
  return { from: firstDay * 1000, to: (firstDay + daysCovered * dayMs) * 1000 };
}

/** The dataset with so many versions, from the cache directory or built into it. */
export async function prepareDataset(cache: string, versions: number): Promise<Dataset> {
  const directory = join(cache, `todos-${versions}-${datasetFormat}`);
  const about = `${directory}.json`;
  if (existsSync(directory) && existsSync(about)) {
    return { directory, versions, ...JSON.parse(readFileSync(about, 'utf8')) };
  }
  const unfinished = `${directory}.unfinished`;
  for (const path of [unfinished, directory]) rmSync(path, { recursive: true, force: true });
  const begin = performance.now();
  const left = { versions, records: Math.ceil(versions / revisionsMean) };
  const store = await openTodos(unfinished, clockOf(left));
  try {
    await fill(store, left);
    // A read waits until the replica holds everything; closing alone does not.
    await store.list(Todo, { limit: 1 });
  } finally {
    await store.close();
  }
  const buildSeconds = (performance.now() - begin) / 1_000;
  renameSync(unfinished, directory);
  writeFileSync(about, JSON.stringify({ buildSeconds }));
  console.error(`data: built in ${buildSeconds.toFixed(0)} s`);
  return { directory, versions, buildSeconds };
}

/** Runs with a copy of the dataset that may be written to; removed afterwards. */
export async function withCopy<T>(
  dataset: Dataset,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const parent = join(dataset.directory, '..');
  mkdirSync(parent, { recursive: true });
  const copy = makeTemporary(join(parent, 'copy-'));
  try {
    cpSync(dataset.directory, copy, { recursive: true });
    return await use(copy);
  } finally {
    removeTemporary(copy);
  }
}

/** The ids of all todos, oldest first. */
export function readIds(directory: string): string[] {
  const log = new Database(join(directory, logName), { readonly: true });
  try {
    return log.prepare('select id from todos where revision = 1').pluck().all() as string[];
  } finally {
    log.close();
  }
}

/** Each todo's id, and how many revisions it has, the oldest todo first. */
export function readRevisions(directory: string): [id: string, revision: number][] {
  const log = new Database(join(directory, logName), { readonly: true });
  try {
    const newest = 'select id, max(revision) from todos group by id order by min(position)';
    return log.prepare(newest).raw().all() as [string, number][];
  } finally {
    log.close();
  }
}

/** What is still to be written. */
interface Left {
  versions: number;
  records: number;
}

/** A clock that passes through the days covered while the log is filled. */
function clockOf(left: Left): Clock {
  const { from, to } = timeCovered();
  const all = left.versions;
  return () => Math.floor(from + ((to - from) * (all - left.versions)) / all);
}

async function fill(store: Store, left: Left): Promise<void> {
  const random = randomFrom(1);
  const ids: string[] = [];
  while (left.versions > 0) {
    const rows = Math.min(transactionRows, left.versions);
    await store.transact(
      async (log) => {
        for (let row = 0; row < rows; row += 1) {
          if (ids.length === 0 || random() < left.records / left.versions) {
            ids.push((await log.create(Todo, drawTodo(random))).id);
            left.records -= 1;
          } else {
            await updateOne(log, ids, random);
          }
          left.versions -= 1;
        }
      },
      { reason: 'filling' },
    );
  }
}

type Transaction = Parameters<Parameters<Store['transact']>[0]>[0];

/** Changes a record; the newer it is, the likelier. A patch that changes nothing is redrawn. */
async function updateOne(log: Transaction, ids: readonly string[], random: Random): Promise<void> {
  for (;;) {
    const index = ids.length - 1 - drawIndex(() => random() ** 1.5, ids.length);
    if ((await log.update(Todo, ids[index] as string, drawPatch(random))).changed) return;
  }
}
