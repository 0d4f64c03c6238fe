/**
 * Bases and current tables in their entity's default order. They are written in it anew once enough
 * was merged behind what lies in order already: DuckDB takes no row in between, and takes deleted
 * rows out of no table that has an index.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { sql } from 'kysely';
import type { Position } from '../../entities/index.ts';
import type { Order } from '../criteria/order.ts';
import { limits } from '../shared/limits.ts';
import { runOn } from './duckdb-dialect.ts';
import { isOutOfMemory } from './duckdb-errors.ts';
import { inTransaction } from './duckdb-transaction.ts';
import { partsInOrder } from './ordered-parts.ts';
import { inOrderColumn, type ReplicaTable, wholeColumn } from './replica-table.ts';

export class RowOrder {
  /** By table the first position whose row may lie out of order; none where all are in order. */
  readonly #disorderFrom = new Map<string, Position>();
  /** Tables that memory did not suffice to sort: they are left as they are. */
  readonly #tooLarge = new Set<string>();
  readonly #sortedBytesMax: number;

  /** @param sortedBytesMax how much is sorted at a time, in bytes of its rows as text. */
  constructor(sortedBytesMax: number) {
    this.#sortedBytesMax = sortedBytesMax;
  }

  /** Whether a table may have rows out of order that a read at a position has to look at. */
  isDisturbed(table: string, at: Position): boolean {
    return at >= (this.#disorderFrom.get(table) ?? Number.POSITIVE_INFINITY);
  }

  /** Finds out how the tables of a file lie. */
  async look(connection: DuckDBConnection, tables: readonly ReplicaTable[]): Promise<void> {
    for (const table of tables.flatMap(({ base, current }) => [base, current])) {
      const found = await connection.runAndReadAll(
        `select min(position) from "${table}" where "${inOrderColumn}" = false`,
      );
      const [first] = found.getRowsJS()[0] ?? [];
      if (first === null) this.#disorderFrom.delete(table);
      else this.#disorderFrom.set(table, Number(first) as Position);
    }
  }

  /** Rows of versions after a position have been added to the tables. */
  added(tables: readonly ReplicaTable[], after: Position): void {
    for (const table of tables.flatMap(({ base, current }) => [base, current])) {
      if (!this.#disorderFrom.has(table)) {
        this.#disorderFrom.set(table, (after + 1) as Position);
      }
    }
  }

  /**
   * Writes a table anew that holds too many rows out of order or dead.
   * @param shareMax how many such rows a base may hold for each live one; a current table may hold
   *   limits.disorderShareMax at least …
   * @param rowsMax … and how many besides.
   * @param signal leaves it as it is, between two statements: those under way are interrupted.
   * @returns whether there was one; others may be left.
   */
  async restore(
    connection: DuckDBConnection,
    tables: readonly ReplicaTable[],
    shareMax: number,
    rowsMax: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const table of tables) {
      const { base, current } = table;
      const parts = [
        {
          name: base,
          definition: (name: string) => table.baseDefinition(name),
          columns: [...table.storedNames, 'until_position'],
          index: null,
          shareMax,
        },
        {
          name: current,
          definition: (name: string) => table.currentDefinition(name),
          columns: [...table.storedNames, wholeColumn],
          index: table.indexDefinition(),
          shareMax: Math.max(shareMax, limits.disorderShareMax),
        },
      ];
      for (const part of parts) {
        if (this.#tooLarge.has(part.name)) continue;
        if (!(await isOver(connection, part.name, part.shareMax, rowsMax))) continue;
        if (await this.#rewrite(connection, part, table.order, signal)) return true;
      }
    }
    return false;
  }

  async #rewrite(
    connection: DuckDBConnection,
    table: StoredTable,
    order: Order,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await rewrite(connection, table, order, this.#sortedBytesMax, signal);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      this.#tooLarge.add(table.name);
      return false;
    }
    this.#disorderFrom.delete(table.name);
    return true;
  }
}

/** A base or a current table. */
interface StoredTable {
  readonly name: string;
  /** The statement that creates it under a name. */
  readonly definition: (name: string) => string;
  /** All but inOrderColumn. */
  readonly columns: readonly string[];
  /** The statement that makes its index; null when it has none. */
  readonly index: string | null;
}

async function isOver(
  connection: DuckDBConnection,
  table: string,
  shareMax: number,
  rowsMax: number,
): Promise<boolean> {
  const rows = await connection.runAndReadAll(
    `select count(*), count(*) filter ("${inOrderColumn}"), coalesce(max(rowid) + 1, 0)
     from "${table}"`,
  );
  const [live, ordered, all] = (rows.getRowsJS()[0] ?? []).map(Number) as [number, number, number];
  return all - ordered > live * shareMax + rowsMax;
}

/** Reads meanwhile find the old table with its index, and then the new one with its own. */
async function rewrite(
  connection: DuckDBConnection,
  { name, definition, columns, index }: StoredTable,
  order: Order,
  sortedBytesMax: number,
  signal: AbortSignal,
): Promise<void> {
  const anew = `${name}_anew`;
  const names = columns.map((column) => `"${column}"`).join(', ');
  await inTransaction(connection, async () => {
    await connection.run(definition(anew));
    for (const part of await partsInOrder(connection, name, order, sortedBytesMax)) {
      signal.throwIfAborted();
      await runOn(
        connection,
        sql`insert into ${sql.table(anew)} (${sql.raw(names)}, ${sql.ref(inOrderColumn)})
          select ${sql.raw(names)}, true from ${sql.table(name)}
          where ${part} order by ${order.clause(false)}`,
      );
    }
    await connection.run(`drop table "${name}"`);
    await connection.run(`alter table "${anew}" rename to "${name}"`);
    // DuckDB renames no table that has one.
    if (index) await connection.run(index);
  });
}
