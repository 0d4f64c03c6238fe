/**
 * Everstate beside what one would take instead: PostGraphile on PostgreSQL, with the same data, the
 * same questions and the same answers. Both are asked in turn in one run.
 */
import { compareAnswers } from './agreement.ts';
import { type Dataset, withCopy } from './dataset.ts';
import { eventLatency } from './event-latency.ts';
import { compareFilling } from './filling.ts';
import { type Both, connectionsShown, inTurn } from './in-turn.ts';
import { applyLoad } from './load.ts';
import { Questions } from './questions.ts';
import { comparison, type Figure, median } from './results.ts';
import { compareReads } from './side-by-side-reads.ts';
import { missingForPostGraphile, startOurs, startPostGraphile } from './systems.ts';

const secondsPerRound = 4;
const bulkRows = 1_000;
/** Sent again and again by each connection. */
const bulkCount = 20;
const writers = 32;

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
  const figures = await compareReads(both, questions, seconds);
  figures.push(...(await compareUpdates(both, questions, seconds)));
  figures.push(...(await compareEvents(both, questions)));
  figures.push(await compareBulks(both, questions, seconds));
  return figures;
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
      const bulks = questions.bulks(bulkCount, bulkRows);
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
