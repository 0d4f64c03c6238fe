/** The order of a list, and where in it a page goes on (keyset paging). */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import {
  columnOf,
  type Entity,
  type FieldKind,
  fieldValue,
  isNullable,
  type OrderKey,
  type Version,
} from '../../entities/index.ts';
import { compareTexts } from '../shared/text-order.ts';
import { isWellFormed } from '../shared/values.ts';

/** The place of a record in an order: its value for each key. */
export type Place = readonly (string | number | boolean | null)[];

interface OrderColumn {
  readonly column: string;
  readonly descending: boolean;
  readonly nullable: boolean;
  /** Whether a record can have this value there. */
  readonly accepts: (value: unknown) => boolean;
  readonly read: (version: Version) => Place[number];
}

/**
 * A total order of an entity's records: the keys asked for, then the position of the version in
 * force where they tie; comparing those is cheaper than comparing ids. Nulls come last in either
 * direction.
 */
export class Order {
  readonly #columns: readonly OrderColumn[];

  constructor(entity: Entity, keys: readonly OrderKey[]) {
    const columns = keys.map((key) => orderColumn(entity, key));
    const total = columns.some(({ column }) => column === 'position');
    const ties = orderColumn(entity, { field: 'updatedAt', direction: 'asc' });
    this.#columns = total ? columns : [...columns, ties];
  }

  /** Where a record stands. */
  placeOf(version: Version): Place {
    return this.#columns.map((column) => column.read(version));
  }

  /** Whether a place can be one of this order: for each key a value that a record can have. */
  accepts(place: readonly unknown[]): place is Place {
    return (
      place.length === this.#columns.length &&
      this.#columns.every(({ accepts }, index) => accepts(place[index]))
    );
  }

  /**
   * Which of two stands first, decided as `clause` does it for every kind that can be ordered by:
   * texts by their characters, false before true, nulls last.
   * @param a a record's version, or its place; `b` likewise.
   * @returns less than 0 when `a` stands first, more when `b` does; 0 for one version, or one place.
   */
  compare(a: Version | Place, b: Version | Place): number {
    for (const [index, { read, descending }] of this.#columns.entries()) {
      const left = isPlace(a) ? (a[index] ?? null) : read(a);
      const right = isPlace(b) ? (b[index] ?? null) : read(b);
      const ascending = compareNullable(left, right);
      if (ascending === 0) continue;
      return descending && left !== null && right !== null ? -ascending : ascending;
    }
    return 0;
  }

  /** What follows `order by`; backwards for a page that is taken from the end. */
  clause(backward: boolean): RawBuilder<unknown> {
    return sql.raw(this.text(backward));
  }

  /** The same as a text; two orders are the same where their texts are. */
  text(backward = false): string {
    const nulls = backward ? 'first' : 'last';
    return this.#columns
      .map(({ column, descending }) => {
        return `"${column}" ${descending === backward ? 'asc' : 'desc'} nulls ${nulls}`;
      })
      .join(', ');
  }

  /** The columns that it goes by. */
  get columns(): readonly string[] {
    return this.#columns.map(({ column }) => column);
  }

  /**
   * What stands after a place, in stretches that follow each other in this order: those that tie
   * with it in all keys but the last, then in all but the last two, and so on. Each is a
   * conjunction of comparisons, for each of which DuckDB can pass over whole row groups; of the one
   * condition that `beyond` makes it cannot.
   */
  stretchesAfter(place: Place): RawBuilder<SqlBool>[] {
    const stretches = this.#columns.flatMap(({ column, descending, nullable }, index) => {
      const value = place[index] ?? null;
      if (value === null) return [];
      const ties = this.#columns.slice(0, index).map((tied, at) => sameValue(tied, place[at]));
      const compared = sql<SqlBool>`${sql.ref(column)} ${sql.raw(descending ? '<' : '>')} ${value}`;
      const orNull = sql<SqlBool>`(${compared} or ${sql.ref(column)} is null)`;
      return [sql<SqlBool>`(${sql.join([...ties, nullable ? orNull : compared], sql` and `)})`];
    });
    return stretches.reverse();
  }

  /** The condition that a record stands after (or before) a place. */
  beyond(place: Place, backward: boolean): RawBuilder<SqlBool> {
    let condition = sql<SqlBool>`false`;
    for (const [index, column] of [...this.#columns.entries()].reverse()) {
      const value = place[index] ?? null;
      const same = sameValue(column, value);
      const further = beyondValue(sql.ref(column.column), value, column.descending, backward);
      condition = sql<SqlBool>`(${further} or (${same} and ${condition}))`;
    }
    return condition;
  }
}

function isPlace(placed: Version | Place): placed is Place {
  return Array.isArray(placed);
}

/** Compares two values of one field as an ascending order does: nulls are last. */
export function compareNullable<T extends Place[number]>(a: T, b: T): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function sameValue({ column }: OrderColumn, value: Place[number] = null): RawBuilder<SqlBool> {
  return value === null ? sql`${sql.ref(column)} is null` : sql`${sql.ref(column)} = ${value}`;
}

function beyondValue(
  ref: RawBuilder<unknown>,
  value: Place[number],
  descending: boolean,
  backward: boolean,
): RawBuilder<SqlBool> {
  if (value === null) return backward ? sql`${ref} is not null` : sql`false`;
  const operator = sql.raw(descending === backward ? '>' : '<');
  const compared = sql<SqlBool>`${ref} ${operator} ${value}`;
  return backward ? compared : sql`(${compared} or ${ref} is null)`;
}

function orderColumn(entity: Entity, { field: name, direction }: OrderKey): OrderColumn {
  const descending = direction === 'desc';
  // Versions commit in position order, so the position orders by time and never ties.
  if (name === 'updatedAt') {
    const read = (version: Version) => version.position;
    return { column: 'position', descending, nullable: false, accepts: Number.isSafeInteger, read };
  }
  if (name === 'createdAt') {
    const read = (version: Version) => version.createdAt;
    const accepts = Number.isSafeInteger;
    return { column: 'created_idx', descending, nullable: false, accepts, read };
  }
  if (name === 'id') {
    const read = (version: Version) => version.id;
    return { column: 'id', descending, nullable: false, accepts: isText, read };
  }
  const field = entity.fields[name];
  if (!field) throw new TypeError(`${entity.name} has no field "${name}" to order by.`);
  const read = (version: Version) => fieldValue(version, name) as Place[number];
  const nullable = isNullable(field);
  const accepts = (value: unknown) => (value === null ? nullable : acceptedBy[field.kind](value));
  return { column: columnOf(name), descending, nullable, accepts, read };
}

const isText = (value: unknown) => typeof value === 'string' && isWellFormed(value);

/** Which values a field of each kind can have. */
const acceptedBy: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  id: isText,
  text: isText,
  int: Number.isSafeInteger,
  int64: Number.isSafeInteger,
  dateTime: Number.isSafeInteger,
  float: Number.isFinite,
  boolean: (value) => typeof value === 'boolean',
  // Lists have no order.
  labels: () => false,
};
