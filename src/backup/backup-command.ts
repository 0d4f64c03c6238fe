/** `everstate backup` from the command line: what was asked for, and what is told of it. */
import { resolve } from 'node:path';
import { BackupSource, type LogEnd } from '../db/index.ts';
import { count, interruptibly, startProgress, type Told } from '../terminal/index.ts';
import { backUpToFile, endOfBackup, fileSuffix, type OnVersions } from './backup.ts';
import { BackupDirectory } from './backup-directory.ts';

/**
 * Backs a data directory up, into a directory or a file.
 * @param data the data directory.
 * @throws Refused, CannotOpen, BackupDamaged, LogDamaged, and what the log throws.
 */
export async function runBackup(target: string, data: string): Promise<Told> {
  const source = await BackupSource.open(data);
  try {
    const isFile = target.endsWith(fileSuffix);
    return await (isFile ? toFile(source, target) : toDirectory(source, target));
  } finally {
    await source.close();
  }
}

async function toFile(source: BackupSource, target: string): Promise<Told> {
  const end = source.end();
  const { bytes, sha256 } = await withProgress(end.position, (onVersions) =>
    backUpToFile(source, target, end, onVersions),
  );
  const size = bytes.toLocaleString('en-US');
  return {
    lines: [
      `Backed up ${count(end.position, 'version')}, up to position ${end.position}, to ${target}: ` +
        `${size} bytes.`,
    ],
    outcome: { file: resolve(target), ...outcomeOf(end, end.position), bytes, sha256 },
  };
}

async function toDirectory(source: BackupSource, target: string): Promise<Told> {
  const backup = await BackupDirectory.open(target, await source.id());
  try {
    const after = await endOfBackup(source, target, backup);
    const end = source.end();
    const versions = await withProgress(end.position - after.position, (onVersions) =>
      backup.add(source, after, end, onVersions),
    );
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

function outcomeOf({ position, digest }: LogEnd, versions: number) {
  return { position, digest: Buffer.from(digest).toString('hex'), versions };
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
