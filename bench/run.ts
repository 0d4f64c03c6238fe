/**
 * `npm run bench`: measures Everstate against baselines in the same run and prints a table.
 * Everything stays on loopback; every process it starts it also ends.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureBackup } from './backup.ts';
import { measureBulk } from './bulk.ts';
import { measureById } from './by-id.ts';
import { measureCatchUp } from './catch-up.ts';
import { measureColdPages } from './cold-pages.ts';
import { measureAppend, measureCreate } from './create.ts';
import { cacheDirectory, type Dataset, prepareDataset } from './dataset.ts';
import { measureFirstPage } from './first-page.ts';
import { measureGroups } from './groups.ts';
import { measureKept } from './kept.ts';
import { measureLake } from './lake.ts';
import { measureLakeQuery } from './lake-query.ts';
import { measureLists } from './lists.ts';
import { measureLive } from './live.ts';
import { measureMerge } from './merge.ts';
import { measureMixed } from './mixed.ts';
import { measureProof } from './proof.ts';
import { measureReads } from './reads.ts';
import { measureReplicaShape } from './replica-shape.ts';
import { writeReport } from './report.ts';
import { type Figure, lineOf, tableOf } from './results.ts';
import { measureSideBySide } from './side-by-side.ts';
import { measureSize } from './size.ts';
import { measureStart } from './start.ts';
import { measureStarving } from './starving.ts';
import { measureTransfer } from './transfer.ts';
import { measureWrites } from './writes.ts';

/** @param seconds how long each load lasts; as long as is usual for it without. */
type Measure = (dataset: Dataset, seconds?: number) => Promise<Figure[]>;

/** In the order in which they run: those of the store first, then those over HTTP. */
const benchmarks: Readonly<Record<string, Measure>> = {
  'first-page': measureFirstPage,
  lists: measureLists,
  'cold-pages': measureColdPages,
  groups: measureGroups,
  reads: measureReads,
  append: measureAppend,
  writes: measureWrites,
  'catch-up': measureCatchUp,
  merge: measureMerge,
  kept: measureKept,
  shape: measureReplicaShape,
  start: measureStart,
  'by-id': measureById,
  create: measureCreate,
  bulk: measureBulk,
  lake: measureLake,
  'lake-query': measureLakeQuery,
  live: measureLive,
  transfer: measureTransfer,
  backup: measureBackup,
  proof: measureProof,
  mixed: measureMixed,
  starving: measureStarving,
  size: measureSize,
};

/** Only when they are asked for: they need what the project does not. */
const onRequest: Readonly<Record<string, Measure>> = { 'side-by-side': measureSideBySide };
const all = { ...benchmarks, ...onRequest };

const usage = `npm run bench -- [--versions 1000000] [--only <name>]... [--directory <cache>] [--write]
  --versions   how many versions the log holds; a quarter as many todos
  --only       one of ${Object.keys(all).join(', ')}; may be repeated.
               Without it all but ${Object.keys(onRequest).join(', ')}: that one needs PostgreSQL
  --seconds    how long a load lasts, for mixed, starving and side-by-side; 60, 20 and 4 without
  --directory  where the data is built and kept
  --write      also write the table to bench/RESULTS.md, as the section of that size

npm run bench:sizes measures what things cost by the size of the log, and draws it.`;

const { values: options } = parseArgs({
  options: {
    versions: { type: 'string', default: '1000000' },
    only: { type: 'string', multiple: true, default: Object.keys(benchmarks) },
    seconds: { type: 'string' },
    directory: { type: 'string', default: cacheDirectory },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const versions = Number(options.versions);
  const seconds = options.seconds === undefined ? undefined : Number(options.seconds);
  const unknown = options.only.find((name) => !(name in all));
  const isWrong = !Number.isSafeInteger(versions) || versions < 100 || (seconds ?? 1) < 1;
  if (options.help || unknown !== undefined || isWrong) {
    console.log(usage);
    process.exitCode = options.help ? 0 : 1;
    return;
  }
  mkdirSync(options.directory, { recursive: true });
  const dataset = await prepareDataset(options.directory, versions);
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(all)) {
    if (!options.only.includes(name)) continue;
    globalThis.gc?.();
    const found = await measure(dataset, seconds);
    for (const figure of found) console.error(lineOf(figure));
    figures.push(...found);
  }
  console.log(tableOf(figures));
  if (options.write) writeReport(figures, versions);
}

await main();
