/**
 * Turns of the event loop. A large answer is made in many small steps that wait for nothing: left
 * alone they all run in one stretch, in which nobody else is served. Whoever takes such steps asks
 * between them whether the stretch is over, and if so goes on in a later turn.
 */
import { setImmediate } from 'node:timers';
import { limits } from './limits.ts';

/** A step that waits for its turn. */
type Step = () => void;

class Turns {
  /** When the stretch that runs now began, in milliseconds; null before its first step. */
  #began: number | null = null;
  /** The steps of each work that waits. Works take turns: a large one does not hold up a small. */
  readonly #waiting = new Map<object, Step[]>();
  #serving = false;

  /** Whether the stretch that runs now has lasted long enough. */
  get over(): boolean {
    const now = performance.now();
    if (this.#began === null) {
      this.#began = now;
      setImmediate(() => {
        this.#began = null;
      });
    }
    return now - this.#began > limits.stretchMs;
  }

  /**
   * The value, in a later turn.
   * @param work whose step this is: its steps are taken in their order. One of its own without it.
   */
  later<T>(value: T, work: object = {}): Promise<T> {
    return new Promise((resolve) => {
      const steps = this.#waiting.get(work);
      const step = () => resolve(value);
      if (steps) steps.push(step);
      else this.#waiting.set(work, [step]);
      if (!this.#serving) this.#serve();
    });
  }

  /** Lets others go first when the stretch is over. */
  async yield(): Promise<void> {
    if (this.over) await this.later(null);
  }

  /** Makes something of each of many values, in as many turns as that takes. */
  async map<T, Made>(values: readonly T[], make: (value: T) => Made): Promise<Made[]> {
    const made: Made[] = [];
    for (const value of values) {
      if (this.over) await this.later(null);
      made.push(make(value));
    }
    return made;
  }

  /** Lets those who wait go on, for a stretch in each turn. */
  async #serve(): Promise<void> {
    this.#serving = true;
    while (this.#waiting.size > 0) {
      await new Promise((turn) => setImmediate(turn));
      this.#began = performance.now();
      do {
        this.#next()?.();
        // Whoever goes on does so before the clock is asked again.
        await null;
        await null;
      } while (this.#waiting.size > 0 && !this.over);
      this.#began = null;
    }
    this.#serving = false;
  }

  /** Takes a step of the work that waits longest, which then waits behind all others. */
  #next(): Step | undefined {
    for (const [work, steps] of this.#waiting) {
      const step = steps.shift();
      this.#waiting.delete(work);
      if (steps.length > 0) this.#waiting.set(work, steps);
      return step;
    }
    return undefined;
  }
}

/** There is one event loop, and so one row of those who wait for it. */
export const turns = new Turns();
