/** The files of a log, and how they are opened: all of them, or nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Entity } from '../entities/index.ts';
import { BrokenAccessRule } from './criteria/access-rule.ts';
import { refuseBrokenRule } from './criteria/sight.ts';
import { LogReader } from './log/log-reader.ts';
import { Checkpoints } from './log/sqlite/checkpoints.ts';
import { explainOpening, LogFile } from './log/sqlite/log-file.ts';
import { LogWatch } from './log/sqlite/log-watch.ts';
import { hiddenKinds } from './log/sqlite/logged-kinds.ts';
import { migrate, schemaVersion } from './log/sqlite/migrations.ts';
import { SqliteInTurns } from './log/sqlite/sqlite-in-turns.ts';
import { makeDirectory } from './shared/directory.ts';
import { CannotOpen } from './shared/problems.ts';
import type { StateChange } from './shared/store-health.ts';

export interface LogFilesOptions {
  /** The directory of the log; created when it is missing. */
  readonly directory: string;
  /** Which log is there already; without it, any is taken, and one is created where there is none. */
  readonly logId?: string | undefined;
  /** The kinds of records that the log holds. */
  readonly entities: readonly Entity[];
  /** Told when the log fails, and when it works again: once for each change. */
  readonly onStateChange?: (change: StateChange) => void;
  /** Told of failures in the background; the log goes on. */
  readonly onFault?: (error: unknown) => void;
}

export interface LogFiles {
  readonly path: string;
  /** The log, as the one writer writes it. */
  readonly writing: LogFile;
  /** The log, as all else reads it. */
  readonly reading: LogFile;
  readonly log: LogReader;
  readonly logId: string;
  /** Kinds of records that the log holds and that it was not opened with. */
  readonly hiddenKinds: readonly string[];
  readonly watch: LogWatch;
  readonly checkpoints: Checkpoints;
}

/** Where a data directory has its log. */
export function logPathIn(directory: string): string {
  return join(directory, 'everstate.db');
}

/**
 * Opens the log of a data directory, and brings it to the current format.
 * @param use makes something of the files; where it fails they are closed.
 * @throws CannotOpen with one line that says what is wrong and what to do; nothing is changed.
 */
export async function openLogFiles<T>(
  options: LogFilesOptions,
  use: (files: LogFiles) => Promise<T>,
): Promise<T> {
  const { directory, entities, onStateChange = reportStateChange, onFault = reportFault } = options;
  refuseClashes(entities);
  refuseBrokenRules(entities);
  const path = logPathIn(directory);
  if (options.logId !== undefined && !existsSync(path)) throw otherLog(path);
  makeDirectory(directory, 'data directory', 'Name another with --data.');
  const watch = new LogWatch(path, onStateChange);
  const onStorageError = watch.failed.bind(watch);
  const writing = LogFile.open(path, schemaVersion, onStorageError);
  let reading: LogFile | null = null;
  try {
    await migrate(writing, entities);
    reading = LogFile.open(path, schemaVersion, onStorageError, SqliteInTurns);
    const log = new LogReader(reading, entities);
    const logId = await log.id();
    if ((options.logId ?? logId) !== logId) throw otherLog(path);
    const hidden = await hiddenKinds(reading, entities);
    const checkpoints = new Checkpoints(writing, path, watch, onFault);
    return await use({
      path,
      writing,
      reading,
      log,
      logId,
      hiddenKinds: hidden,
      watch,
      checkpoints,
    });
  } catch (error) {
    await reading?.close();
    await writing.close();
    throw explainOpening(error, path);
  }
}

function otherLog(path: string): CannotOpen {
  return new CannotOpen(`${path} is not the log that was there. Put it back, or start anew.`);
}

function refuseClashes(entities: readonly Entity[]): void {
  for (const part of ['name', 'singular', 'plural', 'table'] as const) {
    const names = entities.map((entity) => entity[part].toLowerCase());
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) throw new CannotOpen(`Two entities have the same ${part} "${twice}". Rename one.`);
  }
  const areFiles = entities.filter(({ files }) => files.some(({ isRecord }) => isRecord));
  if (areFiles.length > 1) {
    const names = areFiles.map(({ name }) => name).join(' and ');
    throw new CannotOpen(
      `Records of ${names} are files (isRecord), and a file has one address. Let one of them be so.`,
    );
  }
  if (entities.length === 0) throw new CannotOpen('A store needs at least one entity.');
}

function refuseBrokenRules(entities: readonly Entity[]): void {
  try {
    for (const entity of entities) refuseBrokenRule(entity);
  } catch (error) {
    if (error instanceof BrokenAccessRule) throw new CannotOpen(error.message, { cause: error });
    throw error;
  }
}

/** What is done where nobody is to be told. */
export function reportFault(error: unknown): void {
  console.error(error);
}

/** What is done where nobody is to be told. */
export function reportStateChange({ message, error }: StateChange): void {
  console.error(message, error ?? '');
}
