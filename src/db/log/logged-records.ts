/** Records as the log holds them; inside the transaction that is being written, with its changes. */
import { sql } from 'kysely';
import { columnOf, type Entity, type Position, type Version } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { columnsOfVersion, versionOfRow } from './sqlite/version-row.ts';
import { keysTable } from './sqlite/version-table.ts';

/** The record's last version, a deleted one's included; null when the id was never used. */
export async function readLastVersion<E extends Entity>(
  log: LogFile,
  entity: E,
  id: string,
): Promise<Version<E> | null> {
  const row = await log.versions
    .selectFrom(entity.table)
    .select(columnsOfVersion(entity))
    .where('id', '=', id)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? versionOfRow(entity, row) : null;
}

/** The record's version with a number; null when it has none. */
export async function readRevision<E extends Entity>(
  log: LogFile,
  entity: E,
  id: string,
  revision: number,
): Promise<Version<E> | null> {
  const row = await log.versions
    .selectFrom(entity.table)
    .select(columnsOfVersion(entity))
    .where('id', '=', id)
    .where('revision', '=', revision)
    .executeTakeFirst();
  return row ? versionOfRow(entity, row) : null;
}

/** The record's version in force at a position; null before its creation. */
export async function readVersionAt<E extends Entity>(
  log: LogFile,
  entity: E,
  id: string,
  at: Position,
): Promise<Version<E> | null> {
  const row = await log.versions
    .selectFrom(entity.table)
    .select(columnsOfVersion(entity))
    .where('id', '=', id)
    .where('position', '<=', at)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? versionOfRow(entity, row) : null;
}

/** The record's versions from a revision on, oldest first; at most limits.pageRowsMax. */
export async function readVersionsFrom<E extends Entity>(
  log: LogFile,
  entity: E,
  id: string,
  revision: number,
): Promise<Version<E>[]> {
  const rows = await log.versions
    .selectFrom(entity.table)
    .select(columnsOfVersion(entity))
    .where('id', '=', id)
    .where('revision', '>=', revision)
    .orderBy('revision')
    .limit(limits.pageRowsMax)
    .execute();
  return rows.map((row) => versionOfRow(entity, row));
}

/** The versions at these positions, by position. */
export async function readVersionsAt<E extends Entity>(
  log: LogFile,
  entity: E,
  positions: readonly number[],
): Promise<Map<number, Version<E>>> {
  const found = new Map<number, Version<E>>();
  for (let begin = 0; begin < positions.length; begin += limits.pageRowsMax) {
    const rows = await log.versions
      .selectFrom(entity.table)
      .select(columnsOfVersion(entity))
      .where('position', 'in', positions.slice(begin, begin + limits.pageRowsMax))
      .execute();
    for (const row of rows) found.set(row.position, versionOfRow(entity, row));
  }
  return found;
}

/** The id of the live record that has this unique key; a null matches a null. */
export async function findByUniqueKey(
  log: LogFile,
  entity: Entity,
  key: Readonly<Record<string, unknown>>,
): Promise<string | null> {
  const holder = await log.versions
    .selectFrom(keysTable(entity))
    .select('id')
    .where((where) =>
      where.and(
        entity.uniqueKey.map((name) =>
          where(sql.ref<unknown>(columnOf(name)), 'is', key[name] ?? null),
        ),
      ),
    )
    .executeTakeFirst();
  return holder?.id ?? null;
}
