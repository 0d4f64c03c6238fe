/** The next parts of paths: what the folders below a folder are called. */
import { sql } from 'kysely';
import { columnOf, type Entity, type Position } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import type { Replica } from '../replica/replica.ts';
import { compileFilter } from './filter-sql.ts';
import { inForceAt } from './in-force.ts';

export interface PathPartsQuery {
  /** The moment at which the paths stand. */
  readonly at: Position;
  readonly filter: RecordFilter;
  /** The field that holds paths: parts joined by "/". */
  readonly field: string;
  /** Where in each path the part begins, in characters (Unicode code points) before it. */
  readonly skip: number;
  /** Only parts after this one, in the order of their characters. */
  readonly after: string | null;
  /** How many at most. */
  readonly limit: number;
}

/** Reads the different parts that follow in the paths of records that match, in order. */
export async function queryPathParts(
  replica: Replica,
  entity: Entity,
  { at, filter, field, skip, after, limit }: PathPartsQuery,
): Promise<string[]> {
  const rest = sql`substr(${sql.ref(columnOf(field))}, ${sql.lit(skip + 1)})`;
  return await replica.readAt(at, async (source) => {
    const { rows } = await sql<{ readonly part: string }>`
      select distinct part from (
        select split_part(${rest}, '/', 1) as part
        from (${inForceAt(replica.table(entity), at, source)})
        where ${compileFilter(entity, filter)}
      )
      where ${after === null ? sql`true` : sql`part > ${after}`}
      order by part limit ${sql.lit(limit)}`.execute(replica.kysely);
    return rows.map(({ part }) => part);
  });
}
