/** How long reads of each kind take while others write as fast as they can: against a write. */
import type { Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type Dataset, openTodos, readIds, withCopy } from './dataset.ts';
import { draw, randomFrom } from './random.ts';
import { type Figure, median, orientation, quantile, withUnit } from './results.ts';
import { timeMs } from './stopwatch.ts';
import { drawPatch } from './todo-values.ts';

const writers = 64;
const seconds = 10;

export function measureStarving(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const store = await openTodos(directory);
    try {
      const times = await timesWhileWriting(store, readIds(directory));
      const write = median(times.get('a write') ?? []);
      return [...times].map(([what, list]) => {
        const shown = [0.5, 0.99].map((share) => withUnit(quantile(list, share), 'ms')).join(' / ');
        const ratio = (median(list) / write).toFixed(1);
        return orientation(
          'starving',
          `${what} while ${writers} write, p50 / p99, and p50 against a write`,
          `${shown}, ${ratio}`,
        );
      });
    } finally {
      await store.close();
    }
  });
}

/** Milliseconds of each write and of each read, by kind; one of each kind of read at a time. */
async function timesWhileWriting(
  store: Store,
  ids: readonly string[],
): Promise<Map<string, number[]>> {
  const random = randomFrom(7);
  const live = new Set(ids);
  const anId = () => draw(random, ids);
  const kinds: Record<string, () => Promise<unknown>> = {
    'a record': () => store.get(Todo, anId()),
    'a page': () => store.list(Todo, { filter: { status: { eq: 'open' } }, limit: 50 }),
    'a count': () => store.count(Todo, { filter: { status: { eq: 'open' } } }),
    'a history': () => store.history(Todo, anId()),
  };
  const update = async () => {
    const id = anId();
    if (!live.has(id)) return;
    await store.transact(async (log) => {
      const before = await log.get(Todo, id);
      if (before?.operation === 'DELETE') live.delete(id);
      else await log.update(Todo, id, drawPatch(random));
    });
  };
  const times = new Map<string, number[]>();
  const end = performance.now() + seconds * 1_000;
  const repeat = async (name: string, work: () => Promise<unknown>) => {
    const own = times.get(name) ?? [];
    times.set(name, own);
    while (performance.now() < end) own.push(await timeMs(work));
  };
  await Promise.all([
    ...Array.from({ length: writers }, () => repeat('a write', update)),
    ...Object.entries(kinds).map(([name, read]) => repeat(name, read)),
  ]);
  return times;
}
