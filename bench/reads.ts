/** Reads of the store without a baseline, for orientation: batches by id, and histories. */
import { limits, type Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type Dataset, openTodos, readIds, withCopy } from './dataset.ts';
import { draw, type Random, randomFrom } from './random.ts';
import { type Figure, median, orientation, withUnit } from './results.ts';
import { timeMs, timesMs } from './stopwatch.ts';

const batchSizes = [1, 32, 100];
const runs = 100;
const historyRecords = 50;
const concurrentBatches = [1, 2, 3, 4];
const concurrentRuns = 60;

export function measureReads(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const ids = readIds(directory);
    const random = randomFrom(7);
    const store = await openTodos(directory);
    try {
      const head = await store.head();
      const batch = (rows: number) => async () => {
        await store.records(
          Todo,
          drawIds(random, ids, rows).map((id) => ({ id, at: head })),
        );
      };
      const figures: Figure[] = [];
      for (const rows of batchSizes) {
        await batch(rows)();
        const ms = median(await timesMs(runs, batch(rows)));
        figures.push(orientation('reads', `batch of ${rows} by id`, withUnit(ms, 'ms')));
      }
      figures.push(...(await measureConcurrent(batch(32))));
      figures.push(await measureHistory(store, random, ids));
      return figures;
    } finally {
      await store.close();
    }
  });
}

/** Todos per second with so many batches under way: limits.batchesUnderWay is chosen by it. */
async function measureConcurrent(batch: () => Promise<void>): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of concurrentBatches) {
    const reader = async () => {
      for (let run = 0; run < concurrentRuns; run += 1) await batch();
    };
    const ms = await timeMs(() => Promise.all(Array.from({ length: count }, reader)));
    const todos = (concurrentRuns * count * 32 * 1_000) / ms;
    const what = `todos by id in batches of 32, ${count} under way`;
    figures.push(orientation('reads', what, withUnit(todos, '/s')));
  }
  return figures;
}

async function measureHistory(
  store: Store,
  random: Random,
  ids: readonly string[],
): Promise<Figure> {
  const ms = await timesMs(runs, () =>
    store.revisions(
      Todo,
      drawIds(random, ids, historyRecords).map((id) => ({ id, from: 1, to: limits.pageRowsMax })),
    ),
  );
  const what = `whole histories of ${historyRecords} todos`;
  return orientation('reads', what, withUnit(median(ms), 'ms'));
}

function drawIds(random: Random, ids: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => draw(random, ids));
}
