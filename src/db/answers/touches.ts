/** Which changes touch which answers: what a filter and an order say of the versions of a change. */
import { type Entity, fieldValue, type Version } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import { matcherOf } from '../criteria/filter-match.ts';
import { Order } from '../criteria/order.ts';
import type { GroupingQuery } from '../queries/grouping.ts';
import type { FoundPage, PageQuery } from '../queries/page.ts';
import { sameValue } from '../shared/values.ts';
import type { Touches } from './scanned-stretch.ts';

/** Touched by whatever matches, or did before. */
export function touchesList(entity: Entity, filter: RecordFilter = {}): Touches {
  const matches = matcherOf(entity, filter);
  return ({ version, previous }) => matches(version) || (previous !== null && matches(previous));
}

/**
 * Touched by what matches, or did before, and stands between the place where the page begins and
 * the first record past its end, which tells whether the list goes on.
 */
export function touchesPage<E extends Entity>(
  entity: E,
  query: Pick<PageQuery, 'filter' | 'orderBy' | 'after' | 'before' | 'fromEnd'>,
  { beyond }: FoundPage<E>,
): Touches {
  const matches = matcherOf(entity, query.filter ?? {});
  const order = new Order(entity, query.orderBy ?? entity.defaultOrder);
  const first = (query.fromEnd && beyond) || query.after;
  const last = (!query.fromEnd && beyond) || query.before;
  const within = (version: Version) =>
    (!first || order.compare(version, first) >= 0) &&
    (!last || order.compare(version, last) <= 0) &&
    matches(version);
  return ({ version, previous }) => within(version) || (previous !== null && within(previous));
}

/** Touched by what begins to match, or no longer does. */
export function touchesCount(entity: Entity, filter: RecordFilter = {}): Touches {
  const matches = matcherOf(entity, filter);
  return ({ version, previous }) => matches(version) !== (previous !== null && matches(previous));
}

/** Touched by what begins to match, no longer does, or moves between groups or in their sums. */
export function touchesGroups(entity: Entity, query: GroupingQuery): Touches {
  const matches = matcherOf(entity, query.filter ?? {});
  const fields = [...query.by, ...(query.totals ?? []), ...(query.stats ?? [])];
  return ({ version, previous }) => {
    const before = previous !== null && matches(previous) ? previous : null;
    const after = matches(version) ? version : null;
    if (!before || !after) return before !== after;
    return fields.some((name) => !sameValue(fieldValue(before, name), fieldValue(after, name)));
  };
}
