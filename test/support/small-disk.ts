/** File systems that fail, in memory. Mounting one takes privileges that not everybody has. */
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

/** A disk as it is under a server that its kernel found errors on: everything is refused but reading. */
export interface FailingDisk {
  readonly directory: string;
  /** Has it be read-only from one moment to the next, though files are open there to be written. */
  readonly makeReadOnly: () => void;
  /** Repairs it, once nobody has files open there. */
  readonly repair: () => void;
}

/** Makes one, with ext4 in a file in memory; skips the test where that is not allowed. */
export function failingDisk(context: TestContext, megabytes: number): FailingDisk {
  const directory = temporaryDirectory();
  const image = join(smallDisk(context, (megabytes + 1) * 1_024), 'image');
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { stdio: 'ignore' });
  const mount = () => run('mount', '-o', 'loop', image, directory);
  try {
    run('truncate', '-s', `${megabytes}M`, image);
    run('mkfs.ext4', '-q', '-F', image);
    mount();
  } catch {
    context.skip(
      'a disk that fails cannot be mounted by this user: it takes ext4 and a loop device',
    );
  }
  onTestFinished(() => void run('umount', '-l', directory));
  return {
    directory,
    makeReadOnly: () => run('mount', '-o', 'remount,abort', directory),
    repair: () => {
      run('umount', directory);
      try {
        run('e2fsck', '-f', '-y', image);
      } catch (error) {
        // 1 says that errors were corrected.
        if ((error as { status?: number }).status !== 1) throw error;
      }
      mount();
    },
  };
}
