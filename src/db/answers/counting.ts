/** What counts and groups are brought up to date by. */
import type { Entity } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import { GroupTally } from '../queries/group-tally.ts';
import type { Group, GroupingQuery } from '../queries/grouping.ts';
import { limits } from '../shared/limits.ts';
import type { Counting } from './counted-answer.ts';
import { touchesCount, touchesGroups } from './touches.ts';

/** How many live records match. */
export function countingOf(entity: Entity, filter?: RecordFilter): Counting<number> {
  const all = { by: [], filter };
  return {
    entity,
    touches: touchesCount(entity, filter),
    tallyOf: (count) => {
      const tally = new GroupTally(entity, all, [{ values: {}, count, totals: {}, stats: {} }]);
      return {
        add: (change) => tally.add(change),
        answer: () => tally.answer()?.[0]?.count ?? 0,
      };
    },
  };
}

/** How many live records match, in groups: few of them, and without stats. */
export function groupCountingOf(entity: Entity, query: GroupingQuery): Counting<Group[]> {
  return {
    entity,
    touches: touchesGroups(entity, query),
    // A least or a greatest value may go with its record, and nothing tells what is next.
    tallyOf: (groups) =>
      query.stats?.length || groups.length > limits.talliedGroupsMax
        ? null
        : new GroupTally(entity, query, groups),
  };
}
