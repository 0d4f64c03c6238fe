/** The first page of todos, against dkdc-state's window query over the same rows in DuckDB. */
import { deepStrictEqual } from 'node:assert/strict';
import type { DuckDBConnection } from '@duckdb/node-api';
import { limits, type Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { newestByWindow, withBaseline } from './baseline.ts';
import type { Dataset } from './dataset.ts';
import { randomFrom } from './random.ts';
import { comparison, type Figure, median, orientation, withUnit } from './results.ts';
import { takeTurns } from './rounds.ts';
import { timesMs, until } from './stopwatch.ts';
import { drawTodo } from './todo-values.ts';

const pageRows = 50;
const rounds = 7;
const runsPerRound = 20;
const deltaRows = 8_000;
const windowQuery = `
  select * from ${newestByWindow()}
  order by priority, position desc
  limit ${pageRows}`;

export function measureFirstPage(dataset: Dataset): Promise<Figure[]> {
  return withBaseline(dataset, measure);
}

async function measure(store: Store, baseline: DuckDBConnection): Promise<Figure[]> {
  const page = async () => (await store.list(Todo, { limit: pageRows })).versions;
  const window = async () => (await baseline.runAndReadAll(windowQuery)).getRowObjectsJS();
  const expected = (await window()).map((row) => Number(row.position));
  deepStrictEqual(
    (await page()).map((version) => version.position),
    expected,
  );
  const everstateMs = async () => median(await timesMs(runsPerRound, page));
  const baselineMs = async () => median(await timesMs(1, window));
  const pairs = await takeTurns(rounds, everstateMs, baselineMs);
  const withDelta = await timesWithDelta(store, page);
  const about = { benchmark: 'first-page', unit: 'ms', better: 'less', aim: 20 } as const;
  const what = `first ${pageRows} todos against the window query`;
  const behind = pairs.map((pair) => ({ ...pair, everstate: withDelta.behind }));
  return [
    comparison({ ...about, what }, pairs),
    comparison({ ...about, what: `the same with ${deltaRows} rows not yet merged` }, behind),
    orientation('first-page', 'the same while a merge runs', withUnit(withDelta.merging, 'ms')),
  ];
}

/** Medians in milliseconds: with a delta that is not yet merged, and while it is merged. */
async function timesWithDelta(
  store: Store,
  page: () => Promise<unknown>,
): Promise<{ behind: number; merging: number }> {
  const random = randomFrom(3);
  const append = (rows: number) =>
    store.transact(async (log) => {
      for (let row = 0; row < rows; row += 1) await log.create(Todo, drawTodo(random));
    });
  await append(deltaRows);
  await page();
  // Merging begins when nothing was applied for limits.mergeIdleMs: be done before.
  const behind = await timesMs(runsPerRound, page);
  await append(limits.mergeRows - deltaRows);
  const merging = await timesMs(runsPerRound, page);
  await until(async () => (await store.totals()).replicaPosition === (await store.head()));
  return { behind: median(behind), merging: median(merging) };
}
