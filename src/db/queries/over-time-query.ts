/**
 * Groups as they stood at many positions, in one pass over the log: a version counts for its group
 * from the first point at which it was in force, and no longer from the first point at which it
 * was superseded. Joining the points to the intervals would count it once per point instead.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Entity, Position } from '../../entities/index.ts';
import type { ReadSource, Replica } from '../replica/replica.ts';
import { limits } from '../shared/limits.ts';
import { BadRequest } from '../shared/problems.ts';
import { turns } from '../shared/turns.ts';
import {
  type Group,
  Grouping,
  type GroupingQuery,
  type GroupRow,
  type Stats,
  statsColumns,
  statsOf,
} from './grouping.ts';
import { inForceBetween } from './in-force.ts';

export interface OverTimeQuery extends GroupingQuery {
  /** The moments, in any order. */
  readonly positions: readonly Position[];
}

/** The records that matched at one moment. */
export interface TimePoint {
  readonly count: number;
  /** The largest first; those of one size by their values, nulls last. None without `by`. */
  readonly groups: readonly Group[];
}

/**
 * Counts the records that match, in groups, at each of the positions.
 * @returns a point per position, in their order.
 * @throws BadRequest when the points have more than limits.timeGroupsMax groups in all.
 */
export async function queryOverTime(
  replica: Replica,
  entity: Entity,
  query: OverTimeQuery,
): Promise<TimePoint[]> {
  const grouping = new Grouping(entity, query);
  // Where nothing was committed between two moments, one point serves both.
  const positions = [...new Set(query.positions)].sort((a, b) => a - b);
  const last = positions.at(-1);
  if (last === undefined) return [];
  const points = await replica.readAt(last, async (source) => {
    const series = new Series(replica, entity, query, positions, source);
    const [rows, counts, stats] = await Promise.all([
      series.groups(),
      series.counts(),
      Promise.all((query.stats ?? []).map((field) => series.stats(field))),
    ]);
    const groups = await groupsByPlace(grouping, rows, stats);
    return positions.map((_, place) => ({
      count: counts?.get(place) ?? sum(groups.get(place) ?? []),
      groups: query.by.length > 0 ? (groups.get(place) ?? []) : [],
    }));
  });
  const byPosition = new Map(positions.map((position, place) => [position, points[place]]));
  const answer = query.positions.map((position) => byPosition.get(position) as TimePoint);
  refuseTooMany(answer.reduce((all, { groups }) => all + groups.length, 0));
  return answer;
}

type PlaceRow = GroupRow & { readonly place: bigint };

/** One series of points, each known by its place among them, the earliest first. */
class Series {
  readonly #replica: Replica;
  readonly #entity: Entity;
  readonly #query: OverTimeQuery;
  readonly #positions: readonly Position[];
  readonly #source: ReadSource;

  constructor(
    replica: Replica,
    entity: Entity,
    query: OverTimeQuery,
    positions: readonly Position[],
    source: ReadSource,
  ) {
    this.#replica = replica;
    this.#entity = entity;
    this.#query = query;
    this.#positions = positions;
    this.#source = source;
  }

  /** The groups of each point, with counts and totals, in their order. */
  groups(): Promise<readonly PlaceRow[]> {
    const { by, filter, totals } = this.#query;
    return this.#groups(new Grouping(this.#entity, { by, filter, totals }));
  }

  async #groups(grouping: Grouping): Promise<readonly PlaceRow[]> {
    const { rows } = await sql<PlaceRow>`
      ${this.#spread(grouping)}
      select * from _spread order by place, ${grouping.order}
      limit ${sql.lit(limits.timeGroupsMax + 1)}`.execute(this.#replica.kysely);
    refuseTooMany(rows.length);
    return rows;
  }

  /**
   * How many records each point has, by place; null when that is the sum of its groups. It is not
   * where a record may be in several.
   */
  async counts(): Promise<ReadonlyMap<number, number> | null> {
    const { by, filter } = this.#query;
    if (by.every((name) => this.#entity.fields[name]?.kind !== 'labels')) return null;
    const rows = await this.#groups(new Grouping(this.#entity, { by: [], filter }));
    const counts = new Map(rows.map(({ place, count }) => [Number(place), Number(count)]));
    return new Map(this.#positions.map((_, place) => [place, counts.get(place) ?? 0]));
  }

  /**
   * The stats of a field, by placeKey. Neither least nor greatest value can be had from running
   * sums: how often each value occurs can, and they follow from that.
   */
  async stats(field: string): Promise<ReadonlyMap<string, Stats | null>> {
    const { by, filter } = this.#query;
    const grouping = new Grouping(this.#entity, { by, filter, stats: [field] });
    const columns = grouping.values.map((value) => statsColumns(value, 0, sql`count`));
    const { rows } = await sql<PlaceRow>`
      ${this.#spread(grouping)}
      select ${sql.join([...grouping.keys, sql`place`, ...columns])} from _spread
      group by ${sql.join([...grouping.keys, sql`place`])}
      limit ${sql.lit(limits.timeGroupsMax + 1)}`.execute(this.#replica.kysely);
    return new Map(
      await turns.map(rows, (row) => [placeKey(grouping, row), statsOf(row, 0)] as const),
    );
  }

  /**
   * What every query of the series begins with; it ends in `_spread`: per point and group, and per
   * value where stats are wanted, the count and the totals. No table is called as these parts are.
   */
  #spread(grouping: Grouping): RawBuilder<unknown> {
    const [first, last] = [this.#positions[0] as Position, this.#positions.at(-1) as Position];
    const versions = inForceBetween(this.#replica.table(this.#entity), first, last, this.#source);
    const rows = grouping.rows(versions, ['position', 'until_position']);
    const told = [...grouping.keys, ...grouping.values.map(({ column }) => column)];
    const kept = (columns: readonly RawBuilder<unknown>[]) => sql.join([...told, ...columns]);
    const { totals } = grouping;
    const changed = [sql`sum(sign)`, ...totals.map((total) => sql`sum(sign * ${total})`)];
    const partition = told.length > 0 ? sql`partition by ${sql.join(told)}` : sql``;
    const distances = this.#positions.map((position) => position - first);
    const shift = sql.lit(cellShift(last - first, distances.length));
    // What happened before the first point shows there.
    const reached = (position: string) =>
      sql`greatest(${sql.ref(position)} - ${first}, 0) as reached`;
    return sql`
      with _points as (
        select row_number() over by_distance - 1 as place, distance as until_there,
          lag(distance, 1, -1) over by_distance + 1 as from_there
        from (select unnest(${JSON.stringify(distances)}::bigint[]) as distance)
        window by_distance as (order by distance)
      ),
      _cells as materialized (
        select *, unnest(range(from_there >> ${shift}, (until_there >> ${shift}) + 1)) as cell
        from _points
      ),
      _events as (
        select ${kept([...totals, reached('position'), sql`1 as sign`])} from (${rows})
        union all
        select ${kept([...totals, reached('until_position'), sql`-1`])} from (${rows})
      ),
      _changes as (
        select ${kept([sql`place`, sql`sum(sign) as count`, ...sums(totals, sql`sign * `)])}
        from _events join _cells
        on reached >> ${shift} = cell and reached between from_there and until_there
        group by ${kept([sql`place`])}
        having ${sql.join(
          changed.map((change) => sql`${change} <> 0`),
          sql` or `,
        )}
      ),
      _running as (
        select ${kept([
          sql`place as since`,
          sql`lead(place, 1, ${sql.lit(this.#positions.length)}) over series as until`,
          sql`sum(count) over series as count`,
          ...totals.map((total) => sql`sum(${total}) over series as ${total}`),
        ])}
        from _changes window series as (${partition} order by place)
      ),
      _spread as (
        select ${kept([
          sql`count::bigint as count`,
          ...totals,
          sql`unnest(range(since, until)) as place`,
        ])}
        from _running where count > 0
      )`;
  }
}

function sums(totals: readonly RawBuilder<unknown>[], times: RawBuilder<unknown>) {
  return totals.map((total) => sql`sum(${times}${total}) as ${total}`);
}

/**
 * Versions are joined to points by cells of equal width, as DuckDB joins by hashing only where
 * something is equal. As many bits are cut off a distance as leave about two cells per point: then
 * few candidates share a cell, and there are few cells.
 */
function cellShift(distanceMax: number, points: number): number {
  return Math.max(0, Math.floor(Math.log2(Math.max(1, distanceMax) / (2 * points))));
}

async function groupsByPlace(
  grouping: Grouping,
  rows: readonly PlaceRow[],
  stats: readonly ReadonlyMap<string, Stats | null>[],
): Promise<Map<number, Group[]>> {
  const groups = new Map<number, Group[]>();
  for (const row of rows) {
    if (turns.over) await turns.next(null);
    const place = Number(row.place);
    const key = stats.length > 0 ? placeKey(grouping, row) : '';
    const group = grouping.groupOf(row, (index) => stats[index]?.get(key) ?? null);
    const known = groups.get(place);
    if (known) known.push(group);
    else groups.set(place, [group]);
  }
  return groups;
}

function placeKey(grouping: Grouping, row: PlaceRow): string {
  return `${row.place} ${grouping.keyOf(row)}`;
}

function sum(groups: readonly Group[]): number {
  return groups.reduce((all, { count }) => all + count, 0);
}

function refuseTooMany(groups: number): void {
  if (groups <= limits.timeGroupsMax) return;
  const message =
    `gives more than ${limits.timeGroupsMax} groups at all points together. ` +
    'Name fewer fields, ask for fewer points, or filter.';
  throw new BadRequest('by', message);
}
