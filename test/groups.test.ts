/** Groups: now and then, against what is worked out naively from the log. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadRequest, limits } from '../src/db/index.ts';
import { defineEntity, field, LakeFile, type Position, Todo } from '../src/entities/index.ts';
import { buildSchema } from '../src/schema/index.ts';
import { openApi } from './support/api.ts';
import { groupsOf, inForce } from './support/grouping-model.ts';
import { lakeFile } from './support/lake-file.ts';
import { checkProperty } from './support/property.ts';
import { Specimen } from './support/specimen.ts';
import {
  specimenBy,
  specimenCondition,
  specimenLog,
  specimenMeasures,
  specimenOptions,
  writeSpecimens,
} from './support/specimen-log.ts';
import { openTemporary, withStore } from './support/temporary-store.ts';

const question = fc.record({
  by: specimenBy.filter((names) => names.length > 0),
  measures: specimenMeasures,
  condition: specimenCondition,
  /** The position, as a part of the head in hundredths. */
  at: fc.oneof(fc.constant(100), fc.nat({ max: 100 })),
});

test('groups at any position are the model’s', { timeout: 120_000 }, () =>
  checkProperty(
    'groups',
    fc.tuple(specimenLog, fc.array(question, { minLength: 5, maxLength: 10 })),
    40,
    ([log, questions]) =>
      withStore(specimenOptions, async (store) => {
        const versions = await writeSpecimens(store, log);
        const ask = async ({ by, measures, condition, ...asked }: (typeof questions)[number]) => {
          const at = Math.round((versions.length * asked.at) / 100) as Position;
          const query = { by, ...measures, filter: condition.filter };
          const expected = groupsOf(inForce(versions, Specimen, at, condition), query);
          const found = await store.groups(Specimen, { ...query, at });
          expect({ at, query, found }).toEqual({ at, query, found: expected });
        };
        await Promise.all(questions.map(ask));
        // The first one at many positions, some of them the same: one pass answers all.
        const [first] = questions as [(typeof questions)[number]];
        const positions = [...questions.map(({ at }) => at), 0, 30, 60, 90, 100];
        await Promise.all(positions.map((at) => ask({ ...first, at })));
      }),
  ),
);

test('the same groups at many positions at once are one query', async () => {
  const queries: string[] = [];
  const store = await openTemporary({ onReplicaQuery: (sql) => queries.push(sql) });
  for (let count = 1; count <= 12; count += 1) {
    await store.append(Todo, { status: count % 2 === 0 ? 'open' : 'done' });
  }
  queries.length = 0;
  const positions = Array.from({ length: 12 }, (_, index) => (index + 1) as Position);
  const groups = await Promise.all(
    positions.map((at) => store.groups(Todo, { by: ['status'], at })),
  );
  expect(queries).toHaveLength(1);
  expect(groups.map((found) => found.map(({ values, count }) => [values.status, count]))).toEqual(
    positions.map((at) => {
      const [done, open] = [Math.ceil(at / 2), Math.floor(at / 2)];
      if (open === 0) return [['done', done]];
      return [
        ['done', done],
        ['open', open],
      ];
    }),
  );
});

// ---- over GraphQL --------------------------------------------------------------------------------

test('todos in groups: the largest first, then by what they share, null last', async () => {
  const api = await openApi();
  const write = (status: string | null, userId: string | null, priority: number) =>
    api.store.append(Todo, { status, userId, priority });
  await write('open', 'ana', 1);
  await write('open', 'ana', 4);
  await write('done', 'ana', 2);
  await write(null, null, 7);
  await write('open', 'ben', 9);
  const asked = 'status userId priority label count';
  const document = `{
    both: todoGroups(by: [STATUS, USER_ID]) { ${asked} }
    stats: todoGroups(by: STATUS) { status count priorities { min max avg sum } }
    byPriority: todoGroups(by: [PRIORITY], filter: { priority: { gte: 7 } }) { priority count }
  }`;
  const rest = { priority: null, label: null };
  expect(await api.data(document)).toEqual({
    both: [
      { status: 'open', userId: 'ana', count: 2, ...rest },
      { status: 'done', userId: 'ana', count: 1, ...rest },
      { status: 'open', userId: 'ben', count: 1, ...rest },
      { status: null, userId: null, count: 1, ...rest },
    ],
    stats: [
      { status: 'open', count: 3, priorities: { min: 1, max: 9, avg: 14 / 3, sum: 14 } },
      { status: 'done', count: 1, priorities: { min: 2, max: 2, avg: 2, sum: 2 } },
      { status: null, count: 1, priorities: { min: 7, max: 7, avg: 7, sum: 7 } },
    ],
    byPriority: [
      { priority: 7, count: 1 },
      { priority: 9, count: 1 },
    ],
  });
});

test('a record counts once for each of its labels, and without any for null', async () => {
  const api = await openApi();
  await api.store.append(Todo, { labels: ['home', 'roof', 'home'] });
  await api.store.append(Todo, { labels: ['home'] });
  await api.store.append(Todo, {});
  expect(await api.data('{ todoGroups(by: LABEL) { label count } }')).toEqual({
    todoGroups: [
      { label: 'home', count: 2 },
      { label: 'roof', count: 1 },
      { label: null, count: 1 },
    ],
  });
});

test('files in groups, with their sizes summed', async () => {
  const api = await openApi();
  const write = (filename: string, path: string | null, size: number) =>
    api.store.append(LakeFile, { ...lakeFile(filename), path, size, filetype: 'csv' });
  await write('a', null, 2 ** 40);
  await write('b', null, 1);
  await write('c', '', 5);
  const document = `{
    lakeFileGroups(by: [FILETYPE, PATH]) { filetype path totalSize ...More }
  }
  fragment More on LakeFileGroup { count }`;
  expect(await api.data(document)).toEqual({
    lakeFileGroups: [
      { filetype: 'csv', path: null, count: 2, totalSize: 2 ** 40 + 1 },
      { filetype: 'csv', path: '', count: 1, totalSize: 5 },
    ],
  });
});

test('asOf answers with the groups of then; deleted records are in none unless asked for', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: 'x', status: 'open' });
  const { transactionId, position } = await api.store.append(Todo, { id: 'y', status: 'open' });
  await api.store.update(Todo, 'x', { status: 'done' });
  await api.store.delete(Todo, 'y');
  const document = `{
    now: todoGroups(by: STATUS) { status count }
    all: todoGroups(by: STATUS, filter: { includeDeleted: true }) { status count }
    earlier: todoGroups(by: STATUS, asOf: { position: "${position}" }) { status count }
    same: todoGroups(by: STATUS, asOf: { transaction: "${transactionId}" }) { status count }
    before: todoGroups(by: STATUS, asOf: { position: "0" }) { status count }
  }`;
  const [open, done] = [
    (count: number) => ({ status: 'open', count }),
    { status: 'done', count: 1 },
  ];
  expect(await api.data(document)).toEqual({
    now: [done],
    all: [done, open(1)],
    earlier: [open(2)],
    same: [open(2)],
    before: [],
  });
});

describe('is refused as bad input', () => {
  const refused: [string, string, string][] = [
    ['no field to group by', 'todoGroups(by: []) { count }', 'by: must name a field'],
    [
      'a field twice',
      'todoGroups(by: [STATUS, STATUS]) { count }',
      'by: may hold "status" only once',
    ],
    [
      'a position in the future',
      'todoGroups(by: STATUS, asOf: { position: "9" }) { count }',
      'asOf.position',
    ],
    [
      'a filter that is too long',
      `todoGroups(by: STATUS, filter: { id: { in: ${JSON.stringify(Array(1_001).fill('x'))} } }) { count }`,
      'filter.id.in',
    ],
  ];
  test.for(refused)('%s', async ([, selection, message]) => {
    const api = await openApi();
    const { errors = [] } = await api.ask(`{ ${selection} }`);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
    expect(errors[0]?.message).toContain(message);
  });

  test('a field that the groups do not have', async () => {
    const api = await openApi();
    expect(await api.codes('{ todoGroups(by: SUBJECT) { count } }')).toEqual([
      'GRAPHQL_VALIDATION_FAILED',
    ]);
    await expect(api.store.groups(Todo, { by: ['subject'] })).rejects.toMatchObject({
      argument: 'by',
      message: 'by: must be of status, userId, priority, labels, but held "subject".',
    });
    const stats = api.store.groups(Todo, { by: ['status'], stats: ['userId'] });
    await expect(stats).rejects.toMatchObject({ argument: 'stats' });
  });

  test('more groups than can be answered', async () => {
    const store = await openTemporary();
    const write = (from: number, count: number) =>
      store.transact(async (log) => {
        for (let index = from; index < from + count; index += 1) {
          await log.create(Todo, { priority: index });
        }
      });
    await write(0, limits.groupsMax);
    expect(await store.groups(Todo, { by: ['priority'] })).toHaveLength(limits.groupsMax);
    await write(limits.groupsMax, 1);
    const tooMany = store.groups(Todo, { by: ['priority'] });
    await expect(tooMany).rejects.toBeInstanceOf(BadRequest);
    await expect(tooMany).rejects.toThrow('by: gives more than 10000 groups');
    // Asked at many positions at once, only those are refused that would be alone.
    const head = await store.head();
    const positions = Array.from({ length: 12 }, (_, index) => (head - index) as Position);
    const settled = await Promise.allSettled(
      positions.map((at) => store.groups(Todo, { by: ['priority'], at })),
    );
    expect(settled.map(({ status }) => status)).toEqual(
      positions.map((at) => (at > limits.groupsMax ? 'rejected' : 'fulfilled')),
    );
    const nothing = positions.map((at) => store.groups(Todo, { by: [], at }));
    for (const refused of nothing) await expect(refused).rejects.toThrow('must name a field');
  });
});

test('values of groups are values, whatever SQL they hold', async () => {
  const store = await openTemporary();
  const status = `'; drop table todos; --`;
  await store.append(Todo, { status, labels: [`"],'`, '\u{1f600}'] });
  const groups = await store.groups(Todo, {
    by: ['status', 'labels'],
    filter: { status: { eq: status } },
  });
  expect(groups.map(({ values }) => values)).toEqual([
    { status, labels: `"],'` },
    { status, labels: '\u{1f600}' },
  ]);
});

test('two fields of labels give every pair', async () => {
  const labels = (description: string) => field.labels({ description });
  const Trip = defineEntity({
    name: 'Trip',
    description: 'A trip.',
    fields: { tags: labels('Tags.'), cities: labels('Cities.') },
  });
  const store = await openTemporary({ entities: [Trip] });
  await store.append(Trip, { tags: ['a', 'b'], cities: ['x', 'y', 'z'] });
  await store.append(Trip, { tags: ['a'], cities: [] });
  const groups = await store.groups(Trip, { by: ['tags', 'cities'] });
  expect(groups.map(({ values }) => `${values.tags}${values.cities}`)).toEqual([
    'ax',
    'ay',
    'az',
    'anull',
    'bx',
    'by',
    'bz',
  ]);
});

test('sums beyond what a Float holds are null rather than an error', async () => {
  const Star = defineEntity({
    name: 'Star',
    description: 'A star.',
    fields: {
      kind: field.text({ description: 'Its kind.' }),
      mass: field.float({ description: 'Its mass.' }),
    },
  });
  const api = await openApi({ entities: [Star] });
  for (let count = 0; count < 2; count += 1) await api.store.append(Star, { mass: 1.5e308 });
  expect(await api.data('{ starGroups(by: KIND) { masses { min max avg sum } } }')).toEqual({
    starGroups: [{ masses: { min: 1.5e308, max: 1.5e308, avg: null, sum: null } }],
  });
});

// ---- definitions ---------------------------------------------------------------------------------

test('without a word on groups, a kind of record is grouped by every field that can be', () => {
  const names = (parts: readonly { readonly name: string }[]) => parts.map(({ name }) => name);
  expect(names(Specimen.groups.by)).toEqual(['ownerId', 'title', 'state', 'rank', 'done', 'label']);
  expect(names(Specimen.groups.stats)).toEqual(['ranks', 'weights']);
  expect(names(Specimen.groups.totals)).toEqual(['totalBytes']);
});

test('a name that every group has is left out, where nobody asked for it', () => {
  const int = field.int({ description: 'A number.' });
  const labels = field.labels({ description: 'Labels.' });
  const Odd = defineEntity({
    name: 'Odd',
    description: 'Names that clash.',
    fields: { count: int, label: int, labels, labelz: int },
  });
  expect(Odd.groups.by.map(({ field: name }) => name)).toEqual(['label', 'labelz']);
  expect(() => buildSchema([Odd])).not.toThrow();
});

test('a kind of record that cannot be grouped has no group queries', () => {
  const due = field.dateTime({ description: 'When.' });
  const Event = defineEntity({ name: 'Event', description: 'An event.', fields: { due } });
  const queries = Object.keys(buildSchema([Event]).getQueryType()?.getFields() ?? {});
  expect(queries.filter((name) => /Groups$|OverTime$/.test(name))).toEqual([]);
});

describe('a definition is refused for', () => {
  const fields = {
    status: field.text({ description: 'A text.' }),
    count: field.int({ description: 'A number.' }),
    label: field.text({ description: 'A text.' }),
    labels: field.labels({ description: 'Labels.' }),
    size: field.int64({ description: 'A number.' }),
    rank: field.int({ description: 'A number.' }),
    ranks: field.int({ description: 'A number.' }),
  };
  const refused: [string, object, string][] = [
    ['what is no field', { by: ['toString'] }, 'groups.by names "toString", which is not a field'],
    ['a kind without groups', { by: ['size'] }, 'groups.by names "size", which is of kind int64'],
    ['stats of a text', { by: [], stats: ['status'] }, 'groups.stats names "status"'],
    ['a total of labels', { by: [], totals: ['labels'] }, 'groups.totals names "labels"'],
    ['a field that every group has', { by: ['count'] }, '"count" from every group and from'],
    ['a label beside labels', { by: ['label', 'labels'] }, '"label" from the field "label" and'],
    ['a field twice', { by: ['status', 'status'] }, '"status" from the field "status" and from'],
    [
      'stats named as a field',
      { by: ['ranks'], stats: ['rank'] },
      '"ranks" from the field "ranks"',
    ],
  ];
  test.for(refused)('%s', ([, groups, message]) => {
    const define = () =>
      defineEntity({ name: 'Note', description: 'A note.', fields, groups: groups as never });
    expect(define).toThrow(TypeError);
    expect(define).toThrow(message);
  });
});

test('types admit only fields that suit', () => {
  const fields = {
    status: field.text({ description: 'x' }),
    size: field.int64({ description: 'x' }),
  };
  const about = { name: 'Note', description: 'A note.', fields } as const;
  const wrong = [
    // @ts-expect-error an int64 is nothing to group by
    () => defineEntity({ ...about, groups: { by: ['size'] } }),
    // @ts-expect-error a text has no stats
    () => defineEntity({ ...about, groups: { by: ['status'], stats: ['status'] } }),
    // @ts-expect-error a text has no total
    () => defineEntity({ ...about, groups: { by: ['status'], totals: ['status'] } }),
  ];
  for (const define of wrong) expect(define).toThrow(TypeError);
});
