/** The README’s session, run as it stands on the demo’s data. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { openStore, type Store } from '../src/db/index.ts';
import { shippedEntities } from '../src/entities/index.ts';

let directory: string;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'everstate-readme-'));
  const demo = ['--import', 'tsx', 'scripts/demo.ts', '--data', directory];
  await promisify(execFile)(process.execPath, demo);
  store = await openStore({ directory, entities: shippedEntities });
}, 120_000);

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

test('every query of the README gives the answer that the README shows, in order', async () => {
  const session = await readSession();
  expect(session.length).toBeGreaterThanOrEqual(3);
  for (const { query, answer } of session) {
    const { data, errors } = await ask(query);
    expect(errors).toBeUndefined();
    expect(data).toEqual(answer);
  }
});

test('the README’s subscription resumes after a position with the next change', async () => {
  const readme = await readFile('README.md', 'utf8');
  const body = /-d '(\{"query":"subscription.*\})'/.exec(readme)?.[1];
  const response = await post(body ?? '', 'text/event-stream');
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
  const response = await createApp(store).fetch('http://localhost/files/vega%2Fcars.json/1');
  const [first] = await store.history(shippedEntities[1], 'vega/cars.json', { to: 1 });
  expect((await response.arrayBuffer()).byteLength).toBe(first?.values.size);
});

/** Each graphql block of the README that an answer follows, with that answer. */
async function readSession(): Promise<{ query: string; answer: unknown }[]> {
  const readme = await readFile('README.md', 'utf8');
  const blocks = readme.matchAll(/```graphql\n(.*?)```\n```json\n(.*?)```/gs);
  return [...blocks].map(([, query = '', answer = '']) => ({ query, answer: JSON.parse(answer) }));
}

async function ask(query: string): Promise<{ data?: unknown; errors?: unknown }> {
  const response = await post(JSON.stringify({ query }), 'application/json');
  return (await response.json()) as { data?: unknown; errors?: unknown };
}

function post(body: string, accept: string): Promise<Response> {
  return Promise.resolve(
    createApp(store).fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body,
    }),
  );
}
