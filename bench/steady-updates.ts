/** Updates at a fixed rate, beside what is measured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askFor, type OperationKinds } from './operations.ts';
import type { Questions } from './questions.ts';
import type { Started } from './systems.ts';

/** How many there are in a second. */
export const updatesBesides = 100;

/** A load takes a little longer than it is told to. */
const spareSeconds = 15;

/** Each is sent at its time whether or not the one before was answered. */
export function updateSteadily(
  system: Started,
  questions: Questions,
  seconds: number,
): { stop: () => Promise<void> } {
  let over = false;
  const underWay = new Set<Promise<unknown>>();
  const todos = Math.max(50, Math.min(1_000, questions.unchangedCount >> 5));
  const passes = Math.ceil(((seconds + spareSeconds) * updatesBesides) / todos);
  const [updates = []] = questions.updates(1, todos, passes);
  const sending = (async () => {
    const begin = performance.now();
    for (let count = 0; !over && count < updates.length; count += 1) {
      const waitMs = begin + (count * 1_000) / updatesBesides - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      // Of one todo only one is under way: they come round again after all others.
      const args = updates[count] as OperationKinds['update']['args'];
      const update = askFor(system, 'update', args).finally(() => underWay.delete(update));
      underWay.add(update);
    }
  })();
  return {
    stop: async () => {
      over = true;
      await sending;
      await Promise.all(underWay);
    },
  };
}
