/** Records by id, as they were at positions. */
import { type CompiledQuery, type RawBuilder, sql } from 'kysely';
import type { Entity, Position, Version } from '../../entities/index.ts';
import type { Histories, RecordKey } from '../log/histories.ts';
import type { Replica } from '../replica/replica.ts';
import { type ReplicaTable, versionOf, wholeColumn } from '../replica/replica-table.ts';
import { turns } from '../shared/turns.ts';

/**
 * Reads records. All whose positions the current table holds are read in one query, and what lies
 * before the last merge from the log.
 * @returns per key the version in force at its position, deleted ones included; null where the
 *   record did not exist yet.
 */
export async function queryRecords<E extends Entity>(
  replica: Replica,
  histories: Histories,
  entity: E,
  keys: readonly RecordKey[],
): Promise<(Version<E> | null)[]> {
  await replica.reach(Math.max(...keys.map((key) => key.at)) as Position);
  const merged = keys.filter(({ at }) => at >= replica.horizon);
  const found = await readCurrent(replica, entity, merged);
  const earlier = keys.filter((key) => !found.has(key));
  const logged = await histories.records(entity, earlier);
  for (const [index, key] of earlier.entries()) found.set(key, logged[index] ?? null);
  return keys.map((key) => found.get(key) ?? null);
}

/** Records by key, in one query; nothing when a merge has moved past one of them meanwhile. */
async function readCurrent<E extends Entity>(
  replica: Replica,
  entity: E,
  keys: readonly RecordKey[],
): Promise<Map<RecordKey, Version<E> | null>> {
  if (keys.length === 0) return new Map();
  const oldest = Math.min(...keys.map((key) => key.at)) as Position;
  const ids = [...new Set(keys.map((key) => key.id))];
  const versions = await replica.readAt(
    oldest,
    async ({ fromCurrent, withDelta }) =>
      fromCurrent ? await findNewest(replica, entity, ids, withDelta) : null,
    Math.max(...keys.map((key) => key.at)) as Position,
  );
  if (!versions) return new Map();
  const byId = new Map<string, Version<E>[]>();
  for (const version of versions) {
    const known = byId.get(version.id);
    if (known) known.push(version);
    else byId.set(version.id, [version]);
  }
  return new Map(keys.map((key) => [key, newestAt(byId.get(key.id) ?? [], key.at)]));
}

/**
 * The newest merged versions of these ids, and those of the delta. Nothing but the ids may restrict
 * the scans: with a second predicate beside them DuckDB gives up the index.
 */
async function findNewest<E extends Entity>(
  replica: Replica,
  entity: E,
  idList: readonly string[],
  withDelta: boolean,
): Promise<Version<E>[]> {
  const ids = padded(idList);
  const query = lookUp(replica, replica.table(entity), ids.length, withDelta);
  const parameters = withDelta ? [...ids, ...ids] : ids;
  const asked: LookUp = { ...query, parameters };
  const { rows } = await replica.lookups.executeQuery(asked);
  return await turns.map(rows, ({ whole }) => versionOf(entity, whole));
}

type LookUp = CompiledQuery<{ readonly whole: string }>;

/** The look-ups of a table, by how many ids they have and whether the delta is asked, too. */
const lookUps = new WeakMap<ReplicaTable, Map<string, LookUp>>();

/** The query that looks up so many ids: Kysely writes each once, as there are few numbers of them. */
function lookUp(replica: Replica, table: ReplicaTable, count: number, withDelta: boolean): LookUp {
  const written = lookUps.get(table) ?? new Map<string, LookUp>();
  lookUps.set(table, written);
  const key = `${count} ${withDelta}`;
  const query = written.get(key) ?? writeLookUp(table, count, withDelta).compile(replica.lookups);
  written.set(key, query);
  return query;
}

/** Its parameters are the ids, and once more where the delta is asked. */
function writeLookUp(table: ReplicaTable, count: number, withDelta: boolean) {
  const ids = sql.join(Array.from({ length: count }, () => ''));
  const delta = sql`
    union all
    select ${wholeOf(table)} from ${sql.table(table.delta)} where id in (${ids})`;
  return sql<{ readonly whole: string }>`
    select ${sql.ref(wholeColumn)} as whole from ${sql.table(table.current)} where id in (${ids})
    ${withDelta ? delta : sql``}`;
}

/**
 * The keys, the last of them repeated until their number is a power of two or halfway to the next:
 * so there are few different statements, and those are prepared already.
 */
function padded<Key>(keys: readonly Key[]): Key[] {
  const power = 2 ** Math.ceil(Math.log2(keys.length));
  const length = keys.length <= power * 0.75 ? power * 0.75 : power;
  return Array.from({ length }, (_, place) => keys[Math.min(place, keys.length - 1)] as Key);
}

/** A whole version out of the columns that base, current and delta share. */
function wholeOf(table: ReplicaTable): RawBuilder<string> {
  return sql.raw(table.wholeVersion);
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
