/** Waiting for what a test knows will come. */
import type { Store } from '../../src/db/index.ts';

/** Resolves once a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Resolves once so many followers wait for the next commit. */
export function untilWaiting(store: Store, count: number): Promise<void> {
  return until(() => store.waitingFollowers === count);
}
