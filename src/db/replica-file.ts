/**
 * The replica's DuckDB file: opened for this process alone, locked down, and thrown away when
 * there is any doubt that it holds what the log holds.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Entity, type Position, positionZero } from '../entities/index.ts';
import { makeDirectory } from './directory.ts';
import { unicodeVersion } from './fold-text.ts';
import { limits } from './limits.ts';
import type { LogReader } from './log-reader.ts';
import { CannotOpen } from './problems.ts';
import { ReplicaTable } from './replica-table.ts';

/** Raised whenever the replica's tables change, so that older files are rebuilt. */
const replicaFormat = 5;

export interface OpenReplica {
  readonly instance: DuckDBInstance;
  /** The position up to which the base holds the log. */
  readonly basePosition: Position;
  /** Releases the file for other openers. */
  readonly close: () => void;
}

/** Files that this process has open: DuckDB's own lock tells only processes apart. */
const openPaths = new Set<string>();

/**
 * Opens this process's replica.
 * @param directory where replicas lie; null keeps the replica in memory.
 * @returns the replica as far as it agrees with the log: empty where it does not.
 */
export async function openReplicaFile(
  directory: string | null,
  log: LogReader,
  entities: readonly Entity[],
  memoryMaxMb: number,
): Promise<OpenReplica> {
  const fingerprint = await fingerprintOf(log, entities);
  if (directory === null) {
    const instance = await create(':memory:', memoryMaxMb);
    await initialize(instance, entities, fingerprint);
    return { instance, basePosition: positionZero, close: () => instance.closeSync() };
  }
  makeDirectory(directory, 'replica directory', 'Check its permissions.');
  for (let number = 1; number <= limits.replicaFilesMax; number += 1) {
    const path = resolve(join(directory, `${number}.duckdb`));
    const opened = await openPath(path, log, entities, fingerprint, memoryMaxMb);
    if (opened) return opened;
  }
  throw new CannotOpen(
    `${limits.replicaFilesMax} processes use ${directory} already. Stop one of them.`,
  );
}

/** Opens or rebuilds one file; null when another opener has it. */
async function openPath(
  path: string,
  log: LogReader,
  entities: readonly Entity[],
  fingerprint: string,
  memoryMaxMb: number,
): Promise<OpenReplica | null> {
  if (openPaths.has(path)) return null;
  openPaths.add(path);
  let instance: DuckDBInstance | null = null;
  const close = () => {
    instance?.closeSync();
    openPaths.delete(path);
  };
  try {
    instance = await createOrRebuild(path, memoryMaxMb);
    const basePosition = await agreedPosition(instance, log, entities, fingerprint);
    if (basePosition !== null) return { instance, basePosition, close };
    instance.closeSync();
    remove(path);
    instance = await create(path, memoryMaxMb);
    await initialize(instance, entities, fingerprint);
    return { instance, basePosition: positionZero, close };
  } catch (error) {
    close();
    if (isLockHeld(error)) return null;
    throw new CannotOpen(
      `The replica ${path} cannot be written: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
}

async function createOrRebuild(path: string, memoryMaxMb: number): Promise<DuckDBInstance> {
  try {
    return await create(path, memoryMaxMb);
  } catch (error) {
    if (isLockHeld(error)) throw error;
    remove(path);
    return await create(path, memoryMaxMb);
  }
}

async function create(path: string, memoryMaxMb: number): Promise<DuckDBInstance> {
  return await DuckDBInstance.create(path, {
    memory_limit: `${memoryMaxMb}MB`,
    // By default a list of 1,000 ids is looked up by scanning the table instead of its index.
    index_scan_max_count: '10000',
    index_scan_percentage: '0.01',
    // By default a join with more than 50 positions reads every column of the table it looks in.
    dynamic_or_filter_threshold: '1001',
    // The event loop needs a core of its own: sharing it costs more than one scan more would gain.
    threads: String(Math.max(1, availableParallelism() - 1)),
    // It turns `id in (…)` into a join before the index answers it, and doubles its planning.
    // Filters of lists ask for that join themselves.
    disabled_optimizers: 'in_clause',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    // DuckDB takes these in order: nothing can be set after the last one.
    enable_external_access: 'false',
    lock_configuration: 'true',
  });
}

function isLockHeld(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Could not set lock on file');
}

function remove(path: string): void {
  rmSync(path, { force: true });
  rmSync(`${path}.wal`, { force: true });
}

/** What the replica was built from: another log, other definitions or letters give another one. */
async function fingerprintOf(log: LogReader, entities: readonly Entity[]): Promise<string> {
  const shapes = entities.map(({ name, table, fields }) => [
    name,
    table,
    Object.entries(fields).map(([field, { kind }]) => [field, kind]),
  ]);
  const identity = JSON.stringify([replicaFormat, unicodeVersion, await log.id(), shapes]);
  return createHash('sha256').update(identity).digest('hex');
}

async function initialize(
  instance: DuckDBInstance,
  entities: readonly Entity[],
  fingerprint: string,
): Promise<void> {
  await withConnection(instance, async (connection) => {
    await connection.run(
      'create table replica_state (fingerprint varchar, position bigint, digest blob)',
    );
    await connection.run('insert into replica_state values ($1, 0, null)', [fingerprint]);
    for (const entity of entities) {
      for (const statement of new ReplicaTable(entity).definitions())
        await connection.run(statement);
    }
  });
}

/**
 * Up to where the base agrees with the log; null when it cannot be trusted. The delta is emptied:
 * what it held is applied again from the log.
 */
async function agreedPosition(
  instance: DuckDBInstance,
  log: LogReader,
  entities: readonly Entity[],
  fingerprint: string,
): Promise<Position | null> {
  return await withConnection(instance, async (connection) => {
    try {
      const state = await connection.runAndReadAll(
        'select fingerprint, position, hex(digest) from replica_state',
      );
      const [found, at, digest] = state.getRowsJS()[0] ?? [];
      if (found !== fingerprint) return null;
      const position = Number(at) as Position;
      if (position === 0) return null;
      const expected = await log.digestAt(position);
      if (!expected || Buffer.from(expected).toString('hex').toUpperCase() !== digest) return null;
      for (const entity of entities) {
        await connection.run(`delete from "${new ReplicaTable(entity).delta}"`);
      }
      return position;
    } catch {
      // Whatever is wrong with the file, the log has everything that it should have held.
      return null;
    }
  });
}

async function withConnection<T>(
  instance: DuckDBInstance,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const connection = await instance.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
  }
}
