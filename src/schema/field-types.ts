/** The GraphQL type of each kind of field, in answers, inputs and filters. */
import type { InputRef } from '@pothos/core';
import { type FilterOperator, operatorsOf } from '../db/index.ts';
import type { Entity, Field, FieldKind, Version } from '../entities/index.ts';
import { fieldValue, isNullable } from '../entities/index.ts';
import type { Builder, FieldBuilder, InputBuilder } from './builder.ts';

type ScalarName = 'ID' | 'String' | 'Int' | 'Int64' | 'Float' | 'Boolean' | 'DateTime';

const scalars: Readonly<Record<FieldKind, ScalarName>> = {
  id: 'ID',
  text: 'String',
  int: 'Int',
  int64: 'Int64',
  float: 'Float',
  boolean: 'Boolean',
  dateTime: 'DateTime',
  labels: 'String',
};

/** The entity's fields as fields of a GraphQL type whose parent leads to a version. */
export function valueFields<Parent>(
  t: FieldBuilder<Parent>,
  entity: Entity,
  versionOf: (parent: Parent) => Version,
) {
  return Object.fromEntries(
    Object.entries(entity.fields).map(([name, field]) => {
      const read = (parent: Parent) => fieldValue(versionOf(parent), name) as never;
      const { description } = field;
      const nullable = isNullable(field);
      const type = scalars[field.kind];
      return field.kind === 'labels'
        ? [name, t.field({ type: ['String'], description, resolve: read })]
        : [name, t.field({ type, nullable, description, resolve: read })];
    }),
  );
}

/** The fields that a client may give. @param forCreate also says which ones must be given. */
export function inputFields(t: InputBuilder, entity: Entity, forCreate: boolean) {
  const given = Object.entries(entity.fields).filter(([, field]) => !field.derived);
  return Object.fromEntries(
    given.map(([name, field]) => {
      const required = forCreate && field.presence === 'required';
      const description = inputDescription(field);
      const type = scalars[field.kind];
      return field.kind === 'labels'
        ? [name, t.stringList({ description })]
        : [name, t.field({ type, required, description })];
    }),
  );
}

function inputDescription(field: Field): string {
  const parts = [field.description];
  if (field.presence === 'defaulted' && field.kind !== 'labels') {
    parts.push(`Default: ${field.default}.`);
  }
  if (field.kind === 'text' || field.kind === 'id') {
    parts.push(`At most ${field.lengthMax} characters.`);
  }
  if (field.kind === 'int') parts.push(`From ${field.min} to ${field.max}.`);
  if (field.kind === 'labels') {
    parts.push(`At most ${field.countMax}, each at most ${field.lengthMax} characters.`);
  }
  return parts.join(' ');
}

const filterNames: Readonly<Record<FieldKind, string>> = {
  id: 'StringFilter',
  text: 'StringFilter',
  int: 'IntFilter',
  int64: 'Int64Filter',
  float: 'FloatFilter',
  boolean: 'BooleanFilter',
  dateTime: 'DateTimeFilter',
  labels: 'LabelsFilter',
};

const operatorDescriptions: Readonly<Record<FilterOperator, string>> = {
  eq: 'Equal to this.',
  ne: 'Not equal to this; a field without a value is not equal to anything.',
  in: 'Equal to one of these.',
  notIn: 'Equal to none of these; a field without a value is equal to none.',
  contains: 'Holds this text, in the same case.',
  containsInsensitive:
    'Holds this text in any case, as `search` finds its words. Named as in other APIs: `mode: ' +
    'insensitive` of Prisma, `includesInsensitive` of PostGraphile.',
  startsWith: 'Begins with this text, in the same case.',
  endsWith: 'Ends with this text, in the same case.',
  lt: 'Less than, or before, this.',
  lte: 'At most, or not after, this.',
  gt: 'Greater than, or after, this.',
  gte: 'At least, or not before, this.',
  isNull: 'True: has no value. False: has one.',
  has: 'Holds this label.',
  hasAny: 'Holds at least one of these labels.',
  hasAll: 'Holds all of these labels.',
  isEmpty: 'True: has no labels. False: has some.',
};

const listOperators: ReadonlySet<FilterOperator> = new Set(['in', 'notIn', 'hasAny', 'hasAll']);
const flagOperators: ReadonlySet<FilterOperator> = new Set(['isNull', 'isEmpty']);

/** The filter inputs of this schema, each made when a field first needs it. */
export class FilterTypes {
  readonly #builder: Builder;
  readonly #known = new Map<string, InputRef<unknown>>();

  constructor(builder: Builder) {
    this.#builder = builder;
  }

  /** The input that filters fields of this kind. */
  of(kind: FieldKind): InputRef<unknown> {
    const name = filterNames[kind];
    const known = this.#known.get(name) ?? this.#add(name, kind);
    this.#known.set(name, known);
    return known;
  }

  #add(name: string, kind: FieldKind): InputRef<unknown> {
    // StringFilter serves ids too: their operands are texts alike.
    const type = scalars[kind] === 'ID' ? 'String' : scalars[kind];
    const operand = (t: InputBuilder, operator: FilterOperator) => {
      const description = operatorDescriptions[operator];
      if (flagOperators.has(operator)) return t.boolean({ description });
      return listOperators.has(operator)
        ? t.field({ type: [type], description })
        : t.field({ type, description });
    };
    return this.#builder.inputType(name, {
      description: `Conditions on one field; all that are given must hold. ${filterNotes(kind)}`,
      fields: (t) =>
        Object.fromEntries(operatorsOf[kind].map((operator) => [operator, operand(t, operator)])),
    }) as InputRef<unknown>;
  }
}

/** What has to be known of the conditions on fields of a kind. */
function filterNotes(kind: FieldKind): string {
  if (kind === 'labels')
    return 'None of them may be null: isEmpty asks for records without labels.';
  const notes = 'None of them may be null: isNull asks for fields without a value.';
  return scalars[kind] === 'String' || kind === 'id'
    ? `${notes} Texts are equal character for character: NFC and NFD make two of one.`
    : notes;
}
