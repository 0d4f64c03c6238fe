/**
 * A field of an entity: its kind, whether it may be missing, and its limits. Plain data: what a
 * kind means to SQLite, DuckDB or GraphQL is said in the layer that knows that system.
 */

import { fileField } from './file-field.ts';

/** The JavaScript value that each kind of field holds when it is not null. */
export interface KindValues {
  /** An opaque identifier, matched but never searched. */
  id: string;
  text: string;
  /** A 32-bit integer. */
  int: number;
  /** An integer up to 2^53 - 1, such as a size in bytes. */
  int64: number;
  float: number;
  boolean: boolean;
  /** Microseconds since 1970-01-01T00:00:00Z. */
  dateTime: number;
  /** A list of short texts; their order is kept. */
  labels: readonly string[];
}
export type FieldKind = keyof KindValues;

/**
 * - `optional`: null when it was never given.
 * - `required`: has to be given at creation and is never null.
 * - `defaulted`: takes its default at creation when it is not given and is never null.
 */
export type Presence = 'optional' | 'required' | 'defaulted';

export interface Field<Kind extends FieldKind = FieldKind, Given extends Presence = Presence> {
  readonly kind: Kind;
  readonly presence: Given;
  /** What the field means: GraphiQL shows it. */
  readonly description: string;
  readonly default: KindValues[Kind] | null;
  /** Set by the server, never by a client's input: a file's size, say. */
  readonly derived: boolean;
  /** Names contents that the log keeps, by their SHA-256 in hexadecimal. */
  readonly contents: boolean;
  /** Longest text, or longest single label, in characters (Unicode code points). */
  readonly lengthMax: number;
  /** Most labels in a list. */
  readonly countMax: number;
  /** Smallest number. */
  readonly min: number;
  /** Largest number. */
  readonly max: number;
}

/** The limits of a field whose definition names none. */
const fieldLimits = {
  idLengthMax: 256,
  textLengthMax: 65_536,
  labelLengthMax: 256,
  labelCountMax: 100,
  intMin: -2_147_483_648,
  intMax: 2_147_483_647,
} as const;

interface Common<Kind extends FieldKind> {
  readonly description: string;
  readonly required?: boolean;
  readonly default?: KindValues[Kind];
  readonly derived?: boolean;
}
interface WithLength {
  readonly lengthMax?: number;
}
interface WithContents {
  readonly contents?: boolean;
}
interface WithRange {
  readonly min?: number;
  readonly max?: number;
}
type PresenceOf<Options> = Options extends { required: true }
  ? 'required'
  : Options extends { default: NonNullable<unknown> }
    ? 'defaulted'
    : 'optional';

interface AnyOptions extends Common<FieldKind>, WithLength, WithRange {
  readonly countMax?: number;
  readonly contents?: boolean;
}

function make<Kind extends FieldKind, Given extends Presence>(
  kind: Kind,
  options: AnyOptions,
  lengthMax: number,
  range: readonly [number, number],
): Field<Kind, Given> {
  if (options.required && options.default !== undefined) {
    throw new TypeError(
      `A ${kind} field is either required or has a default, but both were given: ` +
        `"${options.description}". Leave one out.`,
    );
  }
  const presence = options.required
    ? 'required'
    : options.default === undefined
      ? 'optional'
      : 'defaulted';
  return Object.freeze({
    kind,
    presence: presence as Given,
    description: options.description,
    default: (options.default ?? null) as KindValues[Kind] | null,
    derived: options.derived ?? false,
    contents: options.contents ?? false,
    lengthMax: options.lengthMax ?? lengthMax,
    countMax: options.countMax ?? fieldLimits.labelCountMax,
    min: options.min ?? range[0],
    max: options.max ?? range[1],
  });
}

const intRange = [fieldLimits.intMin, fieldLimits.intMax] as const;
const int64Range = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const;
const floatRange = [-Number.MAX_VALUE, Number.MAX_VALUE] as const;

/**
 * The fields that an entity can be made of. Each takes a description and, as needed, `required`,
 * `default`, `derived` and limits; a field with neither `required` nor `default` may be null.
 */
export const field = {
  id: <const O extends Common<'id'> & WithLength>(options: O) =>
    make<'id', PresenceOf<O>>('id', options, fieldLimits.idLengthMax, intRange),
  text: <const O extends Common<'text'> & WithLength & WithContents>(options: O) =>
    make<'text', PresenceOf<O>>('text', options, fieldLimits.textLengthMax, intRange),
  int: <const O extends Common<'int'> & WithRange>(options: O) =>
    make<'int', PresenceOf<O>>('int', options, 0, intRange),
  int64: <const O extends Common<'int64'> & WithRange>(options: O) =>
    make<'int64', PresenceOf<O>>('int64', options, 0, int64Range),
  float: <const O extends Common<'float'> & WithRange>(options: O) =>
    make<'float', PresenceOf<O>>('float', options, 0, floatRange),
  boolean: <const O extends Common<'boolean'>>(options: O) =>
    make<'boolean', PresenceOf<O>>('boolean', options, 0, intRange),
  dateTime: <const O extends Common<'dateTime'>>(options: O) =>
    make<'dateTime', PresenceOf<O>>('dateTime', options, 0, int64Range),
  /** A list of labels is never null: without labels it is empty. */
  labels: (options: { description: string; lengthMax?: number; countMax?: number }) =>
    make<'labels', 'defaulted'>(
      'labels',
      { ...options, default: [] },
      fieldLimits.labelLengthMax,
      intRange,
    ),
  file: fileField,
};

/** Whether a field can be null in a version. */
export function isNullable(field: Field): boolean {
  return field.presence === 'optional';
}

/** The fields of an entity, by name. */
export type FieldMap = Readonly<Record<string, Field>>;
