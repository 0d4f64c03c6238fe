/** Records in groups: as they stand at a moment, and as they stood over time. */
import type { Group, GroupingQuery, RecordFilter, TimePoint } from '../db/index.ts';
import type { Entity, Microseconds } from '../entities/index.ts';
import { type AsOf, momentOf } from './as-of.ts';
import { intervalEnds, type TimeUnit } from './calendar.ts';
import type { Operation } from './operation.ts';

/** What a client may leave out, or give as null. */
interface Filtered {
  readonly filter?: RecordFilter | null | undefined;
}

/** Fields whose sums and stats the answer needs. */
export type AskedMeasures = Pick<GroupingQuery, 'totals' | 'stats'>;

export interface GroupsArgs extends Filtered {
  readonly by: readonly string[];
  readonly asOf?: AsOf | null | undefined;
}

/** The records that match, in groups. */
export async function readGroups(
  entity: Entity,
  { by, filter, asOf }: GroupsArgs,
  measures: AskedMeasures,
  operation: Operation,
): Promise<Group[]> {
  const { at, reads } = await momentOf(asOf, operation);
  return await reads.groups(entity, { ...measures, by, filter: filter ?? undefined, at });
}

export interface OverTimeArgs extends Filtered {
  readonly from: Microseconds;
  readonly to: Microseconds;
  readonly every: TimeUnit;
  readonly by?: readonly string[] | null | undefined;
}

/** The records that matched at the end of an interval. */
export interface IntervalPoint extends TimePoint {
  /** The end of the interval: the first moment that is no longer in it. */
  readonly at: Microseconds;
}

/**
 * The records that matched at the end of each interval of the calendar. One that is not over yet
 * stands where the operation does.
 */
export async function readOverTime(
  entity: Entity,
  { from, to, every, by, filter }: OverTimeArgs,
  measures: AskedMeasures,
  operation: Operation,
): Promise<IntervalPoint[]> {
  const ends = intervalEnds(from, to, every);
  const points = await operation.view.reads.overTime(entity, {
    ...measures,
    by: by ?? [],
    filter: filter ?? undefined,
    moments: ends,
    at: await operation.snapshot(),
  });
  return ends.map((at, index) => ({ ...(points[index] as TimePoint), at }));
}
