/** A filter decides the same for single versions, in JavaScript, as for lists, in DuckDB. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldText } from '../src/db/criteria/fold-text.ts';
import { limits, matcherOf, operatorsOf, type RecordFilter } from '../src/db/index.ts';
import { Todo, type Version } from '../src/entities/index.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenPatch, specimenValue } from './support/specimen.ts';
import { specimenOptions, writeSpecimens } from './support/specimen-log.ts';
import { openTemporary, withStore } from './support/temporary-store.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const label = fc.constantFrom('', 'a', 'b', 'a,b', 'ä', 'zz');
const labels = fc.array(label, { maxLength: 3 });
const listOperands = { in: [], notIn: [], hasAny: [], hasAll: [] };
const labelOperands = { has: label, hasAny: labels, hasAll: labels, isEmpty: fc.boolean() };

/** So often that DuckDB joins the list, which it looks through otherwise. */
const longList = limits.filterJoinedListMin;

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
            ? fc
                .tuple(fc.array(value, { maxLength: 3 }), fc.constantFrom(1, longList))
                .map(([some, times]) => Array(times).fill(some).flat())
            : value;
    return (operand as fc.Arbitrary<unknown>).map((each) => ({ [name]: { [operator]: each } }));
  });
const property: fc.Arbitrary<RecordFilter> = fc.oneof(
  fc.subarray(ids).map((some) => ({ id: { in: some } })),
  fc.nat({ max: 200 }).map((time) => ({ updatedAt: { gt: time } })),
  fc.nat({ max: 200 }).map((time) => ({ createdAt: { lte: time } })),
  fc.constantFrom('A', 'Ä', 'a\u0308', 'b B', 'zz a', "'%", '').map((search) => ({ search })),
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
    12,
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

test('letters are the same in any case, and however they are composed', async () => {
  const store = await openTemporary();
  const texts = ['ΟΔΟΣ', 'οδος', 'İstanbul', 'ISTANBUL', 'STRASSE', 'straße', 'STRAẞE', 'ÉCOLE'];
  const versions: Version[] = [];
  for (const subject of [...texts, 'E\u0301cole', '\uA7DC', 'ﬁn', 'Ｋ']) {
    versions.push(await store.append(Todo, { subject, labels: ['x', subject] }));
  }
  const found = async (search: string) => {
    const filters = [{ search }, { subject: { containsInsensitive: search } }];
    for (const filter of filters) {
      const matched = versions.filter(matcherOf(Todo, filter)).map(({ id }) => id);
      const listed = (await store.list(Todo, { filter })).versions.map(({ id }) => id);
      expect([filter, matched.sort()]).toEqual([filter, listed.sort()]);
    }
    return versions
      .filter(matcherOf(Todo, { search }))
      .map(({ values }) => (values as { subject: string }).subject);
  };
  for (const text of ['οδοσ', 'ΟΔΟς', 'Οδος']) expect(await found(text)).toEqual(texts.slice(0, 2));
  for (const text of ['istanbul', 'İSTANBUL', 'i\u0307stanbul', 'ıstanbul']) {
    expect(await found(text)).toEqual(texts.slice(2, 4));
  }
  for (const text of ['ß', 'ẞ', 'ſs', 'straSSe']) expect(await found(text)).toHaveLength(3);
  for (const text of ['école', 'e\u0301COLE', 'É']) expect(await found(text)).toHaveLength(2);
  expect(await found('ecole')).toEqual([]);
  expect(await found('\u019B')).toEqual(['\uA7DC']);
  expect(await found('FIN')).toEqual(['ﬁn']);
  expect(await found('k')).toEqual([]);
});

/** Every character there can be. */
const characters: readonly string[] = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => code > 0 && (code < 0xd800 || code > 0xdfff))
  .map((code) => String.fromCodePoint(code));

const variantsOf = (text: string) => [
  text.toLowerCase(),
  text.toUpperCase(),
  text.normalize('NFC'),
  text.normalize('NFD'),
];

test('every character is found as every way to write it', { timeout: 60_000 }, () => {
  const wrong = characters.filter((text) => {
    const folded = foldText(text);
    return [folded, ...variantsOf(text)].some((variant) => foldText(variant) !== folded);
  });
  expect(wrong).toEqual([]);
});

test('lists and feeds agree on every letter that has two cases', { timeout: 60_000 }, async () => {
  const store = await openTemporary();
  const letters = characters.filter((text) => text.toLowerCase() !== text.toUpperCase());
  expect(letters.length).toBeGreaterThan(2_700);
  const { value: versions } = await store.transact(async (log) => {
    const created: Version[] = [];
    for (const [index, letter] of letters.entries()) {
      created.push(await log.create(Todo, { id: `${index}`, subject: `-${letter}-` }));
    }
    return created;
  });
  // Only every seventh is asked for, so that most must not be found.
  for (let begin = 0; begin < letters.length; begin += 1_400) {
    const asked = letters.slice(begin, begin + 1_400).filter((_, index) => index % 7 === 0);
    const or = asked.map((letter, index) => ({
      subject: { containsInsensitive: variantsOf(letter)[index % 4] as string },
    }));
    const matched = versions.filter(matcherOf(Todo, { or })).map(({ id }) => id);
    const listed = (await store.list(Todo, { filter: { or } })).versions.map(({ id }) => id);
    expect(matched.sort()).toEqual(listed.sort());
    expect(matched.length).toBeGreaterThanOrEqual(asked.length);
  }
});

test('a null operand is refused, whichever operator it is for', async () => {
  const store = await openTemporary({ entities: [Specimen] });
  for (const name of names) {
    for (const operator of operatorsOf[kindOf(name)]) {
      const argument = `filter.or.0.not.${name}.${operator}`;
      const operands = operator in listOperands ? [null, [null], ['a', null]] : [null];
      for (const operand of operands) {
        const filter = { or: [{ not: { [name]: { [operator]: operand } } }] };
        const refused = expect.objectContaining({ code: 'BAD_USER_INPUT', argument });
        await expect(store.list(Specimen, { filter })).rejects.toEqual(refused);
        expect(() => matcherOf(Specimen, filter)).toThrow(refused);
      }
    }
  }
});

test('a null elsewhere in a filter is as if left out', async () => {
  const store = await openTemporary({ entities: [Specimen] });
  await store.append(Specimen, { id: 'a' });
  const nothing = { and: null, or: null, not: null, search: null, includeDeleted: null };
  for (const filter of [nothing, { id: null, title: null }, { not: { title: null, or: [] } }]) {
    expect((await store.list(Specimen, { filter })).versions).toHaveLength(1);
  }
  const undefinedToo = await store.list(Specimen, { filter: { title: { eq: undefined } } });
  expect(undefinedToo.versions).toHaveLength(1);
});
