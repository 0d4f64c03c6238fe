/** Groups over time: every point against what is worked out naively from the log. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadRequest, limits, type Store } from '../src/db/index.ts';
import {
  defineEntity,
  field,
  LakeFile,
  type Position,
  Todo,
  type Version,
} from '../src/entities/index.ts';
import { openApi, type TestApi } from './support/api.ts';
import { type Condition, groupsOf, inForce } from './support/grouping-model.ts';
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

/** Transactions are committed at 10, 20, 30 … microseconds. */
const clockStep = 10;
const question = fc.record({
  by: specimenBy,
  measures: specimenMeasures,
  condition: specimenCondition,
  /** In no order, some of them twice. */
  moments: fc.array(
    fc.oneof(
      fc.nat({ max: 250 }),
      fc.nat({ max: 25 }).map((nat) => nat * clockStep),
    ),
    {
      maxLength: 40,
    },
  ),
  /** The position, as a part of the head in hundredths. */
  at: fc.oneof(fc.constant(100), fc.nat({ max: 100 })),
});

/** The last position committed before a moment, at most `at`. */
function positionBefore(versions: readonly Version[], moment: number, at: Position): Position {
  const before = versions.filter(({ committedAt }) => committedAt < moment);
  return Math.min(before.at(-1)?.position ?? 0, at) as Position;
}

test('every point of every series is the model’s', { timeout: 120_000 }, () =>
  checkProperty(
    'over time',
    fc.tuple(specimenLog, fc.array(question, { minLength: 3, maxLength: 8 })),
    25,
    ([log, questions]) => {
      let now = 0;
      const clock = () => {
        now += clockStep;
        return now;
      };
      return withStore({ ...specimenOptions, clock }, async (store) => {
        const versions = await writeSpecimens(store, log);
        const ask = async ({
          by,
          measures,
          condition,
          moments,
          ...asked
        }: (typeof questions)[number]) => {
          const at = Math.round((versions.length * asked.at) / 100) as Position;
          const query = { by, ...measures, filter: condition.filter };
          const found = await store.overTime(Specimen, { ...query, moments, at });
          const expected = moments.map((moment) => {
            const position = positionBefore(versions, moment, at);
            return pointOf(inForce(versions, Specimen, position, condition), query);
          });
          expect({ at, moments, query, found }).toEqual({ at, moments, query, found: expected });
        };
        await Promise.all(questions.map(ask));
      });
    },
  ),
);

function pointOf(records: readonly Version[], query: Parameters<typeof groupsOf>[1]) {
  return { count: records.length, groups: query.by.length > 0 ? groupsOf(records, query) : [] };
}

test('many points and few in a log with many versions of few records', async () => {
  let now = 0;
  const store = await openTemporary({
    replicaLimits: { mergeRows: 100 },
    clock: () => (now += clockStep),
  });
  for (let round = 0; round < 100; round += 1) {
    await store.transact(async (log) => {
      for (let id = 0; id < 5; id += 1) {
        const values = { status: `s${(round * (id + 1)) % 7}`, priority: (round * 13 + id) % 11 };
        if (round === 0) await log.create(Todo, { id: `${id}`, ...values });
        else await log.update(Todo, `${id}`, values);
      }
    });
  }
  const versions = await store.versionsBetween(0 as Position, await store.head());
  const every = Array.from({ length: 1_100 }, (_, moment) => moment);
  // At equal distances, and all of them near one end.
  const choices = [every, every.filter((moment) => moment % 91 === 0), every.slice(950), [3, 995]];
  const query = { by: ['status'], stats: ['priority'], totals: [] };
  const anything: Condition = { filter: undefined, accepts: () => true };
  for (const moments of choices) {
    const expected = moments.map((moment) => {
      const position = positionBefore(versions, moment, versions.length as Position);
      return pointOf(inForce(versions, Todo, position, anything), query);
    });
    expect(await store.overTime(Todo, { ...query, moments })).toEqual(expected);
  }
});

// ---- over GraphQL --------------------------------------------------------------------------------

const micros = (text: string) => Date.parse(text) * 1000;

/** An API whose commits happen when the test says. */
async function openAt(): Promise<{
  api: TestApi;
  at: <T>(time: string, work: (store: Store) => T) => T;
}> {
  let now = 0;
  const api = await openApi({ clock: () => now });
  const at = <T>(time: string, work: (store: Store) => T) => {
    now = micros(time);
    return work(api.store);
  };
  return { api, at };
}

const seconds = (text: string) => `${text}.000000Z`;

test('a series has a point per interval, those without any change included', async () => {
  const { api, at } = await openAt();
  await at('2026-03-01T10:00:00Z', (store) =>
    store.append(Todo, { id: 'a', status: 'open', priority: 1 }),
  );
  await at('2026-03-01T23:59:59Z', (store) =>
    store.append(Todo, { id: 'b', status: 'open', priority: 4 }),
  );
  await at('2026-03-04T00:00:00Z', (store) => store.update(Todo, 'a', { status: 'done' }));
  await at('2026-03-05T12:00:00Z', (store) => store.delete(Todo, 'b'));
  const document = `query ($by: [TodoGroupField!], $filter: TodoFilter) {
    todosOverTime(from: "2026-02-28T05:00:00Z", to: "2026-03-06T00:00:00Z", every: DAY, by: $by, filter: $filter) {
      at count groups { status count priorities { min max avg sum } }
    }
  }`;
  const stats = (...values: number[]) => {
    const sum = values.reduce((a, b) => a + b);
    return { min: Math.min(...values), max: Math.max(...values), avg: sum / values.length, sum };
  };
  const group = (status: string, ...values: number[]) => ({
    status,
    count: values.length,
    priorities: stats(...values),
  });
  const days = ['03-01', '03-02', '03-03', '03-04', '03-05', '03-06'];
  const series = (groups: ReturnType<typeof group>[][]) =>
    days.map((day, index) => ({
      at: seconds(`2026-${day}T00:00:00`),
      count: groups[index]?.reduce((sum, { count }) => sum + count, 0),
      groups: groups[index],
    }));
  // A change at midnight belongs to the day that begins then.
  expect((await api.data(document, { by: ['STATUS'] })).todosOverTime).toEqual(
    series([
      [],
      [group('open', 1, 4)],
      [group('open', 1, 4)],
      [group('open', 1, 4)],
      [group('done', 1), group('open', 4)],
      [group('done', 1)],
    ]),
  );
  const filter = { priority: { gt: 1 } };
  const filtered = (await api.data(document, { filter })).todosOverTime;
  expect(filtered.map((point: { count: number }) => point.count)).toEqual([0, 1, 1, 1, 1, 0]);
  expect(filtered.every((point: { groups: [] }) => point.groups.length === 0)).toBe(true);
});

test('by LABEL a point counts each record once, its groups once per label', async () => {
  const { api, at } = await openAt();
  await at('2026-03-01T10:00:00Z', (store) => store.append(Todo, { labels: ['x', 'y', 'x'] }));
  await at('2026-03-01T11:00:00Z', (store) => store.append(Todo, { labels: ['x'] }));
  await at('2026-03-01T12:00:00Z', (store) => store.append(Todo, {}));
  const document = `{
    todosOverTime(from: "2026-03-01T10:00:00Z", to: "2026-03-01T13:00:00Z", every: HOUR, by: LABEL) {
      count groups { label count }
    }
  }`;
  const [x, y, none] = ['x', 'y', null].map((label) => (count: number) => ({ label, count })) as [
    (count: number) => object,
    (count: number) => object,
    (count: number) => object,
  ];
  expect((await api.data(document)).todosOverTime).toEqual([
    { count: 1, groups: [x(1), y(1)] },
    { count: 2, groups: [x(2), y(1)] },
    { count: 3, groups: [x(2), y(1), none(1)] },
  ]);
});

test('files over time, with their sizes', async () => {
  const { api, at } = await openAt();
  const add = (time: string, filename: string, size: number) =>
    at(time, (store) => store.append(LakeFile, { ...lakeFile(filename), size, filetype: 'csv' }));
  const { id } = await add('2026-01-15T00:00:00Z', 'a', 10);
  await add('2026-02-28T23:59:59Z', 'b', 2 ** 40);
  await at('2026-03-01T00:00:00Z', (store) => store.delete(LakeFile, id));
  const document = `{
    lakeFilesOverTime(from: "2026-01-31T00:00:00Z", to: "2026-03-31T00:00:00Z", every: MONTH, by: [FILETYPE]) {
      at count groups { filetype totalSize }
    }
  }`;
  const point = (day: string, count: number, totalSize: number) => ({
    at: seconds(`2026-${day}T00:00:00`),
    count,
    groups: [{ filetype: 'csv', totalSize }],
  });
  expect((await api.data(document)).lakeFilesOverTime).toEqual([
    point('02-01', 1, 10),
    point('03-01', 2, 2 ** 40 + 10),
    point('04-01', 1, 2 ** 40),
  ]);
});

test('an interval that is not over yet, and every later one, stands where the operation does', async () => {
  const api = await openApi();
  await api.store.append(Todo, {});
  const document = `{
    todosOverTime(from: "2026-01-01T00:00:00Z", to: "2200-01-01T00:00:00Z", every: MONTH) { at count }
    log { position }
  }`;
  const { todosOverTime: points } = await api.data(document);
  expect(points).toHaveLength(174 * 12);
  expect(points.at(-1)).toEqual({ at: seconds('2200-01-01T00:00:00'), count: 1 });
});

describe('the intervals of', () => {
  const cases: [string, string, string, string[]][] = [
    [
      'MINUTE',
      '2026-03-01T10:00:30Z',
      '2026-03-01T10:02:00Z',
      ['03-01T10:01:00', '03-01T10:02:00'],
    ],
    [
      'MINUTE',
      '2026-03-01T10:00:59.999999Z',
      '2026-03-01T10:01:00.000001Z',
      ['03-01T10:01:00', '03-01T10:02:00'],
    ],
    ['HOUR', '2026-03-29T00:30:00+01:00', '2026-03-29T02:00:00+02:00', ['03-29T00:00:00']],
    ['DAY', '2026-02-28T23:00:00Z', '2026-03-01T00:00:00Z', ['03-01T00:00:00']],
    // 2 March 2026 is a Monday.
    ['WEEK', '2026-03-01T23:59:59Z', '2026-03-09T00:00:00Z', ['03-02T00:00:00', '03-09T00:00:00']],
    [
      'WEEK',
      '2026-03-02T00:00:00Z',
      '2026-03-09T00:00:00.000001Z',
      ['03-09T00:00:00', '03-16T00:00:00'],
    ],
    ['MONTH', '2026-01-31T12:00:00Z', '2026-03-01T00:00:00Z', ['02-01T00:00:00', '03-01T00:00:00']],
  ];
  test.for(cases)('%s from %s to %s end as the calendar says', async ([every, from, to, ends]) => {
    const api = await openApi();
    const document = `{ todosOverTime(from: "${from}", to: "${to}", every: ${every}) { at } }`;
    const points: { at: string }[] = (await api.data(document)).todosOverTime;
    expect(points.map(({ at }) => at)).toEqual(ends.map((end) => seconds(`2026-${end}`)));
  });

  test('a month in a leap year, and a week over the end of a year', async () => {
    const api = await openApi();
    const document = `{
      month: todosOverTime(from: "2028-02-29T12:00:00Z", to: "2028-03-01T00:00:00Z", every: MONTH) { at }
      week: todosOverTime(from: "2026-12-31T12:00:00Z", to: "2027-01-01T00:00:00Z", every: WEEK) { at }
      old: todosOverTime(from: "0050-12-31T00:00:00Z", to: "0051-01-01T00:00:00Z", every: MONTH) { at }
    }`;
    expect(await api.data(document)).toEqual({
      month: [{ at: seconds('2028-03-01T00:00:00') }],
      week: [{ at: seconds('2027-01-04T00:00:00') }],
      old: [{ at: seconds('0051-01-01T00:00:00') }],
    });
  });
});

describe('is refused as bad input', () => {
  const day = '2026-03-01T00:00:00Z';
  const tooLong = JSON.stringify(Array(limits.filterListMax + 1).fill('x'));
  const refused: [string, string, string][] = [
    ['no time between', `from: "${day}", to: "${day}", every: DAY`, 'from: must be before'],
    [
      'time backwards',
      `from: "${day}", to: "2026-01-01T00:00:00Z", every: DAY`,
      'from: must be before `to`, which is 2026-01-01T00:00:00.000000Z, but was 2026-03-01T00:00:00.000000Z',
    ],
    [
      'an interval that ends in a year of five digits',
      `from: "9999-11-30T00:00:00Z", to: "9999-12-01T00:00:01Z", every: MONTH`,
      'to: gives an interval that ends after the year 9999',
    ],
    [
      'too many intervals',
      `from: "${day}", to: "2026-03-07T22:40:00.000001Z", every: MINUTE`,
      'every: gives more than 10000',
    ],
    [
      'far too many',
      `from: "0001-01-01T00:00:00Z", to: "9999-01-01T00:00:00Z", every: MINUTE`,
      'every: gives more than 10000',
    ],
    [
      'a field twice',
      `from: "${day}", to: "2026-03-02T00:00:00Z", every: DAY, by: [LABEL, LABEL]`,
      'by: may hold',
    ],
    [
      'a filter that is too long',
      `from: "${day}", to: "2026-03-02T00:00:00Z", every: DAY, filter: { id: { in: ${tooLong} } }`,
      'filter.id.in',
    ],
  ];
  test.for(refused)('%s', async ([, args, message]) => {
    const api = await openApi();
    await api.store.append(Todo, {});
    const { errors = [] } = await api.ask(`{ todosOverTime(${args}) { count } }`);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
    expect(errors[0]?.message).toContain(message);
  });

  test('what is no moment, or no unit', async () => {
    const api = await openApi();
    const codes = (from: string, every: string) =>
      api.codes(`{ todosOverTime(from: "${from}", to: "${day}", every: ${every}) { count } }`);
    expect(await codes('yesterday', 'DAY')).not.toEqual([]);
    expect(await codes('2026-01-01T00:00:00Z', 'YEAR')).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  test('as many intervals as there may be are answered', async () => {
    const api = await openApi();
    const args = `from: "${day}", to: "2026-03-07T22:40:00Z", every: MINUTE`;
    const { todosOverTime } = await api.data(`{ todosOverTime(${args}) { count } }`);
    expect(todosOverTime).toHaveLength(limits.timePointsMax);
  });

  test('more moments or groups than can be answered', async () => {
    let now = 0;
    const store = await openTemporary({ clock: () => (now += 1) });
    const moments = Array.from({ length: limits.timePointsMax + 1 }, (_, moment) => moment);
    await expect(store.overTime(Todo, { by: [], moments })).rejects.toBeInstanceOf(BadRequest);
    const perPoint = 1_000;
    await store.transact(async (log) => {
      for (let priority = 0; priority < perPoint; priority += 1)
        await log.create(Todo, { priority });
    });
    const pointsMax = limits.timeGroupsMax / perPoint;
    const ask = async (points: number) => {
      const later = Array.from({ length: points }, (_, point) => 1_000 + point);
      return (await store.overTime(Todo, { by: ['priority'], moments: later })).length;
    };
    expect(await ask(pointsMax)).toBe(pointsMax);
    await expect(ask(pointsMax + 1)).rejects.toThrow('by: gives more than 100000 groups');
    // The same where every point stands at a position of its own.
    for (let commit = 0; commit < pointsMax; commit += 1) await store.append(Todo, { priority: 0 });
    const apart = Array.from({ length: pointsMax + 1 }, (_, point) => 2 + point);
    const tooMany = store.overTime(Todo, { by: ['priority'], moments: apart });
    await expect(tooMany).rejects.toThrow('by: gives more than 100000 groups');
  });
});

test('without any moment there is nothing to read, but what is wrong is refused', async () => {
  const queries: string[] = [];
  const store = await openTemporary({ onReplicaQuery: (sql) => queries.push(sql) });
  expect(await store.overTime(Todo, { by: ['status'], moments: [] })).toEqual([]);
  expect(queries).toEqual([]);
  await expect(store.overTime(Todo, { by: ['x'], moments: [] })).rejects.toThrow('by: must be of');
});

test('names that mean something to a query are names like any other', async () => {
  const names = ['count', 'place', 'sign', 'since', 'until', 'cell', 'version', 'order', 'key'];
  const text = field.text({ description: 'A text.' });
  const fields = Object.fromEntries(names.map((name) => [name, text]));
  const by = names.filter((name) => name !== 'count');
  for (const table of ['points', 'cells', 'events', 'changes', 'running', 'spread', 'order']) {
    const Odd = defineEntity({ name: 'Odd', table, description: 'Odd names.', fields });
    const store = await openTemporary({ entities: [Odd] });
    const values = Object.fromEntries(names.map((name) => [name, name]));
    await store.append(Odd, { id: 'a', ...values });
    await store.update(Odd, 'a', { count: 'other' });
    const filter = { version: { eq: 'version' }, count: { eq: 'other' } };
    const moments = [Date.now() * 2_000];
    const group = { ...values };
    delete group.count;
    const groups = [{ values: group, count: 1, totals: {}, stats: {} }];
    expect(await store.groups(Odd, { by, filter })).toEqual(groups);
    expect(await store.overTime(Odd, { by, filter, moments })).toEqual([{ count: 1, groups }]);
    await store.close();
  }
});
