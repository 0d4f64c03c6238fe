/** What one field of a record can be compared with: the operators of each kind, and their SQL. */
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
type Compile = (ref: Ref, operand: never) => RawBuilder<SqlBool>;

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

/** A null differs from every value, and is in no list. */
const compilers: Readonly<Record<FilterOperator, Compile>> = {
  eq: (ref, operand: unknown) => sql`${ref} = ${operand}`,
  ne: (ref, operand: unknown) => sql`${ref} is distinct from ${operand}`,
  in: (ref, operands: readonly unknown[]) => isIn(ref, operands),
  notIn: (ref, operands: readonly unknown[]) => sql`not coalesce(${isIn(ref, operands)}, false)`,
  contains: (ref, operand: string) => sql`contains(${ref}, ${operand})`,
  startsWith: (ref, operand: string) => sql`starts_with(${ref}, ${operand})`,
  lt: (ref, operand: unknown) => sql`${ref} < ${operand}`,
  lte: (ref, operand: unknown) => sql`${ref} <= ${operand}`,
  gt: (ref, operand: unknown) => sql`${ref} > ${operand}`,
  gte: (ref, operand: unknown) => sql`${ref} >= ${operand}`,
  isNull: (ref, operand: boolean) => (operand ? sql`${ref} is null` : sql`${ref} is not null`),
  has: (ref, operand: string) => sql`list_contains(${ref}, ${operand})`,
  hasAny: (ref, operands: readonly string[]) => sql`list_has_any(${ref}, ${list(operands)})`,
  hasAll: (ref, operands: readonly string[]) => sql`list_has_all(${ref}, ${list(operands)})`,
  isEmpty: (ref, operand: boolean) => sql`(len(${ref}) = 0) = ${operand}`,
};

/**
 * The conditions that a column's value meets the operators; all must hold.
 * @param argument where in the request the operators stand, for errors.
 * @throws BadRequest for an operand list that is too long, or a text that no record can hold.
 */
export function compileOperators(
  argument: string,
  ref: Ref,
  operators: FieldFilter,
): RawBuilder<SqlBool>[] {
  const conditions: RawBuilder<SqlBool>[] = [];
  for (const [operator, operand] of Object.entries(operators)) {
    if (operand === null || operand === undefined) continue;
    refuseLongList(`${argument}.${operator}`, operand);
    refuseMalformed(`${argument}.${operator}`, operand);
    conditions.push(compilers[operator as FilterOperator](ref, operand as never));
  }
  return conditions;
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
