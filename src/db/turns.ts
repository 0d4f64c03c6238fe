/**
 * Turns of the event loop. A hundred reads of one request begin in the same moment, and each makes
 * its query before it waits for anything: together they would hold the loop for all others.
 */
import { setImmediate } from 'node:timers/promises';
import { limits } from './limits.ts';

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #handing = false;

  /**
   * Resolves when it is the caller's turn: at once, unless others before it took long. What the
   * caller then does until it next waits should be short.
   */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#handing) void this.#handOut();
    });
  }

  async #handOut(): Promise<void> {
    this.#handing = true;
    let begin = performance.now();
    for (let resume = this.#waiting.shift(); resume; resume = this.#waiting.shift()) {
      resume();
      // Goes on after what was resumed, which by then waits for DuckDB.
      await null;
      if (performance.now() - begin < limits.turnTimeMaxMs) continue;
      await setImmediate();
      begin = performance.now();
    }
    this.#handing = false;
  }
}
