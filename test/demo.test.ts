/** `npm run demo`: run as its users do, while this process has the data directory open. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DataFile, readDataPackage, whyLeftOut } from '../src/demo/data-file.ts';
import { fillStore, unfinished } from '../src/demo/fill.ts';
import { measureFiles } from '../src/demo/measurement.ts';
import { type Story, storyOf } from '../src/demo/story.ts';
import { positionZero } from '../src/entities/index.ts';
import { createApp, LakeFile, openStore, type Store, shippedEntities, Todo } from '../src/index.ts';
import { compiled } from './support/run-directory.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';

const dataFolder = resolve(createRequire(import.meta.url).resolve('vega-datasets'), '../../data');
/** Counted here without the demo's own code. */
const names = readdirSync(dataFolder);
const dropped = 'flights-10k.json';

let directory: string;
let store: Store;
let output: string;
/** What it shows while it works. */
let shown: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'everstate-demo-'));
  store = await openStore({ directory, entities: shippedEntities });
  const { code, stdout, stderr } = await runDemo(directory);
  expect(code).toBe(0);
  [output, shown] = [stdout, stderr];
});

afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runDemo(data: string, ...more: readonly string[]): Promise<Run> {
  const args = [compiled('src/main.ts'), 'demo', '--data', data, ...more];
  return new Promise((done) => {
    const child = execFile(process.execPath, args, (_error, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

function original(name: string): Buffer {
  return readFileSync(join(dataFolder, name));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function contents(digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.contents(digest)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function live(id: string) {
  const version = await store.get(LakeFile, id);
  if (!version) throw new Error(`The demo should have taken in ${id}.`);
  return version.values;
}

/** Every version of a store without what differs from run to run: times, positions, order. */
async function essenceOf(store: Store): Promise<string[]> {
  const versions = await store.versionsBetween(positionZero, await store.head());
  return versions
    .map(({ entity, id, revision, operation, values }) =>
      JSON.stringify([entity.name, id, revision, operation, values]),
    )
    .sort();
}

/** Stories of some small files, tables and others. */
async function someStories(count: number): Promise<Story[]> {
  const { files, title } = readDataPackage();
  const small = files.filter(({ size }) => size < 25_000).slice(0, count);
  const measured = await measureFiles(small, () => {});
  return [...measured].map(([file, facts]) => storyOf(file, facts, title));
}

test('takes in every file of the package, less one that another holds', async () => {
  const { versions } = await store.list(LakeFile);
  const expected = names.filter((name) => name !== dropped).map((name) => `vega/${name}`);
  expect(versions.map(({ id }) => id).sort()).toEqual(expected.sort());
  expect(new Set(versions.map(({ values }) => values.path))).toEqual(
    new Set(['vega-datasets/data']),
  );
  const history = await store.history(LakeFile, `vega/${dropped}`);
  expect(history.at(-1)?.operation).toBe('DELETE');
});

test('keeps the bytes of each file as the package has them', async () => {
  for (const name of names.filter((name) => name !== dropped)) {
    const bytes = original(name);
    const expected = { size: bytes.length, sha256: sha256(bytes) };
    expect(await live(`vega/${name}`), name).toMatchObject(expected);
  }
  for (const name of ['cars.json', '7zip.png', 'unemployment.tsv', 'flights-3m.parquet']) {
    const bytes = await contents((await live(`vega/${name}`)).sha256);
    expect(sha256(bytes), name).toBe(sha256(original(name)));
  }
});

test('knows tables from their beginnings: first rows, then more, then all', async () => {
  const history = await store.history(LakeFile, 'vega/cars.json');
  const digests = [...new Set(history.map(({ values }) => values.sha256))];
  const states = await Promise.all(digests.map(async (digest) => `${await contents(digest)}`));
  const whole = JSON.parse(`${original('cars.json')}`) as unknown[];
  expect(states.map((state) => JSON.parse(state))).toEqual([
    whole.slice(0, 10),
    whole.slice(0, 100),
    whole,
  ]);
  const [first] = await store.history(LakeFile, 'vega/unemployment.tsv');
  const lines = `${original('unemployment.tsv')}`.split('\n').slice(0, 11);
  expect(`${await contents(first?.values.sha256 ?? '')}`).toBe(`${lines.join('\n')}\n`);
});

test('renames a file, and its id and history stay', async () => {
  const history = await store.history(LakeFile, 'vega/londonBoroughs.json');
  expect(history.length).toBeGreaterThanOrEqual(3);
  expect(history[0]?.values.filename).toBe('londonBoroughs.json');
  expect(history.at(-1)?.values.filename).toBe('london-boroughs.json');
});

test('has three todos per file, each with a history of reasons', async () => {
  const { versions } = await store.list(Todo);
  const expected = names.flatMap((name) =>
    ['check', 'clean', 'publish'].map((task) => `${name}-${task}`),
  );
  expect(versions.map(({ id }) => id).sort()).toEqual(expected.sort());
  const histories = await store.revisions(
    Todo,
    expected.map((id) => ({ id, from: 1, to: 100 })),
  );
  for (const history of histories) {
    expect(history.length).toBeGreaterThanOrEqual(3);
    expect(history[0]?.values).toMatchObject({ status: 'open', userId: null });
    expect(history[1]?.transactionId).not.toBe(history[0]?.transactionId);
  }
  const statuses = histories.map((history) => [...new Set(history.map((v) => v.values.status))]);
  expect(statuses.filter((all) => all.join() === 'open,doing,done').length).toBeGreaterThan(150);
  const ids = [...new Set(histories.flat().map(({ transactionId }) => transactionId))];
  const transactions = await store.transactions(ids);
  expect(transactions.every((about) => about?.actor && about.reason)).toBe(true);
  const labels = new Set(versions.flatMap(({ values }) => values.labels));
  expect(labels).toContain('licence unclear, ask');
});

test('writes down what is in a file', async () => {
  const cars = JSON.parse(`${original('cars.json')}`) as Record<string, unknown>[];
  const without = (column: string) => cars.filter((car) => car[column] === null).length;
  const checked = await store.get(Todo, 'cars.json-check');
  const body = checked?.values.body;
  expect(body).toContain(
    `${cars.length} rows of ${Object.keys(cars[0] ?? {}).length} columns: Name`,
  );
  expect(body).toContain(`${original('cars.json').length.toLocaleString('en-US')} bytes`);
  expect(body).toContain(`Miles_per_Gallon in ${without('Miles_per_Gallon')} rows`);
  expect(body).toContain(`Horsepower in ${without('Horsepower')} rows`);
  expect((await live('vega/cars.json')).description).toContain('Source: StatLib');
});

test('leaves an unbroken chain of digests', async () => {
  const { versions, defect } = await store.verify();
  expect(defect).toBeNull();
  expect(versions).toBeGreaterThan(1_000);
});

test('prints plain lines where there is no terminal', () => {
  expect(output + shown).not.toContain('\u001b');
  expect(shown).toMatch(/^Measuring\s+100 % · \d+ of \d+ files/m);
  expect(output).toContain(`Wrote ${names.length} files and ${3 * names.length} todos into`);
});

test('tells programs as JSON, and nothing besides', async () => {
  const { code, stdout } = await runDemo(directory, '--json');
  expect(code).toBe(0);
  const position = await store.head();
  expect(JSON.parse(stdout)).toMatchObject({ data: directory, position, files: 0, versions: 0 });
});

test('the query that it suggests is answered', async () => {
  const query = output.slice(output.indexOf('{ todo('));
  const response = await createApp(store).fetch('http://127.0.0.1/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as Record<'data' | 'errors', unknown>;
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    todo: { status: 'done' },
    lakeFile: { size: original('cars.json').length },
  });
});

test('a second run says that nothing is to be done, and changes nothing', async () => {
  const head = await store.head();
  const { code, stdout } = await runDemo(directory);
  expect(code).toBe(0);
  expect(stdout).toContain('Nothing to do');
  expect(await store.head()).toBe(head);
});

test('goes on where it was interrupted, to the same end', async () => {
  const stories = await someStories(12);
  const whole = await openTemporary();
  await fillStore(whole, stories);
  const halted = await openTemporary();
  await fillStore(
    halted,
    stories.map(({ file, steps }, index) => ({ file, steps: steps.slice(0, index) })),
  );
  const files = stories.map(({ file }) => file);
  expect((await unfinished(halted, files)).length).toBeGreaterThan(1);
  await fillStore(halted, stories);
  expect(await unfinished(halted, files)).toEqual([]);
  expect(await essenceOf(halted)).toEqual(await essenceOf(whole));
});

test('two at once write everything once', async () => {
  const stories = await someStories(12);
  const directory = temporaryDirectory();
  const one = await openTemporary({ directory });
  const other = await openTemporary({ directory });
  const filled = await Promise.all([fillStore(one, stories), fillStore(other, stories)]);
  const alone = await openTemporary();
  const { versions } = await fillStore(alone, stories);
  expect(filled[0].versions + filled[1].versions).toBe(versions);
  expect(await essenceOf(one)).toEqual(await essenceOf(alone));
});

test('leaves a file out whose place another record has, and goes on', async () => {
  const stories = await someStories(2);
  const [{ file }, next] = stories as [Story, Story];
  const store = await openTemporary();
  await store.append(LakeFile, {
    id: 'mine',
    path: file.path,
    filename: file.name,
    size: 0,
    sha256: sha256(Buffer.alloc(0)),
  });
  const filled = await fillStore(store, stories);
  expect(filled.refused).toMatchObject([{ file, message: expect.stringContaining('exists') }]);
  expect(filled.files).toBe(1);
  expect(await store.get(LakeFile, next.file.id)).not.toBeNull();
  expect(await store.get(Todo, `${file.name}-check`)).toBeNull();
});

test('leaves out what is larger than the lake takes, and says so', () => {
  const file = readDataPackage().files.find(({ name }) => name === 'cars.json') as DataFile;
  expect(whyLeftOut(file, file.size)).toBeNull();
  expect(whyLeftOut(file, 1_000)).toBe('it has 100,492 bytes, the lake takes up to 1,000 bytes.');
});

test('says in one line that a data directory cannot be used', async () => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, '');
  const { code, stdout, stderr } = await runDemo(path);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(path)]);
});

test('the work is said to have taken the two months before', async () => {
  const [first] = await store.versionsBetween(positionZero, 1 as never);
  const { committedAt } = await store.totals();
  const days = ((committedAt ?? 0) - (first?.committedAt ?? 0)) / 86_400_000_000;
  expect(days).toBeGreaterThan(55);
  expect(days).toBeLessThanOrEqual(60);
  expect(committedAt).toBeLessThanOrEqual(Date.now() * 1000);
});
