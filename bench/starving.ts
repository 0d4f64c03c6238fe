/** Whether readers get their turn while many write as fast as they can. */
import { type Dataset, withCopy } from './dataset.ts';
import { everstateOperations as operations } from './everstate-operations.ts';
import { applyMixedLoad, type Lane } from './load.ts';
import { Questions } from './questions.ts';
import { type Figure, orientation, proportion, withUnit } from './results.ts';
import { startWatched, withServers } from './server.ts';

const writers = 64;
const usualSeconds = 20;
const readsMax = 20_000;
const updatesEach = 200;

const readers = {
  byId: 'todo by id',
  page: 'first 50 of a status',
  history: 'history of a random id',
} as const;

export function measureStarving(dataset: Dataset, seconds = usualSeconds): Promise<Figure[]> {
  return withCopy(dataset, (directory) =>
    withServers([startWatched(directory)], async (server) => {
      if (!server) throw new Error('The server did not start.');
      const documents = {
        byId: operations.byId.document,
        page: operations.page.document,
        history: operations.history.document,
        update: operations.update.document,
      };
      await server.longestGapMs();
      const lanes = lanesOf(dataset);
      const { kinds } = await applyMixedLoad({ url: server.url, documents, lanes, seconds });
      const gapMs = await server.longestGapMs();
      const writeMs = kinds.update?.p50Ms ?? Number.NaN;
      const rate = withUnit((kinds.update?.count ?? 0) / seconds, '/s');
      return [
        orientation('starving', `updates by ${writers} writers at full rate`, rate),
        orientation('starving', 'one of them, p50', withUnit(writeMs, 'ms')),
        ...Object.entries(readers).flatMap(([kind, what]) => {
          const readMs = kinds[kind]?.p50Ms ?? Number.NaN;
          return [
            orientation('starving', `${what} beside them, p50`, withUnit(readMs, 'ms')),
            proportion('starving', 'the same, by that of a write', readMs / writeMs, '< 2'),
          ];
        }),
        orientation('starving', 'longest gap of the event loop', withUnit(gapMs, 'ms')),
      ];
    }),
  );
}

/** All writers, and one reader of each kind. */
function lanesOf(dataset: Dataset): Lane[] {
  const questions = new Questions(dataset, 32);
  const updates = questions.endlessUpdates(writers, updatesEach).flat();
  return [
    { connections: writers, requests: updates.map((input) => ['update', { input }]) },
    { connections: 1, requests: questions.ids(readsMax).map((args) => ['byId', args]) },
    { connections: 1, requests: [['page', { status: 'open' }]] },
    { connections: 1, requests: questions.ids(readsMax).map((args) => ['history', args]) },
  ];
}
