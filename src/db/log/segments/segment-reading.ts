/** What is asked of one segment by itself. */
import { sql } from 'kysely';
import type { Microseconds, Position } from '../../../entities/index.ts';
import { BackupDamaged, CannotOpen } from '../../shared/problems.ts';
import type { LogEnd } from '../log-end.ts';
import { schemaVersion } from '../sqlite/migrations.ts';
import { PlainFile } from '../sqlite/plain-file.ts';
import { sqliteCode } from '../sqlite/storage-errors.ts';
import {
  readAbout,
  readErasures,
  type Segment,
  type SegmentErasure,
  segmentApplicationId,
  segmentFormat,
} from './segment.ts';

/**
 * What the segment at a path says of itself.
 * @throws BackupDamaged when it is none, was not finished, or cannot be read; CannotOpen when it is
 *   newer than this program.
 */
export async function readSegment(path: string): Promise<Segment> {
  return await reading(path, async (db) => {
    const pragma = async (name: string) => {
      const { rows } = await sql<Record<string, number>>`pragma ${sql.raw(name)}`.execute(db);
      return rows[0]?.[name];
    };
    if ((await pragma('application_id')) !== segmentApplicationId) {
      throw new BackupDamaged(`${path} is no segment of a backup. Name what backup has written.`);
    }
    const about = await readAbout(db, 'main');
    if (!about) throw new BackupDamaged(`${path} was not finished, and holds nothing to go by.`);
    const format = (await pragma('user_version')) ?? 0;
    if (format > segmentFormat || about.logFormat > schemaVersion) {
      throw new CannotOpen(
        `${path} was written by a newer Everstate: this one knows segments up to format ` +
          `${segmentFormat} of logs up to format ${schemaVersion}, but it has ${format} and ` +
          `${about.logFormat}. Restore it with the newer Everstate.`,
      );
    }
    return about;
  });
}

/** All that had been erased from the log when the segment at a path was written. */
export async function erasuresIn(path: string): Promise<readonly SegmentErasure[]> {
  return await reading(path, (db) => readErasures(db, 'main'));
}

/** The end of its last transaction at or before a position or a moment; null without one. */
export async function transactionBefore(
  path: string,
  cut: { readonly position: Position } | { readonly time: Microseconds },
): Promise<LogEnd | null> {
  const before =
    'position' in cut ? sql`last_position <= ${cut.position}` : sql`committed_at <= ${cut.time}`;
  return await reading(path, async (db) => {
    const { rows } = await sql<LogEnd>`
      select last_position as position, id as "transactionId", committed_at as "committedAt", digest
      from transactions where ${before} order by id desc limit 1`.execute(db);
    return rows[0] ?? null;
  });
}

async function reading<T>(path: string, read: (db: PlainFile['kysely']) => Promise<T>): Promise<T> {
  let file: PlainFile | null = null;
  try {
    file = PlainFile.read(path);
    return await read(file.kysely);
  } catch (error) {
    const code = sqliteCode(error);
    if (code === null) throw error;
    throw new BackupDamaged(`${path} cannot be read as a segment (${code}).`, { cause: error });
  } finally {
    await file?.close();
  }
}
