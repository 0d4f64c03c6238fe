/**
 * `everstate demo`: fills a data directory with real files and todos. A server may have the
 * directory open; a second run adds only what is missing.
 */
import { resolve } from 'node:path';
import { limits, openStore, type Store, shippedEntities } from '../index.ts';
import { count, startProgress, type Told } from '../terminal/index.ts';
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

/** What it tells is on standard output, and may be read by a program. */
const manner = { stream: process.stderr } as const;

/** @throws CannotOpen, Unavailable. */
export async function runDemo(config: DemoConfig): Promise<Told> {
  const begun = performance.now();
  const clock = new StoryClock();
  const store = await openStore({
    directory: config.data,
    entities: shippedEntities,
    clock: clock.now,
  });
  try {
    const { title, files, whole } = readDataPackage();
    const leftOut = leftOutOf(files);
    const taken = files.filter((file) => !leftOut.has(file));
    const missing = await unfinished(store, taken);
    const filled = missing.length > 0 ? await fill(store, clock, missing, title) : null;
    const seconds = (performance.now() - begun) / 1_000;
    const lines = [
      ...[...leftOut].map(([{ name }, reason]) => `Left out ${name}: ${reason}`),
      filled
        ? summaryOf(filled, config, seconds)
        : `Nothing to do: ${config.data} holds the files and todos of ${title}.`,
      ...(whole ? [] : [whatIsMissing(title)]),
      whatNext(config, exampleOf(files)),
    ];
    return { lines, outcome: outcomeOf(filled, config, leftOut, await store.head()) };
  } finally {
    await store.close();
  }
}

/** The files that are not taken in, each with why. */
function leftOutOf(files: readonly DataFile[]): ReadonlyMap<DataFile, string> {
  const reasons = files.map((file) => [file, whyLeftOut(file, limits.fileBytesMax)] as const);
  return new Map(reasons.filter((each): each is [DataFile, string] => each[1] !== null));
}

async function fill(
  store: Store,
  clock: StoryClock,
  files: readonly DataFile[],
  source: string,
): Promise<Filled> {
  const measuring = startProgress('Measuring', files.length, 'files', manner);
  const facts = await measureFiles(files, ({ name }) => measuring.advance(name)).finally(
    measuring.stop,
  );
  const stories = [...facts].map(([file, measured]) => storyOf(file, measured, source));
  const total = stories.reduce((sum, { steps }) => sum + steps.length, 0);
  const writing = startProgress('Writing  ', total, 'transactions', manner);
  const onStep = ({ file }: Story) => {
    clock.advance(1 / total);
    writing.advance(file.name);
  };
  return await fillStore(store, stories, onStep).finally(writing.stop);
}

function outcomeOf(
  filled: Filled | null,
  { data }: DemoConfig,
  leftOut: ReadonlyMap<DataFile, string>,
  position: number,
): Told['outcome'] {
  const { files = 0, todos = 0, versions = 0, transactions = 0, bytes = 0 } = filled ?? {};
  const refused = (filled?.refused ?? []).map(({ file, message }) => ({
    file: file.name,
    message,
  }));
  const left = [...leftOut].map(([{ name }, message]) => ({ file: name, message }));
  const counts = { files, todos, versions, transactions, bytes };
  return { data: resolve(data), position, ...counts, leftOut: [...left, ...refused] };
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
