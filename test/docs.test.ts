/** The sessions of README and guides, run as they stand, each on the demo’s data anew. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { openStore, type Store } from '../src/db/index.ts';
import { LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { listen } from './support/api.ts';
import { takeEvents } from './support/events.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'everstate-docs-'));
  const demo = ['--import', 'tsx', 'src/main.ts', 'demo', '--data', join(directory, 'demo')];
  await promisify(execFile)(process.execPath, demo);
}, 120_000);

afterAll(() => rm(directory, { recursive: true }));

/** A store with the demo's data and nothing else. */
async function openDemo(): Promise<Store> {
  const copy = await mkdtemp(join(directory, 'copy-'));
  await cp(join(directory, 'demo'), copy, { recursive: true });
  const store = await openStore({ directory: copy, entities: shippedEntities });
  onTestFinished(() => store.close());
  return store;
}

test.each(['README.md', 'docs/time-travel.md', 'docs/writing.md', 'docs/live.md'])(
  'every operation of %s gives the answer that it shows, in order',
  async (document) => {
    const store = await openDemo();
    const session = await readSession(document);
    expect(session.length).toBeGreaterThanOrEqual(3);
    for (const { query, answer } of session) {
      if (query.startsWith('subscription')) {
        if (answer !== null) expect(await follow(store, query, answer)).toEqual(answer);
        continue;
      }
      const { data, errors } = await ask(store, query);
      expect(errors).toBeUndefined();
      if (answer !== null) expect(data).toEqual(answer);
    }
  },
);

/** The events that a subscription begins with, as many as are shown. */
async function follow(store: Store, query: string, shown: unknown): Promise<unknown[]> {
  const { url } = await listen(createApp(store));
  const events = await takeEvents(`${url}/graphql`, query, (shown as unknown[]).length);
  return events.map(({ data, errors }) => errors ?? Object.values(data)[0]);
}

test('the README’s subscription resumes after a position with the next change', async () => {
  const store = await openDemo();
  await store.update(Todo, 'cars.json-check', { status: 'doing' });
  const readme = await readFile('README.md', 'utf8');
  const body = /-d '(\{"query":"subscription.*\})'/.exec(readme)?.[1];
  const response = await post(store, body ?? '', 'text/event-stream');
  const events = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  while (!seen.includes('"position":"1051"')) {
    const { value, done } = (await events?.read()) ?? { done: true };
    if (done) break;
    seen += value;
  }
  await events?.cancel();
  expect(seen).toContain('"position":"1051"');
});

test('the README’s download gives the first contents of the file', async () => {
  const store = await openDemo();
  const response = await createApp(store).fetch('http://localhost/files/vega%2Fcars.json/1');
  const [first] = await store.history(LakeFile, 'vega/cars.json', { to: 1 });
  expect((await response.arrayBuffer()).byteLength).toBe(first?.values.size);
});

/** A command of a guide, and what it prints. */
const commandPattern = /```sh\n([^`]*)```\n```(json|http)\n([^`]*)```/g;

test('every command of docs/clients.md prints what it shows', async () => {
  const { url } = await listen(createApp(await openDemo()));
  const text = await readFile('docs/clients.md', 'utf8');
  const commands = [...text.matchAll(commandPattern)];
  expect(commands.length).toBeGreaterThanOrEqual(5);
  for (const [, command = '', language, shown = ''] of commands) {
    const script = command.replaceAll('http://127.0.0.1:4000', url);
    const { stdout } = await promisify(execFile)('bash', ['-euc', script]);
    if (language === 'json') {
      expect(JSON.parse(stdout)).toEqual(JSON.parse(shown));
    } else {
      const lines = stdout.split('\r\n');
      expect(lines).toEqual(expect.arrayContaining(shown.trim().split('\n')));
    }
  }
});

/** The operations of a document; with the answer, or the first events, where they follow. */
async function readSession(document: string): Promise<{ query: string; answer: unknown }[]> {
  const text = await readFile(document, 'utf8');
  const blocks = [...text.matchAll(/```graphql\n(.*?)```\n(?:```json\n(.*?)```)?/gs)];
  return blocks.map(([, query = '', answer = 'null']) => ({ query, answer: JSON.parse(answer) }));
}

async function ask(store: Store, query: string): Promise<{ data?: unknown; errors?: unknown }> {
  const response = await post(store, JSON.stringify({ query }), 'application/json');
  return (await response.json()) as { data?: unknown; errors?: unknown };
}

function post(store: Store, body: string, accept: string): Promise<Response> {
  return Promise.resolve(
    createApp(store).fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body,
    }),
  );
}
