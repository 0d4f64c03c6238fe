/** Random questions about specimens: orders, and filters of every field and operator. */
import fc from 'fast-check';
import { type FilterOperator, operatorsOf, type RecordFilter } from '../../src/db/index.ts';
import type { OrderKey } from '../../src/entities/index.ts';
import { Specimen, smallTexts } from './specimen.ts';

/** Orders by any keys, also by the same again. */
export const orderBy: fc.Arbitrary<OrderKey<never>[]> = fc.array(
  fc.record({
    field: fc.constantFrom(
      ...['ownerId', 'title', 'state', 'rank', 'bytes', 'weight', 'done', 'due'],
      ...['id', 'createdAt', 'updatedAt'],
    ) as fc.Arbitrary<never>,
    direction: fc.constantFrom('asc', 'desc'),
  }),
  { maxLength: 4 },
);

const operandsOf: Record<string, fc.Arbitrary<unknown>> = {
  id: fc.constantFrom('u1', 'u2', 'u', ''),
  text: fc.constantFrom(...smallTexts, 'a%', 'new', 'ne'),
  int: fc.constantFrom(0, 1, 0.5, 2 ** 31 - 1, 2 ** 40, -(2 ** 31)),
  int64: fc.constantFrom(0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  float: fc.constantFrom(0, 0.5, 3, 1e300, -1e300, 2 ** 60, 5e-324),
  boolean: fc.boolean(),
  dateTime: fc.constantFrom(0, -1, 1_700_000_000_000_000),
  labels: fc.constantFrom('', 'a', 'b', 'a,b', 'x'),
};

export function operandFor(kind: string, operator: FilterOperator): fc.Arbitrary<unknown> {
  if (operator === 'isNull' || operator === 'isEmpty') return fc.boolean();
  const one = operandsOf[kind] as fc.Arbitrary<unknown>;
  const isList = ['in', 'notIn', 'hasAny', 'hasAll'].includes(operator);
  return isList ? fc.array(one, { maxLength: 3 }) : one;
}

/** Every field with every operator that its kind has. */
export const conditions = Object.entries(Specimen.fields).flatMap(([name, { kind }]) =>
  operatorsOf[kind].map((operator) => ({ name, kind, operator })),
);
const flatFilter: fc.Arbitrary<RecordFilter> = fc
  .array(
    fc.constantFrom(...conditions).chain(({ name, kind, operator }) =>
      fc.option(operandFor(kind, operator), { freq: 10, nil: undefined }).map((operand) => ({
        [name]: { [operator]: operand },
      })),
    ),
    { maxLength: 3 },
  )
  .map((parts) => {
    const whole: Record<string, object> = {};
    for (const part of parts) {
      for (const [name, operators] of Object.entries(part)) {
        whole[name] = { ...whole[name], ...operators };
      }
    }
    return whole as RecordFilter;
  });
export const { filter } = fc.letrec<{ filter: RecordFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    flatFilter,
    fc.record({ search: fc.constantFrom('', 'A', 'x  b', 'new', 'ä', '%') }),
    fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ not: tie('filter') }),
    fc.record({ not: tie('filter'), or: fc.array(tie('filter'), { maxLength: 2 }) }),
  ),
}));
