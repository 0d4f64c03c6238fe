/** How fast the replica follows the log: built from nothing, and behind 32 writers. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { copyReplicaMs, readLogMs } from './build-floor.ts';
import { type Dataset, openTodos, withCopy } from './dataset.ts';
import { randomFrom } from './random.ts';
import { type Figure, median, orientation, quantile, withUnit } from './results.ts';
import { timeMs } from './stopwatch.ts';
import { drawTodo } from './todo-values.ts';

const writers = 32;
const appendsEach = 200;
const restarts = 3;

export function measureCatchUp(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const rebuild = async () => {
      rmSync(join(directory, 'replica'), { recursive: true });
      return await openAndClose(directory);
    };
    const kept: number[] = [];
    const rebuilt: number[] = [];
    for (let turn = 0; turn < restarts; turn += 1) {
      kept.push(await openAndClose(directory));
      rebuilt.push(await rebuild());
    }
    const rate = (ms: number) => withUnit((dataset.versions * 1_000) / ms, 'rows/s');
    const [reading, copying] = [await readLogMs(directory), await copyReplicaMs(directory)];
    return [
      orientation('restart', 'openStore with its replica', withUnit(median(kept), 'ms')),
      orientation('restart', 'openStore without a replica', withUnit(median(rebuilt), 'ms')),
      orientation('catch-up', 'replica built from the log', rate(median(rebuilt))),
      orientation('catch-up', 'no faster than: SQLite handing its rows over', rate(reading)),
      orientation('catch-up', 'nor than: DuckDB copying its tables, by a thread', rate(copying)),
      ...(await measureLag(directory)),
    ];
  });
}

/** Milliseconds until the store has opened. */
async function openAndClose(directory: string): Promise<number> {
  let store: Store | undefined;
  const ms = await timeMs(async () => {
    store = await openTodos(directory);
  });
  await store?.close();
  return ms;
}

/** How long a read of an own write takes while 31 others write as fast as they can. */
async function measureLag(directory: string): Promise<Figure[]> {
  const store = await openTodos(directory);
  try {
    const random = randomFrom(6);
    const reads: number[] = [];
    let writing = writers - 1;
    const write = async () => {
      for (let turn = 0; turn < appendsEach; turn += 1) await store.append(Todo, drawTodo(random));
      writing -= 1;
    };
    const writeAndRead = async () => {
      while (writing > 0) {
        const { id } = await store.append(Todo, drawTodo(random));
        reads.push(await timeMs(() => store.get(Todo, id)));
      }
    };
    await Promise.all([writeAndRead(), ...Array.from({ length: writers - 1 }, write)]);
    const shown = [0.5, 0.99].map((share) => withUnit(quantile(reads, share), 'ms'));
    const what = `reading an own write while ${writers} write, p50 / p99`;
    return [orientation('catch-up', what, shown.join(' / '))];
  } finally {
    await store.close();
  }
}
