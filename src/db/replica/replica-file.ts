/**
 * The replica's DuckDB file: opened for this process alone, locked down, and thrown away when
 * there is any doubt that it holds what the log holds.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Entity, type Position, positionZero } from '../../entities/index.ts';
import { unicodeVersion } from '../criteria/fold-text.ts';
import type { LogReader } from '../log/log-reader.ts';
import { fileIdentity } from '../shared/file-identity.ts';
import { hexOf } from '../shared/hex.ts';
import { limits } from '../shared/limits.ts';
import { CannotOpen, Unavailable } from '../shared/problems.ts';
import { connectTo, openDuckdb, type ReplicaResources } from './duckdb-instance.ts';
import { ReplicaTable } from './replica-table.ts';

/** Raised whenever the replica's tables change, so that older files are rebuilt. */
const replicaFormat = 6;

export interface OpenReplica {
  /** A connection of its own, for its caller to close. */
  readonly connect: () => Promise<DuckDBConnection>;
  /** The position up to which the base holds the log. */
  readonly basePosition: Position;
  /** Where it lies; null for one in memory. */
  readonly path: string | null;
  /** Whether it is lost when it is closed. */
  readonly inMemory: boolean;
  /** Whether its path still leads to it: another process may make its own file there otherwise. */
  readonly isInPlace: () => boolean;
  /** Releases the file for other openers. */
  readonly close: () => void;
  /** Releases the file, and removes it: what it holds is not to be trusted. */
  readonly discard: () => void;
}

/** Files that this process has open: DuckDB's own lock tells only processes apart. */
const openPaths = new Set<string>();

/** Opens a new replica in memory, where it must be built from the log. */
export async function openReplicaInMemory(
  log: LogReader,
  entities: readonly Entity[],
  resources: ReplicaResources,
): Promise<OpenReplica> {
  const fingerprint = await fingerprintOf(log, entities);
  const instance = await openDuckdb(':memory:', resources);
  await initialize(instance, entities, fingerprint);
  const close = () => instance.closeSync();
  return {
    connect: () => connectTo(instance),
    basePosition: positionZero,
    path: null,
    inMemory: true,
    isInPlace: () => true,
    close,
    discard: close,
  };
}

/**
 * Opens this process's replica file: the first that nobody else has and that can be used.
 * @param directory where replicas lie.
 * @returns the replica as far as it agrees with the log: empty where it does not.
 * @throws CannotOpen when too many processes have one.
 * @throws Error when no file can be made or written.
 */
export async function openReplicaFile(
  directory: string,
  log: LogReader,
  entities: readonly Entity[],
  resources: ReplicaResources,
): Promise<OpenReplica> {
  const fingerprint = await fingerprintOf(log, entities);
  makeOwnDirectory(directory);
  let failure: unknown = null;
  for (let number = 1; number <= limits.replicaFilesMax; number += 1) {
    const path = resolve(join(directory, `${number}.duckdb`));
    try {
      const opened = await openPath(path, log, entities, fingerprint, resources);
      if (opened) return opened;
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      failure ??= error;
    }
  }
  if (failure) throw failure;
  throw new CannotOpen(
    `${limits.replicaFilesMax} processes use ${directory} already. Stop one of them.`,
  );
}

/** Not with all above it: where the data directory is gone, none must come in its place. */
function makeOwnDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Opens a file, or makes it anew on any doubt; null when another opener has it. */
async function openPath(
  path: string,
  log: LogReader,
  entities: readonly Entity[],
  fingerprint: string,
  resources: ReplicaResources,
): Promise<OpenReplica | null> {
  if (openPaths.has(path)) return null;
  openPaths.add(path);
  try {
    if (existsSync(path)) {
      const known = await reopen(path, log, entities, fingerprint, resources);
      if (known) return openFile(path, known.instance, known.basePosition);
    }
    return await makeAnew(path, entities, fingerprint, resources);
  } catch (error) {
    openPaths.delete(path);
    if (isLockHeld(error)) return null;
    throw error;
  }
}

/** A file of empty tables in the place of whatever is there. */
async function makeAnew(
  path: string,
  entities: readonly Entity[],
  fingerprint: string,
  resources: ReplicaResources,
): Promise<OpenReplica> {
  remove(path);
  let instance: DuckDBInstance | null = null;
  try {
    instance = await openDuckdb(path, resources);
    await initialize(instance, entities, fingerprint);
    return openFile(path, instance, positionZero);
  } catch (error) {
    instance?.closeSync();
    if (!isLockHeld(error)) removeIfPossible(path);
    throw error;
  }
}

function openFile(path: string, instance: DuckDBInstance, basePosition: Position): OpenReplica {
  const identity = fileIdentity(path);
  const isInPlace = () => fileIdentity(path) === identity;
  let isOpen = true;
  const close = () => {
    if (isOpen) instance.closeSync();
    isOpen = false;
    openPaths.delete(path);
  };
  const discard = () => {
    if (isOpen) instance.closeSync();
    isOpen = false;
    if (isInPlace()) remove(path);
    openPaths.delete(path);
  };
  const connect = () => connectTo(instance);
  return { connect, basePosition, path, inMemory: false, isInPlace, close, discard };
}

/** The file as it is, where it agrees with the log; null when it has to be made anew. */
async function reopen(
  path: string,
  log: LogReader,
  entities: readonly Entity[],
  fingerprint: string,
  resources: ReplicaResources,
): Promise<{ readonly instance: DuckDBInstance; readonly basePosition: Position } | null> {
  let instance: DuckDBInstance;
  try {
    instance = await openDuckdb(path, resources);
  } catch (error) {
    if (isLockHeld(error)) throw error;
    return null;
  }
  try {
    const basePosition = await agreedPosition(instance, log, entities, fingerprint);
    if (basePosition !== null) {
      await createDeltas(instance, entities);
      return { instance, basePosition };
    }
    instance.closeSync();
    return null;
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/** The deltas, empty: what they held is applied again from the log. */
async function createDeltas(instance: DuckDBInstance, entities: readonly Entity[]): Promise<void> {
  await withConnection(instance, async (connection) => {
    for (const entity of entities) await connection.run(new ReplicaTable(entity).deltaDefinition());
  });
}

function isLockHeld(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Could not set lock on file');
}

function remove(path: string): void {
  rmSync(path, { force: true });
  rmSync(`${path}.wal`, { force: true });
}

/** For what is of no use, and harmless. */
function removeIfPossible(path: string): void {
  try {
    remove(path);
  } catch {
    // What is in its place then is not a file, or not ours to remove.
  }
}

/**
 * Removes the replicas in a directory that nobody has open, for instance those of more processes than
 * there are now: they may hold what was erased.
 */
export async function removeUnusedReplicas(directory: string): Promise<void> {
  for (let number = 1; number <= limits.replicaFilesMax; number += 1) {
    const path = resolve(join(directory, `${number}.duckdb`));
    if (openPaths.has(path) || !existsSync(path)) continue;
    try {
      const resources = { memoryMaxMb: limits.replicaMemoryMaxMb, threads: 1 };
      (await openDuckdb(path, resources)).closeSync();
    } catch (error) {
      // Whoever has it builds it anew. What cannot be opened otherwise is of no use to anybody.
      if (isLockHeld(error)) continue;
    }
    remove(path);
  }
}

/**
 * What the replica was built from: another log, definitions, order or letters, and what was erased
 * since, give another one.
 */
export async function fingerprintOf(log: LogReader, entities: readonly Entity[]): Promise<string> {
  const shapes = entities.map(({ name, table, fields, defaultOrder }) => [
    name,
    table,
    defaultOrder,
    Object.entries(fields).map(([field, { kind }]) => [field, kind]),
  ]);
  const [id, erasure] = [await log.id(), await log.lastErasure()];
  const identity = JSON.stringify([replicaFormat, unicodeVersion, id, erasure, shapes]);
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
  await createDeltas(instance, entities);
}

/**
 * Up to where the base agrees with the log; null when it cannot be trusted.
 */
async function agreedPosition(
  instance: DuckDBInstance,
  log: LogReader,
  entities: readonly Entity[],
  fingerprint: string,
): Promise<Position | null> {
  const state = await trusted(instance, readReplicaState);
  if (state?.fingerprint !== fingerprint || !(state.position > 0)) return null;
  const lacking = (await log.totals()).position - state.position;
  if (lacking > Math.max(limits.replicaTailRowsMax, state.position / 4)) return null;
  if (!(await agreesWithLog(log, state))) return null;
  return await trusted(instance, async (connection) => {
    for (const entity of entities) {
      const { base, current } = new ReplicaTable(entity);
      for (const table of [base, current]) await connection.run(`from "${table}" limit 0`);
    }
    return state.position;
  });
}

/** What a replica says of itself: from what it was built, up to where, and the log's digest there. */
interface ReplicaState {
  readonly fingerprint: unknown;
  readonly position: Position;
  /** In hexadecimal, as DuckDB writes it. */
  readonly digest: unknown;
}

/** Whether the log has the version with which a replica ends. */
export async function agreesWithLog(
  log: LogReader,
  { position, digest }: ReplicaState,
): Promise<boolean> {
  const expected = await log.digestAt(position);
  return expected !== null && hexOf(expected).toUpperCase() === digest;
}

export async function readReplicaState(connection: DuckDBConnection): Promise<ReplicaState | null> {
  const state = await connection.runAndReadAll(
    'select fingerprint, position, hex(digest) from replica_state',
  );
  const [row] = state.getRowsJS();
  if (!row) return null;
  const [fingerprint, at, digest] = row;
  return { fingerprint, position: Number(at) as Position, digest };
}

/** What the file answers; null when it fails, whatever it fails with: the log has everything. */
async function trusted<T>(
  instance: DuckDBInstance,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T | null> {
  try {
    return await withConnection(instance, use);
  } catch {
    return null;
  }
}

async function withConnection<T>(
  instance: DuckDBInstance,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectTo(instance);
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
  }
}
