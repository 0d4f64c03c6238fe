/** Ctrl-C: what is under way is finished or taken back, and nothing more is begun. */
import { exitCodes } from './exit-codes.ts';
import { Refusal } from './refusal.ts';

/** Asked between two steps. @throws Refusal once it was interrupted. */
export type RefuseWhenInterrupted = () => void;

/**
 * Ends the process at once, as Ctrl-C ends one that does not listen to it. `process.exit` alone would
 * wait for threads, and SQLite may be looking through a whole file in one.
 */
export function endInterrupted(): never {
  process.once('exit', () => {
    process.removeAllListeners('SIGINT');
    process.kill(process.pid, 'SIGINT');
  });
  process.exit(exitCodes.interrupted);
}

/** Runs work that asks between its steps; a second Ctrl-C does not wait. */
export function interruptibly<T>(
  work: (refuseWhenInterrupted: RefuseWhenInterrupted) => Promise<T>,
): Promise<T> {
  return untilInterrupted((signal) =>
    work(() => {
      if (signal.aborted) {
        throw new Refusal('INTERRUPTED', 'Interrupted: what was committed before is whole.');
      }
    }),
  );
}

/** Runs work that ends well with an interruption, of which its signal tells; a second does not wait. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) endInterrupted();
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
