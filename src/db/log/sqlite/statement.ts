/**
 * Statements that are needed again and again: Kysely writes each of them once, with a place for
 * every value that differs, and SQLite runs it in place. To build and compile a query for each row
 * cost twice of what SQLite itself takes for it, and each promise that a query is wrapped in waits.
 */
import type Database from 'better-sqlite3';
import type { CompiledQuery } from 'kysely';

/** Stands in a query where a value is to be given at each run. */
class Given {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A place for a value of a statement, by its name, wherever Kysely takes a value. */
export function given<T>(name: string): T {
  return new Given(name) as T;
}

/** The values of one run, by the names of their places; as SQLite has them. */
type Values = Readonly<Record<string, unknown>>;

export class Statement<Row = unknown> {
  readonly #prepared: Database.Statement<unknown[], Row>;
  readonly #parameters: readonly unknown[];
  readonly #told: <T>(work: () => T) => T;

  /** @param told tells of errors of the storage, and throws them. */
  constructor(
    database: Database.Database,
    { sql, parameters }: CompiledQuery<Row>,
    told: <T>(work: () => T) => T,
  ) {
    this.#prepared = told(() => database.prepare<unknown[], Row>(sql));
    this.#parameters = parameters;
    this.#told = told;
  }

  /** The first row; undefined when there is none. */
  get(values: Values = {}): Row | undefined {
    return this.#told(() => this.#prepared.get(this.#bound(values)));
  }

  all(values: Values = {}): Row[] {
    return this.#told(() => this.#prepared.all(this.#bound(values)));
  }

  run(values: Values = {}): void {
    this.#told(() => this.#prepared.run(this.#bound(values)));
  }

  /** @throws TypeError when a place has no value. */
  #bound(values: Values): unknown[] {
    return this.#parameters.map((parameter) => {
      if (!(parameter instanceof Given)) return parameter;
      const value = values[parameter.name];
      if (value !== undefined) return value;
      throw new TypeError(
        `The statement needs a value for "${parameter.name}", and null for none.`,
      );
    });
  }
}
