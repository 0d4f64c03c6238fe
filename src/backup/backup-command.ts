/** `everstate backup` from the command line: what was asked for, and what is told of it. */
import { resolve } from 'node:path';
import { BackupSource, hexOf, type LogEnd } from '../db/index.ts';
import type { Entity } from '../entities/index.ts';
import {
  count,
  interruptibly,
  startProgress,
  type Told,
  untilInterrupted,
} from '../terminal/index.ts';
import { backUpToFile, endOfBackup, fileSuffix, type OnVersions } from './backup.ts';
import { BackupDirectory } from './backup-directory.ts';
import { runDrill } from './drill-command.ts';
import { follow } from './follow.ts';
import { Refused } from './refused.ts';

/** As they are given; `json` concerns who tells. */
export interface BackupOptions {
  readonly follow?: boolean;
  readonly drill?: boolean;
}

/**
 * Backs a data directory up, into a directory or a file; or goes on with that, or tries what is there.
 * @param data the data directory.
 * @param entities kinds of records, as they are defined now: only what a drill asks depends on them.
 * @throws Refused, CannotOpen, BackupDamaged, VersionsMissing, HistoryDamaged, ContentsDamaged, and what the log throws.
 */
export async function runBackup(
  target: string,
  { follow, drill }: BackupOptions,
  data: string,
  entities: readonly Entity[],
): Promise<Told> {
  const isFile = target.endsWith(fileSuffix);
  if (follow && (drill || isFile)) {
    const message = '--follow keeps a directory up to date: name one, and say it without --drill.';
    throw new Refused('BAD_ARGUMENT', message);
  }
  if (drill) return await runDrill(target, data, entities);
  const source = await BackupSource.open(data);
  try {
    return await backUp(source, target, follow);
  } finally {
    await source.close();
  }
}

/**
 * Backs up a log that is open.
 * @param target a directory, or a file where its name ends with `.backup`.
 * @param isFollowing whether a directory is kept up to date, until interrupted.
 * @throws Refused, BackupDamaged, VersionsMissing, HistoryDamaged, ContentsDamaged, and what the log throws.
 */
export function backUp(source: BackupSource, target: string, isFollowing = false): Promise<Told> {
  if (target.endsWith(fileSuffix)) return toFile(source, target);
  return toDirectory(source, target, isFollowing);
}

async function toFile(source: BackupSource, target: string): Promise<Told> {
  const end = source.end();
  const { bytes, sha256 } = await withProgress(end.position, (onVersions) =>
    backUpToFile(source, target, end, onVersions),
  );
  const versions = count(end.position, 'version');
  return {
    lines: [`Backed up ${versions}, up to position ${end.position}, to ${target}.`],
    outcome: { file: resolve(target), ...outcomeOf(end, end.position), bytes, sha256 },
  };
}

async function toDirectory(
  source: BackupSource,
  target: string,
  isFollowing: boolean,
): Promise<Told> {
  const backup = await BackupDirectory.open(target, await source.id());
  try {
    const after = await endOfBackup(source, target, backup);
    const end = isFollowing
      ? await followed(source, backup, after)
      : await upToNow(source, backup, after);
    const versions = end.position - after.position;
    const segments = backup.segments.length;
    return {
      lines: [
        `Backed up ${count(versions, 'new version')}, up to position ${end.position}, to ${target}: ` +
          `${count(segments, 'segment')}.`,
      ],
      outcome: { directory: resolve(target), ...outcomeOf(end, versions), segments },
    };
  } finally {
    backup.close();
  }
}

async function upToNow(
  source: BackupSource,
  backup: BackupDirectory,
  after: LogEnd,
): Promise<LogEnd> {
  const end = source.end();
  await withProgress(end.position - after.position, (onVersions) =>
    backup.add(source, after, end, onVersions),
  );
  return end;
}

/** Until a signal comes: to end with one is how this ends well. */
async function followed(
  source: BackupSource,
  backup: BackupDirectory,
  after: LogEnd,
): Promise<LogEnd> {
  const begin = await upToNow(source, backup, after);
  return await untilInterrupted(async (signal) => {
    process.stderr.write(
      `Following the log from position ${begin.position} on, until interrupted.\n`,
    );
    return await follow(source, backup, begin, signal);
  });
}

function outcomeOf({ position, digest }: LogEnd, versions: number) {
  return { position, digest: hexOf(digest), versions };
}

async function withProgress<T>(
  versions: number,
  work: (onVersions: OnVersions) => Promise<T>,
): Promise<T> {
  const manner = { stream: process.stderr, isInterruptible: true } as const;
  return await interruptibly(async (refuseWhenInterrupted) => {
    const progress = startProgress('Backing up', Math.max(1, versions), 'versions', manner);
    const onVersions = (by: number) => {
      refuseWhenInterrupted();
      progress.advance('', by);
    };
    return await work(onVersions).finally(progress.stop);
  });
}
