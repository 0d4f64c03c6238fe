/** The package as npm makes it: installed into an empty folder, run, driven and type-checked. */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Installed, installEverstate, linkInto } from './support/installed.ts';
import { ready, TestProcess } from './support/server.ts';
import { temporaryDirectory } from './support/temporary-store.ts';

const run = promisify(execFile);
const project = join(import.meta.dirname, '..');

let everstate: Installed;
beforeAll(async () => {
  everstate = await installEverstate();
  cpSync(join(project, 'examples/notes/notes.ts'), join(everstate.folder, 'notes.ts'));
});
afterAll(() => everstate?.remove());

test('holds what it needs to run, and nothing else', () => {
  const root = join(everstate.folder, 'node_modules', 'everstate');
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const texts = ['README.md', 'LICENSE', 'ARCHITECTURE.md', 'CHANGELOG.md'];
  const known = [...texts, 'package.json', 'schema.graphql', 'deploy', 'dist', 'docs'];
  const examples = /^examples(\/\w+(\/(dist(\/.+)?|README\.md|notes\.ts|todos\.ts))?)?$/;
  const others = names.filter((name) => !known.includes(name.split('/')[0] as string));
  expect(others.filter((name) => !examples.test(name))).toEqual([]);
  const needed = ['dist/main.js', 'dist/index.js', 'dist/index.d.ts', 'schema.graphql'];
  for (const name of [...needed, 'examples/board/dist/index.html']) {
    expect(names).toContain(name);
  }
  const code = names.filter((name) => /(?<!\.d)\.ts$|\.test\./.test(name)).sort();
  expect(code).toEqual(['examples/apollo/todos.ts', 'examples/notes/notes.ts']);
  expect(readFileSync(everstate.bin, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('the service and the container start what npm installs', () => {
  for (const name of ['everstate.service', 'Dockerfile']) {
    const text = readFileSync(join(project, 'deploy', name), 'utf8');
    const started = [...text.matchAll(/\/opt\/everstate\/(\S+?\.js)/g)].map(([, path]) => path);
    expect(started.map((path) => join(everstate.folder, path as string))).toEqual([everstate.bin]);
  }
});

test('npm installs it into an empty folder without a warning', async ({ skip }) => {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, 'package.json'), '{}');
  // What npm would install, by its own choice of versions, without fetching and building it.
  const install = [
    'install',
    '--package-lock-only',
    '--ignore-scripts',
    '--no-audit',
    '--loglevel=warn',
  ];
  const { stderr, failed } = await run('npm', [...install, everstate.tarball], { cwd: folder })
    .then(({ stderr }) => ({ stderr, failed: false }))
    .catch(({ stderr }: { stderr: string }) => ({ stderr, failed: true }));
  if (failed && /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(stderr)) {
    skip('The registry cannot be reached.');
  }
  expect({ stderr, failed }).toEqual({ stderr: '', failed: false });
}, 120_000);

test('whatever overrides say is for development: they do not reach those who install it', () => {
  const read = (name: string) => JSON.parse(readFileSync(join(project, name), 'utf8'));
  const { packages } = read('package-lock.json');
  for (const name of Object.keys(read('package.json').overrides ?? {})) {
    expect(packages[`node_modules/${name}`]).toMatchObject({ dev: true });
  }
});

async function serveNotes(args: readonly string[] = []) {
  const command = ['serve', '--port', '0', '--entities', './notes.ts', ...args];
  return await ready(new TestProcess([everstate.bin, ...command], { cwd: everstate.folder }));
}

/** The operations of the example's README, in order. */
function readmeOperations(): string[] {
  const readme = readFileSync(join(project, 'examples/notes/README.md'), 'utf8');
  return [...readme.matchAll(/```graphql\n(.*?)```/gs)].map(([, operation]) => operation as string);
}

test.each(['commonjs', 'module'])(
  'the example of one’s own kind serves as its README says, in a folder of type %s',
  async (type) => {
    writeFileSync(join(everstate.folder, 'package.json'), JSON.stringify({ type }));
    const server = await serveNotes(['--data', `./data-${type}`]);
    const [create, update, read, list, watch] = readmeOperations() as [string, ...string[]];
    expect(await server.data(create)).toMatchObject({
      createNote: { note: { id: 'shopping', revision: 1 } },
    });
    expect(await server.data(update as string)).toMatchObject({
      updateNote: { changed: true, note: { labels: ['home'], revision: 2 } },
    });
    const { note } = await server.data(read as string);
    expect(note.title).toBe('Shopping');
    expect(note.history.edges.map((edge: { node: unknown }) => edge.node)).toMatchObject([
      {
        revision: 2,
        body: 'Bread and butter',
        transaction: { reason: 'Hungry' },
        changes: [{ field: 'body', before: 'Bread', after: 'Bread and butter' }],
      },
      { revision: 1, body: 'Bread', transaction: { reason: null } },
    ]);
    expect(await server.data(list as string)).toEqual({
      notes: { edges: [{ node: { id: 'shopping', title: 'Shopping' } }] },
    });
    const changes = server.subscribe(watch as string);
    const first = await changes.next();
    expect(first.value?.data.changes).toMatchObject({ position: '1', id: 'shopping' });
    await changes.next();
    await server.data('mutation { createNote(input: { id: "b", title: "B" }) { __typename } }');
    expect((await changes.next()).value?.data.changes).toEqual({
      position: '3',
      id: 'b',
      version: { revision: 1, operation: 'CREATE' },
    });
    const refused = await server.ask('{ todos { edges { node { id } } } }');
    expect(refused.errors?.[0]?.message).toContain('Cannot query field "todos"');
    expect((await server.process.stop('SIGINT')).code).toBe(0);
  },
);

test('kinds that ship are served beside one’s own, files with their downloads', async () => {
  const code = "export { LakeFile, Todo } from 'everstate';\nexport { Note } from './notes.ts';\n";
  writeFileSync(join(everstate.folder, 'all.ts'), code);
  const server = await serveNotes(['--entities', './all.ts', '--data', './data-all']);
  const board = await (await fetch(new URL('/board', server.url))).text();
  const [script] = /\/board\/assets\/[^"]+\.js/.exec(board) ?? [];
  expect((await fetch(new URL(script ?? '/none', server.url))).status).toBe(200);
  const guides = await (await fetch(new URL('/docs', server.url))).text();
  expect(guides).toContain('/docs/time-travel.md');
  expect(guides).toContain('npx everstate demo');
  for (const name of ['ARCHITECTURE.md', 'examples/notes/notes.ts', 'images/board-light.png']) {
    expect((await fetch(new URL(`/docs/${name}`, server.url))).status, name).toBe(200);
  }
  await server.data('mutation { createNote(input: { title: "A" }) { __typename } }');
  await server.data('mutation { createTodo(input: { subject: "B" }) { __typename } }');
  const { createLakeFile } = await server.data(`mutation {
    createLakeFile(input: { filename: "c.txt", text: "See" }) {
      ... on CreateLakeFilePayload { lakeFile { downloadUrl position } }
    }
  }`);
  const { downloadUrl, position } = createLakeFile.lakeFile;
  expect(position).toBe('3');
  expect(await (await fetch(new URL(downloadUrl, server.url))).text()).toBe('See');
  const query = encodeURIComponent('{ notes(asOf: { position: 1 }) { totalCount } }');
  const kept = await fetch(`${server.url}?query=${query}`);
  expect((await kept.json()).data).toEqual({ notes: { totalCount: 1 } });
  expect(kept.headers.get('cache-control')).toContain('immutable');
  expect(kept.headers.get('etag')).not.toBeNull();
});

test('fills a data directory with a demo of its own, and says how to get the whole', async () => {
  const data = join(everstate.folder, 'data-demo');
  const { stdout, stderr } = await run(process.execPath, [everstate.bin, 'demo', '--data', data], {
    cwd: everstate.folder,
  });
  for (const line of stderr.split('\n')) expect(line).toMatch(/^$|^(Measuring|Writing) +\d+ % · /);
  expect(stdout).toMatch(/Wrote \d\d files and \d\d todos into/);
  expect(stdout).toMatch(/npm install vega-datasets@\d+\.\d+\.\d+, then everstate demo/);
  const server = await ready(
    new TestProcess([everstate.bin, '--port', '0', '--data', data], { cwd: everstate.folder }),
  );
  const { todo, lakeFile } = await server.data(stdout.slice(stdout.indexOf('{ todo(')));
  expect(todo.history.edges.length).toBeGreaterThanOrEqual(3);
  expect(lakeFile.description).toContain('Licence: ');
  const [{ node }] = lakeFile.history.edges;
  const file = await fetch(new URL(node.downloadUrl, server.url));
  expect((await file.arrayBuffer()).byteLength).toBe(lakeFile.size);
});

test('is a library: define, open, write, read, follow, serve', async () => {
  const code = `
    import { createApp, defineEntity, field, openStore } from 'everstate';
    const Note = defineEntity({
      name: 'Note',
      description: 'A note.',
      fields: { title: field.text({ description: 'Its title.', required: true }) },
    });
    const store = await openStore({ directory: './library', entities: [Note] });
    const heard = [];
    const following = (async () => {
      for await (const version of store.follow()) heard.push([version.position, version.id]);
    })();
    await store.append(Note, { id: 'a', title: 'One' }, { reason: 'Because' });
    const { version, changed } = await store.update(Note, 'a', { title: 'Two' });
    await store.append(Note, { id: 'b', title: 'Three' });
    const app = createApp(store);
    const response = await app.fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ note(id: "a") { title revision } }' }),
    });
    const found = {
      updated: [version.revision, changed],
      now: (await store.get(Note, 'a')).values.title,
      before: (await store.get(Note, 'a', 1)).values.title,
      history: (await store.history(Note, 'a')).map(({ values }) => values.title),
      list: (await store.list(Note, { filter: { title: { eq: 'Three' } } })).versions.map((v) => v.id),
      served: await response.json(),
      verified: await store.verify(),
    };
    await store.delete(Note, 'b');
    await store.close();
    await following;
    console.log(JSON.stringify({ ...found, heard }));`;
  writeFileSync(join(everstate.folder, 'library.mjs'), code);
  const { stdout, stderr } = await run(process.execPath, ['library.mjs'], {
    cwd: everstate.folder,
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    updated: [2, true],
    now: 'Two',
    before: 'One',
    history: ['One', 'Two'],
    list: ['b'],
    served: { data: { note: { title: 'Two', revision: 2 } }, extensions: { position: '3' } },
    verified: { versions: 3, defect: null },
    heard: [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
    ],
  });
});

/** Code of a user's, to be checked against the package's declarations. */
const consumer = `
  import { createApp, defineEntity, field, openStore, type Store, Todo } from 'everstate';
  import { Note } from './notes.ts';

  const store: Store = await openStore({ directory: 'x', entities: [Note, Todo] });
  const note = await store.append(Note, { title: 'a', pinned: true, labels: ['b'] });
  export const title: string = note.values.title;
  export const body: string | null = note.values.body;
  export const pinned: boolean = note.values.pinned;
  export const labels: readonly string[] = note.values.labels;
  export const response: Promise<Response> | Response = createApp(store).fetch('http://x/');
  const { version, changed } = await store.update(Note, note.id, { body: null });
  export const after: [string, boolean] = [version.values.title, changed];
  export const titles: string[] = (await store.history(Note, 'a')).map((v) => v.values.title);
  for await (const { position, id } of store.follow()) console.log(position, id);
  await store.transact(async (log) => {
    const todo = await log.create(Todo, {});
    await log.update(Note, 'a', { title: todo.values.subject ?? '' });
  });
  const other = defineEntity({ name: 'Other', description: 'x', fields: {
    done: field.boolean({ description: 'x' }),
  } });
  export const done: boolean | null | undefined = (await store.get(other, 'a'))?.values.done;

  // @ts-expect-error a required field is missing
  await store.append(Note, { body: 'a' });
  // @ts-expect-error a field of the wrong type
  await store.append(Note, { title: 1 });
  // @ts-expect-error a field that does not exist
  await store.append(Note, { title: 'a', tilte: 'b' });
  // @ts-expect-error a field of another entity
  await store.update(Note, 'a', { subject: 'b' });
  // @ts-expect-error a required field cannot be cleared
  await store.update(Note, 'a', { title: null });
  // @ts-expect-error a field may be null that the code takes for a text
  export const never: string = note.values.body;
  // @ts-expect-error a title is not a number
  export const wrong: number = note.values.title;
  // @ts-expect-error versions are immutable
  note.values.title = 'b';
  // @ts-expect-error there is no such value
  note.values.tilte;
  // @ts-expect-error a position is not just any number
  await store.get(Note, 'a', note.revision);
  // @ts-expect-error a key must name a field
  defineEntity({ name: 'A', description: 'x', fields: {}, uniqueKey: ['a'] });
  // @ts-expect-error a default has its field's type
  field.int({ description: 'x', default: 'y' });
`;

test('its declarations know every field, and refuse what is wrong', async () => {
  for (const name of ['typescript', '@types/node']) linkInto(everstate.folder, name);
  writeFileSync(join(everstate.folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(everstate.folder, 'consumer.ts'), consumer);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'];
  const tsc = join(everstate.folder, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [
    tsc,
    ...options,
    '--skipLibCheck',
    '--types',
    'node',
    '--allowImportingTsExtensions',
  ];
  const { stdout } = await run(process.execPath, [...args, 'consumer.ts'], {
    cwd: everstate.folder,
  }).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
});
