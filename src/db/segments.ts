/** Segments of backups: what they say of themselves, and logs made of them. */
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import type { Entity, Microseconds, Position } from '../entities/index.ts';
import type { Verified } from './log/defect.ts';
import type { RecordName } from './log/erase.ts';
import { LogReader } from './log/log-reader.ts';
import { LogBuilding } from './log/segments/log-building.ts';
import type { SegmentErasure } from './log/segments/segment.ts';
import { LogFile } from './log/sqlite/log-file.ts';
import { definedAsLogged } from './log/sqlite/logged-kinds.ts';
import { schemaVersion } from './log/sqlite/migrations.ts';
import { verifyLog } from './log/verify/verify.ts';
import { openLog } from './log-access.ts';

export { type LogEnd, logStart } from './log/log-end.ts';
export type { Segment, SegmentErasure } from './log/segments/segment.ts';
export { mergeSegments } from './log/segments/segment-merge.ts';
export { erasuresIn, readSegment, transactionBefore } from './log/segments/segment-reading.ts';
export { lockFile } from './log/sqlite/plain-file.ts';

/**
 * Makes a log at a path at which nothing is, of segments that follow each other. It says what they
 * say, but is another log with an id of its own: what was written after them elsewhere is not in it.
 * @param beganAt when the log began that they are of.
 * @param until the position with which it ends, where a transaction ends.
 * @param erasures what was erased since, at whatever time: it is erased here as well. Of that what is live
 *   at the end is deleted after it.
 * @param entities kinds of records, as they are defined now.
 * @param onVersions told of versions that were added; what it throws ends the building.
 * @throws what SQLite throws.
 */
export async function buildLog(
  path: string,
  beganAt: Microseconds,
  segments: readonly string[],
  until: Position,
  erasures: readonly SegmentErasure[],
  entities: readonly Entity[],
  onVersions: (count: number) => void,
): Promise<void> {
  const log = { id: randomUUID(), created_at: beganAt };
  const building = await LogBuilding.begin(path, log, onVersions);
  let erased: readonly RecordName[];
  try {
    for (const segment of segments) await building.add(segment, until);
    erased = await building.erase(erasures, until, entities);
  } finally {
    await building.close();
  }
  if (erased.length > 0) await finishErasing(path, erased);
}

async function finishErasing(path: string, records: readonly RecordName[]): Promise<void> {
  const entities = [...new Set(records.map(({ entity }) => entity))];
  const log = await openLog({ directory: dirname(path), entities });
  try {
    await log.erase(records, { reason: 'It was erased after this backup.' });
    await log.finishErasures();
  } finally {
    await log.close();
  }
}

/**
 * Proves that the log at a path is whole, as Store.verify does.
 * @param entities kinds of records, as they are defined now: the log may have them otherwise.
 * @param at the position whose digest is asked for.
 * @returns what came of it, and the digest there; null where there is none.
 */
export async function proveLog(
  path: string,
  entities: readonly Entity[],
  at: Position,
): Promise<Verified & { readonly digest: Uint8Array | null }> {
  const file = LogFile.open(path, schemaVersion);
  try {
    const known = await definedAsLogged(file, entities);
    const reader = new LogReader(file, known);
    return { ...(await verifyLog(file, reader, known)), digest: await reader.digestAt(at) };
  } finally {
    await file.close();
  }
}
