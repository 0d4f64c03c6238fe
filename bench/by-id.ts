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
const idCount = 16_000;
const rounds = 5;
const secondsPerRound = 4;

export function measureById(dataset: Dataset): Promise<Figure[]> {
  const random = randomFrom(2);
  const all = readIds(dataset.directory);
  const variables = Array.from({ length: idCount }, () => ({ id: draw(random, all) }));
  const servers = [startEverstate(dataset.directory), startBareYoga('map', dataset.directory)];
  return withServers(servers, (...started) => measure(started as [Server, Server], variables));
}

async function measure(
  [everstate, baseline]: [Server, Server],
  variables: { id: string }[],
): Promise<Figure[]> {
  for (const some of variables.slice(0, 20)) {
    deepStrictEqual(
      await ask(everstate.url, document, some),
      await ask(baseline.url, document, some),
    );
  }
  const memoryAtStart = everstate.residentMb();
  const load = { document, variables, connections, seconds: secondsPerRound };
  const latencies: string[] = [];
  const answered = async (server: Server): Promise<number> => {
    const measured = await applyLoad({ ...load, url: server.url } satisfies Load);
    if (server === everstate) latencies.push(`${measured.p50Ms} / ${measured.p99Ms} ms`);
    return measured.requestsPerSecond;
  };
  const pairs = await takeTurns(
    rounds,
    () => answered(everstate),
    () => answered(baseline),
  );
  const what = `todo by id over HTTP, ${connections} connections`;
  return [
    comparison({ benchmark: 'by-id', what, unit: '/s', better: 'more', aim: 0.7 }, pairs),
    orientation('by-id', 'the same, p50 / p99', latencies.at(-1) ?? ''),
    orientation('memory', 'server after start', withUnit(memoryAtStart, 'MB')),
    orientation('memory', 'server after that load', withUnit(everstate.residentMb(), 'MB')),
  ];
}
