/** Adding rows to a table of DuckDB out of JSON of their columns, which never become JavaScript's texts. */
import { isUtf8 } from 'node:buffer';
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';

/** JSON in UTF-8. Null stands for an array of nulls. */
export type JsonOfColumn = Uint8Array | null;

export class JsonInsertion {
  readonly #connection: DuckDBConnection;
  readonly #sqlOf: (isGiven: readonly boolean[]) => string;
  /** By their SQL: DuckDB takes milliseconds to prepare one, a third of what a thousand rows take. */
  readonly #statements = new Map<string, DuckDBPreparedStatement>();

  /**
   * @param connection that nothing else uses while rows are added.
   * @param sqlOf the statement that adds rows, told which columns are given: its parameters are
   *   their JSON arrays, as BLOBs.
   */
  constructor(connection: DuckDBConnection, sqlOf: (isGiven: readonly boolean[]) => string) {
    this.#connection = connection;
    this.#sqlOf = sqlOf;
  }

  /** Adds rows: per column a JSON array of its values. @throws what DuckDB throws. */
  async run(json: readonly JsonOfColumn[]): Promise<void> {
    const statement = await this.#prepared(this.#sqlOf(json.map((column) => column !== null)));
    const given = json.filter((column) => column !== null);
    for (const [index, column] of given.entries())
      statement.bindBlob(index + 1, wellFormed(column));
    await statement.run();
  }

  async #prepared(sql: string): Promise<DuckDBPreparedStatement> {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = await this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Releases what it keeps, before its connection is closed. */
  close(): void {
    for (const statement of this.#statements.values()) statement.destroySync();
    this.#statements.clear();
  }
}

/** The values of a JSON array. */
export function valuesOf(json: Uint8Array): unknown[] {
  return JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString());
}

/** The JSON array of values. */
export function jsonOf(values: readonly unknown[]): Uint8Array {
  return Buffer.from(JSON.stringify(values));
}

/** DuckDB refuses what is not UTF-8, which only a log that something else wrote to can hold. */
function wellFormed(text: Uint8Array): Uint8Array {
  return isUtf8(text) ? text : Buffer.from(Buffer.from(text).toString());
}
