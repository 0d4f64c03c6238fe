/** Merging the delta: in bulk, in one transaction, while reads and appends go on. */
import { blobValue, type DuckDBConnection } from '@duckdb/node-api';
import type { Position } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { inTransaction } from './duckdb-transaction.ts';
import { type ReplicaTable, stillInForce, wholeColumn } from './replica-table.ts';

/**
 * Adds all versions up to a position from the deltas to the bases, ends the intervals of the
 * versions that they supersede, and brings the current tables up to date. The deltas keep them
 * until purgeDelta: DuckDB changes one database in a transaction, and theirs is another.
 * @param after the end of the base: versions up to there have been merged before.
 * @param upTo the end of a transaction that has been applied.
 * @param digest the log's digest there; a reopened file is checked against it.
 */
export async function mergeDelta(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
  after: Position,
  upTo: Position,
  digest: Uint8Array | null,
): Promise<void> {
  await inTransaction(connection, async () => {
    for (const table of tables) await mergeTable(connection, table, after, upTo);
    await connection.run('update replica_state set position = $1, digest = $2', [
      BigInt(upTo),
      digest && blobValue(digest),
    ]);
  });
}

/** The first merge fills the tables: building an index after it is quicker than row by row. */
export async function indexById(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
): Promise<void> {
  for (const { current } of tables) {
    await connection.run(`create index if not exists "${current}_id" on "${current}" (id)`);
  }
}

/** Takes the indexes away, for a merge so large that building them afterwards is quicker. */
export async function dropIndexes(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
): Promise<void> {
  for (const { current } of tables) {
    await connection.run(`drop index if exists "${current}_id"`);
  }
}

/**
 * Writes current tables anew once they hold too many dead rows. DuckDB takes deleted rows out of a
 * table only where it has no index; without this, current would grow as the log does, and every
 * scan of it with it.
 */
export async function compactCurrent(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
  deadRowsMax: number,
): Promise<void> {
  for (const table of tables) {
    const rows = await connection.runAndReadAll(
      `select count(*), coalesce(max(rowid) + 1, 0) from "${table.current}"`,
    );
    const [live, all] = (rows.getRowsJS()[0] ?? []).map(Number) as [number, number];
    const allowed = live * limits.currentDeadShareMax + deadRowsMax;
    if (all - live > allowed) await rewriteCurrent(connection, table);
  }
}

async function rewriteCurrent(connection: DuckDBConnection, table: ReplicaTable): Promise<void> {
  const { current } = table;
  const compact = `${current}_compact`;
  await inTransaction(connection, async () => {
    await connection.run(table.currentDefinition(compact));
    await connection.run(`insert into "${compact}" select * from "${current}"`);
    await connection.run(`drop table "${current}"`);
    await connection.run(`alter table "${compact}" rename to "${current}"`);
  });
}

async function mergeTable(
  connection: DuckDBConnection,
  { base, current, delta, storedNames, wholeVersion }: ReplicaTable,
  after: Position,
  upTo: Position,
): Promise<void> {
  const names = storedNames.map((name) => `"${name}"`).join(', ');
  // What was merged before may still be there.
  const merging = `${delta} where position > ${after} and position <= ${upTo}`;
  const superseding = `${merging} and previous_position <= ${after}`;
  await connection.run(
    `insert into "${base}" (${names}, until_position)
     select ${names},
       coalesce(lead(position) over (partition by id order by position), ${stillInForce})
     from ${merging} order by position`,
  );
  await connection.run(
    `update "${base}" set until_position = newer_delta.position
     from (select previous_position, position from ${superseding}) newer_delta
     where "${base}".position = newer_delta.previous_position`,
  );
  await connection.run(`delete from "${current}" where id in (select id from ${superseding})`);
  await connection.run(
    `insert into "${current}" (${names}, "${wholeColumn}")
     select ${names}, ${wholeVersion} from ${merging}
     qualify row_number() over (partition by id order by position desc) = 1`,
  );
}

/**
 * Takes versions up to a position out of the deltas, which must not be appended to meanwhile. What
 * is left is put into a new table: deleted rows would stay in the old one, and be scanned.
 */
export async function purgeDelta(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
  upTo: Position,
): Promise<void> {
  for (const { delta } of tables) {
    await connection.run(
      `create or replace table ${delta} as from ${delta} where position > ${upTo}`,
    );
  }
}
