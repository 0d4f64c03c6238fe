/**
 * What a server takes in memory and on disk, and whether a hundred thousand mutations at random
 * leave it as a replica made anew would have it.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dataset, logName, withCopy } from './dataset.ts';
import { everstateOperations as operations } from './everstate-operations.ts';
import { applyLoad, ask } from './load.ts';
import { type OperationName, variablesOf } from './operations.ts';
import { Questions } from './questions.ts';
import { draw, randomFrom } from './random.ts';
import { type Figure, orientation, proportion, withUnit } from './results.ts';
import { type Server, startEverstate, withServers } from './server.ts';
import { drawPatch, drawTodo } from './todo-values.ts';

const mutationsMax = 100_000;
const mutationsPerRequest = 20;
const writers = 8;
const readSeconds = 2;
/** A read of each kind by more connections than have their answers made at once. */
const readers = 8;
const settleLimitMs = 120_000;

const transact = `mutation($operations: [OperationInput!]!) {
  transact(operations: $operations) {
    ... on TransactPayload { transaction { id } }
    ... on Problem { code message }
  }
}`;

/** Megabytes of the log and of the replicas in a data directory. */
export function megabytesOnDisk(directory: string): { log: number; replica: number } {
  const size = (path: string) => (existsSync(path) ? statSync(path).size / 2 ** 20 : 0);
  const replicas = join(directory, 'replica');
  const names = existsSync(replicas) ? readdirSync(replicas) : [];
  return {
    log: size(join(directory, logName)) + size(join(directory, `${logName}-wal`)),
    replica: names.reduce((sum, name) => sum + size(join(replicas, name)), 0),
  };
}

interface State {
  readonly residentMb: number;
  readonly peakMb: number;
  readonly logMb: number;
  readonly replicaMb: number;
  /** The p50 of each read, by its kind. */
  readonly readMs: ReadonlyMap<string, number>;
}

export function measureSize(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const [before, after] = await withServers([startEverstate(directory)], async (server) => {
      if (!server) throw new Error('The server did not start.');
      const first = await stateOf(server, dataset, directory);
      await mutate(server, dataset);
      await untilSettled(directory);
      return [first, await stateOf(server, dataset, directory)];
    });
    rmSync(join(directory, 'replica'), { recursive: true });
    const fresh = await withServers([startEverstate(directory)], async (server) => {
      if (!server) throw new Error('The server did not start.');
      await untilSettled(directory);
      return await stateOf(server, dataset, directory);
    });
    return figuresOf(before, after, fresh, mutationsOf(dataset));
  });
}

function figuresOf(before: State, after: State, fresh: State, mutations: number): Figure[] {
  const against = (what: string, unit: string, of: (state: State) => number): Figure[] => [
    orientation(
      'size',
      `${what}: before, after ${mutations} mutations at random, replica made anew`,
      [before, after, fresh].map((state) => withUnit(of(state), unit)).join(', '),
    ),
    proportion('size', 'the same, after by anew', of(after) / of(fresh), '≤ 1.2'),
  ];
  return [
    {
      ...orientation('size', 'most memory of the server while it reads', mb(before.peakMb)),
      aim: '≤ 2,048 MB',
    },
    orientation('size', 'log on disk', mb(before.logMb)),
    orientation('size', 'replica on disk', mb(before.replicaMb)),
    proportion('size', 'the same, by the log', before.replicaMb / before.logMb, '≤ 1'),
    ...against('memory', 'MB', ({ residentMb }) => residentMb),
    ...against('replica on disk', 'MB', ({ replicaMb }) => replicaMb),
    ...[...after.readMs.keys()].flatMap((what) =>
      against(what, 'ms', ({ readMs }) => readMs.get(what) ?? Number.NaN),
    ),
  ];
}

/** Puts each kind of read on the server, then looks at what it takes. */
async function stateOf(server: Server, dataset: Dataset, directory: string): Promise<State> {
  const questions = new Questions(dataset, 41);
  const count = 5_000;
  const kinds: readonly [what: string, name: OperationName, args: readonly object[]][] = [
    ['todo by id', 'byId', questions.ids(count)],
    ['first 50 of a random status and user', 'pageOf', questions.statusesAndUsers(count)],
    ['counts by status', 'counts', [{}]],
    ['history of a random id', 'history', questions.ids(count)],
    ['first 50 as of random earlier positions', 'asOf', questions.positions(count)],
  ];
  const readMs = new Map<string, number>();
  for (const [what, name, args] of kinds) {
    const operation = operations[name];
    const load = {
      url: server.url,
      document: operation.document,
      variables: args.map((each) => variablesOf(operation as never, each as never)),
      seconds: readSeconds,
    };
    await applyLoad({ ...load, connections: readers });
    readMs.set(what, (await applyLoad({ ...load, connections: 1 })).p50Ms);
  }
  const { log, replica } = megabytesOnDisk(directory);
  const memory = { residentMb: server.residentMb(), peakMb: server.peakMb() };
  return { ...memory, logMb: log, replicaMb: replica, readMs };
}

function mutationsOf(dataset: Dataset): number {
  return Math.min(mutationsMax, dataset.versions / 10);
}

/** Mostly updates of todos at random, some new ones, and some that are deleted. */
async function mutate(server: Server, dataset: Dataset): Promise<void> {
  const random = randomFrom(42);
  const questions = new Questions(dataset, 42);
  const ids = questions.shuffled(questions.allIds);
  // Apart from those that are updated: requests under way may overtake each other.
  const doomed = ids.splice(0, ids.length / 5);
  const drawOperation = (): object => {
    const chance = random();
    if (chance < 0.2) return { createTodo: drawTodo(random) };
    if (chance < 0.25) {
      const id = doomed.pop();
      if (id !== undefined) return { deleteTodo: { id } };
    }
    return { updateTodo: { id: draw(random, ids), ...drawPatch(random) } };
  };
  let left = Math.ceil(mutationsOf(dataset) / mutationsPerRequest);
  const write = async () => {
    while (left > 0) {
      left -= 1;
      const some = Array.from({ length: mutationsPerRequest }, drawOperation);
      const answer = await ask(server.url, transact, { operations: some });
      const { transact: made } = answer as { transact: { code?: string } };
      if (made.code !== undefined) throw new Error(JSON.stringify(made));
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

/** Until nothing is merged or written back any more: the files keep their sizes. */
async function untilSettled(directory: string): Promise<void> {
  const deadline = performance.now() + settleLimitMs;
  let [before, same] = ['', 0];
  while (same < 5 && performance.now() < deadline) {
    await sleep(1_000);
    const now = JSON.stringify(megabytesOnDisk(directory));
    same = now === before ? same + 1 : 0;
    before = now;
  }
}

function mb(value: number): string {
  return withUnit(value, 'MB');
}
