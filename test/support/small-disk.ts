/** A file system in memory that fills up. Mounting one takes privileges that not everybody has. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { temporaryDirectory } from './temporary-store.ts';

/** Mounts one for as long as the test lasts; skips the test where that is not allowed. */
export function smallDisk(
  context: TestContext,
  kilobytes: number,
  directory = temporaryDirectory(),
): string {
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', directory];
    execFileSync('mount', options, { stdio: 'ignore' });
  } catch {
    context.skip('a small disk cannot be mounted by this user');
  }
  // Lazily: a process that is still ending may have files open there.
  onTestFinished(() => void execFileSync('umount', ['-l', directory]));
  return directory;
}

/** Fills a disk to its last byte. */
export function fill(disk: string): void {
  for (const bytes of [65_536, 4_096, 512, 1]) {
    try {
      for (;;) appendFileSync(join(disk, 'filler'), Buffer.alloc(bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

/** Makes room again. */
export function makeRoom(disk: string): void {
  rmSync(join(disk, 'filler'), { force: true });
}
