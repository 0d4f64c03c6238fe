/**
 * Handing out events in turns of the event loop. A thousand subscribers that are told the same at
 * once, or one that is told much, would otherwise hold up everything else until all is written.
 */

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

export class EventTurns {
  readonly #bytesPerTurn: number;
  readonly #overheadBytes: number;
  /** What may still be handed out in this turn. */
  #left: number;
  #waiting: Waiting[] = [];
  #nextTurn: NodeJS.Immediate | null = null;

  /**
   * @param bytesPerTurn what is handed out before other work gets a turn; one event may be larger.
   * @param overheadBytes what an event costs besides, as if it were bytes.
   */
  constructor(bytesPerTurn: number, overheadBytes: number) {
    this.#bytesPerTurn = bytesPerTurn;
    this.#overheadBytes = overheadBytes;
    this.#left = bytesPerTurn;
  }

  /** Waits, behind those who wait already, until an event of this size may be handed out. */
  take(bytes: number): Promise<void> {
    this.#nextTurn ??= setImmediate(() => this.#begin());
    if (this.#waiting.length === 0 && this.#left > 0) {
      this.#left -= bytes + this.#overheadBytes;
      return Promise.resolve();
    }
    return new Promise((go) => {
      this.#waiting.push({ bytes, go });
    });
  }

  #begin(): void {
    this.#nextTurn = null;
    this.#left = this.#bytesPerTurn;
    const firstLeft = this.#waiting.findIndex(({ bytes }) => {
      const isFull = this.#left <= 0;
      this.#left -= isFull ? 0 : bytes + this.#overheadBytes;
      return isFull;
    });
    const going = this.#waiting.splice(0, firstLeft < 0 ? this.#waiting.length : firstLeft);
    for (const { go } of going) go();
    if (going.length > 0) this.#nextTurn = setImmediate(() => this.#begin());
  }
}
