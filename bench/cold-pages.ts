/**
 * Pages that no two requests share: of a random status and user, as of random positions, deep in a
 * list, beside writes; and the same groups at many positions. In milliseconds of CPU time, too.
 */
import type { Store } from '../src/db/index.ts';
import { type Position, Todo } from '../src/entities/index.ts';
import { type Dataset, openTodos, withCopy } from './dataset.ts';
import { drawIndex, randomFrom } from './random.ts';
import { type Figure, median, orientation, withUnit } from './results.ts';
import { timesMs } from './stopwatch.ts';

const pageRows = 50;
const runs = 60;
const users = 5_000;
const statuses = ['open', 'doing', 'waiting', 'done'];
const groupPositions = 30;
const writeEveryMs = 10;

export function measureColdPages(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const store = await openTodos(directory);
    try {
      const figures: Figure[] = [];
      for (const [what, ask] of await questionsOf(store)) figures.push(await measure(what, ask));
      figures.push(await besideWrites(store));
      return figures;
    } finally {
      await store.close();
    }
  });
}

type Ask = () => Promise<unknown>;

async function questionsOf(store: Store): Promise<[string, Ask][]> {
  const random = randomFrom(5);
  const head = await store.head();
  const position = () => (1 + drawIndex(random, head)) as Position;
  const page = (query: Parameters<Store['list']>[1]) =>
    store.list(Todo, { limit: pageRows, ...query });
  const status = () => ({ eq: statuses[drawIndex(random, statuses.length)] });
  const filter = () => ({ status: status(), userId: { eq: `user-${drawIndex(random, users)}` } });
  return [
    ['of a random status', () => page({ filter: { status: status() } })],
    ['of a random status and user', () => page({ filter: filter() })],
    ['as of a random position', () => page({ at: position() })],
    ['after a random place', () => page({ after: [drawIndex(random, 200), position()] })],
    ['from the end', () => page({ filter: { status: status() }, fromEnd: true })],
    ['newest first', () => page({ orderBy: [{ field: 'updatedAt', direction: 'desc' }] })],
    [
      `counts by status at ${groupPositions} positions at once`,
      () =>
        Promise.all(
          Array.from({ length: groupPositions }, () =>
            store.groups(Todo, { by: ['status'], at: position() }),
          ),
        ),
    ],
  ];
}

async function besideWrites(store: Store): Promise<Figure> {
  const { versions } = await store.list(Todo, { limit: 1_000 });
  const random = randomFrom(6);
  const failures: unknown[] = [];
  const timer = setInterval(() => {
    const { id } = versions[drawIndex(random, versions.length)] as (typeof versions)[number];
    const patch = { priority: drawIndex(random, 200) };
    store.update(Todo, id, patch).catch((error) => failures.push(error));
  }, writeEveryMs);
  try {
    const filter = { status: { eq: 'open' } };
    const page = () => store.list(Todo, { limit: pageRows, filter });
    const figure = await measure(`of a status beside an update each ${writeEveryMs} ms`, page);
    if (failures.length > 0) throw new AggregateError(failures, 'Updates beside pages failed.');
    return figure;
  } finally {
    clearInterval(timer);
  }
}

async function measure(what: string, ask: Ask): Promise<Figure> {
  await timesMs(5, ask);
  const before = process.cpuUsage();
  const times = await timesMs(runs, ask);
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000 / runs;
  const value = `${withUnit(median(times), 'ms')} (CPU ${withUnit(cpuMs, 'ms')})`;
  return orientation('cold-pages', `first ${pageRows} todos ${what}`, value);
}
