/**
 * Turns of the event loop. A hundred reads of one request begin in the same moment, and each makes
 * its query before it waits for anything; SQLite makes nobody wait. Together they would hold the
 * loop for all others.
 */
import { setImmediate } from 'node:timers/promises';
import { limits } from './limits.ts';

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #handing = false;
  /** When the event loop's turn began in which work was handed out; null in any later one. */
  #began: number | null = null;

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
    for (let resume = this.#waiting.shift(); resume; resume = this.#waiting.shift()) {
      const began = this.#beginning();
      if (performance.now() - began >= limits.turnTimeMaxMs) {
        await setImmediate();
        this.#beginning();
      }
      resume();
      // Goes on after what was resumed, which by then waits for something.
      await null;
    }
    this.#handing = false;
  }

  #beginning(): number {
    if (this.#began === null) {
      this.#began = performance.now();
      void setImmediate().then(() => {
        this.#began = null;
      });
    }
    return this.#began;
  }
}
