/** Ctrl-C: what is under way is finished or taken back, and nothing more is begun. */
import { exitCodes } from './exit-codes.ts';
import { Refusal } from './refusal.ts';

/** Asked between two steps. @throws Refusal once it was interrupted. */
export type RefuseWhenInterrupted = () => void;

/** Runs work that asks between its steps; a second Ctrl-C does not wait. */
export async function interruptibly<T>(
  work: (refuseWhenInterrupted: RefuseWhenInterrupted) => Promise<T>,
): Promise<T> {
  let interrupted = false;
  const interrupt = () => {
    if (interrupted) process.exit(exitCodes.interrupted);
    interrupted = true;
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(() => {
      if (interrupted) {
        throw new Refusal('INTERRUPTED', 'Interrupted: what was committed before is whole.');
      }
    });
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
