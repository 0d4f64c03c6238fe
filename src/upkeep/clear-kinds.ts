/** Deletes all records of some kinds, as anybody may: their history stays. */
import { type LogAccess, type LogTransaction, limits, NotFound } from '../db/index.ts';
import { type Entity, type Position, positionZero, type Version } from '../entities/index.ts';

/** Who is said to have cleared them, and why. */
export interface ClearingAbout {
  readonly actor: string | null;
  readonly reason: string;
}

/**
 * Deletes the records that are live now, limits.clearedRecordsMax in each transaction. Others may write
 * meanwhile: what they create stays.
 * @param onVersions told of versions that were looked at; what it throws ends this between transactions.
 * @returns how many were deleted.
 */
export async function clearKinds(
  log: LogAccess,
  kinds: readonly Entity[],
  about: ClearingAbout,
  onVersions: (count: number) => void,
): Promise<number> {
  const at = (await log.totals()).position;
  let deleted = 0;
  for (const kind of kinds) {
    for (let after = positionZero; after < at; ) {
      const last = Math.min(after + limits.clearedRecordsMax, at) as Position;
      deleted += await deleteAll(log, kind, log.liveVersions(kind, after, last, at), about);
      onVersions(last - after);
      after = last;
    }
  }
  return deleted;
}

async function deleteAll(
  log: LogAccess,
  kind: Entity,
  versions: readonly Version[],
  about: ClearingAbout,
): Promise<number> {
  if (versions.length === 0) return 0;
  const work = async (transaction: LogTransaction) => {
    let deleted = 0;
    for (const { id } of versions) deleted += await deleteOne(transaction, kind, id);
    return deleted;
  };
  return (await log.transact(work, about)).value;
}

/** @returns 0 where somebody else has deleted it meanwhile. */
async function deleteOne(log: LogTransaction, kind: Entity, id: string): Promise<number> {
  try {
    await log.delete(kind, id);
    return 1;
  } catch (error) {
    if (error instanceof NotFound) return 0;
    throw error;
  }
}
