/** Stores in temporary directories; a test's directory is removed and its stores closed with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, onTestFinished } from 'vitest';
import { openStore, type Store, type StoreOptions } from '../../src/db/index.ts';
import { type Entity, shippedEntities } from '../../src/entities/index.ts';

type Options = Partial<StoreOptions<readonly Entity[]>>;

/** A new directory that lasts as long as the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A new directory that lasts as long as the test file. */
export function lastingDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * Opens a store of the shipped entities; a fault in its background fails the test. Where the test
 * names the directory, its replica lies there, and in memory otherwise, unless options say so.
 */
export async function openTemporary(options: Options = {}): Promise<Store> {
  const faults: unknown[] = [];
  const store = await openStore({
    directory: options.directory ?? temporaryDirectory(),
    entities: shippedEntities,
    replicaInMemory: options.directory === undefined,
    onFault: (error) => faults.push(error),
    onStateChange: (change) => faults.push(change),
    ...options,
  });
  onTestFinished(async () => {
    await store.close();
    expect(faults).toEqual([]);
  });
  return store;
}

/** For properties: one store per run, closed with its directory at the run's end. */
export async function withStore<T>(
  options: Options,
  use: (store: Store, directory: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-'));
  const faults: unknown[] = [];
  const store = await openStore({
    directory,
    entities: shippedEntities,
    onFault: (error) => faults.push(error),
    onStateChange: (change) => faults.push(change),
    ...options,
  });
  try {
    const result = await use(store, directory);
    await store.close();
    expect(faults).toEqual([]);
    return result;
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Where a store keeps its log. */
export function logPath(directory: string): string {
  return join(directory, 'everstate.db');
}

/** The log as any other program sees it: SQLite without any of Everstate's settings. */
export function rawLog(directory: string): Database.Database {
  const database = new Database(logPath(directory));
  onTestFinished(() => void database.close());
  return database;
}
