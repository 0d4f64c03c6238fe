/** The one clock for all that is told relative to now. It stands while nobody looks at the page. */
const tickMs = 1_000;

class Clock {
  #now = Date.now();
  #timer = 0;
  readonly #listeners = new Set<() => void>();

  /** The moment of the last tick, in milliseconds since 1970. */
  readonly now = (): number => this.#now;

  readonly onTick = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  #start(): void {
    document.addEventListener('visibilitychange', this.#look);
    this.#look();
  }

  #stop(): void {
    document.removeEventListener('visibilitychange', this.#look);
    window.clearInterval(this.#timer);
  }

  readonly #look = (): void => {
    window.clearInterval(this.#timer);
    if (document.visibilityState === 'hidden') return;
    this.#tick();
    this.#timer = window.setInterval(this.#tick, tickMs);
  };

  readonly #tick = (): void => {
    this.#now = Date.now();
    for (const listener of this.#listeners) listener();
  };
}

export const clock = new Clock();
