/**
 * Filling an empty replica from a log of any length. SQLite makes JSON of the log's columns, and
 * DuckDB columns of that JSON in a thread of its own meanwhile: no value becomes one of JavaScript's.
 * The log is read from its end to its beginning: whoever comes to a version then knows already which
 * one superseded it, and so until when it was in force.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { sql } from 'kysely';
import type { Position } from '../../entities/index.ts';
import type { LogReader } from '../log/log-reader.ts';
import { limits } from '../shared/limits.ts';
import { turns } from '../shared/turns.ts';
import { runOn } from './duckdb-dialect.ts';
import { inOrderIfPossible } from './duckdb-errors.ts';
import { inTransaction } from './duckdb-transaction.ts';
import { type JsonInsertion, type JsonOfColumn, jsonOf, valuesOf } from './json-insertion.ts';
import { partsInOrder } from './ordered-parts.ts';
import { inOrderColumn, type ReplicaTable, stillInForce, wholeColumn } from './replica-table.ts';

export interface ReplicaBuildOptions {
  readonly tables: readonly ReplicaTable[];
  /** The end of a transaction, up to which the log is read. */
  readonly upTo: Position;
  /** Most versions read from the log at a time; other work has turns in between. */
  readonly batchRows: number;
  /** How much DuckDB sorts at a time, in bytes of its rows as text. */
  readonly sortedBytesMax: number;
  readonly signal: AbortSignal;
}

/** A connection that adds rows to a base, one batch after another. */
interface Adder {
  readonly insertion: JsonInsertion;
  /** The batch that it works on. */
  adding: Promise<unknown>;
}

/** The build of one replica. */
export class ReplicaBuild {
  readonly #log: LogReader;
  readonly #connections: readonly DuckDBConnection[];
  readonly #options: ReplicaBuildOptions;
  /** By position, the position of the version that superseded the one there; 0 while none did. */
  readonly #superseded: Float64Array;

  /** @param connections to the database; each keeps a core busy. */
  constructor(
    log: LogReader,
    connections: readonly DuckDBConnection[],
    options: ReplicaBuildOptions,
  ) {
    this.#log = log;
    this.#connections = connections;
    this.#options = options;
    this.#superseded = new Float64Array(options.upTo + 1);
  }

  /** Fills base and current tables, which are empty. @throws what reading or DuckDB throws. */
  async run(): Promise<void> {
    for (const table of this.#options.tables) {
      await this.#fillBase(table, [...this.#connections], []);
      await this.#fillCurrent(table);
    }
  }

  /**
   * In the default order, unless memory does not suffice to sort it. Whole versions are made after
   * that: they would be most of what is sorted.
   */
  async #fillCurrent({ base, current, storedNames, wholeVersion, order }: ReplicaTable) {
    const names = sql.raw(storedNames.map((column) => `"${column}"`).join(', '));
    const [connection] = this.#connections as readonly [DuckDBConnection];
    const inForce = `until_position = ${stillInForce}`;
    const { sortedBytesMax } = this.#options;
    const parts = await partsInOrder(connection, base, order, sortedBytesMax, inForce);
    for (const part of parts) {
      this.#options.signal.throwIfAborted();
      await inOrderIfPossible(async (inOrder) => {
        const ordered = inOrder ? sql`order by ${order.clause(false)}` : sql``;
        await runOn(
          connection,
          sql`insert into ${sql.table(current)} (${names}, ${sql.ref(wholeColumn)}, ${sql.ref(inOrderColumn)})
            select ${names}, ${sql.raw(wholeVersion)}, ${sql.lit(inOrder)} from (
              select ${names} from ${sql.table(base)} where ${part} ${ordered}
            )`,
        );
      });
    }
  }

  /** Fills a base, in a transaction of each connection. */
  async #fillBase(
    table: ReplicaTable,
    connections: DuckDBConnection[],
    adders: Adder[],
  ): Promise<void> {
    const connection = connections.pop();
    if (!connection) return await this.#addAll(table, adders);
    await inTransaction(connection, async () => {
      const insertion = table.baseInsertion(connection);
      const adder = { insertion, adding: Promise.resolve() };
      try {
        await this.#fillBase(table, connections, [...adders, adder]);
      } finally {
        await adder.adding;
        insertion.close();
      }
    });
  }

  async #addAll(table: ReplicaTable, adders: readonly Adder[]): Promise<void> {
    const rowsMax = Math.min(limits.buildBatchRows, this.#options.batchRows);
    let rows = rowsMax;
    let batch = 0;
    for (let end = this.#options.upTo as number; end > 0; ) {
      this.#options.signal.throwIfAborted();
      await turns.yield();
      const after = Math.max(0, end - rows) as Position;
      const json = this.#log.jsonBetween(table.entity, after, end as Position);
      if (json) {
        this.#log.refuseDamaged(table.entity, after, end as Position);
        const length = json.reduce((sum, text) => sum + text.length, 0);
        if (isOfRows(json)) {
          const values = [...json, ...table.foldedJson(json), this.#supersededBy(table, json)];
          batch += 1;
          await add(adders[batch % adders.length] as Adder, values);
        }
        end = after;
        rows = Math.min(rowsMax, Math.ceil((rows * limits.buildBatchLength) / length));
      } else if (rows > 1) rows = Math.ceil(rows / 2);
      else throw new RangeError(`The version at position ${end} is too large for the replica.`);
    }
  }

  /** By what versions were superseded, as JSON; notes which ones they superseded themselves. */
  #supersededBy({ columnNames }: ReplicaTable, json: readonly Uint8Array[]): Uint8Array {
    const read = (name: string) => valuesOf(json[columnNames.indexOf(name)] as Uint8Array);
    const positions = read('position') as number[];
    const previous = read('previous_position') as (number | null)[];
    for (const [row, position] of positions.entries()) {
      const before = previous[row] ?? null;
      if (before !== null) this.#superseded[before] = position;
    }
    return jsonOf(positions.map((position) => this.#superseded[position] || null));
  }
}

/** Whether there is any row in them. */
function isOfRows([first]: readonly Uint8Array[]): boolean {
  return first !== undefined && first.length > '[]'.length;
}

/** Has DuckDB begin with a batch, once it has done the one before. */
async function add(adder: Adder, json: readonly JsonOfColumn[]): Promise<void> {
  await adder.adding;
  adder.adding = adder.insertion.run(json);
  // Whoever waits for it meets its error; until then nobody does.
  adder.adding.catch(() => {});
}
