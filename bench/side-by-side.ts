/**
 * Everstate beside what one would take instead: PostGraphile on PostgreSQL, with the same data, the
 * same questions and the same answers. Both are asked in turn in one run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { compareAnswers } from './agreement.ts';
import { type Dataset, withCopy } from './dataset.ts';
import { eventLatency } from './event-latency.ts';
import { compareFilling } from './filling.ts';
import { applyLoad, type Measured } from './load.ts';
import {
  askFor,
  type OperationKinds,
  type OperationName,
  pageRows,
  variablesOf,
} from './operations.ts';
import { Questions } from './questions.ts';
import { comparison, type Figure, median, orientation, type Pair, withUnit } from './results.ts';
import { missingForPostGraphile, type Started, startOurs, startPostGraphile } from './systems.ts';

const rounds = 3;
const secondsPerRound = 4;
/** More than any system answers, so that hardly anything is asked twice in a round. */
const questionsPerSecond = 8_000;
const pagesPerSecond = 2_000;
const updatesBesides = 100;
const bulkRows = 1_000;
const writers = 32;

type Both = readonly [everstate: Started, postgraphile: Started];

interface Read<Name extends OperationName = OperationName> {
  readonly what: string;
  readonly name: Name;
  readonly connections: number;
  readonly args: readonly OperationKinds[Name]['args'][];
  readonly aim: number;
  readonly besides?: 'updates';
}

export async function measureSideBySide(
  dataset: Dataset,
  seconds = secondsPerRound,
): Promise<Figure[]> {
  const missing = missingForPostGraphile();
  if (missing) {
    console.error(`side-by-side is skipped. ${missing}`);
    return [];
  }
  return await withCopy(dataset, async (directory) => {
    const postgraphile = await startPostGraphile(dataset);
    try {
      const everstate = await startOurs(directory);
      try {
        const figures = await compare([everstate, postgraphile], dataset, seconds);
        return [...figures, ...(await compareFilling(dataset, postgraphile.size.fillSeconds))];
      } finally {
        await everstate.close();
      }
    } finally {
      await postgraphile.close();
    }
  });
}

async function compare(both: Both, dataset: Dataset, seconds: number): Promise<Figure[]> {
  const questions = new Questions(dataset, 21);
  await compareAnswers(both, questions);
  const figures: Figure[] = [];
  for (const read of readsOf(questions, seconds)) {
    figures.push(...(await compareRead(both, read, questions, seconds)));
    console.error(`side-by-side: ${read.what}: done`);
  }
  figures.push(...(await compareUpdates(both, questions, seconds)));
  figures.push(...(await compareEvents(both, questions)));
  figures.push(await compareBulks(both, questions, seconds));
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

/** Medians of the rates, and those of p50 and p99. */
async function inTurn(both: Both, measure: (system: Started) => Promise<Measured>, per = 1) {
  const measured: [Measured[], Measured[]] = [[], []];
  // The first round warms up.
  for (let round = -1; round < rounds; round += 1) {
    for (const side of [0, 1] as const) {
      const found = await measure(both[side]);
      if (round >= 0) measured[side].push(found);
    }
  }
  const rate = (found: Measured | undefined) => (found?.requestsPerSecond ?? Number.NaN) * per;
  const pairs = measured[0].map(
    (found, round): Pair => ({ everstate: rate(found), baseline: rate(measured[1][round]) }),
  );
  const shown = measured.map((found) =>
    (['p50Ms', 'p99Ms'] as const)
      .map((share) => withUnit(median(found.map((each) => each[share])), 'ms'))
      .join(' / '),
  );
  const latency: Figure = {
    ...orientation('side-by-side', 'the same, p50 / p99', shown[0] ?? ''),
    baseline: shown[1] ?? '',
  };
  return { pairs, latency, measured };
}

/** Updates at a fixed rate, each sent at its time whether or not the one before was answered. */
function updateSteadily(
  system: Started,
  questions: Questions,
  seconds: number,
): { stop: () => Promise<void> } {
  let over = false;
  const underWay = new Set<Promise<unknown>>();
  const todos = Math.max(50, Math.min(1_000, questions.unchangedCount >> 5));
  const passes = Math.ceil((2 * seconds * updatesBesides) / todos);
  const [updates = []] = questions.updates(1, todos, passes);
  const sending = (async () => {
    const begin = performance.now();
    for (let count = 0; !over && count < updates.length; count += 1) {
      const waitMs = begin + (count * 1_000) / updatesBesides - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      // Of one todo only one is under way: they come round again after all others.
      const args = updates[count] as OperationKinds['update']['args'];
      const update = askFor(system, 'update', args).finally(() => underWay.delete(update));
      underWay.add(update);
    }
  })();
  return {
    stop: async () => {
      over = true;
      await sending;
      await Promise.all(underWay);
    },
  };
}

async function compareUpdates(
  both: Both,
  questions: Questions,
  seconds: number,
): Promise<Figure[]> {
  // As many todos for each connection and round as the log has, each with revisions to spare.
  const perShare = Math.max(1, Math.min(200, questions.unchangedCount / (writers * 12)) | 0);
  const passes = Math.ceil((400 * seconds) / perShare);
  const { pairs, latency, measured } = await inTurn(both, async (system) => {
    const shares = questions.updates(writers, perShare, passes);
    const { document, variables = (args) => args } = system.operations.update;
    const all = shares.flat().map((update) => variables(update));
    return await applyLoad({
      url: system.url,
      document,
      variables: all,
      connections: writers,
      seconds,
    });
  });
  const [own, other] = measured.map((found) => median(found.map(({ p99Ms }) => p99Ms)));
  const what = `update with expectedRevision, on disk, ${connectionsShown(writers)}`;
  const about = { benchmark: 'side-by-side', unit: '/s', better: 'more', aim: 2 } as const;
  const p99 = { everstate: own ?? Number.NaN, baseline: other ?? Number.NaN };
  const late = { benchmark: 'side-by-side', unit: 'ms', better: 'less', aim: 1 } as const;
  return [
    comparison({ ...about, what }, pairs),
    latency,
    comparison({ ...late, what: 'the same, p99' }, [p99]),
  ];
}

async function compareBulks(both: Both, questions: Questions, seconds: number): Promise<Figure> {
  const connections = 2;
  const { pairs } = await inTurn(
    both,
    async (system) => {
      const { document, variables = (args) => args } = system.operations.createMany;
      const bulks = questions.bulks(Math.ceil(60 * seconds), bulkRows);
      const all = bulks.map((bulk) => variables(bulk));
      return await applyLoad({ url: system.url, document, variables: all, connections, seconds });
    },
    bulkRows,
  );
  const what = `new todos, ${bulkRows} per mutation, ${connectionsShown(connections)}`;
  const about = { benchmark: 'side-by-side', unit: 'rows/s', better: 'more', aim: 1 } as const;
  return comparison({ ...about, what }, pairs);
}

async function compareEvents(both: Both, questions: Questions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const subscribers of [1, 100]) {
    const [own, other] = [
      await eventLatency(both[0], questions, subscribers),
      await eventLatency(both[1], questions, subscribers),
    ];
    const pairs = own.map((ms, index) => ({ everstate: ms, baseline: other[index] as number }));
    const what = `update sent until its event came, ${subscribers} subscribers`;
    const about = { benchmark: 'side-by-side', unit: 'ms', better: 'less', aim: 1.2 } as const;
    figures.push(comparison({ ...about, what }, pairs));
  }
  return figures;
}

function connectionsShown(count: number): string {
  return `${count} connection${count === 1 ? '' : 's'}`;
}
