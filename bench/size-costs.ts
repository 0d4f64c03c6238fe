/** What one operation costs in each system: as one client sees it that asks one after another. */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compareAnswers, type ReadName, type Reads } from './agreement.ts';
import { type Dataset, withCopy } from './dataset.ts';
import { megabytesOnDisk } from './disk.ts';
import { askFor, type OperationKinds, type OperationName } from './operations.ts';
import { Questions } from './questions.ts';
import { median } from './results.ts';
import { startEverstate } from './server.ts';

import type { Costs } from './size-results.ts';
import { type Started, startOurs, startPostGraphile, startWindow } from './systems.ts';
import { prepareWindowLog } from './window/log.ts';

/** How long one kind of operation is asked for, and how often at most. */
const budgetMs = 3_000;
const samplesMax = 300;
/** A first answer that took longer is no warm-up, but the measurement. */
const slowMs = 5_000;
const bulkRows = 1_000;

export async function everstateCosts(dataset: Dataset): Promise<Costs> {
  return await withCopy(dataset, async (directory) => {
    const disk = megabytesOnDisk(directory);
    const system = await startOurs(directory);
    const costs: Record<string, number> = {
      startMs: system.server.startMs,
      logMb: disk.log,
      replicaMb: disk.replica,
      fillRowsPerSecond: dataset.versions / dataset.buildSeconds,
    };
    try {
      Object.assign(costs, await readCosts(system, dataset));
      costs.peakMb = system.server.peakMb();
      Object.assign(costs, await writeCosts(system, dataset));
    } finally {
      await system.close();
    }
    rmSync(join(directory, 'replica'), { recursive: true });
    const fresh = await startEverstate(directory);
    await fresh.close();
    return { ...costs, startAnewMs: fresh.startMs };
  });
}

/** The answers are compared with those of the other system first. */
export async function postgraphileCosts(dataset: Dataset): Promise<Costs> {
  const system = await startPostGraphile(dataset);
  try {
    await compareWithOurs(system, dataset);
    return {
      diskMb: system.size.megabytes,
      fillRowsPerSecond: dataset.versions / system.size.fillSeconds,
      ...(await readCosts(system, dataset)),
      ...(await writeCosts(system, dataset)),
    };
  } finally {
    await system.close();
  }
}

export async function windowCosts(dataset: Dataset): Promise<Costs> {
  const system = await startWindow(dataset);
  try {
    await compareWithOurs(system, dataset);
    const diskMb = statSync(await prepareWindowLog(dataset)).size / 2 ** 20;
    const costs = await readCosts(system, dataset);
    return { diskMb, ...costs, peakMb: system.server.peakMb() };
  } finally {
    await system.close();
  }
}

async function compareWithOurs(system: Started<Reads>, dataset: Dataset): Promise<void> {
  await withCopy(dataset, async (directory) => {
    const ours = await startOurs(directory);
    try {
      await compareAnswers([ours, system], new Questions(dataset, 51));
    } finally {
      await ours.close();
    }
  });
}

async function readCosts(system: Started<Reads>, dataset: Dataset): Promise<Costs> {
  const questions = new Questions(dataset, 52);
  const cost = <Name extends ReadName>(
    name: Name,
    args: readonly OperationKinds[Name]['args'][],
    before?: () => Promise<unknown>,
  ) => costOf(system, name, args, before);
  const same = <T>(args: T) => Array.from({ length: samplesMax }, () => args);
  const after = await system.deepCursor('open');
  const page = same({ status: 'open' });
  // A write that the answer shows: what was kept of it is of no use any more.
  const touch = touching(system, questions);
  return {
    byIdMs: await cost('byId', questions.ids(samplesMax)),
    pageAgainMs: await cost('page', page),
    pageOfMs: await cost('pageOf', questions.statusesAndUsers(samplesMax)),
    deepPageMs: await cost('deepPage', same({ status: 'open', after })),
    countsAgainMs: await cost('counts', same({})),
    historyMs: await cost('history', questions.ids(samplesMax)),
    asOfMs: await cost('asOf', questions.positions(samplesMax)),
    seriesMs: await cost('series', questions.series(samplesMax)),
    pageTouchedMs: await cost('page', page, touch),
    countsTouchedMs: await cost('counts', same({}), touch),
  };
}

/** Changes a todo so that it stands first in the list of its status; nothing where none can be. */
function touching(
  system: Started<Reads>,
  questions: Questions,
): (() => Promise<unknown>) | undefined {
  if (!('update' in system.operations)) return undefined;
  const updates = questions.updates(1, Math.min(2 * samplesMax, questions.unchangedCount >> 2), 1);
  const first = (updates[0] ?? []).map((update) => ({ ...update, priority: 0, status: 'open' }));
  return async () => {
    const update = first.pop();
    if (update) await askFor(system as Started, 'update', update);
  };
}

async function writeCosts(system: Started, dataset: Dataset): Promise<Costs> {
  // Another seed draws other todos first, but some may have been updated: those are left out.
  const questions = new Questions(dataset, 52);
  questions.updates(1, Math.min(2 * samplesMax, questions.unchangedCount >> 2), 1);
  const [updates = []] = questions.updates(1, Math.min(samplesMax, 500), 1);
  const updateMs = await costOf(system, 'update', updates);
  const bulkMs = await costOf(system, 'createMany', questions.bulks(40, bulkRows));
  return { updateMs, bulkRowsPerSecond: (bulkRows * 1_000) / bulkMs };
}

/** The median time of an answer, in milliseconds. @param before is done first, and not timed. */
async function costOf<Name extends OperationName>(
  system: Started<Reads>,
  name: Name,
  args: readonly OperationKinds[Name]['args'][],
  before: () => Promise<unknown> = async () => {},
): Promise<number> {
  const times: number[] = [];
  const begin = performance.now();
  for (const each of args) {
    await before();
    const sentMs = performance.now();
    await askFor(system as never, name, each);
    times.push(performance.now() - sentMs);
    if (performance.now() - begin > budgetMs && times.length > 3) break;
    if ((times[0] as number) > slowMs) break;
  }
  return median(times.length > 1 ? times.slice(1) : times);
}
