/** Merging the delta: in bulk, in one transaction, while reads and appends go on. */
import { blobValue, type DuckDBConnection } from '@duckdb/node-api';
import type { Position } from '../../entities/index.ts';
import { isOutOfMemory } from './duckdb-errors.ts';
import { inTransaction } from './duckdb-transaction.ts';
import { inOrderColumn, type ReplicaTable, stillInForce, wholeColumn } from './replica-table.ts';

/**
 * Moves all versions up to a position from the deltas into the bases, ends the intervals of the
 * versions that they supersede, and brings the current tables up to date.
 * @param after the end of the base: versions up to there have been merged before.
 * @param upTo the end of a transaction that has been applied.
 * @param digest the log's digest there; a reopened file is checked against it.
 * @returns whether all rows lie in their default order: the first merge puts them in it.
 */
export async function mergeDelta(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
  after: Position,
  upTo: Position,
  digest: Uint8Array | null,
): Promise<boolean> {
  const merge = (inOrder: boolean) => mergeTables(connection, tables, after, upTo, digest, inOrder);
  if (after > 0) {
    await merge(false);
    return false;
  }
  try {
    await merge(true);
    return true;
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    await merge(false);
    return false;
  }
}

async function mergeTables(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
  after: Position,
  upTo: Position,
  digest: Uint8Array | null,
  inOrder: boolean,
): Promise<void> {
  await inTransaction(connection, async () => {
    for (const table of tables) {
      await mergeTable(connection, table, BigInt(after), BigInt(upTo), inOrder);
    }
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
  for (const table of tables.flatMap(({ base, current }) => [base, current])) {
    await connection.run(`create index if not exists "${table}_id" on "${table}" (id)`);
  }
}

/** Takes the indexes away, for a merge so large that building them afterwards is quicker. */
export async function dropIndexes(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
): Promise<void> {
  for (const table of tables.flatMap(({ base, current }) => [base, current])) {
    await connection.run(`drop index if exists "${table}_id"`);
  }
}

async function mergeTable(
  connection: DuckDBConnection,
  { base, current, delta, storedNames, wholeVersion, order }: ReplicaTable,
  after: bigint,
  upTo: bigint,
  inOrder: boolean,
): Promise<void> {
  const names = storedNames.map((name) => `"${name}"`).join(', ');
  const ordered = `order by ${inOrder ? order.text() : 'position'}`;
  await connection.run(
    `insert into "${base}" (${names}, until_position, "${inOrderColumn}")
     select ${names},
       coalesce(lead(position) over (partition by id order by position), ${stillInForce}),
       ${inOrder}
     from "${delta}" where position <= $1 ${ordered}`,
    [upTo],
  );
  await connection.run(
    `update "${base}" set until_position = newer_delta.position
     from (
       select previous_position, position from "${delta}"
       where position <= $1 and previous_position <= $2
     ) newer_delta
     where "${base}".position = newer_delta.previous_position`,
    [upTo, after],
  );
  await connection.run(
    `delete from "${current}" where id in (
       select id from "${delta}" where position <= $1 and previous_position <= $2
     )`,
    [upTo, after],
  );
  await connection.run(
    `insert into "${current}" (${names}, "${wholeColumn}", "${inOrderColumn}")
     select ${names}, ${wholeVersion}, ${inOrder} from "${delta}" where position <= $1
     qualify row_number() over (partition by id order by position desc) = 1 ${ordered}`,
    [upTo],
  );
  await connection.run(`delete from "${delta}" where position <= $1`, [upTo]);
}
