/** Groups worked out naively: from a list of all versions, one record at a time. */
import type { Group, GroupingQuery, GroupValue, RecordFilter, Stats } from '../../src/db/index.ts';
import type { Entity, Version } from '../../src/entities/index.ts';

type Values = Readonly<Record<string, unknown>>;

/** A filter, and the same as a function. */
export interface Condition {
  readonly filter: RecordFilter | undefined;
  readonly accepts: (version: Version) => boolean;
}

const isLive = (version: Version) => version.operation !== 'DELETE';

/** The condition of live records whose values a function accepts. */
export function condition(
  filter: RecordFilter | undefined,
  accepts: (values: Values, version: Version) => boolean,
): Condition {
  return {
    filter,
    accepts: (version) => isLive(version) && accepts(version.values as Values, version),
  };
}

/** The versions that a condition accepts of those in force at a position. */
export function inForce(
  versions: readonly Version[],
  entity: Entity,
  at: number,
  { accepts }: Condition,
): Version[] {
  const newest = new Map<string, Version>();
  for (const version of versions) {
    if (version.entity === entity && version.position <= at) newest.set(version.id, version);
  }
  return [...newest.values()].filter(accepts);
}

/** These records in groups. */
export function groupsOf(
  records: readonly Version[],
  { by, totals = [], stats = [] }: GroupingQuery,
): Group[] {
  const groups = new Map<string, { keys: GroupValue[]; records: Version[] }>();
  for (const record of records) {
    for (const keys of keysOf(record, by)) {
      const name = JSON.stringify(keys);
      const group = groups.get(name) ?? { keys, records: [] };
      group.records.push(record);
      groups.set(name, group);
    }
  }
  return [...groups.values()].sort(compareGroups).map(({ keys, records: members }) => ({
    values: Object.fromEntries(by.map((field, index) => [field, keys[index] ?? null])),
    count: members.length,
    totals: Object.fromEntries(totals.map((field) => [field, Number(total(members, field))])),
    stats: Object.fromEntries(stats.map((field) => [field, statsOf(members, field)])),
  }));
}

/** Every combination of what the record has for each field; of labels each one once. */
function keysOf({ values }: Version, by: readonly string[]): GroupValue[][] {
  return by.reduce<GroupValue[][]>(
    (known, field) => {
      const value = (values as Values)[field];
      const choices = Array.isArray(value) ? [...new Set(value)] : [value ?? null];
      return known.flatMap((keys) =>
        (choices.length > 0 ? choices : [null]).map((choice) => [...keys, choice as GroupValue]),
      );
    },
    [[]],
  );
}

interface Keyed {
  readonly keys: readonly GroupValue[];
  readonly records: readonly Version[];
}

function compareGroups(a: Keyed, b: Keyed): number {
  if (a.records.length !== b.records.length) return b.records.length - a.records.length;
  for (const [index, x] of a.keys.entries()) {
    const y = b.keys[index] ?? null;
    if (x === y) continue;
    if (x === null) return 1;
    if (y === null) return -1;
    // DuckDB compares texts by their UTF-8 bytes.
    return typeof x === 'string'
      ? Buffer.compare(Buffer.from(x), Buffer.from(String(y)))
      : Number(x) - Number(y);
  }
  return 0;
}

function valuesOf(records: readonly Version[], field: string): number[] {
  return records
    .map(({ values }) => (values as Values)[field] as number | null)
    .filter((value) => value !== null);
}

function total(records: readonly Version[], field: string): bigint {
  return valuesOf(records, field).reduce((sum, value) => sum + BigInt(value), 0n);
}

function statsOf(records: readonly Version[], field: string): Stats | null {
  const values = valuesOf(records, field);
  if (values.length === 0) return null;
  const sum = values.every(Number.isInteger)
    ? Number(total(records, field))
    : values.reduce((before, value) => before + value, 0);
  return { min: Math.min(...values), max: Math.max(...values), avg: sum / values.length, sum };
}
