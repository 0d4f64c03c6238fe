/** Connections that stay open, counted by the client at their other end. */

export class Connections {
  readonly #perClientMax: number;
  readonly #open = new Map<string, number>();

  /** @param perClientMax how many one client, by its address, may have open. */
  constructor(perClientMax: number) {
    this.#perClientMax = perClientMax;
  }

  /**
   * Counts one more connection of a client.
   * @returns what is to be called when it has closed; null when the client has too many.
   */
  open(address = ''): (() => void) | null {
    const before = this.#open.get(address) ?? 0;
    if (before >= this.#perClientMax) return null;
    this.#open.set(address, before + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      const left = (this.#open.get(address) ?? 0) - 1;
      if (left > 0) this.#open.set(address, left);
      else this.#open.delete(address);
    };
  }

  /** What a client is told that has too many. */
  get refusal(): string {
    return (
      `One client may have at most ${this.#perClientMax} connections for subscriptions open ` +
      '(connectionsPerClientMax). Close some, or follow several things over one WebSocket.'
    );
  }
}
