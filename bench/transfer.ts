/** In and out: histories exported and imported, and a directory put into the lake against copying it. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedEntities } from '../src/entities/index.ts';
import { runExport, runImport, runPut } from '../src/transfer/index.ts';
import { type Dataset, openTodos } from './dataset.ts';
import { makeTemporary, removeTemporary } from './leftovers.ts';
import { randomFrom } from './random.ts';
import { comparison, type Figure, orientation, withUnit } from './results.ts';
import { takeTurns } from './rounds.ts';
import { timeMs } from './stopwatch.ts';
import { drawTodo } from './todo-values.ts';

const rounds = 3;
const files = 10_000;
const folders = 100;

export async function measureTransfer(dataset: Dataset): Promise<Figure[]> {
  const parent = makeTemporary(join(dataset.directory, '..', 'transfer-'));
  try {
    return [...(await measureHistory(dataset, parent)), await measurePut(parent)];
  } finally {
    removeTemporary(parent);
  }
}

async function measureHistory(dataset: Dataset, parent: string): Promise<Figure[]> {
  const { directory, versions } = dataset;
  const figures: Figure[] = [];
  const of = `${versions.toLocaleString('en')} versions`;
  const note = async (what: string, work: () => Promise<unknown>) => {
    const seconds = (await timeMs(work)) / 1_000;
    figures.push(orientation('transfer', `${what} of ${of}`, withUnit(seconds, 's')));
  };
  const out = (name: string) => join(parent, name);
  for (const format of ['ndjson', 'csv', 'parquet']) {
    const options = { format, history: true };
    await note(`export as ${format}, the history`, () =>
      runExport(out(format), options, directory, shippedEntities),
    );
  }
  await note('export as parquet, the state', () =>
    runExport(out('state'), {}, directory, shippedEntities),
  );
  await note('import of parquet, the history', () =>
    runImport([out('parquet')], {}, out('copy'), shippedEntities),
  );
  // What a server does with it at its next start.
  await note('then a store’s first start, the replica built,', async () => {
    const store = await openTodos(out('copy'));
    await store.close();
  });
  return figures;
}

/** Small texts, as notes and sources are. */
async function measurePut(parent: string): Promise<Figure> {
  const source = join(parent, 'files');
  const random = randomFrom(5);
  for (let number = 0; number < files; number += 1) {
    const folder = join(source, `folder-${number % folders}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${number}.json`), JSON.stringify(drawTodo(random)));
  }
  const fresh = (name: string) => {
    const path = join(parent, name);
    rmSync(path, { recursive: true, force: true });
    return path;
  };
  const pairs = await takeTurns(
    rounds,
    async () => {
      const data = fresh('lake');
      return await timeMs(() => runPut(source, {}, data, shippedEntities));
    },
    async () => {
      const copy = fresh('copied');
      return await timeMs(() => cpSync(source, copy, { recursive: true }));
    },
  );
  const what = `put of ${files.toLocaleString('en')} small files, against copying them`;
  return comparison({ benchmark: 'transfer', what, unit: 'ms', better: 'less' }, pairs);
}
