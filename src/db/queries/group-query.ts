/** Groups of the records that were live at a position. */
import { sql } from 'kysely';
import type { Entity, Position } from '../../entities/index.ts';
import type { Replica } from '../replica/replica.ts';
import { limits } from '../shared/limits.ts';
import { BadRequest } from '../shared/problems.ts';
import { turns } from '../shared/turns.ts';
import {
  type Group,
  Grouping,
  type GroupingQuery,
  type GroupRow,
  statsColumns,
  statsOf,
} from './grouping.ts';
import { inForceAt } from './in-force.ts';

export interface GroupQuery extends GroupingQuery {
  /** The moment at which the groups stand. */
  readonly at: Position;
}

/**
 * Counts the records that match, in groups.
 * @returns the largest group first; those of one size by their values, nulls last.
 * @throws BadRequest when there is nothing to group by, or there are more than limits.groupsMax.
 */
export async function queryGroups(
  replica: Replica,
  entity: Entity,
  query: GroupQuery,
): Promise<Group[]> {
  refuseNoFields(query);
  const grouping = new Grouping(entity, query);
  const columns = [
    ...grouping.keys,
    sql`count(*) as count`,
    ...grouping.totals.map((total) => sql`sum(${total}) as ${total}`),
    ...grouping.values.map((value, index) => statsColumns(value, index)),
  ];
  const { rows } = await replica.readAt(query.at, (source) => {
    const versions = inForceAt(replica.table(entity), query.at, source);
    return sql<GroupRow>`
      select ${sql.join(columns)} from (${grouping.rows(versions)})
      group by ${sql.join(grouping.keys)}
      order by ${grouping.order}
      limit ${sql.lit(limits.groupsMax + 1)}`.execute(replica.kysely);
  });
  refuseTooManyGroups(rows);
  return await turns.map(rows, (row) => grouping.groupOf(row, (index) => statsOf(row, index)));
}

/** @throws BadRequest when there is nothing to group by. */
export function refuseNoFields({ by }: Pick<GroupingQuery, 'by'>): void {
  if (by.length === 0) throw new BadRequest('by', 'must name a field, but was empty.');
}

/** The groups. @throws BadRequest when there are more than limits.groupsMax. */
export function refuseTooManyGroups<T>(groups: T[]): T[] {
  if (groups.length <= limits.groupsMax) return groups;
  const message = `gives more than ${limits.groupsMax} groups. Name fewer fields, or filter.`;
  throw new BadRequest('by', message);
}
