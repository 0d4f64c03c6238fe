/** Creating todos by 32 writers, against one fsynced commit per mutation. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type Dataset, openTodos, withCopy } from './dataset.ts';
import { applyLoad, ask, type Load } from './load.ts';
import { randomFrom } from './random.ts';
import { comparison, type Figure, type Pair } from './results.ts';
import { takeTurns } from './rounds.ts';
import { type Server, startBareYoga, startEverstate, withServers } from './server.ts';
import { timeMs } from './stopwatch.ts';
import { drawTodo } from './todo-values.ts';

const document =
  'mutation($input: CreateTodoInput!) { createTodo(input: $input) ' +
  '{ __typename ... on CreateTodoPayload { todo { id } } } }';
const writers = 32;
const rounds = 5;
const secondsPerRound = 4;
const inputCount = 3_200;
const appendsPerRound = 3_200;

/** At the level of the store: many writers at once, against the same awaited one by one. */
export function measureAppend(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const store = await openTodos(directory);
    try {
      const pairs = await takeTurns(
        rounds,
        () => appendsPerSecond(store, writers),
        () => appendsPerSecond(store, 1),
      );
      const what = `appends to the store by ${writers} writers against one by one`;
      return [comparison({ benchmark: 'create', what, unit: '/s', better: 'more' }, pairs)];
    } finally {
      await store.close();
    }
  });
}

/** Over HTTP: Everstate against a bare Yoga that commits each mutation on its own. */
export function measureCreate(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const empty = mkdtempSync(join(directory, '..', 'baseline-'));
    const servers = [startEverstate(directory), startBareYoga('sqlite', empty)];
    try {
      return await withServers(servers, (...started) => compare(started as [Server, Server]));
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  });
}

async function compare([everstate, baseline]: [Server, Server]): Promise<Figure[]> {
  const random = randomFrom(4);
  const variables = Array.from({ length: inputCount }, () => ({ input: drawTodo(random) }));
  for (const server of [everstate, baseline]) {
    const answer = await ask(server.url, document, variables[0] as object);
    const { createTodo } = answer as { createTodo: { __typename: string } };
    if (createTodo.__typename !== 'CreateTodoPayload') throw new Error(JSON.stringify(answer));
  }
  const load = { document, variables, connections: writers };
  const pairs = await mutationsPerSecond([everstate, baseline], load);
  const what = `createTodo over HTTP, ${writers} connections, against a commit per mutation`;
  return [comparison({ benchmark: 'create', what, unit: '/s', better: 'more' }, pairs)];
}

/** How many mutations each server answers in a second, taken in turn. */
export async function mutationsPerSecond(
  [everstate, baseline]: [Server, Server],
  load: Omit<Load, 'url' | 'seconds'>,
): Promise<Pair[]> {
  const rateOf = async ({ url }: Server): Promise<number> =>
    (await applyLoad({ ...load, url, seconds: secondsPerRound })).requestsPerSecond;
  return await takeTurns(
    rounds,
    () => rateOf(everstate),
    () => rateOf(baseline),
  );
}

async function appendsPerSecond(store: Store, count: number): Promise<number> {
  const random = randomFrom(5);
  const appendsEach = Math.ceil(appendsPerRound / count / (count === 1 ? 4 : 1));
  const write = async () => {
    for (let turn = 0; turn < appendsEach; turn += 1) await store.append(Todo, drawTodo(random));
  };
  const ms = await timeMs(() => Promise.all(Array.from({ length: count }, write)));
  return (appendsEach * count * 1_000) / ms;
}
