/**
 * Bases and current tables in their entity's default order. They are written in it anew once enough
 * was merged behind what lies in order already: DuckDB takes no row in between, and takes deleted
 * rows out of no table that has an index.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Position } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { inTransaction } from './duckdb-transaction.ts';
import { inOrderColumn, type ReplicaTable, wholeColumn } from './replica-table.ts';

export class RowOrder {
  /** By table the first position whose row may lie out of order; none where all are in order. */
  readonly #disorderFrom = new Map<string, Position>();

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
   * Writes those tables anew that hold too many rows out of order or dead. They have no index then.
   * @param rowsMax how many such rows any table may hold.
   * @returns whether any was.
   */
  async restore(
    connection: DuckDBConnection,
    tables: readonly ReplicaTable[],
    rowsMax: number,
  ): Promise<boolean> {
    let written = false;
    for (const table of tables) {
      const { base, current } = table;
      if (await isOver(connection, current, limits.currentDisorderShareMax, rowsMax)) {
        const definition = (name: string) => table.currentDefinition(name);
        await rewrite(connection, current, definition, [wholeColumn], table);
        this.#disorderFrom.delete(current);
        written = true;
      }
      if (await isOver(connection, base, limits.baseDisorderShareMax, rowsMax)) {
        const definition = (name: string) => table.baseDefinition(name);
        await rewrite(connection, base, definition, ['until_position'], table);
        this.#disorderFrom.delete(base);
        written = true;
      }
    }
    return written;
  }
}

/** @param shareMax how many rows, dead or out of order, a table may hold for each live one. */
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

async function rewrite(
  connection: DuckDBConnection,
  table: string,
  definition: (name: string) => string,
  more: readonly string[],
  { storedNames, order }: ReplicaTable,
): Promise<void> {
  const anew = `${table}_anew`;
  const names = [...storedNames, ...more].map((name) => `"${name}"`).join(', ');
  await inTransaction(connection, async () => {
    await connection.run(definition(anew));
    await connection.run(
      `insert into "${anew}" (${names}, "${inOrderColumn}")
       select ${names}, true from "${table}" order by ${order.text()}`,
    );
    await connection.run(`drop table "${table}"`);
    await connection.run(`alter table "${anew}" rename to "${table}"`);
  });
}
