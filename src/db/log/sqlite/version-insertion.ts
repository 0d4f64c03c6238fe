/**
 * Writing versions into their entity's table. Before a statement changes a page of the file, SQLite
 * keeps the page aside, in case the statement fails; within a savepoint all that is kept aside stays
 * until that ends, and soon goes to a file. So many rows are written by one statement.
 */
import type { Entity } from '../../../entities/index.ts';
import type { VersionColumns } from '../tables.ts';
import type { LogFile } from './log-file.ts';
import { given, type Statement } from './statement.ts';
import { sqliteCode } from './storage-errors.ts';
import { addRow, type ChainedVersion, columnsOfRow } from './version-row.ts';

/** How many rows a statement writes: as many as are left, and few where some cannot be written. */
const sizes = [32, 8, 1] as const;

/** What a taken id meets first is the trigger that refuses to replace a version. */
const takenCodes: readonly (string | null)[] = [
  'SQLITE_CONSTRAINT_UNIQUE',
  'SQLITE_CONSTRAINT_TRIGGER',
];

/**
 * Inserts versions in order, up to the first whose id or unique key is taken.
 * @returns how many were inserted.
 */
export function insertVersions(
  log: LogFile,
  entity: Entity,
  versions: readonly ChainedVersion[],
): number {
  let count = 0;
  for (const size of sizes) {
    while (count + size <= versions.length) {
      if (!insertAll(log, entity, versions.slice(count, count + size))) break;
      count += size;
    }
  }
  return count;
}

/** Inserts all of them; @returns false, and inserts none, where an id or unique key is taken. */
function insertAll(log: LogFile, entity: Entity, versions: readonly ChainedVersion[]): boolean {
  const row: unknown[] = [];
  for (const version of versions) addRow(row, version);
  try {
    insertionOf(log, entity, versions.length).run(row);
    return true;
  } catch (error) {
    if (takenCodes.includes(sqliteCode(error))) return false;
    throw error;
  }
}

function insertionOf(log: LogFile, entity: Entity, rows: number): Statement {
  return log.statement(entity, `insert ${rows}`, () => {
    const columns = columnsOfRow(entity);
    const values = Array.from({ length: rows }, (_, row) => {
      const places = columns.map((column, place) => [column, given(row * columns.length + place)]);
      return Object.fromEntries(places) as VersionColumns;
    });
    return log.versions.insertInto(entity.table).values(values).compile();
  });
}
