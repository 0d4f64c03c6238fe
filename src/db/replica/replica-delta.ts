/** The deltas, in memory: versions are added as they are committed, and taken out once merged. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Position, Version } from '../../entities/index.ts';
import { turns } from '../shared/turns.ts';
import { deltaCatalog, type ReplicaTable } from './replica-table.ts';

/**
 * Adds versions to their deltas. A chunk of them takes DuckDB about a millisecond, in place; when
 * they are more, others have turns of the event loop between them.
 */
export async function appendDelta(
  connection: DuckDBConnection,
  tables: readonly ReplicaTable[],
  versions: readonly Version[],
): Promise<void> {
  let isFirst = true;
  for (const table of tables) {
    const own = versions.filter((version) => version.entity === table.entity);
    for (const chunk of table.chunks(own)) {
      if (!isFirst) await turns.yield();
      isFirst = false;
      const appender = await connection.createAppender(table.deltaName, null, deltaCatalog);
      appender.appendDataChunk(chunk);
      appender.closeSync();
    }
  }
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
