/**
 * The ids of operations on one WebSocket. A client may use an id again as soon as it has completed
 * the operation, which may still be running then. graphql-ws knows operations by their ids alone,
 * and would take the one for the other; so it is given an id of its own for each.
 */

/** How graphql-ws begins a message about an operation. */
const aboutOperation = /^\{"id":"(\d+)","type":"(next|error|complete)"/;

export class OperationIds {
  /** Own ids by those of the client, and the other way round, of operations under way. */
  readonly #own = new Map<string, string>();
  readonly #clients = new Map<string, string>();
  #count = 0;

  /** How many operations the client has under way. */
  get size(): number {
    return this.#own.size;
  }

  /** The client begins an operation. @returns its own id; null when the client’s is under way. */
  begin(id: string): string | null {
    if (this.#own.has(id)) return null;
    this.#count += 1;
    const own = String(this.#count);
    this.#own.set(id, own);
    this.#clients.set(own, id);
    return own;
  }

  /** The client wants no more of an operation. @returns its own id; null when there is none. */
  complete(id: string): string | null {
    const own = this.#own.get(id) ?? null;
    if (own !== null) this.#end(own);
    return own;
  }

  /**
   * A message of graphql-ws as the client may see it, with the client’s id.
   * @returns null when the client has completed the operation.
   */
  forClient(message: string): string | null {
    const [start, own = '', type] = aboutOperation.exec(message) ?? [];
    if (start === undefined) return message;
    const id = this.#clients.get(own);
    if (id === undefined) return null;
    if (type !== 'next') this.#end(own);
    return `{"id":${JSON.stringify(id)},"type":"${type}"${message.slice(start.length)}`;
  }

  #end(own: string): void {
    const id = this.#clients.get(own);
    this.#clients.delete(own);
    if (id !== undefined) this.#own.delete(id);
  }
}
