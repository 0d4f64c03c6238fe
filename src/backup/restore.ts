/**
 * Makes a log of a backup. It is built in a directory of its own within the data directory, proven
 * there, and gets its name last: whatever ends this before leaves no log that could be served.
 */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  BackupDamaged,
  buildLog,
  hexOf,
  lockFile,
  logPathIn,
  proveLog,
  syncPath,
} from '../db/index.ts';
import type { Entity, Microseconds, Position } from '../entities/index.ts';
import type { OnVersions } from './backup.ts';
import { Refused, writingAt } from './refused.ts';
import type { Restorable } from './stored-backup.ts';

const buildingName = 'restoring';
const lockName = '.building';

/**
 * Restores a log into a data directory that has none.
 * @param entities kinds of records, as they are defined now.
 * @param onVersions told of versions that were restored; what it throws ends the restoring.
 * @param onProving told when all are there, and are looked through.
 * @throws Refused when there is a log, or another process restores one; BackupDamaged when what was
 *   restored is not whole.
 */
export async function restoreLog(
  restorable: Restorable,
  data: string,
  entities: readonly Entity[],
  onVersions: OnVersions,
  onProving: () => void,
): Promise<void> {
  await writingAt(data, async () => {
    mkdirSync(data, { recursive: true });
    refuseExisting(data);
    const building = join(data, buildingName);
    mkdirSync(building, { recursive: true });
    const release = lockFile(join(building, lockName));
    if (!release) throw new Refused('IN_USE', `Another process is restoring into ${data}.`);
    try {
      emptyBut(building, lockName);
      await build(restorable, logPathIn(building), entities, onVersions);
      onProving();
      await prove(restorable, logPathIn(building), entities);
      await put(building, data);
    } finally {
      emptyBut(building, lockName);
      release();
      rmSync(building, { recursive: true, force: true });
    }
  });
}

/**
 * @throws Refused when a data directory has a log. What is left of one counts: SQLite would take its
 *   write-ahead log for that of the log that was restored.
 */
export function refuseExisting(data: string): void {
  const path = logPathIn(data);
  const found = ['', '-wal', '-shm', '-journal'].find((suffix) => existsSync(path + suffix));
  if (found === undefined) return;
  throw new Refused(
    'TARGET_EXISTS',
    `${path}${found} is there already: a restore never writes over a log. Name another data ` +
      'directory with --data, or move what is there away, all of it.',
  );
}

async function build(
  { segments, beganAt, until, erasures }: Restorable,
  path: string,
  entities: readonly Entity[],
  onVersions: OnVersions,
): Promise<void> {
  try {
    await buildLog(path, beganAt ?? now(), segments, until, erasures, entities, onVersions);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (!/^SQLITE_(CORRUPT|NOTADB|CONSTRAINT|ERROR|MISMATCH)/.test(code ?? '')) throw error;
    throw new BackupDamaged(
      `The segments do not make a log (${(error as Error).message}). Take another backup.`,
      { cause: error },
    );
  }
}

/** @throws BackupDamaged unless the log is whole, and ends where it should. */
async function prove(
  { until, digest }: Restorable,
  path: string,
  entities: readonly Entity[],
): Promise<void> {
  const { defect, digest: found } = await proveLog(path, entities, until);
  const refuse = (what: string, at: Position | number | null): never => {
    const where = at === null ? '' : `, at position ${at}`;
    throw new BackupDamaged(
      `What was restored is not whole${where}: ${what} Nothing is left of it. Take another backup.`,
    );
  };
  if (defect) refuse(defect.message, defect.position);
  const isSame = digest === null || (found !== null && hexOf(found) === digest);
  if (!isSame) refuse('It ends with another digest.', until);
}

/** Gives the log its name, unless another one has it by now. */
async function put(building: string, data: string): Promise<void> {
  const [from, to] = [logPathIn(building), logPathIn(data)];
  await syncPath(from);
  refuseExisting(data);
  try {
    // A link is refused where there is something; a name would be taken from it.
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') refuseExisting(data);
    renameSync(from, to);
  }
  await syncPath(data);
}

function emptyBut(directory: string, kept: string): void {
  for (const name of readdirSync(directory)) {
    if (basename(name) !== kept) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function now(): Microseconds {
  return Date.now() * 1_000;
}
