/**
 * Room for answers on one connection. An answer is made when there is room, and leaves it when it
 * has been sent; so a client that does not read what it asked for is not answered on and on. How
 * large an answer will be is not known before: the largest lately is what the next may be.
 */

interface Waiting {
  readonly key: string;
  readonly settle: (isInside: boolean) => void;
}

export class AnswerRoom {
  readonly #bytesMax: number;
  /** What the next answer may be expected to take. As with TCP, the first few tell. */
  #expectedBytes: number;
  readonly #inside = new Set<string>();
  #waiting: readonly Waiting[] = [];
  #isClosed = false;

  /** @param bytesMax what the answers that are under way together may be expected to take. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#expectedBytes = bytesMax / 2;
  }

  /** Waits for room, after those who wait already. @returns whether there will be any. */
  enter(key: string): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    if (this.#waiting.length === 0 && this.#hasRoom) {
      this.#inside.add(key);
      return Promise.resolve(true);
    }
    return new Promise((settle) => {
      this.#waiting = [...this.#waiting, { key, settle }];
      this.#admit();
    });
  }

  /** The answer has left, or nobody wants it any more. */
  leave(key: string): void {
    this.#inside.delete(key);
    if (this.#waiting.length === 0) return;
    for (const { settle } of this.#waiting.filter((one) => one.key === key)) settle(false);
    this.#waiting = this.#waiting.filter((one) => one.key !== key);
    this.#admit();
  }

  /** An answer was this large. */
  learn(bytes: number): void {
    this.#expectedBytes = Math.max(bytes, this.#expectedBytes / 2);
  }

  /** Nobody is there to be answered. */
  close(): void {
    this.#isClosed = true;
    for (const { settle } of this.#waiting) settle(false);
    this.#waiting = [];
  }

  #admit(): void {
    for (const { key, settle } of this.#waiting) {
      if (!this.#hasRoom) return;
      this.#waiting = this.#waiting.slice(1);
      this.#inside.add(key);
      settle(true);
    }
  }

  get #hasRoom(): boolean {
    const { size } = this.#inside;
    return size === 0 || (size + 1) * this.#expectedBytes <= this.#bytesMax;
  }
}
