/** The sessions of README and guides, run as they stand, each on the demo’s data anew. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { readConfig, refuseOpenDoor, settingFlags } from '../src/config.ts';
import { openStore, type Store } from '../src/db/index.ts';
import { LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { requestLimits } from '../src/http/index.ts';
import { listen } from './support/api.ts';
import { takeEvents } from './support/events.ts';
import { compiled } from './support/run-directory.ts';
import { TestProcess } from './support/server.ts';
import { bySecret, post as posted, secret, serveAsking, tokenOf } from './support/viewers.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'everstate-docs-'));
  const demo = [compiled('src/main.ts'), 'demo', '--data', join(directory, 'demo')];
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

test.each(['README.md', 'docs/time-travel.md', 'docs/writing.md', 'docs/live.md', 'docs/lake.md'])(
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
  const store = await openDemo();
  const open = await listen(createApp(store));
  const asking = await listen(createApp(store, { identity: bySecret() }));
  const env = { ...process.env, token: await tokenOf('ada', ['admin']) };
  const text = await readFile('docs/clients.md', 'utf8');
  const tokensAt = text.indexOf('\n## Tokens\n');
  const commands = [...text.matchAll(commandPattern)];
  expect(commands.length).toBeGreaterThanOrEqual(5);
  for (const { 1: command = '', 2: language, 3: shown = '', index } of commands) {
    const { url } = index < tokensAt ? open : asking;
    const script = command.replaceAll('http://127.0.0.1:4000', url);
    const { stdout } = await promisify(execFile)('bash', ['-euc', script], { env });
    if (language === 'json') {
      expect(JSON.parse(stdout)).toEqual(JSON.parse(shown));
    } else {
      const lines = stdout.split('\r\n');
      expect(lines).toEqual(expect.arrayContaining(shown.trim().split('\n')));
    }
  }
});

test('every command of docs/lake.md prints what it shows', async () => {
  const { url } = await listen(createApp(await openDemo()));
  const text = await readFile('docs/lake.md', 'utf8');
  const commands = [...text.matchAll(/```sh\n([^`]*)```\n```(json|http|text)\n([^`]*)```/g)];
  expect(commands).toHaveLength(text.split('```sh\n').length - 1);
  for (const [, command = '', language, shown = ''] of commands) {
    const script = command.replaceAll('http://127.0.0.1:4000', url);
    const { stdout } = await promisify(execFile)('bash', ['-euc', script]);
    if (language === 'json') {
      // The demo's story ends on the day on which it is told.
      const read = (json: string) =>
        JSON.parse(json, (name, value) => (name === 'updatedAt' ? '…' : value));
      expect(read(stdout)).toEqual(read(shown));
    } else if (language === 'text') {
      expect(`${stdout.replace(/\n$/, '')}\n`).toBe(shown);
    } else {
      const lines = shown.trim().split('\n');
      expect(stdout.split('\r\n')).toEqual(expect.arrayContaining(lines));
    }
  }
});

test.each(['docs/transfer.md', 'docs/backup.md', 'docs/erasure.md'])(
  'every command of %s prints what it shows',
  async (document) => {
    const folder = await mkdtemp(join(directory, 'commands-'));
    await cp(join(directory, 'demo'), join(folder, 'data'), { recursive: true });
    const text = await readFile(document, 'utf8');
    const commands = [...text.matchAll(/```sh\n([^`]*)```\n```(json|text)\n([^`]*)```/g)];
    expect(commands).toHaveLength(text.split('```sh\n').length - 1);
    const everstate = `everstate() { "${process.execPath}" "${compiled('src/main.ts')}" "$@"; }`;
    for (const [, command = '', language, shown = ''] of commands) {
      const args = ['-euc', `${everstate}\n${command}`];
      const { stdout } = await promisify(execFile)('bash', args, { cwd: folder });
      if (language === 'json') expect(JSON.parse(stdout)).toEqual(JSON.parse(shown));
      else expect(stdout).toBe(shown);
    }
  },
  300_000,
);

test('every command and operation of docs/proof.md prints what it shows', async () => {
  const folder = await mkdtemp(join(directory, 'proof-'));
  await cp(join(directory, 'demo'), join(folder, 'data'), { recursive: true });
  const text = await readFile('docs/proof.md', 'utf8');
  const commands = [...text.matchAll(/```sh\n([^`]*)```\n```text\n([^`]*)```/g)];
  expect(commands).toHaveLength(text.split('```sh\n').length - 1);
  // Salts are random, and so are digests.
  const without = (shown: string) => shown.replace(/\b[0-9a-f]{64}\b/g, '…');
  const everstate = `everstate() { "${process.execPath}" "${compiled('src/main.ts')}" "$@"; }`;
  for (const [, command = '', shown = ''] of commands) {
    const args = ['-euo', 'pipefail', '-c', `${everstate}\n${command}`];
    const { stdout } = await promisify(execFile)('bash', args, { cwd: folder });
    expect(without(stdout)).toBe(without(shown));
  }
  const store = await openDemo();
  const session = await readSession('docs/proof.md');
  expect(session).toHaveLength(2);
  for (const { query, answer } of session) {
    const { data, errors } = await ask(store, query);
    expect(errors).toBeUndefined();
    if (answer === null) continue;
    expect(without(JSON.stringify(data))).toBe(without(JSON.stringify(answer)));
  }
}, 120_000);

describe('docs/security.md', () => {
  const read = () => readFile('docs/security.md', 'utf8');
  const blocksOf = (text: string, language: string) =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
      ([, block = '']) => block,
    );

  test('prints what it shows by each command', async () => {
    const { url } = await serveAsking();
    const command = (await read()).replaceAll('http://127.0.0.1:4000', url);
    const commands = [...command.matchAll(commandPattern)];
    expect(commands).toHaveLength(2);
    const everstate = `everstate() { "${process.execPath}" "${compiled('src/main.ts')}" "$@"; }`;
    const env = { ...process.env, EVERSTATE_JWT_SECRET: secret };
    for (const [, script = '', language, shown = ''] of commands) {
      const args = ['-euc', `${everstate}\n${script}`];
      const { stdout } = await promisify(execFile)('bash', args, { env });
      if (language === 'json') expect(JSON.parse(stdout)).toEqual(JSON.parse(shown));
      else expect(stdout.split('\r\n')).toEqual(expect.arrayContaining(shown.trim().split('\n')));
    }
  });

  test('starts servers by settings that there are, and says what they say', async () => {
    const text = await read();
    const started = blocksOf(text, 'sh').filter((block) => block.startsWith('everstate serve'));
    expect(started).toHaveLength(2);
    for (const block of started) {
      const words = block.replaceAll('\\\n', ' ').trim().split(/\s+/).slice(2);
      const names = new Map(settingFlags().map(({ name, flag }) => [flag.split(' ')[0], name]));
      const flags = words.flatMap((word, index) =>
        word.startsWith('--') ? [[names.get(word) ?? word, words[index + 1] ?? '']] : [],
      );
      const { jwks, viewerHeader } = readConfig(Object.fromEntries(flags), {});
      expect(jwks ?? viewerHeader).not.toBeNull();
    }
    const [complaint = ''] = blocksOf(text, 'text');
    const open = () => refuseOpenDoor(readConfig({ host: '0.0.0.0' }, {}));
    expect(open).toThrow(complaint.replace('everstate: ', '').trim());
    for (const [limit, shown] of [
      [requestLimits.tokenToleranceSeconds, '30 seconds'],
      [requestLimits.tokenLengthMax.toLocaleString('en'), '8,192 characters'],
      [requestLimits.tokenKnownMs / 1_000, 'for a minute'],
      [requestLimits.keysAgeMaxMs / 60_000, 'ten minutes'],
      [requestLimits.keysPauseMs / 1_000, '30 seconds'],
    ] as const) {
      expect([limit, text.includes(shown)]).toEqual([limit, true]);
    }
    expect(requestLimits).toMatchObject({
      tokenToleranceSeconds: 30,
      tokenLengthMax: 8_192,
      tokenKnownMs: 60_000,
      keysAgeMaxMs: 600_000,
      keysPauseMs: 30_000,
    });
  });

  test('embeds an application that knows who asks', async () => {
    const code = blocksOf(await read(), 'ts').find((block) => block.includes('openStore')) ?? '';
    const folder = await mkdtemp(join(directory, 'embedded-'));
    const script = join(folder, 'server.mts');
    const index = new URL('../src/index.ts', import.meta.url).href;
    const port = 'server.listen(0, () => console.log(JSON.stringify(server.address())));';
    await writeFile(
      script,
      code
        .replace("'everstate'", `'${index}'`)
        .replace("'./data'", `'${join(folder, 'data')}'`)
        .replace('server.listen(4000);', port),
    );
    const child = new TestProcess(['--import', 'tsx', script], { cwd: process.cwd() });
    const [, at] = await child.prints(/"port":(\d+)/);
    const server = { url: `http://127.0.0.1:${at}` };
    const viewer = '{ viewer { id roles } }';
    const known = await posted(server, viewer, { cookie: 'a=b; session=s3cret' });
    expect(known.data.viewer).toEqual({ id: 'ada', roles: ['admin'] });
    expect((await posted(server, viewer, { cookie: 'session=other' })).status).toBe(401);
    expect((await posted(server, viewer)).status).toBe(401);
  });
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
