/** Segments against what the manifest says of them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BackupDamaged, digestFile } from '../db/index.ts';
import type { SegmentEntry } from './manifest.ts';

/**
 * @param onBytes told of bytes that were read; what it throws ends the reading.
 * @throws BackupDamaged when a segment is missing, or not as it was written.
 */
export async function refuseAltered(
  directory: string,
  { file, sha256, bytes }: SegmentEntry,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  const path = join(directory, file);
  const again = 'Copy the backup again, or take another one.';
  if (!existsSync(path)) throw new BackupDamaged(`${path} is missing. ${again}`);
  const found = await digestFile(path, onBytes);
  if (found.bytes === bytes && found.sha256 === sha256) return;
  throw new BackupDamaged(
    `${path} is not as it was written: its SHA-256 must be ${sha256}, but is ${found.sha256}, and it ` +
      `must have ${bytes} bytes, but has ${found.bytes}. ${again}`,
  );
}
