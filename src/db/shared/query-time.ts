/** A query that takes longer than limits.queryTimeMaxMs is given up. */
import { limits } from './limits.ts';
import { Unavailable } from './problems.ts';

/** What whoever asked is told. @param cause what gave it up, where that threw. */
export function tookTooLong(cause?: unknown): Unavailable {
  const message = `The query took longer than ${limits.queryTimeMaxMs} ms. Ask for less.`;
  return new Unavailable(message, { cause });
}
