/** Long work that gives the rest of the process its turn: SQLite itself never does. */
import { setImmediate } from 'node:timers/promises';
import { limits } from './limits.ts';

export class Turns {
  #beganMs = performance.now();

  /** Goes on at once, or in another turn of the event loop when this one was held long enough. */
  async pause(): Promise<void> {
    if (performance.now() - this.#beganMs < limits.turnTimeMs) return;
    await setImmediate();
    this.#beganMs = performance.now();
  }
}
