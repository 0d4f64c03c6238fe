/** Which changes touch which answers, against what the answers come to before and after. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Touches } from '../src/db/answers/scanned-stretch.ts';
import {
  touchesCount,
  touchesGroups,
  touchesList,
  touchesPage,
} from '../src/db/answers/touches.ts';
import { matcherOf, Order, type RecordFilter } from '../src/db/index.ts';
import type { OrderKey, Version } from '../src/entities/index.ts';
import { Specimen, specimenValues, specimenVersion } from './support/specimen.ts';
import { filter, orderBy } from './support/specimen-questions.ts';

type Specimens = readonly Version<typeof Specimen>[];
type Values = Readonly<Record<string, unknown>>;

interface Question {
  readonly filter: RecordFilter;
  readonly orderBy: readonly OrderKey[];
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: number | null;
  readonly before: number | null;
  readonly by: readonly string[];
}

const question: fc.Arbitrary<Question> = fc.record({
  filter,
  orderBy,
  limit: fc.nat({ max: 3 }),
  fromEnd: fc.boolean(),
  after: fc.option(fc.nat()),
  before: fc.option(fc.nat()),
  by: fc.subarray(['ownerId', 'state', 'rank', 'labels'], { minLength: 1 }),
});

/** Records that are there, and one that is created, changed or deleted. */
const situation = fc.record({
  values: fc.array(specimenValues, { maxLength: 8 }),
  changed: fc.nat(),
  next: specimenValues,
  kind: fc.constantFrom('create', 'update', 'update', 'delete'),
});
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

function changeOf({ values, changed, next, kind }: Situation) {
  const before = values.map((each, place) => specimenVersion(`r${place}`, place + 1, each));
  const place = kind === 'create' ? before.length : changed % (before.length || 1);
  const previous = before[place] ?? null;
  const given = kind === 'delete' && previous ? previous.values : next;
  const version = specimenVersion(`r${place}`, before.length + 1, given);
  if (kind === 'delete') Object.assign(version, { operation: 'DELETE' });
  const after = [...before.filter((each) => each !== previous), version];
  return { before, after, change: { version, previous } };
}

function pageOf(records: Specimens, all: Specimens, question: Question) {
  const { filter, orderBy, limit, fromEnd } = question;
  const order = new Order(Specimen, orderBy);
  const matches = matcherOf(Specimen, filter);
  const placeAt = (nat: number | null) => {
    const version = nat === null ? undefined : all[nat % (all.length || 1)];
    return version && order.placeOf(version);
  };
  const [after, before] = [placeAt(question.after), placeAt(question.before)];
  const list = records
    .filter((version) => matches(version))
    .filter((version) => !after || order.compare(version, after) > 0)
    .filter((version) => !before || order.compare(version, before) < 0)
    .sort((a, b) => order.compare(a, b));
  if (fromEnd) list.reverse();
  const versions = list.slice(0, limit);
  return { query: { filter, orderBy, fromEnd, after, before }, versions, beyond: list[limit] };
}

function groupsOf(records: Specimens, { filter, by }: Question): string {
  const matches = matcherOf(Specimen, filter);
  const keys = records
    .filter((version) => matches(version))
    .map(({ values }) => JSON.stringify(by.map((name) => (values as Values)[name])));
  return keys.sort().join();
}

/** What is asked, what it comes to, and what is said to touch it. */
interface Kind {
  readonly answer: (records: Specimens, all: Specimens, question: Question) => string;
  readonly touches: (records: Specimens, question: Question) => Touches;
}

const idsOf = (versions: Specimens) => versions.map(({ id, position }) => `${id}@${position}`);

const kinds = {
  page: {
    answer: (records, all, question) => {
      const { versions, beyond } = pageOf(records, all, question);
      return `${idsOf(versions)} ${beyond !== undefined}`;
    },
    touches: (records, question) => {
      const { query, beyond = null, versions } = pageOf(records, records, question);
      return touchesPage(Specimen, query, { versions, beyond, more: beyond !== null });
    },
  },
  list: {
    answer: (records, all, question) =>
      idsOf(
        pageOf(records, all, { ...question, limit: 99, after: null, before: null }).versions,
      ).join(),
    touches: (_, { filter }) => touchesList(Specimen, filter),
  },
  count: {
    answer: (records, _, { filter }) =>
      String(records.filter((version) => matcherOf(Specimen, filter)(version)).length),
    touches: (_, { filter }) => touchesCount(Specimen, filter),
  },
  groups: {
    answer: (records, _, question) => groupsOf(records, question),
    touches: (_, { filter, by }) => touchesGroups(Specimen, { filter, by }),
  },
} as const satisfies Record<string, Kind>;

/** Finds a change that makes another answer of it, and is not said to touch it. @param numRuns tried at most. */
function missed({ answer, touches }: Kind, numRuns = 3_000) {
  return fc.check(
    fc.property(situation, question, (situation, question) => {
      const { before, after, change } = changeOf(situation);
      // The page goes on from places in the list as it was.
      const changed = answer(before, before, question) !== answer(after, before, question);
      return !changed || touches(before, question)(change);
    }),
    { numRuns },
  );
}

test.each(Object.entries(kinds))('a change that makes another %s touches it', (_name, kind) => {
  const { failed, counterexample, seed } = missed(kind);
  expect({ failed, counterexample, seed }).toMatchObject({ failed: false });
});

test('a change that stands past the end of a page does not touch it', () => {
  const question = {
    filter: {},
    orderBy: [{ field: 'rank', direction: 'asc' }],
    limit: 1,
  } as const;
  const records = [1, 2, 3].map((rank) => specimenVersion(`r${rank}`, rank, { rank }));
  const asked = { ...question, fromEnd: false, after: null, before: null, by: [] };
  const touches = kinds.page.touches(records, asked);
  const previous = records[2] as Version;
  expect(touches({ previous, version: specimenVersion('r3', 4, { rank: 9 }) })).toBe(false);
  expect(touches({ previous, version: specimenVersion('r3', 4, { rank: 0 }) })).toBe(true);
});

const forgetsBefore =
  (touches: Touches): Touches =>
  ({ version }) =>
    touches({ version, previous: null });
const forgetsAfter =
  (touches: Touches): Touches =>
  ({ previous }) =>
    previous !== null && touches({ version: previous, previous: null });

const mutants: [string, Kind][] = [
  ...Object.entries(kinds).flatMap(([name, kind]): [string, Kind][] => [
    [
      `${name} that forgets what a record was before`,
      { ...kind, touches: (records, question) => forgetsBefore(kind.touches(records, question)) },
    ],
    [
      `${name} that forgets what a record is now`,
      { ...kind, touches: (records, question) => forgetsAfter(kind.touches(records, question)) },
    ],
  ]),
  [
    'page that forgets the record past its end',
    {
      ...kinds.page,
      touches: (records, question) => {
        const { query, versions, beyond } = pageOf(records, records, question);
        const last = beyond ? (versions.at(-1) ?? beyond) : null;
        return touchesPage(Specimen, query, { versions, beyond: last, more: last !== null });
      },
    },
  ],
  [
    'page that forgets the end it was taken from',
    {
      ...kinds.page,
      touches: (records, question) => {
        const { query, versions, beyond = null } = pageOf(records, records, question);
        const other = { ...query, fromEnd: !query.fromEnd };
        return touchesPage(Specimen, other, { versions, beyond, more: beyond !== null });
      },
    },
  ],
  [
    'groups that forget one of their fields',
    {
      ...kinds.groups,
      touches: (_, { filter, by }) => touchesGroups(Specimen, { filter, by: by.slice(1) }),
    },
  ],
];

test.each(mutants)('a change that is missed by the %s is found', (_name, mutant) => {
  // Some hundred runs find it, with bad luck some thousand.
  expect(missed(mutant, 100_000).failed).toBe(true);
});
