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
  { fromCurrent, withDelta }: ReadSource,
): RawBuilder<unknown> {
  const columns = columnsStored(table);
  const delta = sql.table(table.delta);
  const merged = fromCurrent
    ? sql`select ${columns} from ${sql.table(table.current)}`
    : sql`select ${columns} from ${sql.table(table.base)}
        where position <= ${at} and until_position > ${at}`;
  if (!withDelta) return merged;
  return sql`
    from (${merged} union all select ${columns} from ${delta} where position <= ${at}) as version
    anti join (select previous_position from ${delta} where position <= ${at}) as newer
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
  { withDelta }: Pick<ReadSource, 'withDelta'>,
): RawBuilder<unknown> {
  const columns = columnsStored(table);
  const base = sql`
    select ${columns}, until_position from ${sql.table(table.base)}
    where position <= ${to} and until_position > ${from}`;
  if (!withDelta) return base;
  const delta = sql.table(table.delta);
  const end = sql.lit(stillInForce);
  // What the delta superseded is still in force by the base.
  return sql`
    select _merged.* replace (coalesce(_newer.superseded_at, until_position) as until_position)
    from (${base}) as _merged
    left join (
      select previous_position as superseded, position as superseded_at from ${delta}
    ) as _newer on _merged.position = _newer.superseded
    union all
    select ${columns}, coalesce(lead(position) over (partition by id order by position), ${end})
    from ${delta} where position <= ${to}`;
}

/** Filters look at texts folded, too. */
function columnsStored({ storedNames }: ReplicaTable): RawBuilder<unknown> {
  return sql.join(storedNames.map((name) => sql.ref(name)));
}
