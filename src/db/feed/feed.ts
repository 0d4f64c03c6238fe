/**
 * Wake-ups for followers. The feed carries no data: whoever is woken reads the log after its own
 * position, so nothing is lost and nothing piles up.
 */
import { limits } from '../shared/limits.ts';

export class Feed {
  readonly #lookForForeignCommits: () => void;
  readonly #waiting = new Set<() => void>();
  /** Of those that wait, whom a wake-up has still to reach. */
  #sleeping: (() => void)[] = [];
  #poll: NodeJS.Timeout | null = null;

  /** @param lookForForeignCommits asks whether another process committed, and wakes the feed. */
  constructor(lookForForeignCommits: () => void) {
    this.#lookForForeignCommits = lookForForeignCommits;
  }

  /** How many followers wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Something was committed: everyone who waits reads on. Other work has turns meanwhile. */
  wake(): void {
    const isWaking = this.#sleeping.length > 0;
    this.#sleeping = [...this.#waiting];
    if (!isWaking) this.#wakeSome();
  }

  #wakeSome(): void {
    for (const resume of this.#sleeping.splice(0, limits.wakeUpsPerTurn)) resume();
    if (this.#sleeping.length > 0) setImmediate(() => this.#wakeSome());
  }

  /**
   * Waits for the next wake-up or for the signal to abort.
   * @param isBehind asked once waiting has begun, so that a commit just before it is not missed.
   */
  wait(signal: AbortSignal, isBehind: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        this.#waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        this.#pollWhileNeeded();
        resolve();
      };
      this.#waiting.add(resume);
      signal.addEventListener('abort', resume);
      this.#pollWhileNeeded();
      if (signal.aborted || isBehind()) resume();
    });
  }

  #pollWhileNeeded(): void {
    if (this.#waiting.size > 0) {
      this.#poll ??= setInterval(this.#lookForForeignCommits, limits.foreignCommitPollMs).unref();
    } else if (this.#poll) {
      clearInterval(this.#poll);
      this.#poll = null;
    }
  }
}
