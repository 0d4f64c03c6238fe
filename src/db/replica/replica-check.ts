/**
 * Replica files against the log. A replica answers what its tables hold, so they are compared: every
 * version with the log's, when it was in force, what is current, and the order in which rows lie.
 * Whoever has a file open has it alone, so copies are looked at.
 */
import { readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Entity } from '../../entities/index.ts';
import type { LogReader } from '../log/log-reader.ts';
import { limits } from '../shared/limits.ts';
import { connectTo, openDuckdb } from './duckdb-instance.ts';
import { copyReplica } from './replica-copy.ts';
import { agreesWithLog, fingerprintOf, readReplicaState } from './replica-file.ts';
import { ReplicaTable } from './replica-table.ts';
import { findTableDefect } from './replica-table-check.ts';

/** What came of looking at one file. */
export interface ReplicaVerdict {
  /** Its name in the directory of replicas. */
  readonly file: string;
  /**
   * - `right`: it holds what the log holds, up to the position.
   * - `wrong`: it does not, first at the position, where it is known.
   * - `outdated`: it is of another log, of other definitions or of another Everstate. Whoever opens it
   *   builds it anew.
   * - `unchecked`: it could not be looked at.
   */
  readonly state: 'right' | 'wrong' | 'outdated' | 'unchecked';
  readonly position: number | null;
  readonly message: string;
}

export interface ReplicaCheck {
  readonly log: LogReader;
  readonly entities: readonly Entity[];
  /** Where copies are put; it has to have room for the largest file. */
  readonly scratch: string;
  /** Told of rows that were compared. */
  readonly onRows: (count: number) => void;
}

/** @param directory where replica files lie; there may be none. */
export async function checkReplicas(
  directory: string,
  check: ReplicaCheck,
): Promise<ReplicaVerdict[]> {
  const verdicts: ReplicaVerdict[] = [];
  for (const file of await replicasIn(directory)) {
    const copy = join(check.scratch, file);
    try {
      verdicts.push({ file, ...(await checkFile(join(directory, file), copy, check)) });
    } finally {
      await rm(copy, { force: true });
    }
  }
  return verdicts;
}

/** The names of replica files, by number. */
async function replicasIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const numbers = names.map((name) => Number(/^(\d+)\.duckdb$/.exec(name)?.[1] ?? 0));
  return numbers
    .filter((number) => number > 0)
    .sort((a, b) => a - b)
    .map((number) => `${number}.duckdb`);
}

type Found = Omit<ReplicaVerdict, 'file'>;

async function checkFile(path: string, copy: string, check: ReplicaCheck): Promise<Found> {
  try {
    if (!(await copyReplica(path, copy))) {
      return unchecked('It is written again and again by the process that has it open.');
    }
  } catch (error) {
    return unchecked(`It cannot be copied: ${(error as Error).message}.`);
  }
  try {
    const instance = await openDuckdb(copy, {
      memoryMaxMb: limits.replicaCheckMemoryMaxMb,
      threads: availableParallelism(),
    });
    try {
      return await checkCopy(await connectTo(instance), check);
    } finally {
      instance.closeSync();
    }
  } catch (error) {
    // DuckDB compares each block that it reads with its checksum.
    const message = `DuckDB cannot read it: ${(error as Error).message}`;
    return { state: 'wrong', position: null, message };
  }
}

async function checkCopy(connection: DuckDBConnection, check: ReplicaCheck): Promise<Found> {
  const { log, entities, onRows } = check;
  if (!(await hasTables(connection))) {
    return unchecked('The process that has it open has written nothing into it yet.');
  }
  const state = await readReplicaState(connection);
  if (state?.fingerprint !== (await fingerprintOf(log, entities))) {
    return outdated('It is of another log, other definitions or another Everstate.');
  }
  const { position } = state;
  if (position > 0 && !(await agreesWithLog(log, state))) {
    return outdated(`At position ${position}, where it ends, the log has another version or none.`);
  }
  for (const entity of entities) {
    const table = new ReplicaTable(entity);
    const defect = await findTableDefect(connection, log, table, position, onRows);
    if (defect) return { state: 'wrong', ...defect };
  }
  const message = `It holds what the log holds, up to position ${position}.`;
  return { state: 'right', position, message };
}

/** A file has none before the first checkpoint. */
async function hasTables(connection: DuckDBConnection): Promise<boolean> {
  const found = await connection.runAndReadAll(
    `select count(*) > 0 from duckdb_tables() where table_name = 'replica_state'`,
  );
  return found.getRows()[0]?.[0] === true;
}

function outdated(message: string): Found {
  return { state: 'outdated', position: null, message };
}

function unchecked(message: string): Found {
  return { state: 'unchecked', position: null, message };
}
