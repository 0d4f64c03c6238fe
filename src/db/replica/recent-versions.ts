/**
 * Versions that were read lately and are still the newest of their records. A version never
 * changes, so reading it again is work that can be left out; the one thing to know is whether it
 * has been superseded, and the replica tells that before its watermark moves.
 */
import { LRUCache } from 'lru-cache';
import type { Entity, Position, Version } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { bytesOfVersion } from '../shared/version-bytes.ts';

export class RecentVersions {
  readonly #versions = new LRUCache<string, Version>({
    maxSize: limits.recentVersionsBytesMax,
    sizeCalculation: bytesOfVersion,
  });

  /** The version in force at a position that has been applied; null when that is not known here. */
  get<E extends Entity>(entity: E, id: string, at: Position): Version<E> | null {
    const newest = this.#versions.get(keyOf(entity, id)) as Version<E> | undefined;
    return newest && newest.position <= at ? newest : null;
  }

  /** Keeps a version that is the newest of its record up to the watermark. */
  keep(version: Version): void {
    this.#versions.set(keyOf(version.entity, version.id), version);
  }

  /** Forgets the records that these versions have changed. */
  supersede(versions: readonly Version[]): void {
    for (const { entity, id } of versions) this.#versions.delete(keyOf(entity, id));
  }
}

function keyOf(entity: Entity, id: string): string {
  return `${entity.table}:${id}`;
}
