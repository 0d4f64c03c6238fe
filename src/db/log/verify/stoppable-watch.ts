/** Being told of what was found good, by somebody who may have had enough. */
import type { VerifyWatch } from '../defect.ts';

/**
 * What is thrown while a log is read is taken for a defect of it; what the watch throws is none. It is
 * kept, and thrown once the verifying has ended for it.
 */
export class StoppableWatch implements VerifyWatch {
  readonly #watch: VerifyWatch;
  #stopped: { readonly by: unknown } | null = null;

  constructor(watch: VerifyWatch) {
    this.#watch = watch;
  }

  onVersion(digest: Uint8Array): void {
    this.#telling(() => this.#watch.onVersion(digest));
  }

  onContents(): void {
    this.#telling(() => this.#watch.onContents());
  }

  /** @throws what the watch has thrown. */
  refuseWhenStopped(): void {
    if (this.#stopped) throw this.#stopped.by;
  }

  #telling(tell: () => void): void {
    this.refuseWhenStopped();
    try {
      tell();
    } catch (error) {
      this.#stopped = { by: error };
      throw error;
    }
  }
}
