/** How long a transaction may take: all others wait for it. */
import { TransactionTimeout } from '../shared/problems.ts';

/** Watches one work at a time. It has one timer, which goes on from each work to the next. */
export class TransactionTime {
  readonly #maxMs: number;
  #timer: NodeJS.Timeout | null = null;
  /** Ends the wait for the work that is under way. */
  #refuse: ((error: unknown) => void) | null = null;
  #began = 0;

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /**
   * What the work comes to, if it comes to anything in time. Work cannot be stopped: the caller
   * sees to it that what it does later finds its transaction closed.
   * @throws TransactionTimeout when the time is over; before that what the work throws.
   */
  limit<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#began = performance.now();
      this.#refuse = reject;
      this.#timer ??= setTimeout(() => this.#look(), this.#maxMs);
      work.then(resolve, reject);
    });
  }

  /** Forgets the last work, when no other follows: a timer keeps the process alive. */
  end(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#refuse = null;
  }

  #look(): void {
    const leftMs = this.#began + this.#maxMs - performance.now();
    this.#timer = leftMs > 0 ? setTimeout(() => this.#look(), leftMs) : null;
    if (this.#timer) return;
    const message =
      `A transaction may take ${this.#maxMs} ms, and this one took longer: it was taken back. ` +
      'Await nothing but the transaction in its work, or do it in several.';
    this.#refuse?.(new TransactionTimeout(message));
  }
}
