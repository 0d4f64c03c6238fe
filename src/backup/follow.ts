/** `everstate backup --follow`: a directory is kept up to date while others write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BackupSource, type LogEnd, limits } from '../db/index.ts';
import type { BackupDirectory } from './backup-directory.ts';

/**
 * Adds what is committed, each time within a second, until the signal aborts. A server that has the
 * log may end and start meanwhile.
 * @param after where the backup ends.
 * @returns where the backup ends then.
 * @throws StorageFailed when the log is gone, and what adding throws.
 */
export async function follow(
  source: BackupSource,
  backup: BackupDirectory,
  after: LogEnd,
  signal: AbortSignal,
): Promise<LogEnd> {
  let end = after;
  for (let seen: number | null = null; ; ) {
    // What was committed before the signal came is still added.
    const isOver = signal.aborted;
    source.refuseWhenGone();
    const changes = source.changes();
    const until = changes === seen ? end : source.end();
    seen = changes;
    const isNew = until.position > end.position;
    if (isNew) await backup.add(source, end, until, () => {});
    end = until;
    if (isOver) return end;
    const pauseMs = isNew ? limits.backupPauseMs : limits.backupLookMs;
    await sleep(pauseMs, null, { signal }).catch(() => {});
  }
}
