/** `everstate restore` from the command line: what was asked for, and what is told of it. */
import { resolve } from 'node:path';
import type { Entity, Position } from '../entities/index.ts';
import {
  count,
  interruptibly,
  numberGiven,
  startProgress,
  type Told,
  timeGiven,
} from '../terminal/index.ts';
import { holdSegments } from './backup-directory.ts';
import { Refused } from './refused.ts';
import { refuseExisting, restoreLog } from './restore.ts';
import { type Cut, type Restorable, StoredBackup } from './stored-backup.ts';

/** As they are given; `json` concerns who tells. */
export interface RestoreOptions {
  readonly toPosition?: string;
  readonly toTime?: string;
}

/** Progress is told of so many versions at a time. */
const provenAtATime = 256;

/**
 * Restores a backup into a data directory.
 * @param data the data directory.
 * @param entities kinds of records, as they are defined now.
 * @throws Refused, BackupDamaged, CannotOpen.
 */
export async function runRestore(
  from: string,
  options: RestoreOptions,
  data: string,
  entities: readonly Entity[],
): Promise<Told> {
  const { backup, restorable } = await restoreBackup(from, options, data, entities);
  return told(backup, restorable, data);
}

/** Restores as runRestore does. @returns what was restored. */
export async function restoreBackup(
  from: string,
  options: RestoreOptions,
  data: string,
  entities: readonly Entity[],
): Promise<{ readonly backup: StoredBackup; readonly restorable: Restorable }> {
  const release = holdSegments(from);
  try {
    const backup = await StoredBackup.open(from);
    const cut = cutAsked(options, backup);
    refuseExisting(data);
    return { backup, restorable: await withProgress(backup, cut, data, entities) };
  } finally {
    release();
  }
}

/** Reads the backup, restores it, and proves it, each with its own progress. */
async function withProgress(
  backup: StoredBackup,
  cut: Cut | null,
  data: string,
  entities: readonly Entity[],
): Promise<Restorable> {
  const manner = { stream: process.stderr, isInterruptible: true } as const;
  return await interruptibly(async (refuseWhenInterrupted) => {
    const bytes = Math.max(1, backup.bytesUpTo(cut));
    const reading = startProgress('Checking the backup', bytes, 'bytes', manner);
    const onBytes = (by: number) => {
      refuseWhenInterrupted();
      reading.advance('', by);
    };
    const restorable = await backup.restorable(cut, onBytes).finally(reading.stop);
    let progress = startProgress('Restoring', Math.max(1, restorable.until), 'versions', manner);
    const onVersions = (by: number) => {
      refuseWhenInterrupted();
      progress.advance('', by);
    };
    const onProving = () => {
      progress.stop();
      progress = startProgress('Proving', restorable.until, 'versions and files', manner);
    };
    let proven = 0;
    const onProven = () => {
      refuseWhenInterrupted();
      proven += 1;
      if (proven % provenAtATime === 0) progress.advance('', provenAtATime);
    };
    const watch = { onVersions, onProving, onProven };
    await restoreLog(restorable, data, entities, watch).finally(() => progress.stop());
    return restorable;
  });
}

function told(
  { path, position }: StoredBackup,
  { until, digest, unreadSegments }: Restorable,
  data: string,
): Told {
  const unread =
    unreadSegments === 0
      ? []
      : [
          `${count(unreadSegments, 'segment')} after it cannot be read: what was erased since is not ` +
            'erased here.',
        ];
  const rest = position > until ? ` of ${position}` : '';
  return {
    lines: [
      `Restored ${count(until, 'version')} from ${path} into ${data}, up to position ${until}${rest}. ` +
        'Their digests are as they were written.',
      ...unread,
    ],
    outcome: {
      data: resolve(data),
      position: until,
      digest,
      versions: until,
      backedUp: position,
      unreadSegments,
    },
  };
}

function cutAsked({ toPosition, toTime }: RestoreOptions, backup: StoredBackup): Cut | null {
  if (toPosition !== undefined && toTime !== undefined) {
    throw new Refused('BAD_ARGUMENT', 'Say --to-position or --to-time, not both.');
  }
  if (toPosition !== undefined) {
    const { path, position: max } = backup;
    const range = { min: 1, max, name: `from 1 to the last position ${max} of ${path}` };
    return { position: numberGiven('--to-position', toPosition, range) as Position };
  }
  if (toTime === undefined) return null;
  return { time: timeGiven('--to-time', toTime) };
}
