/** Processes that must not outlive this one. */
import type { ChildProcess } from 'node:child_process';

const running = new Map<ChildProcess, NodeJS.Signals>();

/** Ends the child with this process, however that ends. @returns the child. */
export function endWithThis<C extends ChildProcess>(child: C, signal: NodeJS.Signals): C {
  running.set(child, signal);
  child.once('exit', () => running.delete(child));
  return child;
}

process.once('exit', () => {
  for (const [child, signal] of running) child.kill(signal);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
