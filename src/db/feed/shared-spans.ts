/**
 * Stretches of the log that followers read. All who have caught up ask for the same one after each
 * commit: it is read once, and kept while there is room.
 */
import { LRUCache } from 'lru-cache';
import type { Entity, Position, Version } from '../../entities/index.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { VersionChange } from '../log/version-change.ts';
import { limits } from '../shared/limits.ts';
import { bytesOfVersion } from '../shared/version-bytes.ts';
import type { Span } from './follower.ts';

export class SharedSpans {
  readonly #log: LogReader;
  readonly #underWay = new Map<string, Promise<Span<VersionChange>>>();
  readonly #read = new LRUCache<string, Span<VersionChange>>({
    maxSize: limits.sharedSpansBytesMax,
    sizeCalculation: ({ items }) => items.reduce((sum, change) => sum + bytesOf(change), 1),
  });

  constructor(log: LogReader) {
    this.#log = log;
  }

  /**
   * Reads whole transactions, about limits.followerBatchRows versions, after a position.
   * @param entities whose versions are wanted, each once.
   * @param withPrevious whether the versions that were superseded are wanted, too.
   */
  async read(
    after: Position,
    entities: readonly Entity[],
    withPrevious: boolean,
  ): Promise<Span<VersionChange>> {
    const key = [after, withPrevious, ...entities.map(({ table }) => table)].join();
    const known = this.#read.get(key) ?? this.#underWay.get(key);
    if (known) return await known;
    const reading = this.#readLog(after, entities, withPrevious);
    this.#underWay.set(key, reading);
    try {
      const span = await reading;
      // Where the log ends, more will follow; what was read of it will not change.
      if (span.end > after) this.#read.set(key, span);
      return span;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #readLog(
    after: Position,
    entities: readonly Entity[],
    withPrevious: boolean,
  ): Promise<Span<VersionChange>> {
    const { versions, end } = await this.#log.read(after, limits.followerBatchRows, entities);
    const previous = withPrevious ? await this.#previousOf(versions) : null;
    const items = versions.map((version) => ({
      version,
      previous: (version.previousPosition && previous?.get(version.previousPosition)) || null,
    }));
    return { items, end };
  }

  /** The versions that these superseded, by position; many of them are among these. */
  async #previousOf(versions: readonly Version[]): Promise<Map<Position, Version>> {
    const found = new Map(versions.map((version) => [version.position, version]));
    for (const entity of new Set(versions.map((version) => version.entity))) {
      const missing = versions.flatMap((version) => {
        const { previousPosition } = version;
        const known = previousPosition === null || found.has(previousPosition);
        return version.entity === entity && !known ? [previousPosition] : [];
      });
      for (const version of await this.#log.versionsAt(entity, missing)) {
        found.set(version.position, version);
      }
    }
    return found;
  }
}

function bytesOf({ version, previous }: VersionChange): number {
  return bytesOfVersion(version) + (previous ? bytesOfVersion(previous) : 0);
}
