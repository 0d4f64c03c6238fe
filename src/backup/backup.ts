/** `everstate backup`: a directory is brought up to date, or a file is written. */
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type BackupSource,
  digestFile,
  type FileDigest,
  hexOf,
  type LogEnd,
  logStart,
  renameDurably,
  syncPath,
} from '../db/index.ts';
import type { Position } from '../entities/index.ts';
import type { BackupDirectory } from './backup-directory.ts';
import { Refused, writingAt } from './refused.ts';

/** Told of versions that were written; what it throws ends that. */
export type OnVersions = (count: number) => void;

/** A name that ends so is one file; any other is a directory. */
export const fileSuffix = '.backup';

/**
 * Where the log was at the end of a backup, for the next segment to go on from.
 * @throws Refused when the backup holds what the log does not.
 */
export async function endOfBackup(
  source: BackupSource,
  directory: string,
  backup: BackupDirectory,
): Promise<LogEnd> {
  const { position, digest } = backup.end;
  if (position === 0) return logStart;
  const end = await source.endAt(position as Position);
  if (end?.position === position && hexOf(end.digest) === digest) return end;
  const head = source.end().position;
  const why =
    head < position
      ? `this log ends at position ${head}`
      : 'the digest of this log is another one there';
  throw new Refused(
    'OTHER_HISTORY',
    `${directory} goes up to position ${position}, but ${why}: it is a backup of another log, or of ` +
      'what was written before this one was restored. Back this one up into another directory.',
  );
}

/**
 * Writes all of a log up to an end into a file, which has its name once it is on disk.
 * @throws Refused when there is something of that name.
 */
export async function backUpToFile(
  source: BackupSource,
  path: string,
  until: LogEnd,
  onVersions: OnVersions,
): Promise<FileDigest> {
  const target = resolve(path);
  if (existsSync(target)) {
    throw new Refused('TARGET_EXISTS', `${path} is there already. Name another file.`);
  }
  const unfinished = `${target}.unfinished`;
  return await writingAt(path, async () => {
    rmSync(unfinished, { force: true });
    try {
      await source.writeSegment(unfinished, {
        after: logStart,
        until,
        bytesMax: null,
        earlier: [],
        onVersions,
      });
      await syncPath(unfinished);
      const digest = await digestFile(unfinished);
      await renameDurably(unfinished, target);
      return digest;
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
  });
}
