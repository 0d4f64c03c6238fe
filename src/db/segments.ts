/** Segments of backups: what they say of themselves, and logs made of them. */
import { randomUUID } from 'node:crypto';
import type { Entity, Microseconds, Position } from '../entities/index.ts';
import type { Verified, VerifyWatch } from './log/defect.ts';
import { type LogEnd, readLogEnd } from './log/log-end.ts';
import { LogReader } from './log/log-reader.ts';
import { LogBuilding } from './log/segments/log-building.ts';
import { LogFile } from './log/sqlite/log-file.ts';
import { definedAsLogged } from './log/sqlite/logged-kinds.ts';
import { schemaVersion } from './log/sqlite/migrations.ts';
import { verifyLog } from './log/verify/verify.ts';

export { type LogEnd, logStart } from './log/log-end.ts';
export type { Segment } from './log/segments/segment.ts';
export { mergeSegments } from './log/segments/segment-merge.ts';
export { readSegment, transactionBefore } from './log/segments/segment-reading.ts';
export { lockFile } from './log/sqlite/plain-file.ts';

/**
 * Makes a log at a path at which nothing is, of segments that follow each other. It says what they
 * say, but is another log with an id of its own: what was written after them elsewhere is not in it.
 * @param beganAt when the log began that they are of.
 * @param until the position with which it ends, where a transaction ends.
 * @param onVersions told of versions that were added; what it throws ends the building.
 * @throws what SQLite throws.
 */
export async function buildLog(
  path: string,
  beganAt: Microseconds,
  segments: readonly string[],
  until: Position,
  onVersions: (count: number) => void,
): Promise<void> {
  const log = { id: randomUUID(), created_at: beganAt };
  const building = await LogBuilding.begin(path, log, onVersions);
  try {
    for (const segment of segments) await building.add(segment, until);
  } finally {
    await building.close();
  }
}

/**
 * Proves that the log at a path is whole, as Store.verify does.
 * @param entities kinds of records, as they are defined now: the log may have them otherwise.
 * @param watch told of what was found good; what it throws ends the proving.
 * @returns what came of it, and where the log ends.
 */
export async function proveLog(
  path: string,
  entities: readonly Entity[],
  watch: VerifyWatch,
): Promise<Verified & { readonly end: LogEnd }> {
  const file = LogFile.open(path, schemaVersion);
  try {
    const known = await definedAsLogged(file, entities);
    const verified = await verifyLog(file, new LogReader(file, known), known, watch);
    return { ...verified, end: readLogEnd(file) };
  } finally {
    await file.close();
  }
}
