/**
 * Whether a replica keeps its shape: its size, its memory and what queries cost after many changes
 * at random, against a replica freshly built from the same log. Costs are processor time, which
 * other work of the machine changes less than the time that passes.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits, type Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type Dataset, logName, openTodos, readIds, withCopy } from './dataset.ts';
import { draw, randomFrom } from './random.ts';
import { type Figure, orientation, withUnit } from './results.ts';
import { drawPatch } from './todo-values.ts';

const changes = 100_000;
const changesPerTransaction = 500;
const queries = 20;
const idleLookMs = 500;

/** What a replica is like. */
interface Shape {
  readonly megabytes: number;
  readonly countMs: number;
  readonly pageMs: number;
  readonly recordsMs: number;
}

export function measureReplicaShape(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const ids = readIds(directory);
    const before = await shapeAfter(directory, ids, async () => {});
    const changed = await shapeAfter(directory, ids, (store) => change(store, ids));
    rmSync(join(directory, 'replica'), { recursive: true });
    const fresh = await shapeAfter(directory, ids, async () => {});
    const log = statSync(join(directory, logName)).size / 1e6;
    const figure = (what: string, of: (shape: Shape) => number, unit: string) =>
      orientation(
        'shape',
        `${what}: before / after ${changes} changes / built anew`,
        [before, changed, fresh].map((shape) => withUnit(of(shape), unit)).join(' / '),
      );
    return [
      orientation('shape', 'the log', withUnit(log, 'MB')),
      figure('the replica’s file', ({ megabytes }) => megabytes, 'MB'),
      figure('a count, processor time', ({ countMs }) => countMs, 'ms'),
      figure('a first page, processor time', ({ pageMs }) => pageMs, 'ms'),
      figure('100 records by id, processor time', ({ recordsMs }) => recordsMs, 'ms'),
    ];
  });
}

async function shapeAfter(
  directory: string,
  ids: readonly string[],
  work: (store: Store) => Promise<void>,
): Promise<Shape> {
  const store = await openTodos(directory);
  try {
    await work(store);
    // What was merged is written into the file while nothing else is written.
    await store.count(Todo);
    await sleep(limits.mergeIdleMs * 2);
    while ((await processorShare()) > 0.05) await sleep(idleLookMs);
    const random = randomFrom(5);
    const filter = { status: { eq: 'open' } } as const;
    const at = await store.head();
    const keys = () => Array.from({ length: 100 }, () => ({ id: draw(random, ids), at }));
    return {
      countMs: await processorMs(() => store.count(Todo, { filter })),
      pageMs: await processorMs(() => store.list(Todo, { filter, limit: 50 })),
      recordsMs: await processorMs(() => store.records(Todo, keys())),
      megabytes: megabytesOf(join(directory, 'replica')),
    };
  } finally {
    await store.close();
  }
}

/** How much of a core the process uses. */
async function processorShare(): Promise<number> {
  const before = process.cpuUsage();
  await sleep(idleLookMs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / idleLookMs;
}

async function change(store: Store, ids: readonly string[]): Promise<void> {
  const random = randomFrom(4);
  for (let done = 0; done < changes; done += changesPerTransaction) {
    await store.transact(async (log) => {
      for (let count = 0; count < changesPerTransaction; count += 1) {
        const id = draw(random, ids);
        const before = await log.get(Todo, id);
        if (before && before.operation !== 'DELETE') await log.update(Todo, id, drawPatch(random));
      }
    });
  }
}

async function processorMs(query: () => Promise<unknown>): Promise<number> {
  await query();
  const before = process.cpuUsage();
  for (let count = 0; count < queries; count += 1) await query();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / queries;
}

function megabytesOf(directory: string): number {
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}
