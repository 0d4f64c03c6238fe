/** The live feed over server-sent events, with a real client and on the bare wire. */
import fc from 'fast-check';
import { createClient } from 'graphql-sse';
import { expect, onTestFinished, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { type ApiAnswer, codesOf, listen, openApi, TestApi, write } from './support/api.ts';
import { events, takeEvents } from './support/events.ts';
import { createManyFiles } from './support/lake-file.ts';
import { checkProperty } from './support/property.ts';
import { rawLog, temporaryDirectory, withStore } from './support/temporary-store.ts';
import { untilWaiting } from './support/until.ts';

async function serve(api: TestApi): Promise<string> {
  return `${(await listen(api.app)).url}/graphql`;
}

const changesAfter = (position: number | string) =>
  `subscription { changes(after: "${position}") { position } }`;
const positionsOf = (answers: readonly ApiAnswer[]) =>
  answers.map(({ data }) => Number(data.changes.position));
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('a change comes with its kind, its record and its version', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 't', status: 'open' }, { reason: 'new' });
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'x' });
  await write(api, 'update', 'Todo', { id: 't', status: 'done' });
  await write(api, 'delete', 'Todo', { id: 't' });
  const query = `subscription { changes(after: "0") { position entity id version {
    __typename id revision operation committedAt transaction { id reason } changes { field before after }
    ... on TodoVersion { status } ... on LakeFileVersion { filename downloadUrl }
  } } }`;
  const taken = await takeEvents(await serve(api), query, 4);
  expect(taken.map(({ data }) => data.changes)).toMatchObject([
    {
      position: '1',
      entity: 'TODO',
      id: 't',
      version: {
        __typename: 'TodoVersion',
        id: 't@1',
        operation: 'CREATE',
        status: 'open',
        transaction: { id: '1', reason: 'new' },
      },
    },
    {
      position: '2',
      entity: 'LAKE_FILE',
      id: 'f',
      version: { __typename: 'LakeFileVersion', filename: 'f', downloadUrl: '/files/f/1' },
    },
    {
      position: '3',
      version: { revision: 2, changes: [{ field: 'status', before: 'open', after: 'done' }] },
    },
    { position: '4', version: { operation: 'DELETE', changes: [] } },
  ]);
  expect(taken.map(({ extensions }) => extensions?.position)).toEqual(['1', '2', '3', '4']);
});

test('without after, only what is committed from now on comes', async () => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'before' });
  const taking = takeEvents(await serve(api), 'subscription { changes { id } }', 2);
  await untilWaiting(api.store, 1);
  await write(api, 'create', 'Todo', { id: 'a' });
  await write(api, 'create', 'Todo', { id: 'b' });
  expect((await taking).map(({ data }) => data.changes.id)).toEqual(['a', 'b']);
});

test('only the kinds that are asked for come', async () => {
  const api = await openApi();
  const url = await serve(api);
  for (const id of ['a', 'b']) {
    await write(api, 'create', 'Todo', { id });
    await write(api, 'create', 'LakeFile', { id, filename: id, text: '' });
  }
  const take = async (entities: string, count: number) => {
    const query = `subscription { changes(after: "0", entities: ${entities}) { position } }`;
    return positionsOf(await takeEvents(url, query, count));
  };
  expect(await take('[TODO]', 2)).toEqual([1, 3]);
  expect(await take('[LAKE_FILE]', 2)).toEqual([2, 4]);
  expect(await take('LAKE_FILE', 1)).toEqual([2]);
  expect(await take('[LAKE_FILE, TODO, TODO]', 4)).toEqual([1, 2, 3, 4]);
  expect(await take('null', 4)).toEqual([1, 2, 3, 4]);
});

test('a client of graphql-sse follows, stops, and nobody is left waiting', async () => {
  const api = await openApi();
  const client = createClient({ url: await serve(api), retryAttempts: 0 });
  onTestFinished(() => client.dispose());
  const iterator = client.iterate({ query: changesAfter(0) });
  await untilWaiting(api.store, 1);
  const seen: number[] = [];
  for (let count = 1; count <= 3; count += 1) {
    await write(api, 'create', 'Todo', {});
    const { value } = await iterator.next();
    seen.push(...positionsOf([value as ApiAnswer]));
  }
  expect(seen).toEqual([1, 2, 3]);
  await iterator.return?.();
  await untilWaiting(api.store, 0);
});

test('many clients of graphql-sse each get everything', async () => {
  const api = await openApi();
  const url = await serve(api);
  const clients = Array.from({ length: 10 }, () => createClient({ url, retryAttempts: 0 }));
  onTestFinished(() => {
    for (const client of clients) client.dispose();
  });
  const following = clients.map(async (client) => {
    const seen: ApiAnswer[] = [];
    for await (const answer of client.iterate({ query: changesAfter(0) })) {
      seen.push(answer as unknown as ApiAnswer);
      if (seen.length === 20) break;
    }
    return positionsOf(seen);
  });
  await untilWaiting(api.store, clients.length);
  for (let count = 0; count < 20; count += 1) await write(api, 'create', 'Todo', {});
  expect(await Promise.all(following)).toEqual(clients.map(() => range(1, 20)));
  await untilWaiting(api.store, 0);
});

test('a client that comes back with after misses nothing and gets nothing twice', () =>
  checkProperty(
    'resuming',
    fc.record({
      stays: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 12 }),
      sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 15 }),
    }),
    10,
    ({ stays, sizes }) =>
      withStore({ replicaInMemory: true, replicaLimits: { mergeRows: 10 } }, async (store) => {
        const { url, server } = await listen(new TestApi(store).app);
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const writing = (async () => {
          for (const size of sizes) {
            await store.transact(async (log) => {
              for (let count = 0; count < size; count += 1) await log.create(Todo, {});
            });
          }
        })();
        const seen: number[] = [];
        for (let turn = 0; seen.length < total; turn += 1) {
          const count = Math.min(stays[turn % stays.length] as number, total - seen.length);
          const taken = await takeEvents(`${url}/graphql`, changesAfter(seen.at(-1) ?? 0), count);
          seen.push(...positionsOf(taken));
        }
        await writing;
        expect(seen).toEqual(range(1, total));
        await untilWaiting(store, 0);
        server.closeAllConnections();
      }),
  ));

test('a client that leaves before the first event leaves nobody waiting', async () => {
  const api = await openApi();
  const url = await serve(api);
  for (let count = 0; count < 5; count += 1) {
    const leaving = new AbortController();
    const first = events(url, 'subscription { changes { id } }', leaving.signal).next();
    await untilWaiting(api.store, 1);
    leaving.abort();
    await expect(first).rejects.toThrow();
    await untilWaiting(api.store, 0);
  }
});

test('clients that leave while they are being subscribed leave nobody waiting', async () => {
  const api = await openApi();
  const url = await serve(api);
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const leaving = new AbortController();
      const first = events(url, 'subscription { changes { id } }', leaving.signal).next();
      setTimeout(() => leaving.abort(), index);
      await expect(first).rejects.toThrow();
    }),
  );
  await untilWaiting(api.store, 0);
  // Whoever began only now would be found by the change that it waits for.
  await write(api, 'create', 'Todo', {});
  await untilWaiting(api.store, 0);
});

test('closing the store completes every subscription', async () => {
  const api = await openApi();
  const url = await serve(api);
  const taking = takeEvents(url, changesAfter(0), 5);
  await untilWaiting(api.store, 1);
  await write(api, 'create', 'Todo', {});
  await untilWaiting(api.store, 1);
  await api.store.close();
  expect(positionsOf(await taking)).toEqual([1]);
});

test('a subscription that cannot begin tells why, and leaves nobody waiting', async () => {
  const api = await openApi();
  const url = await serve(api);
  await write(api, 'create', 'Todo', {});
  const wrong = [
    [changesAfter(2), 'BAD_USER_INPUT'],
    [changesAfter('9223372036854775807'), 'BAD_USER_INPUT'],
    [changesAfter(-1), 'BAD_USER_INPUT'],
    [changesAfter('x'), 'BAD_USER_INPUT'],
    ['subscription { changes(entities: [NOTE]) { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { changes { colour } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { changes { id } more: changes { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { changes { id }', 'GRAPHQL_PARSE_FAILED'],
  ] as const;
  for (const [query, code] of wrong) {
    const [first, ...rest] = await takeEvents(url, query, 2);
    expect([query, codesOf(first as ApiAnswer), rest]).toEqual([query, [code], []]);
  }
  expect(api.store.waitingFollowers).toBe(0);
});

test('variables of a subscription that do not fit have a code, too', async () => {
  const api = await openApi();
  const query = 'subscription ($kinds: [EntityName!]) { changes(entities: $kinds) { id } }';
  expect(await api.codes(query, { kinds: ['NOTE'] })).toEqual(['BAD_USER_INPUT']);
});

test('a failing source ends its subscription with a masked error, and not the process', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  const url = await serve(api);
  await write(api, 'create', 'Todo', {});
  const following = takeEvents(url, 'subscription { changes { id version { id } } }', 1);
  await untilWaiting(api.store, 1);
  const log = rawLog(directory);
  log.exec('alter table todos rename to elsewhere');
  await createManyFiles(api.store);
  const [failure] = await following;
  expect(codesOf(failure as ApiAnswer)).toEqual(['INTERNAL_SERVER_ERROR']);
  expect(JSON.stringify(failure)).not.toMatch(/todos|elsewhere|select|node_modules|\.ts/);
  expect(api.logged).toHaveLength(1);
  await untilWaiting(api.store, 0);
  log.exec('alter table elsewhere rename to todos');
  expect(positionsOf(await takeEvents(url, changesAfter(0), 2))).toEqual([1, 2]);
});
