/**
 * `npm run bench`: measures Everstate against baselines in the same run and prints a table.
 * Everything stays on loopback; every process it starts it also ends.
 */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureById } from './by-id.ts';
import { measureCatchUp } from './catch-up.ts';
import { measureColdPages } from './cold-pages.ts';
import { measureAppend, measureCreate } from './create.ts';
import { type Dataset, prepareDataset } from './dataset.ts';
import { measureFirstPage } from './first-page.ts';
import { measureGroups } from './groups.ts';
import { measureLists } from './lists.ts';
import { measureLive } from './live.ts';
import { measureMerge } from './merge.ts';
import { measureReads } from './reads.ts';
import { writeReport } from './report.ts';
import { type Figure, lineOf, tableOf } from './results.ts';
import { measureStart } from './start.ts';

/** In the order in which they run: those of the store first, then those over HTTP. */
const benchmarks: Readonly<Record<string, (dataset: Dataset) => Promise<Figure[]>>> = {
  'first-page': measureFirstPage,
  lists: measureLists,
  'cold-pages': measureColdPages,
  groups: measureGroups,
  reads: measureReads,
  append: measureAppend,
  'catch-up': measureCatchUp,
  merge: measureMerge,
  start: measureStart,
  'by-id': measureById,
  create: measureCreate,
  live: measureLive,
};

const usage = `npm run bench -- [--versions 1000000] [--only <name>]... [--directory <cache>] [--write]
  --versions   how many versions the log holds; a quarter as many todos
  --only       one of ${Object.keys(benchmarks).join(', ')}; may be repeated
  --directory  where the data is built and kept
  --write      also write the table to bench/RESULTS.md, as the section of that size`;

const { values: options } = parseArgs({
  options: {
    versions: { type: 'string', default: '1000000' },
    only: { type: 'string', multiple: true, default: Object.keys(benchmarks) },
    directory: { type: 'string', default: join(tmpdir(), 'everstate-bench') },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const versions = Number(options.versions);
  const unknown = options.only.find((name) => !(name in benchmarks));
  if (options.help || unknown !== undefined || !Number.isSafeInteger(versions) || versions < 100) {
    console.log(usage);
    process.exitCode = options.help ? 0 : 1;
    return;
  }
  mkdirSync(options.directory, { recursive: true });
  const dataset = await prepareDataset(options.directory, versions);
  const built = dataset.buildSeconds;
  console.error(built === null ? 'data: found' : `data: built in ${built.toFixed(0)} s`);
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(benchmarks)) {
    if (!options.only.includes(name)) continue;
    globalThis.gc?.();
    const found = await measure(dataset);
    for (const figure of found) console.error(lineOf(figure));
    figures.push(...found);
  }
  console.log(tableOf(figures));
  if (options.write) writeReport(figures, versions);
}

await main();
