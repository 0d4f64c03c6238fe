/**
 * Fills a data directory with real files and todos: `npm run demo -- --data ./data`. A server may
 * have the directory open; a second run adds only what is missing.
 */
import { Command } from 'commander';
import { type Config, readConfig, WrongSetting } from '../src/config.ts';
import {
  CannotOpen,
  limits,
  openStore,
  type Store,
  shippedEntities,
  Unavailable,
} from '../src/index.ts';
import { type DataFile, readDataPackage, whyLeftOut } from './demo/data-file.ts';
import { type Filled, fillStore, unfinished } from './demo/fill.ts';
import { measureFiles } from './demo/measurement.ts';
import { startProgress } from './demo/progress.ts';
import { type Story, storyOf } from './demo/story.ts';
import { StoryClock } from './demo/story-clock.ts';
import { count } from './demo/wording.ts';

const command = new Command('npm run demo --')
  .description('Fills a data directory with the files of vega-datasets and todos about them.')
  .option('--data <directory>', 'the data directory (EVERSTATE_DATA, else ./data)');

const { data } = command.parse().opts<{ data?: string }>();
try {
  await run(readConfig(data === undefined ? {} : { data }, process.env));
} catch (error) {
  const expected = [CannotOpen, Unavailable, WrongSetting].some((kind) => error instanceof kind);
  if (!expected) throw error;
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function run(config: Config): Promise<void> {
  const begun = performance.now();
  const clock = new StoryClock();
  const store = await openStore({
    directory: config.data,
    entities: shippedEntities,
    clock: clock.now,
  });
  try {
    const { title, files } = readDataPackage();
    const missing = await unfinished(store, files.filter(isTaken));
    if (missing.length === 0) {
      console.log(`Nothing to do: ${config.data} holds the files and todos of ${title}.`);
    } else {
      const filled = await fill(store, clock, missing, title);
      console.log(summaryOf(filled, config, (performance.now() - begun) / 1_000));
    }
    console.log(whatNext(config));
  } finally {
    await store.close();
  }
}

function isTaken(file: DataFile): boolean {
  const reason = whyLeftOut(file, limits.fileBytesMax);
  if (reason !== null) console.log(`Left out ${file.name}: ${reason}`);
  return reason === null;
}

async function fill(
  store: Store,
  clock: StoryClock,
  files: readonly DataFile[],
  source: string,
): Promise<Filled> {
  const measuring = startProgress('Measuring', files.length, 'files');
  const facts = await measureFiles(files, ({ name }) => measuring.advance(name)).finally(
    measuring.stop,
  );
  const stories = [...facts].map(([file, measured]) => storyOf(file, measured, source));
  const total = stories.reduce((sum, { steps }) => sum + steps.length, 0);
  const writing = startProgress('Writing  ', total, 'transactions');
  const onStep = ({ file }: Story) => {
    clock.advance(1 / total);
    writing.advance(file.name);
  };
  return await fillStore(store, stories, onStep).finally(writing.stop);
}

function summaryOf(filled: Filled, config: Config, seconds: number): string {
  const { files, todos, versions, transactions, bytes, refused } = filled;
  return [
    ...refused.map(({ file, message }) => `Left out ${file.name}: ${message}`),
    `Wrote ${count(files, 'file')} and ${count(todos, 'todo')} into ${config.data}: ` +
      `${count(versions, 'version')} in ${count(transactions, 'transaction')}, ` +
      `${count(bytes, 'byte')} of contents, in ${seconds.toFixed(1)} s.`,
  ].join('\n');
}

function whatNext({ data, host, port }: Config): string {
  return [
    `Next: npm start -- --data ${data}, open GraphiQL at http://${host}:${port}/graphql and ask`,
    '  { todo(id: "cars.json-check") { status body history { edges { node {',
    '      revision status transaction { actor reason } } } } }',
    '    lakeFile(id: "vega/cars.json") { size description history { edges { node {',
    '      revision status size downloadUrl } } } } }',
  ].join('\n');
}
