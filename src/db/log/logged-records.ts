/**
 * Records as the log holds them; inside the transaction that is being written, with its changes. Each
 * throws HistoryDamaged for what is not as it was written.
 */
import { sql } from 'kysely';
import { columnOf, type Entity, type Position, type Version } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { turns } from '../shared/turns.ts';
import { checkedColumns, checkedVersion } from './checked-version.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { given, type Statement } from './sqlite/statement.ts';
import { columnsOfValues } from './sqlite/version-row.ts';
import { keysTable } from './sqlite/version-table.ts';

/** The record's last version, a deleted one's included; null when the id was never used. */
export function readLastVersion<E extends Entity>(
  log: LogFile,
  entity: E,
  id: string,
): Version<E> | null {
  const statement = log.statement(entity, 'last version', () =>
    ofRecord(log, entity).orderBy('revision', 'desc').limit(sql.lit(1)).compile(),
  );
  return firstOf(log, entity, statement, [id]);
}

/** The record's version with a number; null when it has none. */
export function readRevision<E extends Entity>(
  log: LogFile,
  entity: E,
  id: string,
  revision: number,
): Version<E> | null {
  const statement = log.statement(entity, 'revision', () =>
    ofRecord(log, entity).where('revision', '=', given<number>(1)).compile(),
  );
  return firstOf(log, entity, statement, [id, revision]);
}

/** The record's version in force at a position; null before its creation. */
export function readVersionAt<E extends Entity>(
  log: LogFile,
  entity: E,
  id: string,
  at: Position,
): Version<E> | null {
  const statement = log.statement(entity, 'version at', () =>
    ofRecord(log, entity)
      .where('position', '<=', given<number>(1))
      .orderBy('revision', 'desc')
      .limit(sql.lit(1))
      .compile(),
  );
  return firstOf(log, entity, statement, [id, at]);
}

/** The record's versions from a revision to another, oldest first; at most limits.pageRowsMax. */
export function readVersionsBetween<E extends Entity>(
  log: LogFile,
  entity: E,
  id: string,
  from: number,
  to: number,
): Version<E>[] {
  const statement = log.statement(entity, 'versions between', () =>
    ofRecord(log, entity)
      .where('revision', '>=', given<number>(1))
      .where('revision', '<=', given<number>(2))
      .orderBy('revision')
      .limit(sql.lit(limits.pageRowsMax))
      .compile(),
  );
  return statement.all([id, from, to]).map((row) => checkedVersion(log, entity, row));
}

/**
 * The versions at these positions, by position. In place, a few at a time: one list of positions
 * costs two thirds of what looking up each does, and others have turns between.
 */
export async function readVersionsAt<E extends Entity>(
  log: LogFile,
  entity: E,
  positions: readonly number[],
): Promise<Map<number, Version<E>>> {
  const found = new Map<number, Version<E>>();
  const statement = log.statement(entity, 'versions at', () =>
    log.versions
      .selectFrom(entity.table)
      .select(checkedColumns(log, entity))
      .where('position', 'in', sql<number>`(select value from json_each(${given<string>(0)}))`)
      .compile(),
  );
  const rowsMax = limits.historyStretchRows;
  for (let begin = 0; begin < positions.length; begin += rowsMax) {
    await turns.yield();
    const rows = statement.all([JSON.stringify(positions.slice(begin, begin + rowsMax))]);
    for (const row of rows) {
      const version = checkedVersion(log, entity, row);
      found.set(version.position, version);
    }
  }
  return found;
}

/** The id of the live record that has this unique key; a null matches a null. */
export function findByUniqueKey(
  log: LogFile,
  entity: Entity,
  key: Readonly<Record<string, unknown>>,
): string | null {
  const statement = log.statement(entity, 'unique key', () =>
    log.versions
      .selectFrom(keysTable(entity))
      .select('id')
      .where((where) =>
        where.and(
          entity.uniqueKey.map((name, place) =>
            where(sql.ref<unknown>(columnOf(name)), 'is', given(place)),
          ),
        ),
      )
      .compile(),
  );
  const values = columnsOfValues(entity, key);
  const holder = statement.first(entity.uniqueKey.map((name) => values[columnOf(name)]));
  return (holder?.[0] as string | undefined) ?? null;
}

function firstOf<E extends Entity>(
  log: LogFile,
  entity: E,
  statement: Statement,
  values: readonly unknown[],
): Version<E> | null {
  const row = statement.first(values);
  return row ? checkedVersion(log, entity, row) : null;
}

/** The versions of a record, whose id is given. */
function ofRecord(log: LogFile, entity: Entity) {
  return log.versions
    .selectFrom(entity.table)
    .select(checkedColumns(log, entity))
    .where('id', '=', given<string>(0));
}
