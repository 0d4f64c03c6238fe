/** Feeds of one kind of record: what matches, and how that changes, over server-sent events. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits, matcherOf, type RecordFilter, type Store } from '../src/db/index.ts';
import { Todo, type Version } from '../src/entities/index.ts';
import { type ApiAnswer, codesOf, listen, openApi, TestApi, write } from './support/api.ts';
import { takeEvents } from './support/events.ts';
import { checkProperty } from './support/property.ts';
import { openTemporary, temporaryDirectory, withStore } from './support/temporary-store.ts';
import { untilWaiting } from './support/until.ts';

interface Event {
  readonly kind: string;
  readonly position: string;
  readonly id: string | null;
}

const serve = async (api: TestApi) => `${(await listen(api.app)).url}/graphql`;

/** Takes so many events of todoChanges, fewer perhaps when it may end where the feed has caught up. */
async function take<T = Event>(
  url: string,
  args: string,
  count: number,
  fields = 'kind position id',
  orCaughtUp = false,
) {
  const asked = args === '' ? '' : `(${args})`;
  const query = `subscription { todoChanges${asked} { ${fields} } }`;
  const events = await takeEvents(
    url,
    query,
    (taken) =>
      taken.length >= count || (orCaughtUp && taken.at(-1)?.data?.todoChanges.kind === 'CAUGHT_UP'),
  );
  expect(events.flatMap(({ errors = [] }) => errors)).toEqual([]);
  return events.map(({ data }) => data.todoChanges as T);
}

const told = (events: readonly Event[]) =>
  events.map(({ kind, position, id }) => `${kind} ${position} ${id}`);

test('a feed tells what matches, that it has caught up, and then what changes', async () => {
  const api = await openApi();
  const url = await serve(api);
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  await write(api, 'create', 'Todo', { id: 'b', status: 'done' });
  await write(api, 'create', 'Todo', { id: 'c', status: 'open' });
  await write(api, 'update', 'Todo', { id: 'a', subject: 'again' });
  const following = take(url, 'filter: { status: { eq: "open" } }, snapshot: true', 9);
  await untilWaiting(api.store, 1);
  await write(api, 'update', 'Todo', { id: 'b', subject: 'nobody is told' });
  await write(api, 'update', 'Todo', { id: 'b', status: 'open' });
  await write(api, 'update', 'Todo', { id: 'b', priority: 1 });
  await write(api, 'update', 'Todo', { id: 'a', status: 'done' });
  await write(api, 'delete', 'Todo', { id: 'c' });
  await api.data('mutation { restoreTodo(id: "c") { __typename } }');
  await write(api, 'create', 'LakeFile', { filename: 'f', text: '' });
  await write(api, 'create', 'Todo', { id: 'd', status: 'open' });
  expect(told(await following)).toEqual([
    'SNAPSHOT 3 c',
    'SNAPSHOT 4 a',
    'CAUGHT_UP 4 null',
    'ENTER 6 b',
    'UPDATE 7 b',
    'LEAVE 8 a',
    'LEAVE 9 c',
    'ENTER 10 c',
    'ENTER 12 d',
  ]);
});

test('an event has the record, the version and what that superseded', async () => {
  const api = await openApi();
  const url = await serve(api);
  for (const status of ['open', 'doing', 'done']) {
    const known = await api.store.get(Todo, 'a');
    await write(api, known ? 'update' : 'create', 'Todo', { id: 'a', status });
  }
  await write(api, 'delete', 'Todo', { id: 'a' });
  const fields = `kind id
    todo { status revision deletedAt history(order: ASC) { edges { node { revision } } } }
    version { id operation changes { field } transaction { id } }
    previous { id }`;
  const filter = 'filter: { status: { in: ["open", "doing"] } }';
  const history = (...revisions: number[]) => ({
    edges: revisions.map((revision) => ({ node: { revision } })),
  });
  expect(await take(url, `after: "0", ${filter}`, 4, fields)).toEqual([
    {
      kind: 'ENTER',
      id: 'a',
      todo: { status: 'open', revision: 1, deletedAt: null, history: history(1) },
      version: {
        id: 'a@1',
        operation: 'CREATE',
        changes: [{ field: 'priority' }, { field: 'status' }],
        transaction: { id: '1' },
      },
      previous: null,
    },
    {
      kind: 'UPDATE',
      id: 'a',
      todo: { status: 'doing', revision: 2, deletedAt: null, history: history(1, 2) },
      version: {
        id: 'a@2',
        operation: 'UPDATE',
        changes: [{ field: 'status' }],
        transaction: { id: '2' },
      },
      previous: { id: 'a@1' },
    },
    {
      kind: 'LEAVE',
      id: 'a',
      todo: { status: 'done', revision: 3, deletedAt: null, history: history(1, 2, 3) },
      version: {
        id: 'a@3',
        operation: 'UPDATE',
        changes: [{ field: 'status' }],
        transaction: { id: '3' },
      },
      previous: { id: 'a@2' },
    },
    { kind: 'CAUGHT_UP', id: null, todo: null, version: null, previous: null },
  ]);
  const [left] = await take<{ kind: string; todo: unknown }>(url, 'after: "3"', 1, fields);
  expect(left).toMatchObject({ kind: 'LEAVE', todo: null, version: { operation: 'DELETE' } });
  const [kept] = await take(url, 'after: "3", filter: { includeDeleted: true }', 1, fields);
  expect(kept).toMatchObject({ kind: 'UPDATE', todo: { deletedAt: expect.any(String) } });
});

test('without after and snapshot a feed has caught up at once', async () => {
  const api = await openApi();
  const url = await serve(api);
  await write(api, 'create', 'Todo', { id: 'before' });
  const following = take(url, '', 2);
  await untilWaiting(api.store, 1);
  await write(api, 'create', 'Todo', { id: 'a' });
  expect(told(await following)).toEqual(['CAUGHT_UP 1 null', 'ENTER 2 a']);
  const query = 'subscription { todoChanges(after: "0") { position } }';
  const positions = (await takeEvents(url, query, 3)).map(({ extensions }) => extensions?.position);
  expect(positions).toEqual(['1', '2', '2']);
});

test('the changes of one transaction come together, in order', async () => {
  const api = await openApi();
  const url = await serve(api);
  const following = take(url, 'filter: { status: { eq: "open" } }', 6);
  await untilWaiting(api.store, 1);
  await api.data(`mutation { transact(operations: [
    { createTodo: { id: "a", status: "open" } }
    { createTodo: { id: "b" } }
    { createLakeFile: { filename: "f", text: "" } }
    { updateTodo: { id: "a", priority: 1 } }
    { updateTodo: { id: "a", status: "done" } }
    { updateTodo: { id: "b", status: "open" } }
  ]) { __typename } }`);
  await write(api, 'delete', 'Todo', { id: 'b' });
  expect(told(await following)).toEqual([
    'CAUGHT_UP 0 null',
    'ENTER 1 a',
    'UPDATE 4 a',
    'LEAVE 5 a',
    'ENTER 6 b',
    'LEAVE 7 b',
  ]);
});

test('files are followed as todos are, with their own fields', async () => {
  const api = await openApi();
  const url = await serve(api);
  await write(api, 'create', 'LakeFile', { id: 'f', path: 'p', filename: 'f', text: 'one' });
  await write(api, 'update', 'LakeFile', { id: 'f', text: 'three' });
  const query = `subscription { lakeFileChanges(after: "0", filter: { size: { gt: 3 } }) {
    kind lakeFile { filename text } version { downloadUrl size }
  } }`;
  const [entered] = await takeEvents(url, query, 1);
  expect(entered?.data.lakeFileChanges).toEqual({
    kind: 'ENTER',
    lakeFile: { filename: 'f', text: 'three' },
    version: { downloadUrl: '/files/f/2', size: 5 },
  });
});

test('commits of another process arrive, too', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  const other = await openTemporary({ directory, replicaInMemory: true });
  const url = await serve(api);
  const following = take(url, 'filter: { labels: { has: "x" } }', 4);
  await untilWaiting(api.store, 1);
  for (const id of ['a', 'b', 'c']) await other.append(Todo, { id, labels: ['x'] });
  expect(told(await following)).toEqual([
    'CAUGHT_UP 0 null',
    'ENTER 1 a',
    'ENTER 2 b',
    'ENTER 3 c',
  ]);
});

test('a snapshot larger than what is read at a time is whole, and what is written meanwhile follows', async () => {
  const api = await openApi({ replicaLimits: { mergeRows: 50 } });
  const url = await serve(api);
  const count = limits.snapshotPageRows * 2 + 10;
  await api.store.transact(async (log) => {
    for (let number = 0; number < count; number += 1) await log.create(Todo, { id: `t${number}` });
  });
  const query = 'subscription { todoChanges(snapshot: true) { kind position id } }';
  const isLast = ({ data }: ApiAnswer) => Number(data.todoChanges.position) === count + 200;
  const following = takeEvents(url, query, (taken) => isLast(taken.at(-1) as ApiAnswer));
  for (let number = 0; number < 200; number += 1) {
    await api.store.update(Todo, `t${number}`, { priority: 1_000 + number });
  }
  const events = (await following).map(({ data }) => data.todoChanges as Event);
  const caughtUp = events.findIndex(({ kind }) => kind === 'CAUGHT_UP');
  const kinds = new Set(events.slice(0, caughtUp).map(({ kind }) => kind));
  expect([...kinds]).toEqual(['SNAPSHOT']);
  expect(new Set(events.slice(0, caughtUp).map(({ id }) => id)).size).toBe(count);
  const after = events.slice(caughtUp + 1).map(({ position }) => Number(position));
  const begin = Number(events[caughtUp]?.position);
  expect(after).toEqual(after.map((_, index) => begin + 1 + index));
});

// ---- against a naive reading of the log ----------------------------------------------------------

const filters: readonly RecordFilter[] = [
  {},
  { status: { eq: 'open' } },
  { not: { status: { eq: 'open' } } },
  { labels: { has: 'x' }, priority: { gt: 1 } },
  { search: 'paint', includeDeleted: true },
  { or: [{ subject: { isNull: true } }, { status: { in: ['open', 'done'] } }] },
];
const values = fc.record(
  {
    subject: fc.constantFrom(null, 'Paint', 'fence'),
    status: fc.constantFrom(null, 'open', 'done'),
    priority: fc.constantFrom(1, 2, 100),
    labels: fc.constantFrom([], ['x'], ['x', 'y']),
  },
  { requiredKeys: [] },
);
const step = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  remove: fc.nat({ max: 5 }).map((nat) => nat === 0),
  values,
});
const log = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 15,
});

async function writeSteps(
  store: Store,
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
) {
  await store.transact(async (transaction) => {
    for (const { id, remove, values: patch } of steps) {
      const known = await transaction.get(Todo, id);
      if (!known) await transaction.create(Todo, { id, ...patch } as never);
      else if (known.operation === 'DELETE') await transaction.restore(Todo, id);
      else if (remove) await transaction.delete(Todo, id);
      else await transaction.update(Todo, id, patch as never);
    }
  });
}

type Told = Event & { readonly todo: { readonly revision: number } | null };

/** A client that keeps what its events tell it to. */
class Follower {
  readonly kept = new Map<string, number>();
  position = '0';

  take(events: readonly Told[]): void {
    for (const { kind, id, position, todo } of events) {
      this.position = position;
      if (kind === 'LEAVE') this.kept.delete(id ?? '');
      else if (kind !== 'CAUGHT_UP') this.kept.set(id ?? '', todo?.revision ?? 0);
    }
  }
}

const matching = (versions: readonly Version[], filter: RecordFilter) => {
  const newest = [...new Map(versions.map((version) => [version.id, version])).values()];
  const matches = matcherOf(Todo, filter);
  return new Map(newest.filter(matches).map(({ id, revision }) => [id, revision as number]));
};

const asArgument = (filter: RecordFilter) => JSON.stringify(filter).replace(/"(\w+)":/g, '$1:');

test('whoever leaves after any event and resumes holds exactly what matches in the end', () =>
  checkProperty(
    'feeds',
    fc.record({
      before: log,
      during: log,
      filter: fc.constantFrom(...filters),
      stays: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
    }),
    25,
    ({ before, during, filter, stays }) =>
      withStore({ replicaInMemory: true, replicaLimits: { mergeRows: 7 } }, async (store) => {
        const { url, server } = await listen(new TestApi(store).app);
        for (const steps of before) await writeSteps(store, steps);
        const follower = new Follower();
        const fields = 'kind position id todo { revision }';
        const argument = `filter: ${asArgument(filter)}`;
        const first = matching(await store.versionsBetween(0 as never, await store.head()), filter);
        // Leaving in the middle of the snapshot, too.
        const begin = Math.min(stays[0] as number, first.size + 1);
        follower.take(
          await take<Told>(`${url}/graphql`, `snapshot: true, ${argument}`, begin, fields),
        );
        for (const steps of during) await writeSteps(store, steps);
        for (let turn = 0; ; turn += 1) {
          const count = stays[turn % stays.length] as number;
          const args = `after: "${follower.position}", ${argument}`;
          const events = await take<Told>(`${url}/graphql`, args, count, fields, true);
          follower.take(events);
          if (events.at(-1)?.kind === 'CAUGHT_UP') break;
        }
        const versions = await store.versionsBetween(0 as never, await store.head());
        expect([...follower.kept].sort()).toEqual([...matching(versions, filter)].sort());
        await untilWaiting(store, 0);
        server.closeAllConnections();
      }),
  ));

describe('is refused', () => {
  const wrong = [
    ['a position that has not been yet', 'after: "2"', 'after: must not be after'],
    ['a snapshot that resumes', 'after: "1", snapshot: true', 'snapshot: cannot be given with'],
    [
      'a filter with too many values',
      `filter: { id: { in: ${JSON.stringify(Array(1_001).fill('x'))} } }`,
      'filter.id.in',
    ],
  ] as const;
  test.for(wrong)('%s', async ([, args, message]) => {
    const api = await openApi();
    const url = await serve(api);
    await write(api, 'create', 'Todo', {});
    const query = `subscription { todoChanges(${args}) { kind } }`;
    const [first, ...rest] = await takeEvents(url, query, 2);
    expect([codesOf(first ?? {}), rest]).toEqual([['BAD_USER_INPUT'], []]);
    expect(first?.errors?.[0]?.message).toContain(message);
    expect(api.store.waitingFollowers).toBe(0);
  });
});
