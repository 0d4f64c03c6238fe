/**
 * Groups in memory: what changes make of counts that are known, where SQL (`grouping.ts`) would
 * count all records anew.
 */
import { type Entity, fieldValue, type Version } from '../../entities/index.ts';
import { matcherOf } from '../criteria/filter-match.ts';
import { compareNullable } from '../criteria/order.ts';
import type { VersionChange } from '../log/version-change.ts';
import { limits } from '../shared/limits.ts';
import type { Group, GroupingQuery, GroupValue } from './grouping.ts';

type Values = Group['values'];

interface Counted {
  readonly values: Values;
  count: number;
  readonly totals: Record<string, number>;
}

/** Counts that changes are added to, in order. */
export class GroupTally {
  readonly #matches: (version: Version) => boolean;
  readonly #by: readonly string[];
  readonly #totals: readonly string[];
  readonly #counted: Map<string, Counted>;
  /** Whether each sum was a safe integer at each step, the first included. */
  #exact: boolean;

  /** @param groups all there are before the changes; without stats, which no change tells. */
  constructor(entity: Entity, query: GroupingQuery, groups: readonly Group[]) {
    this.#matches = matcherOf(entity, query.filter ?? {});
    this.#by = query.by;
    this.#totals = query.totals ?? [];
    this.#counted = new Map(
      groups.map(({ values, count, totals }) => [
        this.#keyOf(values),
        { values, count, totals: { ...totals } },
      ]),
    );
    this.#exact = groups.every(({ totals }) => Object.values(totals).every(Number.isSafeInteger));
  }

  add({ version, previous }: VersionChange): void {
    if (previous && this.#matches(previous)) this.#count(previous, -1);
    if (this.#matches(version)) this.#count(version, 1);
  }

  /**
   * The groups as queryGroups would give them.
   * @returns null where they cannot be told: too many of them, or sums past the safe integers.
   */
  answer(): Group[] | null {
    const groups: Group[] = [];
    for (const { values, count, totals } of this.#counted.values()) {
      if (count > 0) groups.push({ values, count, totals, stats: {} });
    }
    if (!this.#exact || groups.length > limits.groupsMax) return null;
    return groups.sort((a, b) => b.count - a.count || this.#compareValues(a.values, b.values));
  }

  #count(version: Version, times: 1 | -1): void {
    for (const values of this.#groupsOf(version)) {
      const key = this.#keyOf(values);
      let counted = this.#counted.get(key);
      if (!counted) {
        counted = { values, count: 0, totals: Object.fromEntries(this.#totals.map((t) => [t, 0])) };
        this.#counted.set(key, counted);
      }
      counted.count += times;
      for (const name of this.#totals) {
        const value = (fieldValue(version, name) ?? 0) as number;
        const total = (counted.totals[name] ?? 0) + times * value;
        counted.totals[name] = total;
        this.#exact &&= Number.isSafeInteger(total);
      }
    }
  }

  /** One group for each label; without labels the one of null. */
  #groupsOf(version: Version): Values[] {
    let groups: Values[] = [{}];
    for (const name of this.#by) {
      const members = membersOf(fieldValue(version, name) as GroupValue | readonly string[]);
      groups = groups.flatMap((values) => members.map((member) => ({ ...values, [name]: member })));
    }
    return groups;
  }

  #keyOf(values: Values): string {
    return JSON.stringify(this.#by.map((name) => values[name]));
  }

  #compareValues(a: Values, b: Values): number {
    for (const name of this.#by) {
      const order = compareNullable(a[name] as GroupValue, b[name] as GroupValue);
      if (order !== 0) return order;
    }
    return 0;
  }
}

/** What a value counts for: of labels each once, or null where there are none. */
function membersOf(value: GroupValue | readonly string[]): readonly GroupValue[] {
  if (!Array.isArray(value)) return [value as GroupValue];
  return value.length > 0 ? [...new Set(value)] : [null];
}
