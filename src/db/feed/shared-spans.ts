/**
 * Stretches of the log that followers read. All who have caught up ask for the same one after each
 * commit: it is read once, and kept while there is room. What this process has committed itself is
 * not even read.
 */
import { LRUCache } from 'lru-cache';
import type { Entity, Position, Version } from '../../entities/index.ts';
import type { LogReader } from '../log/log-reader.ts';
import { bytesOfChange, type VersionChange } from '../log/version-change.ts';
import { limits } from '../shared/limits.ts';
import type { Span } from './follower.ts';

export class SharedSpans {
  readonly #log: LogReader;
  /** What was committed last, and where the log ended before it. */
  #committed: (Span<VersionChange> & { readonly after: Position }) | null = null;
  readonly #underWay = new Map<string, Promise<Span<VersionChange>>>();
  readonly #read = new LRUCache<string, Span<VersionChange>>({
    maxSize: limits.sharedSpansBytesMax,
    sizeCalculation: ({ items }) => items.reduce((sum, change) => sum + bytesOfChange(change), 1),
  });

  constructor(log: LogReader) {
    this.#log = log;
  }

  /** Takes what this process has just committed, for those who have caught up. */
  offer(changes: readonly VersionChange[], end: Position): void {
    const [first] = changes;
    const fits = first !== undefined && changes.length <= limits.followerBatchRows;
    const after = ((first?.version.position ?? 0) - 1) as Position;
    this.#committed = fits ? { after, items: changes, end } : null;
  }

  /** Forgets what was committed and read: some of it was erased. */
  clear(): void {
    this.#committed = null;
    this.#underWay.clear();
    this.#read.clear();
  }

  /**
   * Reads whole transactions, about limits.followerBatchRows versions, after a position.
   * @param entities whose versions are wanted, each once.
   * @param withPrevious whether the versions that were superseded are wanted, too.
   */
  read(
    after: Position,
    entities: readonly Entity[],
    withPrevious: boolean,
  ): Span<VersionChange> | Promise<Span<VersionChange>> {
    const key = [after, withPrevious, ...entities.map(({ table }) => table)].join();
    const known = this.#read.get(key) ?? this.#underWay.get(key);
    if (known) return known;
    const reading = this.#readLog(after, entities, withPrevious)
      .then((span) => {
        // Where the log ends, more will follow; what was read of it will not change.
        if (span.end > after) this.#read.set(key, span);
        return span;
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, reading);
    return reading;
  }

  async #readLog(
    after: Position,
    entities: readonly Entity[],
    withPrevious: boolean,
  ): Promise<Span<VersionChange>> {
    const committed = this.#justCommitted(after, entities);
    if (committed) return committed;
    const { versions, end } = await this.#log.read(after, limits.followerBatchRows, entities);
    const previous = withPrevious ? await this.#previousOf(versions) : null;
    const items = versions.map((version) => ({
      version,
      previous: (version.previousPosition && previous?.get(version.previousPosition)) || null,
    }));
    return { items, end };
  }

  /** The last commit, if it is what follows a position; null when the log has to be asked. */
  #justCommitted(after: Position, entities: readonly Entity[]): Span<VersionChange> | null {
    if (this.#committed?.after !== after) return null;
    const { items, end } = this.#committed;
    return { items: items.filter(({ version }) => entities.includes(version.entity)), end };
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
