/**
 * `npm run bench:sizes`: what things cost by the size of the log. Keeps what it measures in
 * bench/results, a file per size, and draws the plots of docs/images out of all of these.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cacheDirectory, type Dataset, prepareDataset } from './dataset.ts';
import { writePlots } from './plots.ts';
import { everstateCosts, postgraphileCosts, windowCosts } from './size-costs.ts';
import { type Costs, type SystemName, systemNames, writeCosts } from './size-results.ts';
import { missingForPostGraphile } from './systems.ts';

const usage = `npm run bench:sizes -- [--versions <count>]... [--system <name>]... [--directory <cache>]
  --versions   how many versions the log holds; may be repeated. 10000, 100000, 1000000 and
               10000000 without it, which may take hours
  --system     one of ${systemNames.join(', ')}; may be repeated. All of them without it
  --draw       only draws the plots anew, out of what was measured before
  --directory  where the data is built and kept`;

const measures: Readonly<Record<SystemName, (dataset: Dataset) => Promise<Costs>>> = {
  everstate: everstateCosts,
  postgraphile: postgraphileCosts,
  window: windowCosts,
};

const { values: options } = parseArgs({
  options: {
    versions: {
      type: 'string',
      multiple: true,
      default: ['10000', '100000', '1000000', '10000000'],
    },
    system: { type: 'string', multiple: true, default: [...systemNames] },
    draw: { type: 'boolean', default: false },
    directory: { type: 'string', default: cacheDirectory },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const sizes = options.versions.map(Number);
  const unknown = options.system.find((name) => !(name in measures));
  const isWrong = sizes.some((size) => !Number.isSafeInteger(size) || size < 10_000);
  if (options.help || unknown !== undefined || isWrong) {
    console.log(usage);
    process.exitCode = options.help ? 0 : 1;
    return;
  }
  mkdirSync(options.directory, { recursive: true });
  for (const versions of options.draw ? [] : sizes) await measure(versions);
  console.error(`${writePlots()} plots are drawn`);
}

async function measure(versions: number): Promise<void> {
  const dataset = await prepareDataset(options.directory, versions);
  for (const name of options.system as SystemName[]) {
    const missing = name === 'postgraphile' ? missingForPostGraphile() : null;
    if (missing) {
      console.error(`postgraphile is skipped. ${missing}`);
      continue;
    }
    const costs = await measures[name](dataset);
    writeCosts(versions, name, costs);
    console.error(`${name} at ${versions}: ${JSON.stringify(costs)}`);
  }
}

await main();
