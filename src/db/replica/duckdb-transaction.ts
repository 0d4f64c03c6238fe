/** Several statements of one DuckDB connection as one change. */
import type { DuckDBConnection } from '@duckdb/node-api';

/** Runs the work so that all of it is kept, or none. @throws what the work or the commit throws. */
export async function inTransaction(
  connection: DuckDBConnection,
  work: () => Promise<void>,
): Promise<void> {
  await connection.run('begin');
  try {
    await work();
    await connection.run('commit');
  } catch (error) {
    // A commit that failed has rolled back already; the first error says more than a second.
    await connection.run('rollback').catch(() => {});
    throw error;
  }
}
