/** One todo by id over HTTP, against a bare Yoga that takes it from a Map. */
import { deepStrictEqual } from 'node:assert/strict';
import { type Dataset, readIds } from './dataset.ts';
import { applyLoad, ask, type Load } from './load.ts';
import { draw, randomFrom } from './random.ts';
import { comparison, type Figure, orientation, withUnit } from './results.ts';
import { takeTurns } from './rounds.ts';
import { type Server, startBareYoga, startEverstate, withServers } from './server.ts';

const document = 'query($id: ID!) { todo(id: $id) { id subject priority status labels revision } }';
const connections = 32;
const rounds = 5;
const secondsPerRound = 4;
/** More than any server answers in a round, so that nothing is asked twice in one. */
const idsPerRound = 40_000;
const popularCount = 3_000;

export function measureById(dataset: Dataset): Promise<Figure[]> {
  const servers = [startEverstate(dataset.directory), startBareYoga('map', dataset.directory)];
  return withServers(servers, (...started) =>
    measure(started as [Server, Server], readIds(dataset.directory)),
  );
}

async function measure([everstate, baseline]: [Server, Server], all: string[]): Promise<Figure[]> {
  const random = randomFrom(2);
  const drawn = (from: readonly string[], count: number) =>
    Array.from({ length: count }, () => ({ id: draw(random, from) }));
  for (const some of drawn(all, 20)) {
    deepStrictEqual(
      await ask(everstate.url, document, some),
      await ask(baseline.url, document, some),
    );
  }
  const memoryAtStart = everstate.residentMb();
  const anyOfAll = await compare(everstate, baseline, () => drawn(all, idsPerRound));
  const popular = drawn(all, popularCount);
  const popularAgain = await compare(everstate, baseline, () => popular);
  const figure = { benchmark: 'by-id', unit: '/s', better: 'more', aim: 0.7 } as const;
  const what = `todo by id over HTTP, ${connections} connections`;
  return [
    comparison({ ...figure, what: `${what}, any of all` }, anyOfAll.pairs),
    orientation('by-id', 'the same, p50 / p99', anyOfAll.latency),
    comparison({ ...figure, what: `${what}, ${popularCount} popular ones` }, popularAgain.pairs),
    orientation('by-id', 'the same, p50 / p99', popularAgain.latency),
    orientation('memory', 'server after start', withUnit(memoryAtStart, 'MB')),
    orientation('memory', 'server after that load', withUnit(everstate.residentMb(), 'MB')),
  ];
}

async function compare(everstate: Server, baseline: Server, variables: () => object[]) {
  let latency = '';
  const answered = async (server: Server): Promise<number> => {
    const load = { document, variables: variables(), connections, seconds: secondsPerRound };
    const measured = await applyLoad({ ...load, url: server.url } satisfies Load);
    if (server === everstate)
      latency = `${withUnit(measured.p50Ms, 'ms')} / ${withUnit(measured.p99Ms, 'ms')}`;
    return measured.requestsPerSecond;
  };
  const pairs = await takeTurns(
    rounds,
    () => answered(everstate),
    () => answered(baseline),
  );
  return { pairs, latency };
}
