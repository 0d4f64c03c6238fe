/**
 * The versions that the replica has applied and not merged yet, in memory: pages lay them over what
 * DuckDB answers from the merged tables, which then need not be joined with the delta.
 */
import type { Entity, Position, Version } from '../../entities/index.ts';
import type { Order } from '../criteria/order.ts';
import { turns } from '../shared/turns.ts';

/** Versions put in order before other work gets a turn. */
const sortedPerTurn = 1_024;
/** Most orders in which they are kept. */
const ordersMax = 4;

export class Unmerged {
  readonly #rowsMax: number;
  readonly #byEntity = new Map<Entity, UnmergedVersions>();
  #rows = 0;
  /** The last version that was too many to be kept, until it is merged; 0 when none is missing. */
  #lost = 0;

  /** @param rowsMax how many versions are kept; while there are more, none are. */
  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  /** Takes versions that are being applied, in the order of their positions. */
  add(versions: readonly Version[]): void {
    this.#rows += versions.length;
    if (this.#rows > this.#rowsMax) {
      this.#lost = versions.at(-1)?.position ?? this.#lost;
      this.#byEntity.clear();
      this.#rows = 0;
      return;
    }
    for (const version of versions) {
      const { entity } = version;
      const known = this.#byEntity.get(entity) ?? new UnmergedVersions([]);
      known.add(version);
      this.#byEntity.set(entity, known);
    }
  }

  /** Forgets what has been merged. Who reads already goes on with what it was given. */
  forget(upTo: Position): void {
    if (this.#lost <= upTo) this.#lost = 0;
    this.#rows = 0;
    for (const [entity, versions] of this.#byEntity) {
      const left = versions.after(upTo);
      this.#byEntity.set(entity, left);
      this.#rows += left.size;
    }
  }

  /**
   * What is not merged of an entity; null when there is more than is kept. Of use for reads up to
   * the watermark of this moment, whatever is added or merged while they last.
   */
  of(entity: Entity): UnmergedVersions | null {
    if (this.#lost > 0) return null;
    return this.#byEntity.get(entity) ?? new UnmergedVersions([]);
  }
}

/** Versions of one entity that follow the merged ones without a gap. */
export class UnmergedVersions {
  readonly #versions: Version[] = [];
  readonly #supersededAt = new Map<Position, Position>();
  readonly #sorted: Map<string, SortedVersions>;

  constructor(versions: readonly Version[], sorted = new Map<string, SortedVersions>()) {
    for (const version of versions) this.add(version);
    this.#sorted = sorted;
  }

  get size(): number {
    return this.#versions.length;
  }

  add(version: Version): void {
    this.#versions.push(version);
    if (version.previousPosition !== null) {
      this.#supersededAt.set(version.previousPosition, version.position);
    }
  }

  /** Whether one of them had superseded the version at a position by then. */
  supersedes(position: Position, at: Position): boolean {
    return (this.#supersededAt.get(position) ?? Number.POSITIVE_INFINITY) <= at;
  }

  /** Those after a position, as a list of their own. */
  after(position: Position): UnmergedVersions {
    const isLater = (version: Version) => version.position > position;
    const sorted = new Map<string, SortedVersions>();
    for (const [key, { list, last }] of this.#sorted) {
      if (last > position) sorted.set(key, { list: list.filter(isLater), last });
    }
    return new UnmergedVersions(this.#versions.filter(isLater), sorted);
  }

  /** All of them in an order, those included that were superseded. */
  async inOrder(order: Order): Promise<readonly Version[]> {
    const key = order.text();
    for (;;) {
      const known = this.#sorted.get(key) ?? { list: [], last: 0 };
      const begin = firstIndex(this.#versions, ({ position }) => position > known.last);
      const next = this.#versions.slice(begin, begin + sortedPerTurn);
      const last = next.at(-1)?.position;
      if (last === undefined) return known.list;
      const list = insertAll(
        known.list,
        next.sort((a, b) => order.compare(a, b)),
        order,
      );
      this.#keep(key, { list, last });
      await turns.yield();
    }
  }

  #keep(key: string, sorted: SortedVersions): void {
    this.#sorted.delete(key);
    this.#sorted.set(key, sorted);
    const [oldest] = this.#sorted.keys();
    if (oldest !== undefined && this.#sorted.size > ordersMax) this.#sorted.delete(oldest);
  }
}

interface SortedVersions {
  readonly list: readonly Version[];
  /** The position of the last version that is among them. */
  readonly last: number;
}

/** A new list of both, each of which is in order. */
function insertAll(
  list: readonly Version[],
  added: readonly Version[],
  order: Order,
): readonly Version[] {
  const all: Version[] = [];
  let from = 0;
  for (const version of added) {
    const place = firstIndex(list, (other) => order.compare(other, version) > 0, from);
    for (; from < place; from += 1) all.push(list[from] as Version);
    all.push(version);
  }
  for (; from < list.length; from += 1) all.push(list[from] as Version);
  return all;
}

/** The index of the first that meets a condition, as all after it do; the length when none does. */
export function firstIndex<T>(list: readonly T[], meets: (value: T) => boolean, from = 0): number {
  let [low, high] = [from, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (meets(list[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
