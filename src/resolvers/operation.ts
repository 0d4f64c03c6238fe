/** One GraphQL operation: the store it works on and the position at which it answers. */

import {
  limits,
  onlyAt,
  type Store,
  type StoreReads,
  type Stretch,
  type Tentative,
} from '../db/index.ts';
import type { Entity, Position, Transaction, TransactionId } from '../entities/index.ts';
import { AnswerSize } from './answer-size.ts';
import type { EntityLoaders, Loaders } from './loaders.ts';
import { TentativeLoaders } from './tentative.ts';

export class Operation {
  readonly store: Store;
  /** What everything but loaders and writes asks, so that it is known how long the answer holds. */
  readonly reads: StoreReads;
  readonly loaders: Loaders;
  /** How large the answer is so far. */
  readonly answerSize = new AnswerSize();
  #snapshot: Promise<Position> | null = null;
  #position: Position | null = null;
  #repeatable = true;
  readonly #stretches = new Set<Stretch>();
  #tentative: TentativeLoaders | null = null;

  constructor(store: Store, loaders: Loaders) {
    this.store = store;
    this.reads = store.readsTelling((stretch) => this.#dependOn(stretch));
    this.loaders = loaders;
  }

  /** An operation of its own on the same store, as if it were asked now. */
  another(): Operation {
    return new Operation(this.store, this.loaders);
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

  /** The operation has written up to here. */
  reached(position: Position): void {
    this.#position = Math.max(this.#position ?? 0, position) as Position;
  }

  /** What the response reports as `extensions.position`; null when nothing was read or written. */
  get position(): Position | null {
    return this.#position;
  }

  /** Something was read that the position does not determine: a clock, or a state of this process. */
  dependOnMore(): void {
    this.#repeatable = false;
  }

  /** The answer tells its own position. */
  dependOnPosition(at: Position): void {
    this.#dependOn(onlyAt(at));
  }

  /**
   * How long the same operation would answer the same again: while all of these hold. Null where
   * that is not known.
   */
  get stretches(): readonly Stretch[] | null {
    return this.#repeatable ? [...this.#stretches] : null;
  }

  /** Whether what was answered while these held would be answered now. */
  async wouldAnswer(stretches: readonly Stretch[]): Promise<boolean> {
    return await this.store.hold(stretches, await this.snapshot());
  }

  #dependOn(stretch: Stretch): void {
    if (this.#stretches.size < limits.stretchesPerAnswerMax) this.#stretches.add(stretch);
    else this.#repeatable = false;
  }

  /**
   * What is read from now on includes what a dry run would have written; null: no longer. A
   * mutation's fields run one after the other, each with everything below it, so this reaches no
   * other field.
   */
  showTentative(tentative: Tentative | null): void {
    this.#tentative = tentative && new TentativeLoaders(this.loaders, tentative);
  }

  /** What a dry run would have written, while the fields below it are read. */
  get tentative(): Tentative | null {
    return this.#tentative?.tentative ?? null;
  }

  /** The transaction with an id, a dry run's included; null when there is none. */
  async transaction(id: TransactionId): Promise<Transaction | null> {
    const tentative = this.tentative?.transaction;
    return tentative?.id === id ? tentative : await this.loaders.transaction(id);
  }

  load<E extends Entity>(entity: E): EntityLoaders<E> {
    return (this.#tentative ?? this.loaders).of(entity);
  }
}
