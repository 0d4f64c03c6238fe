/** Merging the delta: in bulk, in one transaction, while reads and appends go on. */
import { blobValue, type DuckDBConnection } from '@duckdb/node-api';
import { type Position, positionZero } from '../../entities/index.ts';
import { inOrderIfPossible } from './duckdb-errors.ts';
import { inTransaction } from './duckdb-transaction.ts';
import { inOrderColumn, type ReplicaTable, stillInForce, wholeColumn } from './replica-table.ts';

/**
 * Adds all versions up to a position from the deltas to the bases, ends the intervals of the
 * versions that they supersede, and brings the current tables up to date. The deltas keep them
 * until they are purged: DuckDB changes one database in a transaction, and theirs is another.
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
  if (after === positionZero) return await inOrderIfPossible(merge);
  await merge(false);
  return false;
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
    for (const table of tables) await mergeTable(connection, table, after, upTo, inOrder);
    await noteMerged(connection, upTo, digest);
  });
}

/** Notes up to where the bases hold the log. @param digest the log's there. */
export async function noteMerged(
  connection: DuckDBConnection,
  upTo: Position,
  digest: Uint8Array | null,
): Promise<void> {
  await connection.run('update replica_state set position = $1, digest = $2', [
    BigInt(upTo),
    digest && blobValue(digest),
  ]);
}

/** Makes what indexes are missing: after filling the tables that is quicker than row by row. */
export async function indexById(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
): Promise<void> {
  for (const table of tables) await connection.run(table.indexDefinition());
}

async function mergeTable(
  connection: DuckDBConnection,
  { base, current, delta, storedNames, wholeVersion, order }: ReplicaTable,
  after: Position,
  upTo: Position,
  inOrder: boolean,
): Promise<void> {
  const names = storedNames.map((name) => `"${name}"`).join(', ');
  const ordered = `order by ${inOrder ? order.text() : 'position'}`;
  // What was merged before may still be there.
  const merging = `${delta} where position > ${after} and position <= ${upTo}`;
  const superseding = `${merging} and previous_position <= ${after}`;
  const counted = await connection.runAndReadAll(
    `select count(*) > 0, count(*) filter (previous_position <= ${after}) > 0 from ${merging}`,
  );
  // Each statement scans tables, and none needs to that would find nothing to do.
  const [hasRows, supersedes] = counted.getRows()[0] as [boolean, boolean];
  if (!hasRows) return;
  await connection.run(
    `insert into "${base}" (${names}, until_position, "${inOrderColumn}")
     select ${names},
       coalesce(lead(position) over (partition by id order by position), ${stillInForce}),
       ${inOrder}
     from ${merging} ${ordered}`,
  );
  if (supersedes) {
    await connection.run(
      `update "${base}" set until_position = newer_delta.position
       from (select previous_position, position from ${superseding}) newer_delta
       where "${base}".position = newer_delta.previous_position`,
    );
    await connection.run(`delete from "${current}" where id in (select id from ${superseding})`);
  }
  await connection.run(
    `insert into "${current}" (${names}, "${wholeColumn}", "${inOrderColumn}")
     select ${names}, ${wholeVersion}, ${inOrder} from ${merging}
     qualify row_number() over (partition by id order by position desc) = 1 ${ordered}`,
  );
}
