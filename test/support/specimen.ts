/** An entity with a field of every kind, and random values for it. */
import fc from 'fast-check';
import {
  type CreateValues,
  defineEntity,
  field,
  type Operation,
  type Version,
} from '../../src/entities/index.ts';

export const Specimen = defineEntity({
  name: 'Specimen',
  description: 'One field of every kind.',
  fields: {
    ownerId: field.id({ description: 'An id.' }),
    title: field.text({ description: 'A text that may be null.' }),
    state: field.text({ description: 'A text that has a default.', default: 'new' }),
    rank: field.int({ description: 'A 32-bit integer.' }),
    bytes: field.int64({ description: 'A large integer.' }),
    weight: field.float({ description: 'A number.' }),
    done: field.boolean({ description: 'True or false.' }),
    due: field.dateTime({ description: 'A moment.' }),
    labels: field.labels({ description: 'Labels.' }),
  },
});

/** Few different values, so that many records tie, and the edges of every kind. */
export const smallTexts = ['', 'a', 'ab', 'b', 'B', 'ä', 'zz', '\u{ffee}', '\u{1f600}', "'%_\\"];
const labelTexts = ['', 'a', 'b', 'a,b', 'ä', '"'];

function orNull<T>(values: readonly T[]): fc.Arbitrary<T | null> {
  return fc.constantFrom(null, ...values);
}

const kinds = {
  ownerId: orNull(['u1', 'u2']),
  title: orNull(smallTexts),
  state: fc.constantFrom('new', 'open', 'done'),
  rank: orNull([0, 1, -1, 7, 2 ** 31 - 1, -(2 ** 31)]),
  bytes: orNull([0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]),
  weight: orNull([0, 0.5, -0.5, 3, 1e300, -1e300, 2 ** 60, 5e-324]),
  done: orNull([true, false]),
  due: orNull([0, 1_700_000_000_000_000, -1]),
  labels: fc.uniqueArray(fc.constantFrom(...labelTexts), { maxLength: 3 }),
};

/** Values for a field, as filters compare with them. */
export const specimenValue = (name: keyof typeof kinds): fc.Arbitrary<unknown> => kinds[name];

/** All values of a specimen, nulls among them. */
export const specimenValues: fc.Arbitrary<CreateValues<typeof Specimen>> = fc.record(kinds);

/** Some of its values. */
export const specimenPatch = fc.record(kinds, { requiredKeys: [] });

/** A version as the log has it, with made-up times. */
export function specimenVersion(
  id: string,
  position: number,
  values: object,
  operation: Operation = 'CREATE',
): Version<typeof Specimen> {
  const committedAt = position * 10;
  const about = { transactionId: position, committedAt, createdAt: committedAt, revision: 1 };
  const version = { entity: Specimen, id, position, operation, ...about };
  return { ...version, previousPosition: null, values } as never;
}
