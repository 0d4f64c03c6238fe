/**
 * The pace of the writer. SQLite answers without leaving the turn of the event loop, so that many
 * changes in a row would hold it: whoever makes them lets others have their turn between two.
 */
import { setImmediate } from 'node:timers/promises';
import { limits } from '../shared/limits.ts';

export class Pace {
  #began = performance.now();

  /** Whether the writer has gone on for long enough. */
  get over(): boolean {
    return performance.now() - this.#began > limits.stretchMs;
  }

  /** Lets others have their turn when it has gone on for long enough. */
  async yield(): Promise<void> {
    if (this.over) await this.pause();
  }

  /** Lets others have their turn. */
  async pause(): Promise<void> {
    await setImmediate();
    this.#began = performance.now();
  }
}
