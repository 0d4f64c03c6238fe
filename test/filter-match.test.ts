/** A filter decides the same for single versions, in JavaScript, as for lists, in DuckDB. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matcherOf, operatorsOf, type RecordFilter } from '../src/db/index.ts';
import { Todo, type Version } from '../src/entities/index.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenPatch, specimenValue } from './support/specimen.ts';
import { specimenOptions, writeSpecimens } from './support/specimen-log.ts';
import { openTemporary, withStore } from './support/temporary-store.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const label = fc.constantFrom('', 'a', 'b', 'a,b', 'ä', 'zz');
const labels = fc.array(label, { maxLength: 3 });
const labelOperands = { has: label, hasAny: labels, hasAll: labels, isEmpty: fc.boolean() };

type FieldName = keyof typeof Specimen.fields;
const names = Object.keys(Specimen.fields) as FieldName[];

/** One operator on one field. */
const comparison: fc.Arbitrary<RecordFilter> = fc
  .constantFrom(...names)
  .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...operatorsOf[kindOf(name)])))
  .chain(([name, operator]) => {
    const value = specimenValue(name).filter((each) => each !== null);
    const operand =
      operator in labelOperands
        ? labelOperands[operator as keyof typeof labelOperands]
        : operator === 'isNull'
          ? fc.boolean()
          : operator === 'in' || operator === 'notIn'
            ? fc.array(value, { maxLength: 3 })
            : value;
    return (operand as fc.Arbitrary<unknown>).map((each) => ({ [name]: { [operator]: each } }));
  });
const property: fc.Arbitrary<RecordFilter> = fc.oneof(
  fc.subarray(ids).map((some) => ({ id: { in: some } })),
  fc.nat({ max: 200 }).map((time) => ({ updatedAt: { gt: time } })),
  fc.nat({ max: 200 }).map((time) => ({ createdAt: { lte: time } })),
  fc.constantFrom('A', 'ä', 'b B', 'zz a', "'%", '').map((search) => ({ search })),
);
const filter: fc.Arbitrary<RecordFilter> = fc.letrec<{ any: RecordFilter }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    property,
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => ({ ...a, ...b })),
    fc.array(tie('any'), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie('any'), { maxLength: 3 }).map((or) => ({ or })),
    tie('any').map((not) => ({ not })),
  ),
})).any;

function kindOf(name: FieldName) {
  return Specimen.fields[name].kind;
}

const change = fc.record({
  id: fc.constantFrom(...ids),
  action: fc.constantFrom('create', 'create', 'update', 'delete'),
  values: specimenPatch,
});

test('every filter finds the same versions both ways', { timeout: 120_000 }, () =>
  checkProperty(
    'matching',
    fc.tuple(
      fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { minLength: 3, maxLength: 12 }),
      fc.array(fc.tuple(fc.oneof(comparison, filter), fc.boolean()), {
        minLength: 100,
        maxLength: 150,
      }),
    ),
    20,
    ([log, filters]) => {
      let now = 0;
      const clock = () => (now += 10);
      return withStore({ ...specimenOptions, clock }, async (store) => {
        const versions = await writeSpecimens(store, log as never);
        const newest = [...new Map(versions.map((version) => [version.id, version])).values()];
        for (const [wanted, includeDeleted] of filters) {
          const asked = { ...wanted, includeDeleted };
          const matched = newest.filter(matcherOf(Specimen, asked)).map(({ id }) => id);
          const listed = (await store.list(Specimen, { filter: asked })).versions;
          expect({ asked, ids: matched.sort() }).toEqual({
            asked,
            ids: listed.map(({ id }) => id).sort(),
          });
        }
      });
    },
  ),
);

test('letters are the same in any case, one by one', async () => {
  const store = await openTemporary({ replicaInMemory: true });
  const texts = ['ΟΔΟΣ', 'οδος', 'οδοσ', 'İstanbul', 'istanbul', 'STRASSE', 'straße', 'ẞ', 'ÉCOLE'];
  const versions: Version[] = [];
  for (const subject of texts) versions.push(await store.append(Todo, { subject }));
  for (const search of [...texts, 'école', 'ß', 'i̇', 'i']) {
    const matched = versions.filter(matcherOf(Todo, { search })).map(({ id }) => id);
    const listed = (await store.list(Todo, { filter: { search } })).versions;
    expect([search, matched.sort()]).toEqual([search, listed.map(({ id }) => id).sort()]);
  }
});
