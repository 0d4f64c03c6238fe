/** Groups now and over time, against dkdc-state's window query over the same rows in DuckDB. */
import { deepStrictEqual } from 'node:assert/strict';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Group, Store } from '../src/db/index.ts';
import { type Position, Todo } from '../src/entities/index.ts';
import { newestByWindow, withBaseline } from './baseline.ts';
import { type Dataset, timeCovered } from './dataset.ts';
import { comparison, type Figure, median, orientation, withUnit } from './results.ts';
import { takeTurns } from './rounds.ts';
import { timeMs, timesMs } from './stopwatch.ts';

const rounds = 5;
const runsPerRound = 10;
const seriesRounds = 3;
const seriesRuns = 3;
/** The window query ranks the log anew for every point: it is given each tenth, times ten. */
const baselineEvery = 10;

export function measureGroups(dataset: Dataset): Promise<Figure[]> {
  return withBaseline(dataset, async (store, baseline) => [
    await measureNow(store, baseline),
    ...(await measureOverTime(store, baseline)),
  ]);
}

async function measureNow(store: Store, baseline: DuckDBConnection): Promise<Figure> {
  const head = await store.head();
  const everstate = () => store.groups(Todo, { by: ['status'] });
  const window = () => windowGroups(baseline, head);
  deepStrictEqual(countsOf(await everstate()), await window());
  const pairs = await takeTurns(
    rounds,
    async () => median(await timesMs(runsPerRound, everstate)),
    () => timeMs(window),
  );
  const what = 'counts by status against the window query';
  return comparison({ benchmark: 'groups', what, unit: 'ms', better: 'less' }, pairs);
}

async function measureOverTime(store: Store, baseline: DuckDBConnection): Promise<Figure[]> {
  const moments = daysCovered();
  const series = () => store.overTime(Todo, { by: ['status'], moments });
  const sampled = moments.filter((_, index) => index % baselineEvery === baselineEvery - 1);
  const positions = await Promise.all(sampled.map((moment) => store.positionAtTime(moment - 1)));
  const windows = async () => {
    const found: Record<string, number>[] = [];
    for (const position of positions) found.push(await windowGroups(baseline, position));
    return found;
  };
  const found = (await series()).filter((_, index) => index % baselineEvery === baselineEvery - 1);
  deepStrictEqual(
    found.map(({ groups }) => countsOf(groups)),
    await windows(),
  );
  const pairs = await takeTurns(
    seriesRounds,
    async () => median(await timesMs(seriesRuns, series)),
    async () => (await timeMs(windows)) * (moments.length / sampled.length),
  );
  const about = { benchmark: 'groups', unit: 'ms', better: 'less' } as const;
  const what = `counts by status at the end of ${moments.length} days, the window query once for each`;
  const withStats = () => store.overTime(Todo, { by: ['status'], stats: ['priority'], moments });
  const ms = median(await timesMs(seriesRuns, withStats));
  return [
    comparison({ ...about, what }, pairs),
    orientation('groups', 'the same with the stats of priorities', withUnit(ms, 'ms')),
  ];
}

/** The ends of the days that the log covers. */
function daysCovered(): number[] {
  const { from, to } = timeCovered();
  const dayMicros = 86_400_000_000;
  return Array.from({ length: (to - from) / dayMicros }, (_, day) => from + (day + 1) * dayMicros);
}

async function windowGroups(
  baseline: DuckDBConnection,
  upTo: Position,
): Promise<Record<string, number>> {
  const found = await baseline.runAndReadAll(
    `select status, count(*) as count from ${newestByWindow(upTo)} group by status`,
  );
  return Object.fromEntries(
    found.getRowObjectsJS().map(({ status, count }) => [String(status), Number(count)]),
  );
}

function countsOf(groups: readonly Group[]): Record<string, number> {
  return Object.fromEntries(groups.map(({ values, count }) => [String(values.status), count]));
}
