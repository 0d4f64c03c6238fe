/** What a backup says of itself: backup.json, the one file of it that is ever changed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackupDamaged, CannotOpen, type FileDigest, hexOf, logStart } from '../db/index.ts';
import { formatDateTime, type Microseconds, parseDateTime } from '../entities/index.ts';
import { Refused } from './refused.ts';

export const manifestName = 'backup.json';
const kind = 'everstate-backup';
/** Raised when files mean something else than before. */
const formatVersion = 1;

/** A segment, as it was written. */
export interface SegmentEntry extends FileDigest {
  /** Its name in the directory. */
  readonly file: string;
  /** It has the versions after this position … */
  readonly after: number;
  /** … up to this one. */
  readonly position: number;
  /** The digest of the chain at the one, in hexadecimal … */
  readonly digestAfter: string;
  /** … and at the other. */
  readonly digest: string;
  /** When its last transaction was committed, as RFC 3339 has it. */
  readonly committedAt: string;
}

export interface Manifest {
  readonly kind: typeof kind;
  readonly formatVersion: number;
  /** The log that it is of; after a restore it may go on with that of another id. */
  readonly logId: string;
  /** In order: each goes on where the one before it ends. */
  readonly segments: readonly SegmentEntry[];
}

/** What the digest of the chain is before the first version, in hexadecimal. */
export const chainStart = hexOf(logStart.digest);

export function manifestOf(logId: string, segments: readonly SegmentEntry[]): Manifest {
  return { kind, formatVersion, logId, segments };
}

export function textOf(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The name of the file of a segment: names sort as positions do. */
export function fileOf(after: number, position: number): string {
  return `${digits(after + 1)}-${digits(position)}.segment`;
}

/** Names of segments, and of those that were not finished. */
export const segmentPattern = /^\d{16}-\d{16}\.segment$|^segment\.unfinished$/;

const digits = (position: number) => String(position).padStart(16, '0');

/** When the last transaction of a segment was committed. */
export function committedAtOf({ committedAt }: SegmentEntry): Microseconds {
  return parseDateTime(committedAt) as Microseconds;
}

export function momentOf(committedAt: Microseconds): string {
  return formatDateTime(committedAt);
}

/**
 * Reads the manifest of a backup.
 * @throws Refused when there is none; BackupDamaged when it says nothing that can be; CannotOpen when a
 *   newer Everstate wrote it.
 */
export function readManifest(directory: string): Manifest {
  const path = join(directory, manifestName);
  if (!existsSync(path)) {
    throw new Refused(
      'NO_SUCH_BACKUP',
      `${directory} must be a backup, but has no ${manifestName}. Name what backup has written.`,
    );
  }
  const manifest = parse(path);
  if (manifest.formatVersion > formatVersion) {
    throw new CannotOpen(`${path} was written by a newer Everstate. Restore it with that one.`);
  }
  if (!isManifest(manifest)) {
    throw new BackupDamaged(`${path} does not name segments as a backup does: it was altered.`);
  }
  refuseGaps(path, manifest.segments);
  return manifest;
}

function parse(path: string): Manifest {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  } catch (error) {
    throw new BackupDamaged(
      `${path} must be JSON, but cannot be read: ${(error as Error).message}. Copy the backup again.`,
    );
  }
}

function isManifest(read: Manifest | null): read is Manifest {
  return (
    read?.kind === kind &&
    typeof read.logId === 'string' &&
    Array.isArray(read.segments) &&
    read.segments.every(isEntry)
  );
}

function isEntry(entry: SegmentEntry | null): boolean {
  return (
    Number.isSafeInteger(entry?.after) &&
    Number.isSafeInteger(entry?.position) &&
    Number.isSafeInteger(entry?.bytes) &&
    // Nothing else is read, and nothing outside the directory.
    entry?.file === fileOf(entry?.after ?? 0, entry?.position ?? 0) &&
    [entry?.digest, entry?.digestAfter, entry?.sha256].every((digest) =>
      /^[0-9a-f]{64}$/.test(digest ?? ''),
    ) &&
    parseDateTime(entry?.committedAt ?? '') !== null
  );
}

/** @throws BackupDamaged where a segment does not go on from the one before it. */
function refuseGaps(path: string, segments: readonly SegmentEntry[]): void {
  let end = { position: 0, digest: chainStart };
  for (const { file, after, position, digestAfter, digest } of segments) {
    if (after !== end.position || digestAfter !== end.digest || position <= after) {
      throw new BackupDamaged(
        `${path} names ${file} after position ${end.position}, from which it does not go on.`,
      );
    }
    end = { position, digest };
  }
}
