/**
 * Pages in an entity's default order, in which the replica's tables lie: however much of them is in
 * order, out of order, dead or not merged yet, a page is a slice of the sorted list.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matcherOf, Order, Problem, type RecordFilter, type Store } from '../src/db/index.ts';
import {
  defineEntity,
  field,
  type OrderKey,
  type Position,
  type Version,
} from '../src/entities/index.ts';
import { checkProperty } from './support/property.ts';
import { smallTexts } from './support/specimen.ts';
import { withStore } from './support/temporary-store.ts';
import { until } from './support/until.ts';

const kinds = {
  rank: field.int({ description: 'A rank.' }),
  word: field.text({
    description: 'A word.',
    lengthMax: 100,
  }),
};
const definition = { description: 'Something in an order.', fields: kinds } as const;
/** Nulls among the keys, both directions, the position within them or not. */
const entities = [
  defineEntity({ ...definition, name: 'Newest' }),
  defineEntity({
    ...definition,
    name: 'Ranked',
    defaultOrder: [
      { field: 'rank', direction: 'asc' },
      { field: 'updatedAt', direction: 'desc' },
    ],
  }),
  defineEntity({
    ...definition,
    name: 'Worded',
    defaultOrder: [
      { field: 'word', direction: 'desc' },
      { field: 'rank', direction: 'desc' },
    ],
  }),
] as const;

const ids = Array.from({ length: 12 }, (_, index) => `id ${index}`);
const change = fc.record({
  id: fc.constantFrom(...ids),
  action: fc.constantFrom('create', 'create', 'update', 'update', 'update', 'delete'),
  values: fc.record({
    rank: fc.constantFrom(null, 0, 1, 2),
    word: fc.constantFrom(null, ...smallTexts),
  }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.array(change, { minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constant('merge' as const) },
);
const filters: readonly RecordFilter[] = [
  {},
  { rank: { eq: 1 } },
  { word: { isNull: false } },
  { includeDeleted: true },
];
const question = fc.record({
  filter: fc.constantFrom(...filters),
  /** The position, as a part of the head in hundredths; the head itself more often than not. */
  at: fc.oneof(fc.constant(100), fc.nat({ max: 100 })),
  limit: fc.nat({ max: 5 }),
  fromEnd: fc.boolean(),
  orderBy: fc.constantFrom<readonly OrderKey[] | undefined>(undefined, undefined, [
    { field: 'word', direction: 'asc' },
  ]),
  /** The record that the page comes after or before, by its index. */
  after: fc.option(fc.nat({ max: 12 })),
  before: fc.option(fc.nat({ max: 12 })),
});
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;
type Ordered = (typeof entities)[number];

test('every page is a slice of the sorted list', { timeout: 120_000 }, () =>
  checkProperty(
    'ordered pages',
    fc.record({
      entity: fc.constantFrom(...entities),
      replicaLimits: fc.record({
        mergeRows: fc.constantFrom(4, 20, 1_000),
        mergeIdleMs: fc.constantFrom(1, 60_000),
        disorderRowsMax: fc.constantFrom(0, 4, 1_000),
        unmergedRowsMax: fc.constantFrom(3, 1_000, 1_000, 1_000),
      }),
      log: fc.array(step, { minLength: 3, maxLength: 12 }),
      questions: fc.array(question, { minLength: 30, maxLength: 40 }),
    }),
    25,
    ({ entity, replicaLimits, log, questions }) =>
      withStore({ entities, replicaInMemory: true, replicaLimits }, async (store) => {
        for (const each of log) {
          if (each === 'merge') await merged(store, replicaLimits.mergeIdleMs);
          else await write(store, entity, each);
          const versions = await store.versionsBetween(0 as Position, await store.head());
          // Together: some are answered while a merge is under way.
          await Promise.all(questions.map((asked) => compare(store, entity, versions, asked)));
        }
      }),
  ),
);

async function merged(store: Store, mergeIdleMs: number): Promise<void> {
  if (mergeIdleMs > 1_000) return;
  await until(async () => (await store.totals()).replicaPosition === (await store.head()));
}

async function write(
  store: Store,
  entity: Ordered,
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
): Promise<void> {
  await store.transact(async (transaction) => {
    for (const { id, action, values } of changes) {
      const done =
        action === 'create'
          ? transaction.create(entity, { ...values, id })
          : action === 'update'
            ? transaction.update(entity, id, values)
            : transaction.delete(entity, id);
      await done.catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error;
      });
    }
  });
}

async function compare(
  store: Store,
  entity: Ordered,
  versions: readonly Version[],
  { filter, limit, fromEnd, orderBy, ...asked }: Question,
): Promise<void> {
  const order = new Order(entity, orderBy ?? entity.defaultOrder);
  const at = Math.ceil(((versions.at(-1)?.position ?? 0) * asked.at) / 100) as Position;
  const newest = new Map(
    versions.filter(({ position }) => position <= at).map((version) => [version.id, version]),
  );
  const all = [...newest.values()].sort((a, b) => order.compare(a, b));
  const [after, before] = [asked.after, asked.before].map((index) => {
    const version = index === null ? undefined : all[index];
    return version && order.placeOf(version);
  });
  const within = all
    .filter(matcherOf(entity, filter))
    .filter((version) => !after || order.compare(version, after) > 0)
    .filter((version) => !before || order.compare(version, before) < 0);
  const page = fromEnd ? within.slice(Math.max(0, within.length - limit)) : within.slice(0, limit);
  const found = await store.list(entity, { at, filter, orderBy, after, before, limit, fromEnd });
  expect({ ...asked, found: positionsOf(found.versions), more: found.more }).toEqual({
    ...asked,
    found: positionsOf(page),
    more: within.length > limit,
  });
}

function positionsOf(versions: readonly Version[]): Position[] {
  return versions.map(({ position }) => position);
}
