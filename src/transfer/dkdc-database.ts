/** A database of dkdc-state: which rows it has, and when each was appended. */
import { basename } from 'node:path';
import { SqliteDatabase, type SqliteRow } from '../db/index.ts';
import type { Version } from '../entities/index.ts';
import { type DkdcTable, dkdcTables } from './dkdc-tables.ts';
import { dkdcTime } from './dkdc-time.ts';
import { Refused } from './refused.ts';
import { checkedValues, type RowIssues } from './row-values.ts';

/** A row, before it is read. */
export interface DkdcPlace {
  readonly table: DkdcRows;
  readonly rowid: bigint;
  /** As it says itself, in microseconds since 1970. */
  readonly idx: number;
}

/** What a row says. */
export interface DkdcRow {
  readonly id: string;
  readonly values: Version['values'];
  /** Of a file. */
  readonly bytes: Uint8Array | null;
  readonly origin: string;
}

export class DkdcDatabase {
  readonly tables: readonly DkdcRows[];
  readonly #database: SqliteDatabase;

  /** @throws Refused for what is no database of dkdc-state. */
  constructor(path: string) {
    const database = SqliteDatabase.open(path);
    const tables = dkdcTables.filter(({ table, columns }) => {
      const there = database?.columnsOf(table) ?? [];
      return ['idx', 'id', ...columns].every((name) => there.includes(name));
    });
    if (!database || tables.length === 0) {
      database?.close();
      throw new Refused(
        'NO_SUCH_SOURCE',
        `${path} must be a SQLite database of dkdc-state, with a table todos or lake and their ` +
          'columns, but is none.',
      );
    }
    this.#database = database;
    this.tables = tables.map((table) => new DkdcRows(database, table, basename(path)));
  }

  close(): void {
    this.#database.close();
  }
}

/** The rows of one table. */
export class DkdcRows {
  readonly table: DkdcTable;
  readonly #database: SqliteDatabase;
  readonly #file: string;
  readonly #rowWith: (rowid: bigint) => SqliteRow | undefined;

  constructor(database: SqliteDatabase, table: DkdcTable, file: string) {
    this.table = table;
    this.#database = database;
    this.#file = file;
    const columns = ['idx', 'id', ...table.columns].join(', ');
    this.#rowWith = database.lookUp(`select ${columns} from ${table.table} where rowid = ?`);
  }

  /** Where all rows are, in the order in which they were appended. */
  places(issues: RowIssues): DkdcPlace[] {
    const places: DkdcPlace[] = [];
    const rows = this.#database.rows(
      `select rowid as rowid, idx from ${this.table.table} order by rowid`,
    );
    for (const { rowid, idx } of rows) {
      const time = dkdcTime(idx);
      if (time === null || time <= 0) {
        const what = `must be a moment after 1970, such as 2024-11-20T01:02:03.000004, but was ${idx}.`;
        issues.add(this.#originOf(rowid as bigint), 'idx', what);
      } else places.push({ table: this, rowid: rowid as bigint, idx: time });
    }
    return places;
  }

  /** @returns null where the row breaks rules, which are issues then. */
  read(rowid: bigint, issues: RowIssues): DkdcRow | null {
    const row = this.#rowWith(rowid) ?? {};
    const origin = this.#originOf(rowid);
    const values = checkedValues(this.table.entity, this.table.valuesOf(row), origin, issues);
    const { id } = row;
    if (typeof id !== 'string' || id === '')
      issues.add(origin, 'id', 'must be a text, but is none.');
    if (!values || typeof id !== 'string') return null;
    return { id, values, bytes: this.table.bytesOf?.(row) ?? null, origin };
  }

  #originOf(rowid: bigint): string {
    return `${this.#file}, ${this.table.table}, rowid ${rowid}`;
  }
}
