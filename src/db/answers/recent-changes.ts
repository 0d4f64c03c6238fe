/**
 * What was committed lately, by whichever process, in order: what tells whether an answer still
 * holds. Own commits come from memory; others' are read from the log when someone asks further.
 */
import type { Entity, Position } from '../../entities/index.ts';
import { bytesOfChange, type VersionChange } from '../log/version-change.ts';
import { limits } from '../shared/limits.ts';

/** Reads whole transactions after a position, each version with the one that it superseded. */
export type ReadChanges = (
  after: Position,
) => Promise<{ readonly items: readonly VersionChange[]; readonly end: Position }>;

/** Who is told. */
interface ChangesTold {
  /** Of each change, in order, before anyone can ask about its position. */
  readonly onChange: (change: VersionChange) => void;
  /** When changes are left out: too many came at once from elsewhere. */
  readonly onGap: () => void;
}

/** Those of one kind of record. */
interface Kept {
  changes: VersionChange[];
  bytes: number;
  /** Up to here they are not known any more. */
  forgotten: Position;
}

export class RecentChanges {
  readonly #read: ReadChanges;
  readonly #told: ChangesTold;
  readonly #kept: ReadonlyMap<Entity, Kept>;
  #position: Position;
  #reaching: Promise<void> | null = null;

  /**
   * @param position what is committed up to here is not told.
   */
  constructor(
    entities: readonly Entity[],
    position: Position,
    read: ReadChanges,
    told: ChangesTold,
  ) {
    this.#position = position;
    this.#read = read;
    this.#told = told;
    this.#kept = new Map(
      entities.map((entity) => [entity, { changes: [], bytes: 0, forgotten: position }]),
    );
  }

  /** Everything up to here has been told. */
  get position(): Position {
    return this.#position;
  }

  /**
   * Takes notice of an own commit.
   * @param changes those of whole transactions that end at `end`, in order.
   */
  add(changes: readonly VersionChange[], end: Position): void {
    // Where others committed in between, all of it is read from the log once someone asks.
    if (changes[0]?.version.position === this.#position + 1) this.#take(changes, end);
  }

  /** Waits until what was committed up to a position is known. */
  async reach(position: Position): Promise<void> {
    while (this.#position < position) {
      this.#reaching ??= this.#readOn(position).finally(() => {
        this.#reaching = null;
      });
      await this.#reaching;
    }
  }

  /** Forgets them: some of what they hold was erased. */
  forget(): void {
    this.#leaveOut(this.#position);
  }

  /**
   * The changes of a kind of record at positions after `after`, up to `upTo`, in order.
   * @returns null when they are not known any more.
   */
  between(entity: Entity, after: Position, upTo: Position): readonly VersionChange[] | null {
    const kept = this.#kept.get(entity);
    if (!kept || after < kept.forgotten || upTo > this.#position) return null;
    const { changes } = kept;
    let begin = changes.length;
    while (begin > 0 && positionOf(changes, begin - 1) > after) begin -= 1;
    let end = changes.length;
    while (end > begin && positionOf(changes, end - 1) > upTo) end -= 1;
    return changes.slice(begin, end);
  }

  async #readOn(position: Position): Promise<void> {
    if (position - this.#position > limits.recentChangesMax) {
      this.#leaveOut(position);
      return;
    }
    const { items, end } = await this.#read(this.#position);
    // An own commit may have come first.
    const later = items.filter(({ version }) => version.position > this.#position);
    if (end > this.#position) this.#take(later, end);
  }

  #take(changes: readonly VersionChange[], end: Position): void {
    for (const change of changes) {
      const kept = this.#kept.get(change.version.entity);
      if (!kept) continue;
      kept.changes.push(change);
      kept.bytes += bytesOfChange(change);
      this.#told.onChange(change);
    }
    this.#position = end;
    for (const kept of this.#kept.values()) forgetOldest(kept);
  }

  #leaveOut(position: Position): void {
    this.#told.onGap();
    this.#position = position;
    for (const kept of this.#kept.values()) {
      kept.changes = [];
      kept.bytes = 0;
      kept.forgotten = position;
    }
  }
}

function forgetOldest(kept: Kept): void {
  const { changes } = kept;
  let count = 0;
  while (
    count < changes.length &&
    (changes.length - count > limits.recentChangesMax || kept.bytes > limits.recentChangesBytesMax)
  ) {
    kept.bytes -= bytesOfChange(changes[count] as VersionChange);
    kept.forgotten = positionOf(changes, count);
    count += 1;
  }
  if (count > 0) kept.changes = changes.slice(count);
}

function positionOf(changes: readonly VersionChange[], place: number): Position {
  return (changes[place] as VersionChange).version.position;
}
