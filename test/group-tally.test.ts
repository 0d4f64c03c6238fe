/** Groups brought up to date by changes, against what is worked out naively from all records. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GroupTally } from '../src/db/queries/group-tally.ts';
import type { Version } from '../src/entities/index.ts';
import { groupsOf } from './support/grouping-model.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenValues, specimenVersion } from './support/specimen.ts';
import { specimenBy, specimenCondition } from './support/specimen-log.ts';

const change = fc.record({
  id: fc.nat({ max: 5 }),
  values: specimenValues,
  isDeletion: fc.nat({ max: 4 }).map((number) => number === 0),
});

test('groups after some changes are the model’s', () => {
  let told = 0;
  return checkProperty(
    'group tally',
    fc.record({
      changes: fc.array(change, { minLength: 1, maxLength: 30 }),
      begin: fc.nat(),
      by: specimenBy,
      totals: fc.subarray(['bytes', 'rank']),
      condition: specimenCondition,
    }),
    2_000,
    async ({ changes, begin, by, totals, condition: { filter, accepts } }) => {
      const query = { by, totals, filter };
      const records = new Map<string, Version>();
      const groups = () => groupsOf([...records.values()].filter(accepts), query);
      const counted = begin % changes.length;
      let tally = new GroupTally(Specimen, query, []);
      for (const [place, { id, values, isDeletion }] of changes.entries()) {
        const previous = records.get(`r${id}`) ?? null;
        const operation = isDeletion && previous ? 'DELETE' : 'UPDATE';
        const version = specimenVersion(`r${id}`, place + 1, values, operation);
        if (place === counted) tally = new GroupTally(Specimen, query, groups());
        if (place >= counted) tally.add({ version, previous });
        records.set(version.id, version);
      }
      const found = tally.answer();
      if (found === null) expect(totals).not.toHaveLength(0);
      else expect(found).toEqual(groups());
      told += found === null ? 0 : 1;
    },
  ).then(() => expect(told).toBeGreaterThan(0));
});
