/** One GraphQL operation: the store it works on and the position at which it answers. */

import type { Store } from '../db/index.ts';
import type { Entity, Position } from '../entities/index.ts';
import type { EntityLoaders, Loaders } from './loaders.ts';

export class Operation {
  readonly store: Store;
  readonly loaders: Loaders;
  #snapshot: Promise<Position> | null = null;
  #position: Position | null = null;

  constructor(store: Store, loaders: Loaders) {
    this.store = store;
    this.loaders = loaders;
  }

  /**
   * The position at which everything in this operation answers: the log's head when the operation
   * first asked. Whatever was acknowledged before that is included.
   */
  snapshot(): Promise<Position> {
    this.#snapshot ??= this.store.head().then((head) => {
      this.reached(head);
      return head;
    });
    return this.#snapshot;
  }

  /** The operation has written up to here, or shows an event from here. */
  reached(position: Position): void {
    this.#position = Math.max(this.#position ?? 0, position) as Position;
  }

  /** What the response reports as `extensions.position`; null when nothing was read or written. */
  get position(): Position | null {
    return this.#position;
  }

  load<E extends Entity>(entity: E): EntityLoaders<E> {
    return this.loaders.of(entity);
  }
}
