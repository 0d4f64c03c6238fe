/** Reads of two systems in turn: each kind for a while, at so many connections. */

import { type Both, connectionsShown, inTurn } from './in-turn.ts';
import { applyLoad, type Measured } from './load.ts';
import { type OperationKinds, type OperationName, pageRows, variablesOf } from './operations.ts';
import type { Questions } from './questions.ts';
import { comparison, type Figure } from './results.ts';
import { updateSteadily, updatesBesides } from './steady-updates.ts';
import type { Started } from './systems.ts';

/** More than any system answers, so that hardly anything is asked twice in a round. */
const questionsPerSecond = 8_000;
const pagesPerSecond = 2_000;

interface Read<Name extends OperationName = OperationName> {
  readonly what: string;
  readonly name: Name;
  readonly connections: number;
  readonly args: readonly OperationKinds[Name]['args'][];
  readonly aim: number;
  readonly besides?: 'updates';
}

export async function compareReads(
  both: Both,
  questions: Questions,
  seconds: number,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const read of readsOf(questions, seconds)) {
    figures.push(...(await compareRead(both, read, questions, seconds)));
    console.error(`side-by-side: ${read.what}: done`);
  }
  return figures;
}

function readsOf(questions: Questions, seconds: number): Read[] {
  const [many, some] = [questionsPerSecond * seconds, pagesPerSecond * seconds];
  const page = { name: 'page', connections: 4, args: [{ status: 'open' }] } as const;
  return [
    {
      what: 'todo by id, 10 fields',
      name: 'byId',
      connections: 32,
      args: questions.ids(many),
      aim: 2.2,
    },
    { ...page, what: `first ${pageRows} of a status, the same again`, aim: 2 },
    {
      ...page,
      what: `the same beside ${updatesBesides} updates a second`,
      aim: 1,
      besides: 'updates',
    },
    {
      what: `first ${pageRows} of a random status and user`,
      name: 'pageOf',
      connections: 4,
      args: questions.statusesAndUsers(some),
      aim: 1,
    },
    { what: 'counts by status', name: 'counts', connections: 4, args: [{}], aim: 8 },
    {
      what: 'history of a random id',
      name: 'history',
      connections: 32,
      args: questions.ids(many),
      aim: 1.2,
    },
    {
      what: `first ${pageRows} as of one earlier position`,
      name: 'asOf',
      connections: 2,
      args: [{ position: questions.middle }],
      aim: 2,
    },
    {
      what: `first ${pageRows} as of random earlier positions`,
      name: 'asOf',
      connections: 2,
      args: questions.positions(some),
      aim: 0.5,
    },
    {
      what: 'counts by status at 30 positions, others each time',
      name: 'series',
      connections: 1,
      args: questions.series(100 * seconds),
      aim: 10,
    },
  ];
}

async function compareRead(
  both: Both,
  read: Read,
  questions: Questions,
  seconds: number,
): Promise<Figure[]> {
  const measure = async (system: Started): Promise<Measured> => {
    const operation = system.operations[read.name];
    const load = {
      url: system.url,
      document: operation.document,
      variables: read.args.map((args) => variablesOf(operation as never, args as never)),
      connections: read.connections,
      seconds,
    };
    if (!read.besides) return await applyLoad(load);
    const besides = updateSteadily(system, questions, seconds);
    try {
      return await applyLoad(load);
    } finally {
      await besides.stop();
    }
  };
  const { pairs, latency } = await inTurn(both, measure);
  const what = `${read.what}, ${connectionsShown(read.connections)}`;
  const about = { benchmark: 'side-by-side', unit: '/s', better: 'more', aim: read.aim } as const;
  return [comparison({ ...about, what }, pairs), latency];
}
