/** Ninety reads to ten writes at many connections: latencies, and gaps of the event loop. */
import { type Dataset, withCopy } from './dataset.ts';
import { everstateOperations as operations } from './everstate-operations.ts';
import { applyMixedLoad, type Lane, type Latencies } from './load.ts';
import type { OperationKinds, OperationName } from './operations.ts';
import { variablesOf } from './operations.ts';
import { type PatchOf, Questions } from './questions.ts';
import { type Figure, orientation, proportion, withUnit } from './results.ts';
import { startWatched, withServers } from './server.ts';

const connections = 64;
const requestsEach = 1_000;
const warmUpSeconds = 5;
const usualSeconds = 60;

/** How many of a hundred requests are of each kind: reads first, then writes. */
const shares = {
  byId: 50,
  history: 15,
  pageOf: 10,
  page: 5,
  counts: 5,
  asOf: 5,
  update: 10,
} as const satisfies Partial<Record<OperationName, number>>;
type Kind = keyof typeof shares;

const shown: Readonly<Record<Kind, string>> = {
  byId: 'todo by id',
  history: 'history of a random id',
  pageOf: 'first 50 of a random status and user',
  page: 'first 50 of a status',
  counts: 'counts by status',
  asOf: 'first 50 as of random earlier positions',
  update: 'update',
};

export function measureMixed(dataset: Dataset, seconds = usualSeconds): Promise<Figure[]> {
  return withCopy(dataset, (directory) =>
    withServers([startWatched(directory)], async (server) => {
      if (!server) throw new Error('The server did not start.');
      const { url } = server;
      const lanes = [{ connections, requests: mixture(dataset) }] satisfies Lane[];
      await applyMixedLoad({ url, documents, lanes, seconds: Math.min(warmUpSeconds, seconds) });
      await server.longestGapMs();
      const measured = await applyMixedLoad({ url, documents, lanes, seconds });
      const gapMs = await server.longestGapMs();
      const what = `90 reads to 10 writes, ${connections} connections, ${seconds} s`;
      return [
        orientation('mixed', what, withUnit(measured.requestsPerSecond, '/s')),
        orientation('mixed', 'in all, p50 / p95 / p99', latenciesShown(measured)),
        proportion('mixed', 'p99 by p50', measured.p99Ms / measured.p50Ms, '< 5'),
        ...Object.entries(shown).map(([kind, what]) =>
          orientation('mixed', `${what}, p50 / p95 / p99`, latenciesShown(measured.kinds[kind])),
        ),
        {
          ...orientation('mixed', 'longest gap of the event loop', withUnit(gapMs, 'ms')),
          aim: '< 100 ms',
        },
      ];
    }),
  );
}

const noLatencies = { p50Ms: Number.NaN, p95Ms: Number.NaN, p99Ms: Number.NaN };

const documents = Object.fromEntries(
  Object.keys(shares).map((kind) => [kind, operations[kind as Kind].document]),
);

/** For all connections, one after the other; each goes through its own again and again. */
function mixture(dataset: Dataset): Lane['requests'] {
  const questions = new Questions(dataset, 31);
  const updates = questions.endlessUpdates(connections, requestsEach * (shares.update / 100));
  return updates.flatMap((own) => mixtureOfOne(questions, own));
}

function mixtureOfOne(questions: Questions, updates: readonly PatchOf[]): Lane['requests'] {
  const count = (kind: Kind) => (requestsEach * shares[kind]) / 100;
  const request = <Name extends Kind>(name: Name) => {
    const operation = operations[name];
    return (args: OperationKinds[Name]['args']) =>
      [name, variablesOf(operation as never, args as never)] as const;
  };
  const same = <T>(kind: Kind, args: T) => Array.from({ length: count(kind) }, () => args);
  return questions.shuffled([
    ...questions.ids(count('byId')).map(request('byId')),
    ...questions.ids(count('history')).map(request('history')),
    ...questions.statusesAndUsers(count('pageOf')).map(request('pageOf')),
    ...same('page', { status: 'open' }).map(request('page')),
    ...same('counts', {}).map(request('counts')),
    ...questions.positions(count('asOf')).map(request('asOf')),
    ...updates.map((input) => ['update', { input }] as const),
  ]);
}

function latenciesShown(found: Latencies | undefined): string {
  const { p50Ms, p95Ms, p99Ms } = found ?? noLatencies;
  return [p50Ms, p95Ms, p99Ms].map((ms) => withUnit(ms, 'ms')).join(' / ');
}
