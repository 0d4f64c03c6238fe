/** A version, and the one that it superseded. */
import type { Entity, Version } from '../../entities/index.ts';
import { bytesOfVersion } from '../shared/version-bytes.ts';

export interface VersionChange<E extends Entity = Entity> {
  readonly version: Version<E>;
  /** Null for the first version of a record. */
  readonly previous: Version<E> | null;
}

/** How much memory a change takes, as it is estimated. */
export function bytesOfChange({ version, previous }: VersionChange): number {
  return bytesOfVersion(version) + (previous ? bytesOfVersion(previous) : 0);
}
