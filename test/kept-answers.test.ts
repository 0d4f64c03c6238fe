/** Answers that are kept: given again where they hold, and nowhere else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeptAnswers } from '../src/db/answers/kept-answers.ts';
import { onlyAt, type Stretch } from '../src/db/answers/stretch.ts';
import { limits, Order, type Store } from '../src/db/index.ts';
import { LakeFile, type Position, Todo, type Version } from '../src/entities/index.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenPatch, specimenValues } from './support/specimen.ts';
import { filter, orderBy } from './support/specimen-questions.ts';
import { openTemporary, temporaryDirectory, withStore } from './support/temporary-store.ts';

/** A store that counts its DuckDB queries. */
async function openCounted(options: Parameters<typeof openTemporary>[0] = {}) {
  const asked = { queries: 0 };
  const onReplicaQuery = () => {
    asked.queries += 1;
  };
  const store = await openTemporary({ replicaInMemory: true, onReplicaQuery, ...options });
  return { store, asked };
}

const openByPriority = {
  filter: { status: { eq: 'open' } },
  orderBy: [{ field: 'priority', direction: 'asc' }],
  limit: 2,
} as const;

describe('a record', () => {
  test('that was read is read again without asking DuckDB', async () => {
    const { store, asked } = await openCounted();
    await store.append(Todo, { id: 'a', subject: 'first' });
    await store.get(Todo, 'a');
    const before = asked.queries;
    expect((await store.get(Todo, 'a'))?.values.subject).toBe('first');
    await store.append(Todo, { id: 'another' });
    expect((await store.get(Todo, 'a'))?.values.subject).toBe('first');
    expect(asked.queries).toBe(before);
  });

  test('shows a change at once, and what was before it stays readable where it was', async () => {
    const { store, asked } = await openCounted();
    const { position } = await store.append(Todo, { id: 'a', subject: 'first' });
    await store.get(Todo, 'a');
    await store.update(Todo, 'a', { subject: 'second' });
    expect((await store.get(Todo, 'a'))?.values.subject).toBe('second');
    const before = asked.queries;
    expect((await store.get(Todo, 'a', position))?.values.subject).toBe('first');
    expect(asked.queries).toBe(before);
    await store.delete(Todo, 'a');
    expect(await store.get(Todo, 'a')).toBeNull();
  });

  test('shows a change by another store on the same data at once', async () => {
    const directory = temporaryDirectory();
    const store = await openTemporary({ directory });
    const other = await openTemporary({ directory });
    await store.append(Todo, { id: 'a', subject: 'first' });
    await store.get(Todo, 'a');
    await other.update(Todo, 'a', { subject: 'second' });
    expect((await store.get(Todo, 'a'))?.values.subject).toBe('second');
  });

  test('that did not exist shows once it is created', async () => {
    const { store } = await openCounted();
    const { position } = await store.append(Todo, { id: 'another' });
    expect(await store.get(Todo, 'a')).toBeNull();
    await store.append(Todo, { id: 'a' });
    expect(await store.get(Todo, 'a')).not.toBeNull();
    expect(await store.get(Todo, 'a', position)).toBeNull();
  });
});

describe('a page', () => {
  test('is not read again after changes that do not touch it', async () => {
    const { store, asked } = await openCounted();
    for (const [id, priority] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['d', 4],
    ] as const) {
      await store.append(Todo, { id, priority, status: 'open' });
    }
    const first = await store.list(Todo, openByPriority);
    expect(first.versions.map(({ id }) => id)).toEqual(['a', 'b']);
    const before = asked.queries;
    // Past its end, of another status, of another kind.
    await store.update(Todo, 'd', { subject: 'changed' });
    await store.append(Todo, { id: 'e', priority: 0, status: 'done' });
    await store.transact(async (log) => {
      const contents = await log.putContents(new Uint8Array([1]));
      await log.create(LakeFile, { filename: 'f', ...contents });
    });
    expect(await store.list(Todo, openByPriority)).toEqual(first);
    expect(asked.queries).toBe(before);
  });

  test.each<[string, (store: Store) => Promise<unknown>, string[]]>([
    ['a record on it is changed', (store) => store.update(Todo, 'a', { subject: 'x' }), ['a', 'b']],
    ['a record on it is deleted', (store) => store.delete(Todo, 'a'), ['b', 'c']],
    ['a record comes onto it', (store) => store.update(Todo, 'z', { status: 'open' }), ['z', 'a']],
    [
      'a record is created on it',
      (store) => store.append(Todo, { id: 'n', priority: 1, status: 'open' }),
      ['a', 'n'],
    ],
    ['a record leaves it', (store) => store.update(Todo, 'b', { status: 'done' }), ['a', 'c']],
    [
      'a record moves past its end',
      (store) => store.update(Todo, 'a', { priority: 9 }),
      ['b', 'c'],
    ],
  ])('is read again when %s', async (_what, change, ids) => {
    const { store, asked } = await openCounted();
    await store.append(Todo, { id: 'a', priority: 1, status: 'open' });
    await store.append(Todo, { id: 'b', priority: 2, status: 'open' });
    await store.append(Todo, { id: 'c', priority: 3, status: 'open' });
    await store.append(Todo, { id: 'z', priority: 0, status: 'done' });
    const before = await store.list(Todo, openByPriority);
    const at = await store.head();
    const queries = asked.queries;
    await change(store);
    const after = await store.list(Todo, openByPriority);
    expect(after.versions.map(({ id }) => id)).toEqual(ids);
    expect(asked.queries).toBeGreaterThan(queries);
    // Where it held, it is good for ever.
    const again = asked.queries;
    expect(await store.list(Todo, { ...openByPriority, at })).toEqual(before);
    expect(asked.queries).toBe(again);
  });

  test('whose list ends behind it is read again when the one record past it goes', async () => {
    const { store } = await openCounted();
    for (const id of ['a', 'b', 'c']) {
      await store.append(Todo, { id, priority: id.charCodeAt(0), status: 'open' });
    }
    expect((await store.list(Todo, openByPriority)).more).toBe(true);
    await store.delete(Todo, 'c');
    expect((await store.list(Todo, openByPriority)).more).toBe(false);
  });

  test('that many ask for together is read once', async () => {
    const { store, asked } = await openCounted();
    await store.append(Todo, { id: 'a', status: 'open' });
    await store.list(Todo, { limit: 1 });
    const before = asked.queries;
    const alone = await store.list(Todo, openByPriority);
    const cost = asked.queries - before;
    await store.append(Todo, { id: 'b', status: 'open' });
    const pages = await Promise.all(
      Array.from({ length: 20 }, () => store.list(Todo, openByPriority)),
    );
    expect(asked.queries - before).toBe(2 * cost);
    expect(new Set(pages.map(({ versions }) => versions.length))).toEqual(new Set([2]));
    expect(alone.versions).toHaveLength(1);
  });

  test('is read again after more changes of others than are looked through', async () => {
    const directory = temporaryDirectory();
    const { store } = await openCounted({ directory });
    const other = await openTemporary({ directory, replicaInMemory: true });
    await store.append(Todo, { id: 'a', priority: 1, status: 'open' });
    await store.list(Todo, openByPriority);
    expect(await store.get(Todo, 'a')).not.toBeNull();
    await other.transact(async (log) => {
      for (let count = 0; count <= limits.recentChangesMax; count += 1) await log.create(Todo, {});
      await log.delete(Todo, 'a');
    });
    expect((await store.list(Todo, openByPriority)).versions).toEqual([]);
    expect(await store.get(Todo, 'a')).toBeNull();
  });
});

describe('counts and groups', () => {
  const byStatus = { by: ['status'], filter: { priority: { lt: 10 } } } as const;
  const shown = async (store: Store, query: Parameters<Store['groups']>[1] = byStatus) =>
    (await store.groups(Todo, query)).map(({ values, count }) => [...Object.values(values), count]);

  test('are brought up to date by what changed, without asking DuckDB', async () => {
    const { store, asked } = await openCounted();
    for (const status of ['open', 'open', 'done']) {
      await store.append(Todo, { status, priority: 1 });
    }
    await store.append(Todo, { id: 'a', status: 'doing', priority: 1 });
    const { filter } = byStatus;
    const at = await store.head();
    expect(await shown(store)).toEqual([
      ['open', 2],
      ['doing', 1],
      ['done', 1],
    ]);
    expect(await store.count(Todo, { filter })).toBe(4);
    const before = asked.queries;
    await store.update(Todo, 'a', { status: 'done' });
    expect(await shown(store)).toEqual([
      ['done', 2],
      ['open', 2],
    ]);
    await store.update(Todo, 'a', { status: null });
    await store.append(Todo, { status: null, priority: 1 });
    await store.append(Todo, { id: 'b', status: 'new', priority: 10 });
    expect(await shown(store)).toEqual([
      ['open', 2],
      [null, 2],
      ['done', 1],
    ]);
    expect(await store.count(Todo, { filter })).toBe(5);
    await store.update(Todo, 'b', { priority: 9 });
    await store.delete(Todo, 'a');
    expect(await store.count(Todo, { filter })).toBe(5);
    expect(await shown(store, { ...byStatus, at })).toHaveLength(3);
    expect(asked.queries).toBe(before);
  });

  test('with stats are counted anew, as no change tells what is the next least', async () => {
    const { store, asked } = await openCounted();
    await store.append(Todo, { id: 'a', status: 'open', priority: 1 });
    await store.append(Todo, { status: 'open', priority: 2 });
    const query = { by: ['status'], stats: ['priority'] };
    await store.groups(Todo, query);
    const before = asked.queries;
    await store.delete(Todo, 'a');
    const [group] = await store.groups(Todo, query);
    expect(group?.stats.priority).toEqual({ min: 2, max: 2, avg: 2, sum: 2 });
    expect(asked.queries).toBeGreaterThan(before);
  });

  test('of more groups than may be are refused, though all before were kept', async () => {
    const { store } = await openCounted();
    const create = (count: number, begin: number) =>
      store.transact(async (log) => {
        for (let place = 0; place < count; place += 1) {
          await log.create(Todo, { status: `s${begin + place}` });
        }
      });
    const query = { by: ['status'] };
    await create(limits.talliedGroupsMax, 0);
    expect(await store.groups(Todo, query)).toHaveLength(limits.talliedGroupsMax);
    await create(limits.groupsMax - limits.talliedGroupsMax, limits.talliedGroupsMax);
    expect(await store.groups(Todo, query)).toHaveLength(limits.groupsMax);
    await create(1, limits.groupsMax);
    await expect(store.groups(Todo, query)).rejects.toThrow(`more than ${limits.groupsMax} groups`);
  });
});

test('a closed store answers nothing, kept or not', async () => {
  const { store } = await openCounted();
  const { position } = await store.append(Todo, { id: 'a', status: 'open' });
  const query = { ...openByPriority, at: position };
  await store.list(Todo, query);
  await store.close();
  await expect(store.list(Todo, query)).rejects.toThrow('closing');
  await expect(store.get(Todo, 'a', position)).rejects.toThrow('closing');
});

describe('what is kept', () => {
  const always: Stretch = { holdsAt: () => true };
  const at = 1 as Position;

  test('takes no more memory than it may; what nobody asks for goes first', () => {
    const kept = new KeptAnswers(1_000);
    for (const question of ['a', 'b', 'c']) {
      kept.keep(question, { value: question, stretch: always }, 90);
    }
    for (let count = 0; count < 9; count += 1) {
      kept.find('a', at);
      kept.keep(`more ${count}`, { value: count, stretch: always }, 80);
    }
    expect(kept.find('a', at)?.value).toBe('a');
    expect(kept.find('b', at)).toBeNull();
  });

  test('is not so large that everything else would go for it', () => {
    const kept = new KeptAnswers(1_000);
    kept.keep('large', { value: 1, stretch: always }, 500);
    expect(kept.find('large', at)).toBeNull();
  });

  test('is so many stretches of one question, the newest of them', () => {
    const kept = new KeptAnswers(1_000_000);
    for (let place = 0; place <= limits.keptStretchesMax; place += 1) {
      kept.keep('q', { value: place, stretch: onlyAt(place as Position) }, 1);
    }
    expect(kept.find('q', 0 as Position)).toBeNull();
    expect(kept.find('q', 1 as Position)?.value).toBe(1);
    expect(kept.find('q', limits.keptStretchesMax as Position)?.value).toBe(
      limits.keptStretchesMax,
    );
  });
});

// ---- kept answers are the answers that would be worked out afresh --------------------------------

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];

const write = fc.record({
  id: fc.constantFrom(...ids),
  kind: fc.constantFrom('set', 'set', 'set', 'delete', 'restore'),
  values: specimenValues,
  patch: specimenPatch,
  /** Whether another process writes it. */
  elsewhere: fc.nat({ max: 4 }).map((number) => number === 0),
});
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

const pageQuestion = fc.record({
  kind: fc.constant('page' as const),
  filter,
  orderBy,
  limit: fc.nat({ max: 4 }),
  fromEnd: fc.boolean(),
  after: fc.option(fc.nat({ max: 9 })),
  before: fc.option(fc.nat({ max: 9 })),
});
const fields = ['ownerId', 'title', 'state', 'rank', 'done', 'labels'];
const groupsQuestion = fc.record({
  kind: fc.constant('groups' as const),
  filter,
  by: fc.uniqueArray(fc.constantFrom(...fields), { minLength: 1, maxLength: 2 }),
  stats: fc.subarray(['rank']),
  totals: fc.subarray(['bytes']),
});
const seriesQuestion = fc.record({
  kind: fc.constant('series' as const),
  filter,
  by: fc.subarray(['state']),
  after: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 3 }),
});
const question = fc.oneof(
  { arbitrary: pageQuestion, weight: 3 },
  fc.record({ kind: fc.constant('count' as const), filter }),
  groupsQuestion,
  seriesQuestion,
  fc.record({ kind: fc.constant('record' as const), id: fc.constantFrom(...ids) }),
  fc.record({ kind: fc.constant('blame' as const), id: fc.constantFrom(...ids) }),
);
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

async function apply(store: Store, { id, kind, values, patch }: Write): Promise<void> {
  await store.transact(async (log) => {
    const last = await log.get(Specimen, id);
    if (!last) await log.create(Specimen, { id, ...values });
    else if (last.operation === 'DELETE') await log.restore(Specimen, id);
    else if (kind === 'delete') await log.delete(Specimen, id);
    else if (kind === 'restore') await log.restore(Specimen, id, { revision: 1 as never });
    else await log.update(Specimen, id, patch);
  });
}

async function answer(
  store: Store,
  question: Question,
  at: Position,
  all: readonly Version<typeof Specimen>[],
): Promise<unknown> {
  if (question.kind === 'count')
    return await store.count(Specimen, { filter: question.filter, at });
  if (question.kind === 'record') return await store.get(Specimen, question.id, at);
  if (question.kind === 'groups') {
    const { kind: _, ...query } = question;
    return await store.groups(Specimen, { ...query, at });
  }
  if (question.kind === 'series') {
    const { filter, by, after } = question;
    const moments = after.map((place) => (all[place]?.committedAt ?? 4e15) + 1);
    return await store.overTime(Specimen, { filter, by, moments, at });
  }
  if (question.kind === 'blame') {
    const version = await store.get(Specimen, question.id, at);
    const { revision = 1 } = version ?? {};
    const history = await store.history(Specimen, question.id, { to: revision });
    const lastSet = await store.lastSet(Specimen, [{ id: question.id, revision }]);
    return { history, lastSet };
  }
  const { kind: _, after, before, ...query } = question;
  const order = new Order(Specimen, query.orderBy);
  const placeAt = (place: number | null) => {
    const version = place === null ? undefined : all[place];
    return version && order.placeOf(version);
  };
  return await store.list(Specimen, {
    ...query,
    at,
    after: placeAt(after),
    before: placeAt(before),
  });
}

test('every kept answer is the one that would be worked out afresh', { timeout: 180_000 }, () => {
  let kept = 0;
  let afresh = 0;
  const options = { entities: [Specimen], replicaInMemory: true, replicaLimits: { mergeRows: 7 } };
  return checkProperty(
    'kept answers',
    fc.tuple(
      fc.array(question, { minLength: 6, maxLength: 10 }),
      fc.array(fc.tuple(write, fc.nat()), { minLength: 10, maxLength: 25 }),
    ),
    6,
    ([questions, writes]) =>
      withStore({ ...options, onReplicaQuery: () => (kept += 1) }, async (store, directory) => {
        const fresh = await openTemporary({
          ...options,
          directory,
          keptAnswersBytesMax: 0,
          onReplicaQuery: () => (afresh += 1),
        });
        const all: Version<typeof Specimen>[] = [];
        for (const [change, nat] of writes) {
          await apply(change.elsewhere ? fresh : store, change);
          const head = await store.head();
          const [version] = await store.versionsBetween((head - 1) as Position, head);
          if (version) all.push(version as Version<typeof Specimen>);
          // Now, and where another question was asked before.
          for (const at of [head, head, (nat % (head + 1)) as Position]) {
            for (const each of questions) {
              const asked = { at, each };
              const [found, expected] = await Promise.all([
                answer(store, each, at, all),
                answer(fresh, each, at, all),
              ]);
              expect({ asked, found }).toEqual({ asked, found: expected });
            }
          }
        }
        await fresh.close();
      }),
  ).then(() => {
    // A property of what is never kept would show nothing.
    expect(kept).toBeLessThan(afresh / 2);
  });
});
