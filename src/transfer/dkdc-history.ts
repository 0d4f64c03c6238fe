/**
 * The history that databases of dkdc-state hold. Every row is a record as it was appended; in the order
 * of `idx`, by which dkdc-state itself told the newest, rows become revisions, each in a transaction of
 * its own.
 */
import { basename } from 'node:path';
import { limits, type PastTransaction } from '../db/index.ts';
import { fieldValue, type Version } from '../entities/index.ts';
import { count } from '../terminal/index.ts';
import { DkdcDatabase, type DkdcPlace, type DkdcRows } from './dkdc-database.ts';
import { DkdcLook } from './dkdc-look.ts';
import { dkdcTables } from './dkdc-tables.ts';
import type { HistorySource, SourceContents } from './history-source.ts';
import { Refused } from './refused.ts';
import { RowIssues } from './row-values.ts';

/** Transactions that are handed out together; rows of the lake hold whole files. */
const transactionsAtATime = 64;

/** Why, as the log has it. */
const reason = 'imported from dkdc-state';

/** A row with the time that it gets: strictly after that of the row before it. */
interface TimedPlace extends DkdcPlace {
  readonly committedAt: number;
}

export class DkdcHistory implements HistorySource {
  readonly name: string;
  /** What is to be known of the rows, a sentence each. */
  readonly notes: readonly string[];
  readonly #databases: readonly DkdcDatabase[];
  readonly #places: readonly TimedPlace[];
  /** Contents of the transactions that were handed out last, or are next. */
  #contents = new Map<string, Uint8Array>();

  /** @param databases of which all rows are looked at. @throws Refused for rows that break rules. */
  private constructor(name: string, databases: readonly DkdcDatabase[]) {
    this.name = name;
    this.#databases = databases;
    const tables = databases.flatMap((database) => database.tables).sort(byKind);
    refuseTwice(tables.map(({ table }) => table.table));
    const issues = new RowIssues();
    const appended = tables.flatMap((table) => table.places(issues));
    issues.refuse();
    // Sorting keeps the order of what has one time: that of the tables, and of their rows.
    this.#places = timed(appended.toSorted((a, b) => a.idx - b.idx));
    const look = new DkdcLook(issues);
    for (const { table, rowid } of this.#places) {
      const row = table.read(rowid, issues);
      if (row) look.add(table.table.entity, row);
    }
    issues.refuse();
    this.notes = [...look.notes, ...notesOfTimes(appended, this.#places)];
  }

  /** Opens databases. @throws Refused for what is no database of dkdc-state. */
  static open(paths: readonly string[]): DkdcHistory {
    const databases: DkdcDatabase[] = [];
    try {
      for (const path of paths) databases.push(new DkdcDatabase(path));
      return new DkdcHistory(paths.map((path) => basename(path)).join(' and '), databases);
    } catch (error) {
      for (const database of databases) database.close();
      throw error;
    }
  }

  get versions(): number {
    return this.#places.length;
  }

  contents(sha256: string): SourceContents | null {
    return this.#contents.get(sha256) ?? null;
  }

  async *transactions(): AsyncGenerator<readonly PastTransaction[], void> {
    const known = new Set<string>();
    const issues = new RowIssues();
    let some: PastTransaction[] = [];
    for (const place of this.#places) {
      const transaction = this.#transaction(place, known, issues);
      issues.refuse();
      if (transaction) some.push(transaction);
      if (some.length < transactionsAtATime && this.#bytes < limits.putBytesMax) continue;
      yield some;
      some = [];
      this.#contents = new Map();
    }
    yield some;
  }

  /** Of the contents that wait to be handed out. */
  get #bytes(): number {
    return [...this.#contents.values()].reduce((sum, { length }) => sum + length, 0);
  }

  close(): void {
    for (const database of this.#databases) database.close();
  }

  #transaction(
    { table, rowid, committedAt }: TimedPlace,
    known: Set<string>,
    issues: RowIssues,
  ): PastTransaction | null {
    const row = table.read(rowid, issues);
    if (!row) return null;
    const { id, values, bytes, origin } = row;
    const { entity } = table.table;
    if (bytes) this.#contents.set(String(fieldValue({ values } as Version, 'sha256')), bytes);
    const record = JSON.stringify([entity.name, id]);
    const operation = known.has(record) ? 'UPDATE' : 'CREATE';
    known.add(record);
    const version = { entity, id, operation, revision: null, values, origin } as const;
    return { committedAt, actor: null, reason, origin, versions: [version] };
  }
}

/** In whichever order databases are named, the same comes of them. */
function byKind(a: DkdcRows, b: DkdcRows): number {
  return dkdcTables.indexOf(a.table) - dkdcTables.indexOf(b.table);
}

/** Two databases with the same table are two logs, whose ids say nothing about each other. */
function refuseTwice(tables: readonly string[]): void {
  const twice = tables.find((name, place) => tables.indexOf(name) !== place);
  if (twice === undefined) return;
  throw new Refused(
    'BAD_ARGUMENT',
    `Two of the databases have a table ${twice}: import one of them.`,
  );
}

function timed(places: readonly DkdcPlace[]): TimedPlace[] {
  let last = 0;
  return places.map((place) => {
    last = Math.max(place.idx, last + 1);
    return { ...place, committedAt: last };
  });
}

function notesOfTimes(appended: readonly DkdcPlace[], places: readonly TimedPlace[]): string[] {
  const notes: string[] = [];
  const moved = places.filter(({ idx, committedAt }) => idx !== committedAt).length;
  if (moved > 0) {
    notes.push(
      `${count(moved, 'row')} had the time of another: it is a microsecond or so later here.`,
    );
  }
  const stepsBack = appended.filter(({ table, idx }, place) => {
    const before = appended[place - 1];
    return before?.table === table && idx < before.idx;
  }).length;
  if (stepsBack > 0) {
    notes.push(
      `The clock stepped back ${count(stepsBack, 'time')}: rows are in the order of their times, by ` +
        'which dkdc-state told the newest, and not in the one in which they were appended.',
    );
  }
  return notes;
}
