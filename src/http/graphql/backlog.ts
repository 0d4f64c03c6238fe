/**
 * What waits on all connections together, in bytes. It is memory that clients decide upon, by
 * asking for much and reading nothing: when it is too much, the connection with most is given up.
 */

export interface Connection {
  /** Gives the connection up. */
  drop(): void;
}

export class Backlog {
  readonly #bytesMax: number;
  /** What waits on each, where anything does. */
  readonly #waiting = new Map<Connection, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What waits on all connections. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns what waits on the connection now. */
  add(connection: Connection, bytes: number): number {
    const waiting = this.#change(connection, bytes);
    if (this.#bytes > this.#bytesMax) this.#dropLargest();
    return waiting;
  }

  remove(connection: Connection, bytes: number): void {
    // After a connection has closed nothing of it waits, whatever is told of it then.
    if (this.#waiting.has(connection)) this.#change(connection, -bytes);
  }

  /** The connection has closed. */
  forget(connection: Connection): void {
    this.#bytes -= this.#waiting.get(connection) ?? 0;
    this.#waiting.delete(connection);
  }

  #change(connection: Connection, bytes: number): number {
    const waiting = (this.#waiting.get(connection) ?? 0) + bytes;
    this.#bytes += bytes;
    if (waiting > 0) this.#waiting.set(connection, waiting);
    else this.#waiting.delete(connection);
    return waiting;
  }

  #dropLargest(): void {
    const [largest] = [...this.#waiting].reduce((a, b) => (b[1] > a[1] ? b : a));
    this.forget(largest);
    largest.drop();
  }
}
