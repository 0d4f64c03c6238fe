/**
 * Statements that are needed again and again: Kysely writes each of them once, with a place for
 * every value that differs, and SQLite runs it in place. To build and compile a query for each row
 * cost twice of what SQLite itself takes for it, and each promise that a query is wrapped in waits.
 *
 * A limit stands in them as `sql.lit`: SQLite plans a statement anew at each run whose limit is
 * bound, since the plan may depend on it.
 */
import type Database from 'better-sqlite3';
import type { CompiledQuery } from 'kysely';

/** Stands in a query where a value is to be given at each run. */
class Given {
  readonly place: number;

  constructor(place: number) {
    this.place = place;
  }
}

/** The value with this number, from 0, of those that are given at each run; for Kysely, as one. */
export function given<T>(place: number): T {
  return new Given(place) as T;
}

/** A row: its columns, in the order in which they are selected. As an object it costs twice. */
export type RawRow = readonly unknown[];

export class Statement {
  readonly #prepared: Database.Statement<unknown[], RawRow>;
  readonly #parameters: readonly unknown[];
  readonly #asGiven: boolean;
  readonly #told: <T>(work: () => T) => T;

  /** @param told tells of errors of the storage, and throws them. */
  constructor(
    database: Database.Database,
    { sql, parameters }: CompiledQuery,
    told: <T>(work: () => T) => T,
  ) {
    const prepared = told(() => database.prepare<unknown[], RawRow>(sql));
    this.#prepared = prepared.reader ? prepared.raw() : prepared;
    this.#parameters = parameters;
    this.#asGiven = parameters.every((each, at) => each instanceof Given && each.place === at);
    this.#told = told;
  }

  /** The first row; undefined when there is none. */
  first(values: readonly unknown[]): RawRow | undefined {
    return this.#told(() => this.#prepared.get(this.#bound(values)));
  }

  all(values: readonly unknown[]): RawRow[] {
    return this.#told(() => this.#prepared.all(this.#bound(values)));
  }

  run(values: readonly unknown[] = []): void {
    this.#told(() => this.#prepared.run(this.#bound(values)));
  }

  #bound(values: readonly unknown[]): readonly unknown[] {
    if (this.#asGiven) return values;
    return this.#parameters.map((each) => (each instanceof Given ? values[each.place] : each));
  }
}
