/** A version, and the one that it superseded. */
import type { Entity, Version } from '../../entities/index.ts';

export interface VersionChange<E extends Entity = Entity> {
  readonly version: Version<E>;
  /** Null for the first version of a record. */
  readonly previous: Version<E> | null;
}
