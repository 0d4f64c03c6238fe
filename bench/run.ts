/**
 * `npm run bench`: measures Everstate against baselines in the same run and prints a table.
 * Everything stays on loopback; every process it starts it also ends.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureById } from './by-id.ts';
import { measureCatchUp } from './catch-up.ts';
import { measureAppend, measureCreate } from './create.ts';
import { type Dataset, prepareDataset } from './dataset.ts';
import { measureFirstPage } from './first-page.ts';
import { measureGroups } from './groups.ts';
import { measureLists } from './lists.ts';
import { measureLive } from './live.ts';
import { measureMerge } from './merge.ts';
import { measureReads } from './reads.ts';
import { describeMachine, type Figure, lineOf, tableOf } from './results.ts';
import { measureStart } from './start.ts';

/** In the order in which they run: those of the store first, then those over HTTP. */
const benchmarks: Readonly<Record<string, (dataset: Dataset) => Promise<Figure[]>>> = {
  'first-page': measureFirstPage,
  lists: measureLists,
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
  --write      also write the table to bench/RESULTS.md`;

const { values: options } = parseArgs({
  options: {
    versions: { type: 'string', default: '1000000' },
    only: { type: 'string', multiple: true, default: Object.keys(benchmarks) },
    directory: { type: 'string', default: join(tmpdir(), 'everstate-bench') },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function reportOf(figures: readonly Figure[], versions: number): string {
  const data = `${versions.toLocaleString('en')} versions of ${(versions / 4).toLocaleString('en')}`;
  return `# Benchmarks

Measured on: ${describeMachine()}, at ${data} todos.

${tableOf(figures)}

A ratio says how many times better Everstate is than its baseline. Both are measured in turn in the
same run, and the ratio is the median of the rounds: read ratios, not absolute numbers.

- **by-id** and **create**: each server in a process of its own; the load comes from a third, made
  by autocannon. The baseline is a bare GraphQL Yoga: reads from a Map, or one commit on disk per
  mutation.
- **by-id**, any of all: drawn from all todos, so that nearly each is read from DuckDB; popular ones:
  the same few again and again, which a server that keeps what it read lately need not read.
- **first-page**: \`store.list\` against dkdc-state's query, \`row_number() over (partition by id
  order by position desc) = 1\`, in a second DuckDB instance on a copy of the same replica. The
  row with unmerged versions is set against the same baseline figures, not taken in turn.
- **lists**: the same two, each query of its own; the window query ranks what was written up to the
  moment, then filters.
- **groups**: the same two; over time the window query runs once for each moment, measured at each
  tenth and multiplied by ten.
- **live**: subscribers in a third process; the baseline commits each mutation, too, and publishes
  from memory to whoever is there.
- Without a baseline: for orientation only.

To repeat: \`npm run bench -- --write\`. The data is built once, through the store, and kept in the
system's temporary directory (\`--directory\` names another); \`npm run bench -- --help\` lists the
options.
`;
}

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
  const report = reportOf(figures, versions);
  console.log(report);
  if (options.write) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), report);
}

await main();
