/** Backups: of all, of an increment, restored, and what mutations notice of one that is written meanwhile. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runBackup, runRestore } from '../src/backup/index.ts';
import type { Store } from '../src/db/index.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { type Dataset, openTodos, withCopy } from './dataset.ts';
import { comparison, type Figure, orientation, quantile, withUnit } from './results.ts';
import { takeTurns } from './rounds.ts';
import { timeMs, timesMs } from './stopwatch.ts';

const everstate = join(import.meta.dirname, '..', 'dist', 'main.js');
const incrementRows = 1_000;
const mutations = 1_000;
const rounds = 3;

export async function measureBackup(dataset: Dataset): Promise<Figure[]> {
  return await withCopy(dataset, async (directory) => [
    ...(await measureTimes(directory, dataset.versions)),
    await measureMutations(directory),
  ]);
}

async function measureTimes(directory: string, versions: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const [target, back] = [join(directory, 'backup'), join(directory, 'back')];
  const of = `${versions.toLocaleString('en')} versions`;
  const note = async (what: string, work: () => Promise<unknown>) => {
    const seconds = (await timeMs(work)) / 1_000;
    figures.push(orientation('backup', what, withUnit(seconds, 's')));
  };
  const backUp = () => runBackup(target, {}, directory, shippedEntities);
  await note(`backup of ${of}`, backUp);
  await note('the same again, with nothing new', backUp);
  const store = await openTodos(directory);
  try {
    await store.transact(async (log) => {
      for (let row = 0; row < incrementRows; row += 1) await log.create(Todo, { subject: 'new' });
    });
  } finally {
    await store.close();
  }
  await note(`backup of ${incrementRows.toLocaleString('en')} versions that came since`, backUp);
  await note(`restore of ${of}, proven`, () => runRestore(target, {}, back, shippedEntities));
  for (const path of [target, back]) rmSync(path, { recursive: true });
  return figures;
}

/** Medians of mutations one after the other, beside backups in a process of their own and without. */
async function measureMutations(directory: string): Promise<Figure> {
  const store = await openTodos(directory);
  try {
    const pairs = await takeTurns(
      rounds,
      () => whileBackingUp(directory, () => medianMs(store)),
      () => medianMs(store),
    );
    const what = 'median of mutations while a backup is written, against without';
    return comparison({ benchmark: 'backup', what, unit: 'ms', better: 'less' }, pairs);
  } finally {
    await store.close();
  }
}

async function medianMs(store: Store): Promise<number> {
  return quantile(await timesMs(mutations, () => store.append(Todo, { subject: 'x' })), 0.5);
}

/** Whole backups, one after the other, until the work is done. */
async function whileBackingUp<T>(directory: string, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const target = join(directory, 'meanwhile.backup');
  const backups = (async () => {
    while (!isOver) {
      const child = spawn(process.execPath, [everstate, 'backup', target, '--data', directory], {
        stdio: 'ignore',
      });
      await once(child, 'exit');
      rmSync(target, { force: true });
    }
  })();
  try {
    return await work();
  } finally {
    isOver = true;
    await backups;
  }
}
