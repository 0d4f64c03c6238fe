/** The stretches of versions: each holds from its position until its record's next version. */
import { LRUCache } from 'lru-cache';
import type { Entity, Position } from '../../entities/index.ts';
import type { VersionChange } from '../log/version-change.ts';
import { limits } from '../shared/limits.ts';
import type { RecentChanges } from './recent-changes.ts';
import { onlyAt, type Stretch } from './stretch.ts';

export class RecordStretches {
  readonly #changes: RecentChanges;
  /** Those that have not ended, of records read lately. */
  readonly #open = new LRUCache<string, RecordStretch>({
    // For `max`, it would take the memory of so many at once.
    maxSize: limits.keptAnswersMax,
    sizeCalculation: () => 1,
    // Nobody will tell it of changes any more.
    dispose: (stretch) => stretch.end(this.#changes.position),
  });

  constructor(changes: RecentChanges) {
    this.#changes = changes;
  }

  /**
   * The stretch around a position in which nothing of a record changes.
   * @param at one that RecentChanges has reached.
   * @param from where it is known to have begun.
   */
  of(entity: Entity, id: string, at: Position, from: Position = at): Stretch {
    const key = keyOf(entity, id);
    const known = this.#open.get(key);
    if (known?.holdsAt(at)) return known;
    const since = this.#changes.between(entity, at, this.#changes.position);
    if (!since) return onlyAt(at);
    const next = since.find(({ version }) => version.id === id);
    if (known && !next) return known.beginAt(from);
    const stretch = new RecordStretch(this.#changes, from);
    if (next) stretch.end((next.version.position - 1) as Position);
    else this.#open.set(key, stretch);
    return stretch;
  }

  /** Ends the stretch of a record. To be told of each change, in order. */
  end({ version }: VersionChange): void {
    const key = keyOf(version.entity, version.id);
    const open = this.#open.peek(key);
    if (!open) return;
    open.end((version.position - 1) as Position);
    this.#open.delete(key);
  }

  /** Ends all of them: what changes from here on is not told. */
  endAll(): void {
    this.#open.clear();
  }
}

class RecordStretch implements Stretch {
  readonly #changes: RecentChanges;
  #from: Position;
  /** Null while it goes on. */
  #through: Position | null = null;

  constructor(changes: RecentChanges, from: Position) {
    this.#changes = changes;
    this.#from = from;
  }

  holdsAt(position: Position): boolean {
    return this.#from <= position && position <= (this.#through ?? this.#changes.position);
  }

  /** It is found to have begun earlier. */
  beginAt(from: Position): this {
    this.#from = Math.min(this.#from, from) as Position;
    return this;
  }

  end(through: Position): void {
    this.#through ??= through;
  }
}

function keyOf(entity: Entity, id: string): string {
  return `${entity.table}:${id}`;
}
