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
    return performance.now() - (this.#began ?? this.#begin()) > limits.stretchMs;
  }

  /**
   * The value, when the caller's turn comes: at once, unless others wait or took long before.
   * @param work whose step this is: its steps are taken in their order. One of its own without it.
   */
  next<T>(value: T, work: object = {}): Promise<T> {
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
    if (this.over) await this.next(null);
  }

  /** Makes something of each of many values, in as many turns as that takes. */
  async map<T, Made>(values: readonly T[], make: (value: T) => Made): Promise<Made[]> {
    const made: Made[] = [];
    for (const value of values) {
      if (this.over) await this.next(null);
      made.push(make(value));
    }
    return made;
  }

  /** Lets those who wait go on, for a stretch in each turn. */
  async #serve(): Promise<void> {
    this.#serving = true;
    while (this.#waiting.size > 0) {
      if (this.over) {
        await new Promise((turn) => setImmediate(turn));
        this.#begin();
      }
      this.#take()?.();
      // Whoever goes on does so before the clock is asked again.
      await null;
      await null;
    }
    this.#serving = false;
  }

  /** A stretch begins; it ends with this turn of the event loop. */
  #begin(): number {
    setImmediate(() => {
      this.#began = null;
    });
    this.#began = performance.now();
    return this.#began;
  }

  /** Takes a step of the work that waits longest, which then waits behind all others. */
  #take(): Step | undefined {
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
