/** Which versions were in force at a position: the scan that every list and every sum begins with. */
import { type RawBuilder, sql } from 'kysely';
import type { Position } from '../../entities/index.ts';
import type { ReadSource } from '../replica/replica.ts';
import { type ReplicaTable, stillInForce } from '../replica/replica-table.ts';

/**
 * The versions in force at a position: of the base those whose interval holds it, or all of
 * current; those of the delta; less what the delta superseded by then. Comparing integer positions
 * there is several times cheaper than comparing ids.
 */
export function inForceAt(
  table: ReplicaTable,
  at: Position,
  { fromCurrent, withDelta, merged }: ReadSource,
): RawBuilder<unknown> {
  const columns = columnsStored(table);
  const delta = sql.table(table.delta);
  const last = Math.min(at, merged);
  const older = fromCurrent
    ? sql`select ${columns} from ${sql.table(table.current)} where position <= ${last}`
    : sql`select ${columns} from ${sql.table(table.base)}
        where position <= ${last} and until_position > ${at}`;
  if (!withDelta) return older;
  const unmerged = sql`position > ${merged} and position <= ${at}`;
  return sql`
    from (${older} union all select ${columns} from ${delta} where ${unmerged}) as version
    anti join (select previous_position from ${delta} where ${unmerged}) as newer
    on version.position = newer.previous_position`;
}

/**
 * The versions that were in force at any position from one to another, both included, each with
 * the position at which it was superseded as its `until_position`. That may lie after `to`.
 */
export function inForceBetween(
  table: ReplicaTable,
  from: Position,
  to: Position,
  { withDelta, merged }: Pick<ReadSource, 'withDelta' | 'merged'>,
): RawBuilder<unknown> {
  const columns = columnsStored(table);
  const base = sql`
    select ${columns}, until_position from ${sql.table(table.base)}
    where position <= ${Math.min(to, merged)} and until_position > ${from}`;
  if (!withDelta) return base;
  const delta = sql.table(table.delta);
  const end = sql.lit(stillInForce);
  // What the delta superseded is still in force by the base.
  return sql`
    select _merged.* replace (coalesce(_newer.superseded_at, until_position) as until_position)
    from (${base}) as _merged
    left join (
      select previous_position as superseded, position as superseded_at from ${delta}
      where position > ${merged}
    ) as _newer on _merged.position = _newer.superseded
    union all
    select ${columns}, coalesce(lead(position) over (partition by id order by position), ${end})
    from ${delta} where position > ${merged} and position <= ${to}`;
}

/** Filters look at texts folded, too. */
function columnsStored({ storedNames }: ReplicaTable): RawBuilder<unknown> {
  return sql.join(storedNames.map((name) => sql.ref(name)));
}
