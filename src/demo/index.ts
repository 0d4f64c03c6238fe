/**
 * `everstate demo`: fills a data directory with real files and todos. A server may have the
 * directory open; a second run adds only what is missing.
 */
import { limits, openStore, type Store, shippedEntities } from '../index.ts';
import { count, startProgress } from '../terminal/index.ts';
import { type DataFile, readDataPackage, whyLeftOut } from './data-file.ts';
import { type Filled, fillStore, unfinished } from './fill.ts';
import { measureFiles } from './measurement.ts';
import { type Story, storyOf } from './story.ts';
import { StoryClock } from './story-clock.ts';

/** Where the demo writes, and where a server that shows it would listen. */
interface DemoConfig {
  readonly data: string;
  readonly host: string;
  readonly port: number;
}

/** @throws CannotOpen, Unavailable. */
export async function runDemo(config: DemoConfig): Promise<void> {
  const begun = performance.now();
  const clock = new StoryClock();
  const store = await openStore({
    directory: config.data,
    entities: shippedEntities,
    clock: clock.now,
  });
  try {
    const { title, files, whole } = readDataPackage();
    const missing = await unfinished(store, files.filter(isTaken));
    if (missing.length === 0) {
      console.log(`Nothing to do: ${config.data} holds the files and todos of ${title}.`);
    } else {
      const filled = await fill(store, clock, missing, title);
      console.log(summaryOf(filled, config, (performance.now() - begun) / 1_000));
    }
    if (!whole) console.log(whatIsMissing(title));
    console.log(whatNext(config, exampleOf(files)));
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

function summaryOf(filled: Filled, config: DemoConfig, seconds: number): string {
  const { files, todos, versions, transactions, bytes, refused } = filled;
  return [
    ...refused.map(({ file, message }) => `Left out ${file.name}: ${message}`),
    `Wrote ${count(files, 'file')} and ${count(todos, 'todo')} into ${config.data}: ` +
      `${count(versions, 'version')} in ${count(transactions, 'transaction')}, ` +
      `${count(bytes, 'byte')} of contents, in ${seconds.toFixed(1)} s.`,
  ].join('\n');
}

function whatIsMissing(title: string): string {
  const [name, version] = title.split(' ');
  return (
    `These are the smaller files of ${title} that are free to pass on. The guides tell of all of ` +
    `them: npm install ${name}@${version}, then everstate demo with a new data directory.`
  );
}

/** The file that the guides tell of, where it is there. */
function exampleOf(files: readonly DataFile[]): string {
  const known = files.find(({ name }) => name === 'cars.json') ?? files[0];
  return known?.name ?? 'cars.json';
}

function whatNext({ data, host, port }: DemoConfig, file: string): string {
  return [
    `Next: everstate --data ${data} (in a clone: npm start -- --data ${data}),`,
    `open GraphiQL at http://${host}:${port}/graphql and ask`,
    `  { todo(id: "${file}-check") { status body history { edges { node {`,
    '      revision status transaction { actor reason } } } } }',
    `    lakeFile(id: "vega/${file}") { size description history { edges { node {`,
    '      revision status size downloadUrl } } } } }',
  ].join('\n');
}
