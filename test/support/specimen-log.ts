/** A log of random changes to a few specimens, and questions about groups of them. */
import fc from 'fast-check';
import { Problem, type Store } from '../../src/db/index.ts';
import type { Version } from '../../src/entities/index.ts';
import { type Condition, condition } from './grouping-model.ts';
import { Specimen, specimenPatch } from './specimen.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** Halves and quarters add up exactly in any order. */
const weight = fc.option(fc.constantFrom(0, 0.5, -0.25, 3, 2 ** 40));

const change = fc.record({
  id: fc.constantFrom(...ids),
  action: fc.constantFrom('create', 'create', 'update', 'update', 'update', 'delete'),
  values: fc.tuple(specimenPatch, weight).map(([patch, value]) => ({ ...patch, weight: value })),
});

/** Changes by transaction. */
export const specimenLog = fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), {
  maxLength: 20,
});
type SpecimenLog = typeof specimenLog extends fc.Arbitrary<infer T> ? T : never;

/** Makes the changes; those that cannot be are passed over. @returns all versions, in order. */
export async function writeSpecimens(store: Store, log: SpecimenLog): Promise<Version[]> {
  for (const changes of log) {
    await store.transact(async (transaction) => {
      for (const { id, action, values } of changes) {
        const done =
          action === 'create'
            ? transaction.create(Specimen, { ...values, id })
            : action === 'update'
              ? transaction.update(Specimen, id, values as never)
              : transaction.delete(Specimen, id);
        await done.catch((error: unknown) => {
          if (!(error instanceof Problem)) throw error;
        });
      }
    });
  }
  return await store.versionsBetween(0 as Version['position'], await store.head());
}

/** What a specimen can be grouped by; its definition says nothing of groups. */
const by = Specimen.groups.by.map(({ field }) => field);

export const specimenBy = fc
  .subarray(by, { maxLength: 3 })
  .chain((names) => fc.shuffledSubarray(names, { minLength: names.length }));
export const specimenMeasures = fc.record({
  totals: fc.subarray(['bytes']),
  stats: fc.subarray(['rank', 'weight']),
});

export const specimenCondition: fc.Arbitrary<Condition> = fc.constantFrom(
  condition(undefined, () => true),
  condition({ state: { eq: 'open' } }, ({ state }) => state === 'open'),
  condition({ rank: { gte: 1 } }, ({ rank }) => rank !== null && (rank as number) >= 1),
  condition({ labels: { has: 'a' } }, ({ labels }) => (labels as string[]).includes('a')),
  condition({ id: { in: ['a', 'b', 'c'] } }, (_values, { id }) => 'abc'.includes(id)),
  condition(
    { or: [{ done: { eq: true } }, { not: { title: { isNull: true } } }] },
    ({ done, title }) => done === true || title !== null,
  ),
  { filter: { includeDeleted: true }, accepts: () => true },
);

/** So small that versions are merged in the middle of everything. */
export const specimenOptions = {
  entities: [Specimen],
  replicaInMemory: true,
  replicaLimits: { mergeRows: 7, catchUpBatchRows: 5, disorderRowsMax: 2 },
};
