/** The DuckDB of a replica: its file, locked down, beside the deltas. */
import { rmSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { lockStatements, withoutExtensions } from '../shared/duckdb-lock.ts';
import { quotedText } from '../shared/sql-text.ts';

/** What DuckDB may use of the machine. */
export interface ReplicaResources {
  /** In megabytes. */
  readonly memoryMaxMb: number;
  readonly threads: number;
}

/** The database of the file; what lies in no file is DuckDB's own, `memory`. */
const fileCatalog = 'replica';

/**
 * A DuckDB that has the file beside the deltas, which are in memory. DuckDB keeps no write-ahead log
 * of the file: what a crash takes of it comes from the log, and merges would be written twice.
 * @param path of the file, or `:memory:`.
 * @throws what DuckDB throws, such as for a file that another process has open.
 */
export async function openDuckdb(
  path: string,
  resources: ReplicaResources,
): Promise<DuckDBInstance> {
  if (path !== ':memory:') removeForeignLog(path);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${resources.memoryMaxMb}MB`,
    temp_directory: path === ':memory:' ? '' : `${path}.tmp`,
    // By default a list of 1,000 ids is looked up by scanning the table instead of its index.
    index_scan_max_count: '10000',
    index_scan_percentage: '0.01',
    // By default a join with more than 50 positions reads every column of the table it looks in.
    dynamic_or_filter_threshold: '1001',
    // ReplicaUpkeep says when: DuckDB would do it within a merge's commit, and hold the next one up.
    checkpoint_threshold: '1TB',
    auto_checkpoint_skip_wal_threshold: '1000000000000',
    // By default a build holds five groups of rows back before it writes them.
    write_buffer_row_group_count: '1',
    threads: String(resources.threads),
    // It turns `id in (…)` into a join before the index answers it, and doubles its planning.
    // Filters of lists ask for that join themselves.
    disabled_optimizers: 'in_clause',
    ...withoutExtensions,
  });
  try {
    const connection = await instance.connect();
    try {
      const file = quotedText(path);
      await connection.run(`attach ${file} as ${fileCatalog} (recovery_mode no_wal_writes)`);
      for (const statement of lockStatements()) await connection.run(statement);
    } finally {
      connection.closeSync();
    }
    return instance;
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/**
 * DuckDB reads a write-ahead log beside the file, which is never one of ours: it may hold anything, and
 * reading garbage has overwritten memory of the process.
 */
function removeForeignLog(path: string): void {
  try {
    rmSync(`${path}.wal`, { force: true });
  } catch {
    // A directory, say: DuckDB refuses it.
  }
}

/** A connection for which the tables of the file need no catalog. */
export async function connectTo(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run(`use ${fileCatalog}`);
  return connection;
}
