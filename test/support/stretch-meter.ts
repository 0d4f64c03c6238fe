/**
 * How long the event loop is held: the longest stretch between two of its turns. Measured as the
 * CPU time of the loop's own thread where the system tells it (Linux), so that other processes of a
 * busy machine hardly count; elsewhere as time on the clock.
 */
import { openSync, readSync } from 'node:fs';
import { setTimeout } from 'node:timers';

export class StretchMeter {
  /** How many times longer work takes here than where the limits of stretches were measured. */
  readonly slowness: number;
  readonly #clock = threadClock();
  #last: number;
  #longest = 0;

  constructor() {
    this.slowness = slownessBy(this.#clock);
    this.#last = this.#clock();
    const tick = () => {
      const now = this.#clock();
      this.#longest = Math.max(this.#longest, now - this.#last);
      this.#last = now;
      setTimeout(tick, 1).unref();
    };
    tick();
  }

  /** The longest stretch since this was last asked, in milliseconds. */
  take(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }
}

/** Milliseconds that this thread, the process's first, has worked. */
function threadClock(): () => number {
  try {
    const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    const bytes = Buffer.alloc(64);
    const read = () => {
      const length = readSync(file, bytes, 0, bytes.length, 0);
      return Number.parseInt(bytes.toString('latin1', 0, length), 10) / 1e6;
    };
    read();
    return read;
  } catch {
    return () => performance.now();
  }
}

/** Never less than 1: a fast machine has to keep the same limits. */
function slownessBy(clock: () => number): number {
  const [runs, usualMs] = [40, 160];
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ id: `row ${index}`, index }));
  const begin = clock();
  for (let run = 0; run < runs; run += 1) JSON.parse(JSON.stringify(rows));
  return Math.max(1, (clock() - begin) / usualMs);
}
