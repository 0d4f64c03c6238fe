/** Commit time: the wall clock in microseconds, made strictly increasing by whoever commits. */
import type { Microseconds } from '../../entities/index.ts';

/** Microseconds since 1970; tests set the clock back to see that nothing is hidden by it. */
export type Clock = () => Microseconds;

/** The system's wall clock, with the microseconds that Date leaves out. */
export const systemClock: Clock = () => {
  const now = Date.now();
  const fraction = Math.floor((performance.timeOrigin + performance.now()) * 1000) % 1000;
  return now * 1000 + fraction;
};
