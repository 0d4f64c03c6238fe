/**
 * What a server takes in memory and on disk, and whether a hundred thousand mutations at random
 * leave it as a replica made anew would have it.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, withCopy } from './dataset.ts';
import { megabytesOnDisk, untilSettled } from './disk.ts';
import { everstateOperations as operations } from './everstate-operations.ts';
import { makeTemporary, removeTemporary } from './leftovers.ts';
import { applyLoad } from './load.ts';
import { mutate, mutationsOf } from './mutations.ts';
import { type OperationName, variablesOf } from './operations.ts';
import { Questions } from './questions.ts';
import { type Figure, median, orientation, type Pair, proportion, withUnit } from './results.ts';
import { takeTurns } from './rounds.ts';
import { type Server, startEverstate, withServers } from './server.ts';

const readSeconds = 1;
const rounds = 3;
/** A read of each kind by more connections than have their answers made at once. */
const readers = 8;

interface Taken {
  readonly residentMb: number;
  readonly peakMb: number;
  readonly logMb: number;
  readonly replicaMb: number;
}

interface Read {
  readonly what: string;
  readonly name: OperationName;
  readonly args: readonly object[];
}

export function measureSize(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, (directory) =>
    withServers([startEverstate(directory)], async (used) => {
      if (!used) throw new Error('The server did not start.');
      for (const read of readsOf(dataset)) await putLoad(used, read, readers);
      const before = taken(used, directory);
      await mutate(used, dataset);
      await untilSettled(directory);
      return [...figuresOf(before), ...(await compareWithAnew(used, directory, dataset, before))];
    }),
  );
}

function figuresOf(before: Taken): Figure[] {
  return [
    {
      ...orientation('size', 'most memory of the server while it reads', mb(before.peakMb)),
      aim: '≤ 2,048 MB',
    },
    orientation('size', 'log on disk', mb(before.logMb)),
    orientation('size', 'replica on disk', mb(before.replicaMb)),
    proportion('size', 'the same, by the log', before.replicaMb / before.logMb, '≤ 1'),
  ];
}

/** The server that was written to, against one whose replica was made of the same log anew. */
async function compareWithAnew(
  used: Server,
  directory: string,
  dataset: Dataset,
  before: Taken,
): Promise<Figure[]> {
  const copy = makeTemporary(`${directory}-`);
  // Nothing is written any more, so that a copy of the files is a copy of the log.
  cpSync(directory, copy, { recursive: true });
  rmSync(join(copy, 'replica'), { recursive: true });
  try {
    return await withServers([startEverstate(copy)], async (anew) => {
      if (!anew) throw new Error('The server did not start.');
      await untilSettled(copy);
      const reads: Figure[] = [];
      for (const read of readsOf(dataset)) {
        reads.push(...(await compareReads(used, anew, read)));
      }
      const [after, made] = [taken(used, directory), taken(anew, copy)];
      const mutations = `${mutationsOf(dataset).toLocaleString('en')} mutations at random`;
      const against = (what: string, of: (state: Taken) => number): Figure[] => [
        orientation(
          'size',
          `${what}: before, after ${mutations}, made anew`,
          [before, after, made].map((state) => mb(of(state))).join(', '),
        ),
        proportion('size', 'the same, after by anew', of(after) / of(made), '≤ 1.2'),
      ];
      return [
        ...against('memory', ({ residentMb }) => residentMb),
        ...against('replica on disk', ({ replicaMb }) => replicaMb),
        ...reads,
      ];
    });
  } finally {
    removeTemporary(copy);
  }
}

async function compareReads(used: Server, anew: Server, read: Read): Promise<Figure[]> {
  for (const server of [used, anew]) await putLoad(server, read, readers);
  const pairs = await takeTurns(
    rounds,
    () => putLoad(used, read, 1),
    () => putLoad(anew, read, 1),
  );
  const ms = (of: (pair: Pair) => number) => withUnit(median(pairs.map(of)), 'ms');
  const shown = `${ms(({ everstate }) => everstate)}, ${ms(({ baseline }) => baseline)}`;
  const ratio = median(pairs.map(({ everstate, baseline }) => everstate / baseline));
  return [
    orientation('size', `${read.what}, p50: after these, made anew`, shown),
    proportion('size', 'the same, after by anew', ratio, '≤ 1.2'),
  ];
}

function readsOf(dataset: Dataset): Read[] {
  const questions = new Questions(dataset, 41);
  const count = 5_000;
  return [
    { what: 'todo by id', name: 'byId', args: questions.ids(count) },
    {
      what: 'first 50 of a random status and user',
      name: 'pageOf',
      args: questions.statusesAndUsers(count),
    },
    { what: 'counts by status', name: 'counts', args: [{}] },
    { what: 'history of a random id', name: 'history', args: questions.ids(count) },
    {
      what: 'first 50 as of random earlier positions',
      name: 'asOf',
      args: questions.positions(count),
    },
  ];
}

/** @returns the p50 in milliseconds. */
async function putLoad(server: Server, read: Read, connections: number): Promise<number> {
  const operation = operations[read.name];
  const load = {
    url: server.url,
    document: operation.document,
    variables: read.args.map((each) => variablesOf(operation as never, each as never)),
    seconds: readSeconds,
  };
  return (await applyLoad({ ...load, connections })).p50Ms;
}

function taken(server: Server, directory: string): Taken {
  const { log, replica } = megabytesOnDisk(directory);
  const memory = { residentMb: server.residentMb(), peakMb: server.peakMb() };
  return { ...memory, logMb: log, replicaMb: replica };
}

function mb(value: number): string {
  return withUnit(value, 'MB');
}
