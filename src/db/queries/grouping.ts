/** What groups are made of, in SQL: one row per version and group that the version counts in. */
import { type RawBuilder, sql } from 'kysely';
import { columnOf, type Entity, type Field } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import { BadRequest } from '../shared/problems.ts';
import { compileFilter } from './filter-sql.ts';

export type GroupValue = string | number | boolean | null;

/** Of the records that have a value: numbers that are not finite are null. */
export interface Stats {
  readonly min: number;
  readonly max: number;
  readonly avg: number | null;
  readonly sum: number | null;
}

export interface Group {
  /** By field what the records of the group have in common; of a list of labels one of them. */
  readonly values: Readonly<Record<string, GroupValue>>;
  readonly count: number;
  /** Sums by field, of those asked for; a null counts as 0. */
  readonly totals: Readonly<Record<string, number>>;
  /** By field, of those asked for; null where no record of the group has a value. */
  readonly stats: Readonly<Record<string, Stats | null>>;
}

/** What is grouped, and how. */
export interface GroupingQuery {
  /** Fields, of the entity's groups.by. */
  readonly by: readonly string[];
  readonly filter?: RecordFilter | undefined;
  /** Fields whose sum is wanted, of the entity's groups.totals. */
  readonly totals?: readonly string[] | undefined;
  /** Fields whose stats are wanted, of the entity's groups.stats. */
  readonly stats?: readonly string[] | undefined;
}

/** A row of an answer: by column. */
export type GroupRow = Readonly<Record<string, GroupValue | bigint>>;

/**
 * The columns of a grouping. They are named by their place, so that none is called as a field is:
 * `key_0` is the first of `by`, `total_0` the first of `totals`, `value_0` the first of `stats`.
 */
export class Grouping {
  readonly #entity: Entity;
  readonly #query: GroupingQuery;

  /** @throws BadRequest for a field that is given twice, or that is not one of the entity's. */
  constructor(entity: Entity, query: GroupingQuery) {
    this.#entity = entity;
    this.#query = query;
    for (const part of ['by', 'totals', 'stats'] as const) {
      const known = entity.groups[part].map(({ field }) => field);
      refuseTwice(part, query[part] ?? []);
      const unknown = query[part]?.find((name) => !known.includes(name));
      if (unknown !== undefined) {
        const message = `must be of ${known.join(', ') || 'no field'}, but held "${unknown}".`;
        throw new BadRequest(part, message);
      }
    }
  }

  get keys(): readonly RawBuilder<unknown>[] {
    return columns('key', this.#query.by);
  }

  get totals(): readonly RawBuilder<unknown>[] {
    return columns('total', this.#query.totals);
  }

  /** The columns of the values that stats are made of, and whether they are floats. */
  get values(): readonly { readonly column: RawBuilder<unknown>; readonly isFloat: boolean }[] {
    const names = this.#query.stats ?? [];
    return columns('value', names).map((column, index) => ({
      column,
      isFloat: this.#entity.fields[names[index] as string]?.kind === 'float',
    }));
  }

  /**
   * The rows of those versions that the filter admits: keys, totals and values, and more. A record
   * counts once per label; without labels it counts for null.
   * @param versions a query of whole versions.
   * @param more further columns of that query to keep.
   */
  rows(versions: RawBuilder<unknown>, more: readonly string[] = []): RawBuilder<unknown> {
    const { by, filter, totals = [], stats = [] } = this.#query;
    let source = sql`
      select * from (${versions}) as version where ${compileFilter(this.#entity, filter ?? {})}`;
    const keys = by.map((name, index) => {
      const ref = sql.ref(columnOf(name));
      if ((this.#entity.fields[name] as Field).kind !== 'labels') return ref;
      // No field's column can be called that.
      const label = sql.ref(`_label_${index}`);
      source = sql`
        select *, unnest(if(len(${ref}) = 0, [null]::varchar[], list_distinct(${ref}))) as ${label}
        from (${source})`;
      return label;
    });
    const named = [
      ...keys.map((key, index) => sql`${key} as ${sql.ref(`key_${index}`)}`),
      ...totals.map((name, index) => {
        const total = sql.ref(`total_${index}`);
        return sql`coalesce(${sql.ref(columnOf(name))}, 0)::bigint as ${total}`;
      }),
      ...stats.map((name, index) => {
        return sql`${sql.ref(columnOf(name))} as ${sql.ref(`value_${index}`)}`;
      }),
      ...more.map((name) => sql.ref(name)),
    ];
    return sql`select ${named.length > 0 ? sql.join(named) : sql`1`} from (${source})`;
  }

  /** What follows `order by`: the largest group first, then by the keys, nulls last. */
  get order(): RawBuilder<unknown> {
    const keys = this.keys.map((key) => sql`${key} nulls last`);
    return sql.join([sql`count desc`, ...keys]);
  }

  /** The group in a row that has keys, `count` and totals. */
  groupOf(row: GroupRow, statsAt: (index: number) => Stats | null): Group {
    const { by, totals = [], stats = [] } = this.#query;
    return {
      values: named(by, (index) => row[`key_${index}`] as GroupValue),
      count: Number(row.count),
      totals: named(totals, (index) => Number(row[`total_${index}`])),
      stats: named(stats, statsAt),
    };
  }

  /** Names a row's group among all others. */
  keyOf(row: GroupRow): string {
    return JSON.stringify(this.#query.by.map((_, index) => row[`key_${index}`]));
  }
}

/** The stats of the values with an index, from columns that statsColumns selects. */
export function statsOf(row: GroupRow, index: number): Stats | null {
  const counted = Number(row[`counted_${index}`]);
  if (counted === 0) return null;
  const sum = Number(row[`sum_${index}`]);
  return {
    min: row[`min_${index}`] as number,
    max: row[`max_${index}`] as number,
    avg: finite(sum / counted),
    sum: finite(sum),
  };
}

/**
 * Selects what statsOf reads.
 * @param times how often each row's value occurs; once without it.
 */
export function statsColumns(
  { column, isFloat }: Grouping['values'][number],
  index: number,
  times?: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const value = times ? sql`${column} * ${times}` : column;
  // Floats add up differently in every order unless what each addition loses is kept.
  const sum = isFloat ? sql`fsum(${value})` : sql`sum(${value})`;
  const counted = times
    ? sql`coalesce(sum(${times}) filter (${column} is not null), 0)`
    : sql`count(${column})`;
  return sql`
    min(${column}) as ${sql.ref(`min_${index}`)}, max(${column}) as ${sql.ref(`max_${index}`)},
    ${sum} as ${sql.ref(`sum_${index}`)}, ${counted} as ${sql.ref(`counted_${index}`)}`;
}

function columns(prefix: string, names: readonly string[] = []): RawBuilder<unknown>[] {
  return names.map((_, index) => sql.ref(`${prefix}_${index}`));
}

function named<T>(names: readonly string[], read: (index: number) => T): Record<string, T> {
  return Object.fromEntries(names.map((name, index) => [name, read(index)]));
}

function refuseTwice(argument: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new BadRequest(argument, `may hold "${twice}" only once.`);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
