/**
 * The stretch of an answer that many records may touch: a page, a count, groups. Nothing is done
 * for it when something is committed. What was committed is looked through when somebody asks
 * whether the answer still holds, and only as long as that costs less than to answer anew.
 */
import type { Entity, Position } from '../../entities/index.ts';
import type { VersionChange } from '../log/version-change.ts';
import { limits } from '../shared/limits.ts';
import type { RecentChanges } from './recent-changes.ts';
import type { Stretch } from './stretch.ts';

/** Whether an answer may be another one after a change. */
export type Touches = (change: VersionChange) => boolean;

export class ScannedStretch implements Stretch {
  readonly #changes: RecentChanges;
  readonly #entity: Entity;
  readonly #touches: Touches;
  readonly #from: Position;
  #through: Position;
  /** Whether it ends there, as far as anybody will ever know. */
  #ended = false;

  /** @param at where the answer was worked out. */
  constructor(changes: RecentChanges, entity: Entity, at: Position, touches: Touches) {
    this.#changes = changes;
    this.#entity = entity;
    this.#touches = touches;
    this.#from = at;
    this.#through = at;
  }

  /** The last position at which it is known to hold. */
  get through(): Position {
    return this.#through;
  }

  holdsAt(position: Position): boolean {
    if (position > this.#through && !this.#ended) this.#goOn(position);
    return this.#from <= position && position <= this.#through;
  }

  #goOn(position: Position): void {
    const changes = this.#changes.between(this.#entity, this.#through, position);
    const deadline = performance.now() + limits.touchTimeMaxMs;
    for (const change of changes ?? []) {
      if (this.#touches(change) || performance.now() > deadline) {
        this.#through = (change.version.position - 1) as Position;
        this.#ended = true;
        return;
      }
    }
    if (changes) this.#through = position;
    else this.#ended = true;
  }
}
