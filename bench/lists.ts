/**
 * Lists beyond the first page now, each against dkdc-state's window query for the same rows: as of
 * the middle of the log, far into a list, and with a filter and a search.
 */
import { deepStrictEqual } from 'node:assert/strict';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Order, type Store } from '../src/db/index.ts';
import { type Position, Todo, type Version } from '../src/entities/index.ts';
import { newestByWindow, withBaseline } from './baseline.ts';
import type { Dataset } from './dataset.ts';
import { comparison, type Figure, median } from './results.ts';
import { takeTurns } from './rounds.ts';
import { timesMs } from './stopwatch.ts';

const pageRows = 50;
const pageNumber = 100;
const rounds = 5;
const runsPerRound = 10;

type Query = Parameters<Store['list']>[1];

interface Case {
  readonly what: string;
  readonly query: Query;
  /** What the window query's rows have to meet before and after ranking, and where they begin. */
  readonly upTo: Position;
  readonly condition: string;
  readonly offset: number;
}

export function measureLists(dataset: Dataset): Promise<Figure[]> {
  return withBaseline(dataset, async (store, baseline) => {
    const figures: Figure[] = [];
    for (const each of await casesOf(store)) figures.push(await measure(store, baseline, each));
    return figures;
  });
}

async function casesOf(store: Store): Promise<Case[]> {
  const head = await store.head();
  const middle = Math.floor(head / 2) as Position;
  const plain = { upTo: head, condition: 'true', offset: 0 };
  const filter = { status: { eq: 'open' }, search: 'plan' };
  return [
    { ...plain, what: 'as of the middle of the log', query: { at: middle }, upTo: middle },
    {
      ...plain,
      what: `page ${pageNumber}`,
      query: { after: await placeBefore(store, pageNumber) },
      offset: (pageNumber - 1) * pageRows,
    },
    {
      ...plain,
      what: 'with a filter and a search',
      query: { filter },
      condition: `status = 'open' and (${['subject', 'body', 'description']
        .map((column) => `contains(lower(${column}), 'plan')`)
        .join(' or ')} or contains(lower(array_to_string(labels, chr(10))), 'plan'))`,
    },
  ];
}

/** The place after which a page begins, found by paging up to it. */
async function placeBefore(store: Store, page: number) {
  const order = new Order(Todo, Todo.defaultOrder);
  let after: ReturnType<Order['placeOf']> | undefined;
  for (let count = 1; count < page; count += 1) {
    const { versions } = await store.list(Todo, { limit: pageRows, after });
    after = order.placeOf(versions.at(-1) as Version);
  }
  return after;
}

async function measure(store: Store, baseline: DuckDBConnection, each: Case): Promise<Figure> {
  const page = async () => (await store.list(Todo, { limit: pageRows, ...each.query })).versions;
  const windowQuery = `
    select * from ${newestByWindow(each.upTo)}
    where ${each.condition}
    order by priority, position desc
    limit ${pageRows} offset ${each.offset}`;
  const window = async () => (await baseline.runAndReadAll(windowQuery)).getRowObjectsJS();
  const expected = (await window()).map((row) => Number(row.position));
  deepStrictEqual(
    (await page()).map((version) => version.position),
    expected,
  );
  const pairs = await takeTurns(
    rounds,
    async () => median(await timesMs(runsPerRound, page)),
    async () => median(await timesMs(1, window)),
  );
  const what = `${pageRows} todos against the window query, ${each.what}`;
  return comparison({ benchmark: 'lists', unit: 'ms', better: 'less', what }, pairs);
}
