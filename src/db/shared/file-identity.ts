/** Which file a path leads to. */
import { statSync } from 'node:fs';

/** The device and inode that the path leads to now; null when it leads to none. */
export function fileIdentity(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // Missing, below a file, or on a disk that is gone: there is nothing to be reached.
    return null;
  }
}
