/**
 * A log whose fsync failed. What the system keeps of the file in memory may read as written and not be
 * on disk: a second fsync then succeeds and says nothing (so do Linux's file systems). What was
 * acknowledged was brought to disk before; what was not is out of the log once another commit has
 * taken its place in the write-ahead log.
 */
import { LogDamaged, StorageFailed } from '../shared/problems.ts';
import { endOfTransaction, type LogEnd } from './log-end.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { tryWriting } from './sqlite/log-lock.ts';
import type { Attempts } from './sqlite/log-watch.ts';
import { schemaVersion } from './sqlite/migrations.ts';

/**
 * How is found out whether a log works again.
 * @param acknowledged tells where the log ended when something was acknowledged last.
 */
export function attemptsOn(
  log: LogFile,
  path: string,
  acknowledged: () => LogEnd | null,
): Attempts {
  return {
    tryWriting: () => tryWriting(path),
    mend: () => mend(log, path, acknowledged()),
  };
}

/**
 * Opens the log anew, brings all of it to disk once more, and looks for what was acknowledged last.
 * @param log the connection that writes; no transaction of its is under way.
 * @param acknowledged where the log ended when something was acknowledged last; null for never.
 * @throws StorageFailed, StorageFull or CannotOpen when that cannot be done, or not yet.
 * @throws LogDamaged when it lacks what was acknowledged.
 */
async function mend(log: LogFile, path: string, acknowledged: LogEnd | null): Promise<void> {
  log.reopen(schemaVersion);
  // Takes the place of what was not acknowledged: its page and commit are brought to disk.
  await tryWriting(path);
  if (log.inTransaction || !log.takeIn()) {
    throw new StorageFailed('Somebody reads or writes the log. It is looked at again later.');
  }
  if (!acknowledged || acknowledged.position === 0) return;
  const found = await endOfTransaction(log, acknowledged.position);
  if (found && Buffer.compare(found.digest, acknowledged.digest) === 0) return;
  throw new LogDamaged(
    `${path} lacks what was acknowledged up to position ${acknowledged.position}: its disk lost it. ` +
      'Nothing is written any more. Restore a backup.',
  );
}
