/** A backup that is there, as whoever restores it sees it: a directory of segments, or one file. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  BackupDamaged,
  erasuresIn,
  hexOf,
  type LogEnd,
  readSegment,
  type Segment,
  type SegmentErasure,
  transactionBefore,
} from '../db/index.ts';
import { type Microseconds, type Position, positionZero } from '../entities/index.ts';
import { refuseAltered } from './altered-segment.ts';
import { committedAtOf, manifestName, readManifest, type SegmentEntry } from './manifest.ts';
import { Refused } from './refused.ts';

/** Where a restored log is to end: with the last transaction at or before this. */
export type Cut = { readonly position: Position } | { readonly time: Microseconds };

interface StoredSegment {
  readonly path: string;
  readonly after: number;
  readonly position: number;
  readonly committedAt: Microseconds;
  /** What the manifest says of it; null where there is none. */
  readonly entry: SegmentEntry | null;
}

/** What a log is to be made of. */
export interface Restorable {
  readonly segments: readonly string[];
  /** When the log began that was backed up; null where nothing says so. */
  readonly beganAt: Microseconds | null;
  readonly until: Position;
  /** All that was erased from the log by the time of the last segment, wherever this ends. */
  readonly erasures: readonly SegmentErasure[];
  /** How many segments at the end could not be read, and so do not tell what was erased. */
  readonly unreadSegments: number;
  /** The digest that the chain has there, in hexadecimal; null for a log that has nothing. */
  readonly digest: string | null;
}

export class StoredBackup {
  readonly path: string;
  readonly #segments: readonly StoredSegment[];

  private constructor(path: string, segments: readonly StoredSegment[]) {
    this.path = path;
    this.#segments = segments;
  }

  /** @throws Refused when there is none; BackupDamaged when it is not whole. */
  static async open(path: string): Promise<StoredBackup> {
    if (!existsSync(path)) {
      throw new Refused('NO_SUCH_BACKUP', `${path} must be a backup, but there is none.`);
    }
    if (!statSync(path).isDirectory()) return new StoredBackup(path, [await storedFile(path)]);
    const segments = readManifest(path).segments.map((entry) => ({
      path: join(path, entry.file),
      after: entry.after,
      position: entry.position,
      committedAt: committedAtOf(entry),
      entry,
    }));
    return new StoredBackup(path, segments);
  }

  /** The last position that it has. */
  get position(): Position {
    return (this.#segments.at(-1)?.position ?? 0) as Position;
  }

  /** How many bytes have to be read to find out whether it is as it was written. */
  bytesUpTo(cut: Cut | null): number {
    return this.#upTo(cut).reduce((sum, { entry }) => sum + (entry?.bytes ?? 0), 0);
  }

  /**
   * What a log is made of that ends with the last transaction at or before a cut, or with all of them.
   * @param onBytes told of bytes that were read; what it throws ends the reading.
   * @throws BackupDamaged when a segment is missing, or not as it was written; Refused when all
   *   came after the cut.
   */
  async restorable(cut: Cut | null, onBytes: (bytes: number) => void): Promise<Restorable> {
    const segments = this.#upTo(cut);
    for (const { path, entry } of segments) {
      if (!entry) continue;
      await refuseAltered(this.path, entry, onBytes);
      refuseContradiction(entry, await readSegment(path));
    }
    const first = segments[0] && (await readSegment(segments[0].path));
    if (cut === null && this.position === 0) {
      const beganAt = first?.log.created_at ?? null;
      return {
        segments: [],
        beganAt,
        until: positionZero,
        erasures: [],
        unreadSegments: 0,
        digest: null,
      };
    }
    const end = await endOf(segments, cut);
    if (!end || !first) {
      const what = cut && 'position' in cut ? `position ${cut.position}` : 'that time';
      throw new Refused('BAD_ARGUMENT', `${this.path} has nothing that was committed by ${what}.`);
    }
    if (cut === null && end.position !== this.position) {
      throw new BackupDamaged(
        `${this.path} says that it ends at position ${this.position}, but ends at ${end.position}.`,
      );
    }
    return {
      segments: segments.map(({ path }) => path),
      beganAt: first.log.created_at,
      until: end.position,
      ...(await this.#erasures()),
      digest: hexOf(end.digest),
    };
  }

  /** What the last segment that can be read tells was erased: it has all that those before it have. */
  async #erasures(): Promise<Pick<Restorable, 'erasures' | 'unreadSegments'>> {
    for (let unreadSegments = 0; ; unreadSegments += 1) {
      const segment = this.#segments.at(-1 - unreadSegments);
      if (!segment) return { erasures: [], unreadSegments };
      try {
        return { erasures: await erasuresIn(segment.path), unreadSegments };
      } catch (error) {
        // What is restored does not need it; that something may be missing is told.
        if (!(error instanceof BackupDamaged)) throw error;
      }
    }
  }

  /** The segments that have something from before a cut. */
  #upTo(cut: Cut | null): readonly StoredSegment[] {
    if (cut === null) return this.#segments;
    if ('position' in cut) return this.#segments.filter(({ after }) => after < cut.position);
    // One that begins later than the cut has nothing; when it begins is only known of the one before it.
    const past = this.#segments.findIndex(({ committedAt }) => committedAt > cut.time);
    return past < 0 ? this.#segments : this.#segments.slice(0, past + 1);
  }
}

/** The end of the last transaction that segments have at or before a cut; the last of them may have none. */
async function endOf(segments: readonly StoredSegment[], cut: Cut | null): Promise<LogEnd | null> {
  for (const { path } of segments.toReversed()) {
    const end = await transactionBefore(path, cut ?? { time: Number.MAX_SAFE_INTEGER });
    if (end) return end;
  }
  return null;
}

/** @throws BackupDamaged where a segment says of itself something else than the manifest. */
function refuseContradiction(entry: SegmentEntry, { after, end }: Segment): void {
  const isSame =
    after.position === entry.after &&
    end.position === entry.position &&
    hexOf(after.digest) === entry.digestAfter &&
    hexOf(end.digest) === entry.digest;
  if (isSame) return;
  throw new BackupDamaged(
    `${entry.file} says of itself something else than ${manifestName}, which was altered. Copy the ` +
      'backup again, or take another one.',
  );
}

async function storedFile(path: string): Promise<StoredSegment> {
  const { after, end } = await readSegment(path);
  if (after.position > 0) {
    const message = `${path} goes on after position ${after.position}, and is a part of a backup. Name its directory.`;
    throw new Refused('NO_SUCH_BACKUP', message);
  }
  const { position, committedAt } = end;
  return { path, after: after.position, position, committedAt, entry: null };
}
