/** Undoing a transaction: field by field, and never over what was changed again since. */
import type { Entity, TransactionId, ValuesOf, Version } from '../../entities/index.ts';
import type { Sight } from '../criteria/sight.ts';
import { limits } from '../shared/limits.ts';
import { InvalidInput, NotFound, type Obstacle, RevertConflict } from '../shared/problems.ts';
import { differingFields, sameValue } from '../shared/values.ts';
import { isErased } from './erase.ts';
import type { LogReader } from './log-reader.ts';
import { readLastVersion, readRevision } from './logged-records.ts';
import type { Pace } from './pace.ts';
import type { LogFile } from './sqlite/log-file.ts';
import type { NextVersion } from './version-chain.ts';

/** What undoing a transaction does to one of its records. */
export interface RevertStep {
  /** The record as it is. */
  readonly now: Version;
  /** The version to append; null when the record is as it was before already. */
  readonly next: NextVersion<Entity> | null;
}

/** One record before a transaction, after it, and as it is now. */
interface Sides {
  /** Null when the transaction created it. */
  readonly before: Version | null;
  readonly after: Version;
  readonly now: Version;
}

type AnyValues = Readonly<Record<string, unknown>>;

/**
 * What has to be appended so that a transaction is undone. The record that it changed last comes
 * first, so that unique keys that it handed on are free again when they are given back.
 * @param sight of whoever undoes it: they must see all of it, as it was and as it is.
 * @throws NotFound when there is no such transaction, InvalidInput when it is too large or changed
 *   kinds of records that the store does not have, RevertConflict with everything in the way.
 */
export async function planRevert(
  log: LogFile,
  reader: LogReader,
  id: TransactionId,
  pace: Pace,
  sight: Sight,
): Promise<RevertStep[]> {
  const versions = await readTransactionVersions(reader, id, sight);
  const steps: RevertStep[] = [];
  const obstacles: Obstacle[] = [];
  for (const touched of byRecord(versions).toReversed()) {
    await pace.yield();
    const sides = readSides(log, touched);
    if (![sides.before, sides.now].every((side) => !side || sight.sees(side))) throw notAllSeen();
    const obstacle = isErased(log, sides.now.position)
      ? obstacleOf(sides.now, [], 'it was erased')
      : findObstacle(sides);
    if (obstacle) obstacles.push(obstacle);
    else steps.push({ now: sides.now, next: undo(sides) });
  }
  if (obstacles.length === 0) return steps;
  const records =
    obstacles.length === 1 ? 'a record of it was' : `${obstacles.length} records of it were`;
  throw new RevertConflict(
    `Transaction ${id} cannot be undone: ${records} changed again since, see conflicts. ` +
      'Undo or repair those changes first; nothing was written.',
    obstacles,
  );
}

async function readTransactionVersions(
  reader: LogReader,
  id: TransactionId,
  sight: Sight,
): Promise<Version[]> {
  const [transaction] = await reader.transactions([id]);
  if (!transaction) throw notFound(id);
  const { firstPosition, lastPosition } = transaction;
  const before = (firstPosition - 1) as typeof firstPosition;
  const count = lastPosition - before;
  const most = (before + limits.bulkRecordsMax) as typeof lastPosition;
  const versions = await reader.readBetween(
    before,
    count > limits.bulkRecordsMax ? most : lastPosition,
  );
  const seen = versions.filter((version) => sight.sees(version));
  if (seen.length === 0 && versions.length > 0) throw notFound(id);
  if (count > limits.bulkRecordsMax) {
    const message = `must be a transaction of at most ${limits.bulkRecordsMax} versions, but it has ${count}.`;
    throw new InvalidInput([{ path: ['id'], message }]);
  }
  if (seen.length < versions.length) throw notAllSeen();
  if (versions.length === count) return versions;
  const message = 'must be a transaction of known kinds of records, but it changed others too.';
  throw new InvalidInput([{ path: ['id'], message }]);
}

function notFound(id: TransactionId): NotFound {
  return new NotFound(`Transaction ${id} does not exist.`, String(id));
}

function notAllSeen(): InvalidInput {
  const message =
    'must be a transaction that may be seen as a whole, records as they are now included.';
  return new InvalidInput([{ path: ['id'], message }]);
}

/** The versions of each record, oldest first; the records in the order of their last version. */
function byRecord(versions: readonly Version[]): Version[][] {
  const records = new Map<string, Version[]>();
  for (const version of versions) {
    const key = `${version.entity.name}:${version.id}`;
    const touched = records.get(key) ?? [];
    records.delete(key);
    records.set(key, [...touched, version]);
  }
  return [...records.values()];
}

function readSides(log: LogFile, touched: readonly Version[]): Sides {
  const first = touched[0] as Version;
  const after = touched.at(-1) as Version;
  const { entity, id, revision } = first;
  const before = revision === 1 ? null : readRevision(log, entity, id, revision - 1);
  return { before, after, now: readLastVersion(log, entity, id) ?? after };
}

/** What keeps a record from being put back; null when nothing does. */
function findObstacle({ before, after, now }: Sides): Obstacle | null {
  const changedSince = new Set(differingFields(now.entity, after.values, now.values));
  if (isLive(after) && !isLive(before)) {
    // To be deleted, which would take later changes along.
    const fields = [...changedSince];
    return isLive(now) && fields.length > 0 ? obstacle(now, fields) : null;
  }
  const changed = before ? differingFields(now.entity, before.values, after.values) : [];
  if (isLive(after) && !isLive(now) && changed.length > 0) return obstacle(now, changed);
  const old = (before?.values ?? {}) as AnyValues;
  const current = now.values as AnyValues;
  const lost = changed.filter(
    (name) => changedSince.has(name) && !sameValue(current[name], old[name]),
  );
  return isLive(before) && lost.length > 0 ? obstacle(now, lost) : null;
}

function obstacle(now: Version, fields: readonly string[]): Obstacle {
  return obstacleOf(
    now,
    fields,
    isLive(now) ? `${fields.join(', ')} was changed` : 'it was deleted',
  );
}

function obstacleOf(now: Version, fields: readonly string[], what: string): Obstacle {
  const { entity, id, revision } = now;
  const message = `${entity.name} ${JSON.stringify(id)}: ${what} since; it is at revision ${revision}.`;
  return { version: now, fields, message };
}

/** The version that undoes the transaction's changes of one record that nothing stands in the way of. */
function undo({ before, after, now }: Sides): NextVersion<Entity> | null {
  const { entity, id } = now;
  if (!before || !isLive(before)) {
    const created = isLive(after) && isLive(now);
    return created ? { entity, id, values: now.values, operation: 'DELETE', before: now } : null;
  }
  const changed = differingFields(entity, before.values, after.values);
  const old = before.values as AnyValues;
  const values = {
    ...now.values,
    ...Object.fromEntries(changed.map((name) => [name, old[name]])),
  } as ValuesOf<Entity>;
  if (!isLive(now)) {
    const deleted = !isLive(after);
    return deleted ? { entity, id, values, operation: 'RESTORE', before: now } : null;
  }
  const same = differingFields(entity, now.values, values).length === 0;
  return same ? null : { entity, id, values, operation: 'UPDATE', before: now };
}

function isLive(version: Version | null): boolean {
  return version !== null && version.operation !== 'DELETE';
}
