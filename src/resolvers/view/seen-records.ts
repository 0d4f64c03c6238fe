/** Reading by id as one viewer sees it, batched across all requests of this server. */
import { differingFields, limits, type Sight, type Tentative } from '../../db/index.ts';
import type {
  Entity,
  Position,
  Transaction,
  TransactionId,
  Version,
} from '../../entities/index.ts';
import type { EntityLoaders, Loaders } from './loaders.ts';
import type { SeenReads } from './seen-reads.ts';
import { TentativeLoaders } from './tentative.ts';

/** A stretch of a history: revisions from one to another, both included. */
interface RevisionStretch {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

export class SeenRecords {
  readonly #loaders: Loaders;
  readonly #reads: SeenReads;
  readonly #sight: Sight;
  #tentative: TentativeLoaders | null = null;

  constructor(loaders: Loaders, reads: SeenReads, sight: Sight) {
    this.#loaders = loaders;
    this.#reads = reads;
    this.#sight = sight;
  }

  /** The version in force at a position, a deletion included; null where none is seen. */
  async record<E extends Entity>(
    entity: E,
    key: { readonly id: string; readonly at: Position },
  ): Promise<Version<E> | null> {
    const version = await this.#of(entity).record(key);
    return version && this.#sight.sees(version) ? version : null;
  }

  /** Revisions of a record that are seen, oldest first. */
  async revisions<E extends Entity>(entity: E, key: RevisionStretch): Promise<Version<E>[]> {
    const versions = await this.#of(entity).revisions(key);
    if (this.#sight.seesAll(entity)) return versions;
    return versions.filter((version) => this.#sight.sees(version));
  }

  /** One revision of a record; null where it is not seen. */
  async revision<E extends Entity>(
    entity: E,
    id: string,
    revision: number,
  ): Promise<Version<E> | null> {
    return (await this.revisions(entity, { id, from: revision, to: revision }))[0] ?? null;
  }

  /** Whether every version of a kind of record is seen: its revisions then count without a gap. */
  seesAll(entity: Entity): boolean {
    return this.#sight.seesAll(entity);
  }

  /**
   * Per field of a record the revision, up to the one given, that last set it. To whoever does not
   * see all of the history it begins anew wherever it becomes visible: there every field is set.
   */
  async lastSet(newest: Version): Promise<Readonly<Record<string, number>>> {
    const { entity, id, revision } = newest;
    if (this.#sight.seesAll(entity)) return await this.#of(entity).blame({ id, revision });
    const left = new Set(Object.keys(entity.fields));
    const set = new Map<string, number>();
    let later = newest;
    for await (const version of this.walk(entity, { id, from: 1, to: revision - 1 }, true)) {
      if (version.revision !== later.revision - 1) break;
      for (const name of differingFields(entity, version.values, later.values)) {
        if (left.delete(name)) set.set(name, later.revision);
      }
      later = version;
      if (left.size === 0) break;
    }
    for (const name of left) set.set(name, later.revision);
    return Object.fromEntries(
      Object.keys(entity.fields).map((name) => [name, set.get(name) as number]),
    );
  }

  /** Yields the revisions in a stretch that are seen, in order or, `down`, the newest first. */
  async *walk<E extends Entity>(
    entity: E,
    { id, from, to }: RevisionStretch,
    down: boolean,
  ): AsyncGenerator<Version<E>, void, undefined> {
    const rows = limits.historyStretchRows;
    let [low, high] = [from, to];
    while (low <= high) {
      const [first, last] = down
        ? [Math.max(low, high - rows + 1), high]
        : [low, Math.min(high, low + rows - 1)];
      const versions = await this.revisions(entity, { id, from: first, to: last });
      yield* down ? versions.toReversed() : versions;
      if (down) high = first - 1;
      else low = last + 1;
    }
  }

  /** The transaction of a version that is seen, a dry run's included. */
  async transactionOf({ transactionId: id }: Version): Promise<Transaction> {
    const transaction = this.#tentativeOf(id) ?? (await this.#loaders.transaction(id));
    if (!transaction)
      throw new Error(`Transaction ${id} is not in the log, but a version of it is.`);
    return transaction;
  }

  /** The committed transaction with an id; null where there is none, or nothing of it is seen. */
  async transaction(id: TransactionId): Promise<Transaction | null> {
    const transaction = await this.#loaders.transaction(id);
    return transaction && (await this.#reads.seesPartOf(transaction)) ? transaction : null;
  }

  /** What is read from now on includes what a dry run would have written; null: no longer. */
  showTentative(tentative: Tentative | null): void {
    this.#tentative = tentative && new TentativeLoaders(this.#loaders, tentative);
  }

  /** What a dry run would have written, while it is shown. */
  get tentative(): Tentative | null {
    return this.#tentative?.tentative ?? null;
  }

  #tentativeOf(id: TransactionId): Transaction | null {
    const transaction = this.tentative?.transaction;
    return transaction?.id === id ? transaction : null;
  }

  #of<E extends Entity>(entity: E): EntityLoaders<E> {
    return (this.#tentative ?? this.#loaders).of(entity);
  }
}
