/** Processes of a process, as the operating system knows them. */
import { execFileSync } from 'node:child_process';

/** The processes that a process has started, oldest first. */
export function childrenOf(pid: number | undefined): number[] {
  try {
    const lines = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
    return lines.trim().split('\n').map(Number);
  } catch {
    // It has none.
    return [];
  }
}
