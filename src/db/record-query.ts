/** Versions by id: records as they were at positions, and stretches of their histories. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Entity, Position, Version } from '../entities/index.ts';
import type { Replica } from './replica.ts';
import { type ReplicaRow, versionOfReplicaRow } from './replica-table.ts';

/** A record at a moment. */
export interface RecordKey {
  readonly id: string;
  readonly at: Position;
}

/** Revisions `from` to `to` of a record, both included. */
export interface RevisionsKey {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads records, in one query unless some of their positions lie before the last merge.
 * @returns per key the version in force at its position, deleted ones included; null where the
 *   record did not exist yet.
 */
export async function queryRecords<E extends Entity>(
  replica: Replica,
  entity: E,
  keys: readonly RecordKey[],
): Promise<(Version<E> | null)[]> {
  const positions = keys.map((key) => key.at);
  await replica.reach(Math.max(...positions) as Position);
  const oldest = Math.min(...positions) as Position;
  const found = await replica.readAt(oldest, (fromCurrent) =>
    versionsById(replica, entity, keys, fromCurrent),
  );
  return keys.map(({ id, at }) => newestAt(found.get(id) ?? [], at));
}

/**
 * Reads stretches of histories in one query.
 * @returns per key the versions with these revisions, oldest first.
 */
export async function queryRevisions<E extends Entity>(
  replica: Replica,
  entity: E,
  keys: readonly RevisionsKey[],
): Promise<Version<E>[][]> {
  const from = Math.min(...keys.map((key) => key.from));
  const to = Math.max(...keys.map((key) => key.to));
  const wanted = sql<SqlBool>`revision between ${from} and ${to}`;
  const found = await versionsById(replica, entity, keys, false, wanted);
  return keys.map(({ id, from, to }) =>
    (found.get(id) ?? [])
      .filter(({ revision }) => revision >= from && revision <= to)
      .sort((a, b) => a.revision - b.revision),
  );
}

/**
 * Versions of these ids, by id. Nothing but the ids may restrict the scans: with a second predicate
 * beside them DuckDB gives up the index.
 * @param wanted restricts what the scans have found.
 */
async function versionsById<E extends Entity>(
  replica: Replica,
  entity: E,
  keys: readonly { readonly id: string }[],
  fromCurrent: boolean,
  wanted: RawBuilder<SqlBool> = sql`true`,
): Promise<Map<string, Version<E>[]>> {
  const table = replica.table(entity);
  const ids = sql.join([...new Set(keys.map((key) => key.id))]);
  const columns = sql.join(table.columnNames.map((name) => sql.ref(name)));
  const merged = sql.table(fromCurrent ? table.current : table.base);
  const { rows } = await sql<ReplicaRow>`
    with found as materialized (
      select ${columns} from ${merged} where id in (${ids})
      union all
      select ${columns} from ${sql.table(table.delta)} where id in (${ids})
    )
    select * from found where ${wanted}`.execute(replica.kysely);
  const found = new Map<string, Version<E>[]>();
  for (const row of rows) {
    const versions = found.get(row.id) ?? [];
    versions.push(versionOfReplicaRow(entity, row));
    found.set(row.id, versions);
  }
  return found;
}

function newestAt<E extends Entity>(
  versions: readonly Version<E>[],
  at: Position,
): Version<E> | null {
  let newest: Version<E> | null = null;
  for (const version of versions) {
    if (version.position <= at && version.position > (newest?.position ?? 0)) newest = version;
  }
  return newest;
}
