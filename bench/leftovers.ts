/** What must not outlive this process: processes that it started, directories that it made. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';

const running = new Map<ChildProcess, NodeJS.Signals>();

/** Ends the child with this process, however that ends. @returns the child. */
export function endWithThis<C extends ChildProcess>(child: C, signal: NodeJS.Signals): C {
  running.set(child, signal);
  child.once('exit', () => running.delete(child));
  return child;
}

const temporary = new Set<string>();

/** Makes a directory of which that is the beginning of the path; it goes with this process. */
export function makeTemporary(beginning: string): string {
  const directory = mkdtempSync(beginning);
  temporary.add(directory);
  return directory;
}

export function removeTemporary(directory: string): void {
  // A server that was told to end may write still.
  rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  temporary.delete(directory);
}

process.once('exit', () => {
  for (const [child, signal] of running) child.kill(signal);
  for (const directory of temporary) removeTemporary(directory);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
