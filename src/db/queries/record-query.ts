/** Versions by id: records as they were at positions, and stretches of their histories. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Entity, Position, Version } from '../../entities/index.ts';
import type { ReadSource, Replica } from '../replica/replica.ts';
import {
  type ReplicaTable,
  stillInForce,
  versionOf,
  wholeColumn,
} from '../replica/replica-table.ts';
import { turns } from '../shared/turns.ts';

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
 * Reads records, in one query unless some of their positions lie before the last merge; those read
 * lately and unchanged since are not read again.
 * @returns per key the version in force at its position, deleted ones included; null where the
 *   record did not exist yet.
 */
export async function queryRecords<E extends Entity>(
  replica: Replica,
  entity: E,
  keys: readonly RecordKey[],
): Promise<(Version<E> | null)[]> {
  await replica.reach(Math.max(...keys.map((key) => key.at)) as Position);
  const recent = keys.map(({ id, at }) => replica.recent.get(entity, id, at));
  const missing = keys.filter((_, index) => recent[index] === null);
  if (missing.length === 0) return recent;
  const oldest = Math.min(...missing.map((key) => key.at)) as Position;
  const newest = Math.max(...missing.map((key) => key.at)) as Position;
  // Of long histories only what was in force at some of the positions.
  const wanted = sql<SqlBool>`position <= ${newest} and until_position > ${oldest}`;
  const found = await replica.readAt(
    oldest,
    (source) => versionsById(replica, entity, missing, source, wanted),
    newest,
  );
  return keys.map(({ id, at }, index) => {
    const version = recent[index] ?? newestAt(found.get(id) ?? [], at);
    // Nothing was applied since: what was the newest then is the newest now.
    if (version && at === replica.watermark) replica.recent.keep(version);
    return version;
  });
}

/**
 * Reads stretches of histories in one query.
 * @param at a position that the replica has to have applied.
 * @returns per key the versions with these revisions, oldest first.
 */
export async function queryRevisions<E extends Entity>(
  replica: Replica,
  entity: E,
  keys: readonly RevisionsKey[],
  at: Position,
): Promise<Version<E>[][]> {
  const from = Math.min(...keys.map((key) => key.from));
  const to = Math.max(...keys.map((key) => key.to));
  const wanted = sql<SqlBool>`revision between ${from} and ${to}`;
  const found = await replica.readAt(at, ({ withDelta }) =>
    versionsById(replica, entity, keys, { fromCurrent: false, withDelta }, wanted),
  );
  return await turns.map(keys, ({ id, from, to }) =>
    (found.get(id) ?? [])
      .filter(({ revision }) => revision >= from && revision <= to)
      .sort((a, b) => a.revision - b.revision),
  );
}

/** Versions of these ids, by id. @param wanted restricts what is found in base and delta. */
async function versionsById<E extends Entity>(
  replica: Replica,
  entity: E,
  keys: readonly { readonly id: string }[],
  source: ReadSource,
  wanted: RawBuilder<SqlBool>,
): Promise<Map<string, Version<E>[]>> {
  const ids = [...new Set(keys.map((key) => key.id))];
  const found = new Map<string, Version<E>[]>();
  for (const version of await findByIds(replica, entity, ids, source, wanted)) {
    const versions = found.get(version.id) ?? [];
    versions.push(version);
    found.set(version.id, versions);
  }
  return found;
}

/**
 * The versions of these ids: the newest merged ones where the source says current, else all.
 * Nothing but the ids may restrict the scans: with a second predicate beside them DuckDB gives up
 * the index.
 * @param wanted restricts what the scans of base and delta have found.
 */
export async function findByIds<E extends Entity>(
  replica: Replica,
  entity: E,
  idList: readonly string[],
  source: ReadSource,
  wanted: RawBuilder<SqlBool> = sql`true`,
): Promise<Version<E>[]> {
  const table = replica.table(entity);
  const ids = sql.join(padded(idList));
  const query = source.fromCurrent
    ? wholesFromCurrent(table, ids, source.withDelta)
    : wholesFromBase(table, ids, source.withDelta, wanted);
  const { rows } = await query.execute(replica.kysely);
  return await turns.map(rows, ({ whole }) => versionOf(entity, whole));
}

interface WholeRow {
  readonly whole: string;
}

function wholesFromCurrent(
  table: ReplicaTable,
  ids: RawBuilder<unknown>,
  withDelta: boolean,
): RawBuilder<WholeRow> {
  const delta = sql`
    union all
    select ${wholeOf(table)} from ${sql.table(table.delta)} where id in (${ids})`;
  return sql`
    select ${sql.ref(wholeColumn)} as whole from ${sql.table(table.current)} where id in (${ids})
    ${withDelta ? delta : sql``}`;
}

function wholesFromBase(
  table: ReplicaTable,
  ids: RawBuilder<unknown>,
  withDelta: boolean,
  wanted: RawBuilder<SqlBool>,
): RawBuilder<WholeRow> {
  return sql`
    with found as materialized (${historiesOf(table, ids, withDelta)})
    select ${wholeOf(table)} as whole from found where ${wanted}`;
}

/**
 * All versions of these ids, as the columns of the base; what the delta has superseded is still in
 * force by its until_position. To be materialized before anything else restricts it.
 */
export function historiesOf(
  table: ReplicaTable,
  ids: RawBuilder<unknown>,
  withDelta: boolean,
): RawBuilder<unknown> {
  const columns = columnsOf(table);
  const delta = sql`
    union all
    select ${columns}, ${sql.lit(stillInForce)} from ${sql.table(table.delta)} where id in (${ids})`;
  return sql`
    select ${columns}, until_position from ${sql.table(table.base)} where id in (${ids})
    ${withDelta ? delta : sql``}`;
}

/**
 * The keys, the last of them repeated until their number is a power of two or halfway to the next:
 * so there are few different statements, and those are prepared already.
 */
export function padded<Key>(keys: readonly Key[]): Key[] {
  const power = 2 ** Math.ceil(Math.log2(keys.length));
  const length = keys.length <= power * 0.75 ? power * 0.75 : power;
  return Array.from({ length }, (_, place) => keys[Math.min(place, keys.length - 1)] as Key);
}

/** A whole version out of the columns that base, current and delta share. */
export function wholeOf(table: ReplicaTable): RawBuilder<string> {
  return sql.raw(table.wholeVersion);
}

/** The columns of a version, which base, current and delta share, as they are selected. */
export function columnsOf(table: ReplicaTable): RawBuilder<unknown> {
  return sql.join(table.columnNames.map((name) => sql.ref(name)));
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
