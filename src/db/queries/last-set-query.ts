/** Which revision last set each field of a record. */
import { sql } from 'kysely';
import { type Entity, fieldColumnsOf, type Position } from '../../entities/index.ts';
import type { Replica } from '../replica/replica.ts';
import { historiesOf, padded } from './record-query.ts';

/** A record as it was in one revision. */
export interface RevisionKey {
  readonly id: string;
  readonly revision: number;
}

/** Per field of the entity, in its order, the revision that last gave it another value. */
export type LastSet = Readonly<Record<string, number>>;

/**
 * Compares each revision with the one before it, up to the revision asked for, in one query.
 * @param at a position that the replica has to have applied.
 * @returns per key the revisions that last set its fields; nothing for a record that is not there.
 */
export async function queryLastSet(
  replica: Replica,
  entity: Entity,
  keys: readonly RevisionKey[],
  at: Position,
): Promise<LastSet[]> {
  const fields = fieldColumnsOf(entity);
  const asked = sql.join(padded(keys).map(({ id, revision }) => sql`(${id}, ${revision})`));
  const ids = sql.join(padded([...new Set(keys.map(({ id }) => id))]));
  const set = sql.join(
    fields.map(({ column }) => {
      const ref = sql.ref(column);
      return sql`revision = 1 or ${ref} is distinct from lag(${ref}) over line as ${ref}`;
    }),
  );
  const last = sql.join(
    fields.map(({ column }) => {
      const ref = sql.ref(column);
      return sql`max(revision) filter (where ${ref}) as ${ref}`;
    }),
  );
  // No field has a column that begins with an underscore.
  const { rows } = await replica.readAt(at, ({ withDelta }) =>
    sql<Record<string, number> & { readonly _id: string; readonly _up_to: bigint }>`
      with asked as (select distinct * from (values ${asked}) as asked (_id, _up_to)),
      found as materialized (${historiesOf(replica.table(entity), ids, withDelta)}),
      compared as (
        select _id, _up_to, revision, ${set}
        from found join asked on found.id = _id and revision <= _up_to
        window line as (partition by _id, _up_to order by revision)
      )
      select _id, _up_to, ${last} from compared group by _id, _up_to`.execute(replica.kysely),
  );
  const byKey = new Map(rows.map((row) => [`${row._up_to}:${row._id}`, row]));
  return keys.map(({ id, revision }) => {
    const row = byKey.get(`${revision}:${id}`);
    return Object.fromEntries(
      row ? fields.map(({ name, column }) => [name, row[column] as number]) : [],
    );
  });
}
