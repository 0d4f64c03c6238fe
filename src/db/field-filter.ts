/**
 * What one field of a record can be compared with: the operators of each kind, each as SQL and as a
 * function that decides the same.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { FieldKind } from '../entities/index.ts';
import { limits } from './limits.ts';
import { BadRequest } from './problems.ts';
import { isWellFormed } from './values.ts';

export type FilterOperator =
  | 'eq'
  | 'ne'
  | 'in'
  | 'notIn'
  | 'contains'
  | 'startsWith'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'isNull'
  | 'has'
  | 'hasAny'
  | 'hasAll'
  | 'isEmpty';

/** Some operators and what they compare with. A null operand is as if left out. */
export type FieldFilter = Readonly<Partial<Record<FilterOperator, unknown>>>;

type Ref = RawBuilder<unknown>;

/** An operator: on a column, and on the value that a version has. */
interface OperatorForms {
  readonly sql: (ref: Ref, operand: never) => RawBuilder<SqlBool>;
  /** Given the operand once, decides for value after value; a null is the value of no value. */
  readonly test: (operand: never) => (value: never) => boolean;
}

const textOperators: readonly FilterOperator[] = [
  'eq',
  'ne',
  'in',
  'notIn',
  'contains',
  'startsWith',
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
  dateTime: ['lt', 'lte', 'gt', 'gte'],
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
  startsWith: {
    sql: (ref, operand: string) => sql`starts_with(${ref}, ${operand})`,
    test: (operand: string) => (value: string | null) => value?.startsWith(operand) ?? false,
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
 * @throws BadRequest for an operand list that is too long, or a text that no record can hold.
 */
export function comparisonsOf(argument: string, operators: FieldFilter): Comparison[] {
  return Object.entries(operators).flatMap(([operator, operand]) => {
    if (operand === null || operand === undefined) return [];
    refuseLongList(`${argument}.${operator}`, operand);
    refuseMalformed(`${argument}.${operator}`, operand);
    return [{ operator: operator as FilterOperator, operand }];
  });
}

/** The comparison of a column, in SQL. */
export function compareColumn(ref: Ref, { operator, operand }: Comparison): RawBuilder<SqlBool> {
  return forms[operator].sql(ref, operand as never);
}

/** The comparison of a value, as a function. */
export function compareValue({ operator, operand }: Comparison): (value: unknown) => boolean {
  const test = forms[operator].test(operand as never);
  return (value) => test(value as never);
}

/** Joined rather than compared one by one: a thousand values cost hardly more than two. */
function isIn(ref: Ref, operands: readonly unknown[]): RawBuilder<SqlBool> {
  if (operands.length === 0) return sql`false`;
  const type = typeof operands[0] === 'number' ? 'double' : 'varchar';
  return sql`${ref} in (select unnest([${sql.join(operands)}]::${sql.raw(type)}[]))`;
}

function list(operands: readonly string[]): RawBuilder<unknown> {
  return sql`[${sql.join(operands)}]::varchar[]`;
}

function refuseLongList(argument: string, operand: unknown): void {
  if (!Array.isArray(operand) || operand.length <= limits.filterListMax) return;
  throw new BadRequest(
    argument,
    `may hold at most ${limits.filterListMax} values, but held ${operand.length}.`,
  );
}

/** DuckDB would take half of a surrogate pair for U+FFFD, and find what holds that. */
export function refuseMalformed(argument: string, operand: unknown): void {
  const texts = [operand].flat().filter((value) => typeof value === 'string');
  if (texts.every(isWellFormed)) return;
  throw new BadRequest(argument, 'must be well-formed Unicode, but held half of a surrogate pair.');
}
