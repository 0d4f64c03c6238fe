/** How long the event loop of this process stood still: what `loop-watch.ts` tells. */

/** The question that a watched process answers with a number of milliseconds. */
export const longestGap = 'longest gap?';

const tickMs = 5;

/** A timer that ought to fire every few milliseconds, and notes by how much it was late. */
export class LoopGap {
  #longestMs = 0;
  #before = performance.now();
  readonly #timer = setInterval(() => this.#note(), tickMs).unref();

  /** The longest gap since the last call. */
  take(): number {
    this.#note();
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #note(): void {
    const now = performance.now();
    this.#longestMs = Math.max(this.#longestMs, now - this.#before - tickMs);
    this.#before = now;
  }
}
