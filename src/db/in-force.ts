/** Which versions were in force at a position: the scan that every list and every sum begins with. */
import { type RawBuilder, sql } from 'kysely';
import type { Position } from '../entities/index.ts';
import { columnsOf } from './record-query.ts';
import type { ReadSource } from './replica.ts';
import type { ReplicaTable } from './replica-table.ts';

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
  const columns = columnsOf(table);
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
