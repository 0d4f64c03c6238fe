/**
 * Wake-ups for followers. The feed carries no data: whoever is woken reads the log after its own
 * position, so nothing is lost and nothing piles up.
 */
import { limits } from '../shared/limits.ts';

export class Feed {
  readonly #lookForForeignCommits: () => void;
  /** What resumes each that waits, by the signal that it waits with. */
  readonly #waiting = new Map<AbortSignal, () => void>();
  /**
   * The signals that were waited with: each has one listener, however often it waits. To add and to
   * remove one each time takes two thirds as long as all else of a wake-up.
   */
  readonly #listening = new WeakSet<AbortSignal>();
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
    this.#sleeping = [...this.#waiting.values()];
    if (!isWaking) this.#wakeSome(limits.wakeUpsAtOnce);
  }

  #wakeSome(count: number): void {
    for (const resume of this.#sleeping.splice(0, count)) resume();
    if (this.#sleeping.length > 0) setImmediate(() => this.#wakeSome(limits.wakeUpsPerTurn));
  }

  /**
   * Waits for the next wake-up or for the signal to abort.
   * @param signal whoever waits has one of its own, and waits once at a time.
   * @param isBehind asked once waiting has begun, so that a commit just before it is not missed.
   */
  wait(signal: AbortSignal, isBehind: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        if (this.#waiting.get(signal) === resume) this.#waiting.delete(signal);
        this.#pollWhileNeeded();
        resolve();
      };
      this.#waiting.set(signal, resume);
      this.#listenTo(signal);
      this.#pollWhileNeeded();
      if (signal.aborted || isBehind()) resume();
    });
  }

  #listenTo(signal: AbortSignal): void {
    if (this.#listening.has(signal)) return;
    this.#listening.add(signal);
    signal.addEventListener('abort', () => this.#waiting.get(signal)?.(), { once: true });
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
