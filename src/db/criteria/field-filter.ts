/**
 * What one field of a record can be compared with: the operators of each kind, each as SQL and as a
 * function that decides the same.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { FieldKind } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { BadRequest } from '../shared/problems.ts';
import { isWellFormed } from '../shared/values.ts';
import type { FilterSize } from './filter-size.ts';
import { foldText } from './fold-text.ts';

export type FilterOperator =
  | 'eq'
  | 'ne'
  | 'in'
  | 'notIn'
  | 'contains'
  | 'containsInsensitive'
  | 'startsWith'
  | 'endsWith'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'isNull'
  | 'has'
  | 'hasAny'
  | 'hasAll'
  | 'isEmpty';

/** Some operators and what they compare with. A null operand is refused: isNull asks for it. */
export type FieldFilter = Readonly<Partial<Record<FilterOperator, unknown>>>;

type Ref = RawBuilder<unknown>;

/** What is compared in SQL. */
export interface ComparedColumn {
  readonly ref: Ref;
  /** Its texts folded, as foldText does it. */
  readonly folded: Ref;
}

/** An operator: on a column, and on the value that a version has. */
interface OperatorForms {
  readonly sql: (ref: Ref, operand: never, folded: Ref) => RawBuilder<SqlBool>;
  /** Given the operand once, decides for value after value; a null is the value of no value. */
  readonly test: (operand: never) => (value: never) => boolean;
}

const textOperators: readonly FilterOperator[] = [
  'eq',
  'ne',
  'in',
  'notIn',
  'contains',
  'containsInsensitive',
  'startsWith',
  'endsWith',
  'isNull',
];
const numberOperators: readonly FilterOperator[] = [
  'eq',
  'ne',
  'in',
  'lt',
  'lte',
  'gt',
  'gte',
  'isNull',
];

/** The operators that each kind of field can be filtered by. */
export const operatorsOf: Readonly<Record<FieldKind, readonly FilterOperator[]>> = {
  id: textOperators,
  text: textOperators,
  int: numberOperators,
  int64: numberOperators,
  float: numberOperators,
  boolean: ['eq', 'ne', 'isNull'],
  dateTime: numberOperators,
  labels: ['has', 'hasAny', 'hasAll', 'isEmpty'],
};

type Labels = readonly string[];

/** A null differs from every value, is in no list, and meets nothing else but `isNull`. */
const forms: Readonly<Record<FilterOperator, OperatorForms>> = {
  eq: {
    sql: (ref, operand: unknown) => sql`${ref} = ${operand}`,
    test: (operand: unknown) => (value: unknown) => value === operand,
  },
  ne: {
    sql: (ref, operand: unknown) => sql`${ref} is distinct from ${operand}`,
    test: (operand: unknown) => (value: unknown) => value !== operand,
  },
  in: {
    sql: (ref, operands: readonly unknown[]) => isIn(ref, operands),
    test: (operands: readonly unknown[]) => {
      const known = new Set(operands);
      return (value: unknown) => known.has(value);
    },
  },
  notIn: {
    sql: (ref, operands: readonly unknown[]) => sql`not coalesce(${isIn(ref, operands)}, false)`,
    test: (operands: readonly unknown[]) => {
      const known = new Set(operands);
      return (value: unknown) => !known.has(value);
    },
  },
  contains: {
    sql: (ref, operand: string) => sql`contains(${ref}, ${operand})`,
    test: (operand: string) => (value: string | null) => value?.includes(operand) ?? false,
  },
  containsInsensitive: {
    sql: (_ref, operand: string, folded) => sql`contains(${folded}, ${foldText(operand)})`,
    test: (operand: string) => {
      const wanted = foldText(operand);
      return (value: string | null) => value !== null && foldText(value).includes(wanted);
    },
  },
  startsWith: {
    sql: (ref, operand: string) => sql`starts_with(${ref}, ${operand})`,
    test: (operand: string) => (value: string | null) => value?.startsWith(operand) ?? false,
  },
  endsWith: {
    sql: (ref, operand: string) => sql`ends_with(${ref}, ${operand})`,
    test: (operand: string) => (value: string | null) => value?.endsWith(operand) ?? false,
  },
  lt: {
    sql: (ref, operand: unknown) => sql`${ref} < ${operand}`,
    test: (operand: number) => (value: number | null) => value !== null && value < operand,
  },
  lte: {
    sql: (ref, operand: unknown) => sql`${ref} <= ${operand}`,
    test: (operand: number) => (value: number | null) => value !== null && value <= operand,
  },
  gt: {
    sql: (ref, operand: unknown) => sql`${ref} > ${operand}`,
    test: (operand: number) => (value: number | null) => value !== null && value > operand,
  },
  gte: {
    sql: (ref, operand: unknown) => sql`${ref} >= ${operand}`,
    test: (operand: number) => (value: number | null) => value !== null && value >= operand,
  },
  isNull: {
    sql: (ref, operand: boolean) => (operand ? sql`${ref} is null` : sql`${ref} is not null`),
    test: (operand: boolean) => (value: unknown) => (value === null) === operand,
  },
  has: {
    sql: (ref, operand: string) => sql`list_contains(${ref}, ${operand})`,
    test: (operand: string) => (value: Labels | null) => value?.includes(operand) ?? false,
  },
  hasAny: {
    sql: (ref, operands: Labels) => sql`list_has_any(${ref}, ${list(operands)})`,
    test: (operands: Labels) => (value: Labels | null) =>
      value !== null && operands.some((label) => value.includes(label)),
  },
  hasAll: {
    sql: (ref, operands: Labels) => sql`list_has_all(${ref}, ${list(operands)})`,
    test: (operands: Labels) => (value: Labels | null) =>
      value !== null && operands.every((label) => value.includes(label)),
  },
  isEmpty: {
    sql: (ref, operand: boolean) => sql`(len(${ref}) = 0) = ${operand}`,
    test: (operand: boolean) => (value: Labels | null) =>
      value !== null && (value.length === 0) === operand,
  },
};

/** One operator with what it compares with. */
export interface Comparison {
  readonly operator: FilterOperator;
  readonly operand: unknown;
}

/**
 * The comparisons that a field's filter asks for; all must hold.
 * @param argument where in the request the filter stands, for errors.
 * @param size of the whole filter, to which this is added.
 * @throws BadRequest for an operand that is null or holds one, an operand list or a filter that is
 *   too large, or a text that no record can hold.
 */
export function comparisonsOf(
  argument: string,
  operators: FieldFilter,
  size: FilterSize,
): Comparison[] {
  return Object.entries(operators).flatMap(([operator, operand]) => {
    if (operand === undefined) return [];
    const known = operator as FilterOperator;
    refuseNull(`${argument}.${operator}`, known, operand);
    refuseLongList(`${argument}.${operator}`, operand);
    addSize(size, known, operand);
    refuseMalformed(`${argument}.${operator}`, operand);
    return [{ operator: known, operand }];
  });
}

function addSize(size: FilterSize, operator: FilterOperator, operand: unknown): void {
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const length = values.reduce<number>(
    (all, value) => all + (typeof value === 'string' ? value.length : 0),
    0,
  );
  size.add('values', values.length);
  size.add('characters', length);
  if (operator === 'containsInsensitive') size.add('foldedCharacters', length);
}

/** The comparison of a column, in SQL. */
export function compareColumn(
  { ref, folded }: ComparedColumn,
  { operator, operand }: Comparison,
): RawBuilder<SqlBool> {
  return forms[operator].sql(ref, operand as never, folded);
}

/** The comparison of a value, as a function. */
export function compareValue({ operator, operand }: Comparison): (value: unknown) => boolean {
  const test = forms[operator].test(operand as never);
  return (value) => test(value as never);
}

/**
 * Joined where there are many values: a thousand then cost hardly more than two. But each join costs
 * more the more there are: short lists are looked through.
 */
function isIn(ref: Ref, operands: readonly unknown[]): RawBuilder<SqlBool> {
  if (operands.length === 0) return sql`false`;
  const values = list(operands);
  return operands.length >= limits.filterJoinedListMin
    ? sql`${ref} in (select unnest(${values}))`
    : sql`list_contains(${values}, ${ref})`;
}

/** One text however many values there are: it is bound once, and the statement stays the same. */
function list(operands: readonly unknown[]): RawBuilder<unknown> {
  const type = typeof operands[0] === 'number' ? 'DOUBLE' : 'VARCHAR';
  return sql`from_json(${JSON.stringify(operands)}, ${sql.lit(`["${type}"]`)})`;
}

function refuseNull(argument: string, operator: FilterOperator, operand: unknown): void {
  const nulls = Array.isArray(operand) ? operand.includes(null) : operand === null;
  if (!nulls) return;
  throw new BadRequest(
    argument,
    `must not ${Array.isArray(operand) ? 'hold' : 'be'} null. ${
      helpWithNull[operator] ?? 'Use isNull to ask for fields without a value, or leave it out.'
    }`,
  );
}

const helpWithNull: Readonly<Partial<Record<FilterOperator, string>>> = {
  isNull: 'Give true for fields without a value, false for those with one, or leave it out.',
  has: 'Labels are never null: use isEmpty to ask for none, or leave it out.',
  hasAny: 'Labels are never null: use isEmpty to ask for none, or leave it out.',
  hasAll: 'Labels are never null: use isEmpty to ask for none, or leave it out.',
  isEmpty: 'Give true for no labels, false for some, or leave it out.',
};

function refuseLongList(argument: string, operand: unknown): void {
  if (!Array.isArray(operand) || operand.length <= limits.filterListMax) return;
  throw new BadRequest(
    argument,
    `may hold at most ${limits.filterListMax} values, but held ${operand.length}.`,
  );
}

/** DuckDB would take half of a surrogate pair for U+FFFD, and find what holds that. */
export function refuseMalformed(argument: string, operand: unknown): void {
  const wellFormed = (value: unknown) => typeof value !== 'string' || isWellFormed(value);
  if (Array.isArray(operand) ? operand.every(wellFormed) : wellFormed(operand)) return;
  throw new BadRequest(argument, 'must be well-formed Unicode, but held half of a surrogate pair.');
}
