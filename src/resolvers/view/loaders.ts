/** Reads by id, gathered across all requests of this server and answered a batch at a time. */

import {
  type LastSet,
  limits,
  type RecordKey,
  type RevisionKey,
  type RevisionsKey,
  type Store,
} from '../../db/index.ts';
import type { Entity, Transaction, TransactionId, Version } from '../../entities/index.ts';
import { type Gathered, gather } from './gathered.ts';

export interface EntityLoaders<E extends Entity = Entity> {
  /** The version in force at a position, a deletion included; null before the creation. */
  readonly record: Gathered<RecordKey, Version<E> | null>;
  /** Revisions of a record, oldest first. */
  readonly revisions: Gathered<RevisionsKey, Version<E>[]>;
  /** Per field of a record the revision, up to one, that last set it. */
  readonly blame: Gathered<RevisionKey, LastSet>;
}

export class Loaders {
  readonly transaction: Gathered<TransactionId, Transaction | null>;
  readonly #entities: ReadonlyMap<Entity, EntityLoaders>;

  constructor(store: Store) {
    const concurrent = limits.batchesUnderWay;
    this.transaction = gather((ids) => store.transactions(ids), concurrent);
    this.#entities = new Map(
      store.entities.map((entity) => [
        entity,
        {
          record: gather((keys) => store.records(entity, keys), concurrent),
          revisions: gather((keys) => store.revisions(entity, keys), concurrent),
          blame: gather((keys) => store.lastSet(entity, keys), concurrent),
        },
      ]),
    );
  }

  of<E extends Entity>(entity: E): EntityLoaders<E> {
    return this.#entities.get(entity) as EntityLoaders<E>;
  }
}
