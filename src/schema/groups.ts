/** Records in groups, now, then and over time: the types of a kind of record, and its queries. */
import type { EnumRef, InputRef, ObjectRef } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';
import type { Group, RecordFilter, Stats } from '../db/index.ts';
import {
  type Entity,
  type Field,
  type FieldKind,
  type GroupMeasure,
  recordsName,
} from '../entities/index.ts';
import {
  type AskedMeasures,
  type IntervalPoint,
  intervalCount,
  readGroups,
  readOverTime,
  type TimeUnit,
} from '../resolvers/index.ts';
import { askedFields } from './asked-fields.ts';
import type { Builder, BuilderTypes, FieldBuilder } from './builder.ts';
import type { EntityTypes } from './extension.ts';
import type { SharedInputs } from './inputs.ts';
import { rowsOf } from './rows.ts';

/** The types of what groups can be told apart by. */
const scalars: Readonly<Partial<Record<FieldKind, 'ID' | 'String' | 'Int' | 'Boolean'>>> = {
  id: 'ID',
  text: 'String',
  int: 'Int',
  boolean: 'Boolean',
  labels: 'String',
};

/** The group types of this schema; those that kinds of records share are made when first needed. */
export class GroupTypes {
  readonly #builder: Builder;
  readonly #inputs: SharedInputs;
  readonly #stats = new Map<FieldKind, ObjectRef<BuilderTypes, Stats>>();
  #timeUnit: EnumRef<BuilderTypes, TimeUnit> | null = null;

  constructor(builder: Builder, inputs: SharedInputs) {
    this.#builder = builder;
    this.#inputs = inputs;
  }

  /** Adds the types and queries of an entity's groups; none where it cannot be grouped. */
  add(entity: Entity, { filter }: EntityTypes): void {
    if (entity.groups.by.length === 0) return;
    const field = this.#addGroupField(entity);
    const group = this.#addGroup(entity);
    this.#addGroupsQuery(entity, field, group, filter);
    this.#addOverTimeQuery(entity, field, this.#addTimePoint(entity, group), filter);
  }

  #addGroupField(entity: Entity): EnumRef<BuilderTypes, string> {
    const values = entity.groups.by.map(({ field, name: shown, enumName }) => [
      enumName,
      { value: field, description: `By \`${shown}\`.` },
    ]);
    return this.#builder.enumType(`${entity.name}GroupField`, {
      description: `What ${recordsName(entity)} can be grouped by.`,
      values: Object.fromEntries(values) as Record<string, { value: string; description: string }>,
    });
  }

  #addGroup(entity: Entity): ObjectRef<BuilderTypes, Group> {
    return this.#builder.objectRef<Group>(`${entity.name}Group`).implement({
      description: `${recordsName(entity)} that have something in common, and how many they are.`,
      fields: (t) => ({
        ...keyFields(t, entity),
        count: t.exposeInt('count', { description: 'How many they are.' }),
        ...this.#statsFields(t, entity),
        ...totalFields(t, entity),
      }),
    });
  }

  #statsFields(t: FieldBuilder<Group>, { fields, groups }: Entity) {
    return Object.fromEntries(
      groups.stats.map(({ field, name }) => [
        name,
        t.field({
          type: this.#statsOf((fields[field] as Field).kind),
          nullable: true,
          description: `Their \`${field}\` in sum; null when none of them has one.`,
          resolve: (group) => group.stats[field] ?? null,
        }),
      ]),
    );
  }

  /** IntStats, or FloatStats. */
  #statsOf(kind: FieldKind): ObjectRef<BuilderTypes, Stats> {
    const known = this.#stats.get(kind);
    if (known) return known;
    const type = kind === 'float' ? 'Float' : 'Int';
    const stats = this.#builder.objectRef<Stats>(`${type}Stats`).implement({
      description: 'The values of one field in a group; records without a value left out.',
      fields: (t) => ({
        min: t.expose('min', { type, nullable: true, description: 'The least.' }),
        max: t.expose('max', { type, nullable: true, description: 'The greatest.' }),
        avg: t.expose('avg', {
          type: 'Float',
          nullable: true,
          description: 'The sum divided by how many have a value.',
        }),
        sum: t.expose('sum', {
          type: type === 'Float' ? 'Float' : 'Int64',
          nullable: true,
          description: 'The sum; null when it is larger than any Float.',
        }),
      }),
    });
    this.#stats.set(kind, stats);
    return stats;
  }

  #addTimePoint(
    entity: Entity,
    group: ObjectRef<BuilderTypes, Group>,
  ): ObjectRef<BuilderTypes, IntervalPoint> {
    return this.#builder.objectRef<IntervalPoint>(`${entity.name}TimePoint`).implement({
      description: `The ${recordsName(entity)} as they stood at the end of one interval.`,
      fields: (t) => ({
        at: t.expose('at', {
          type: 'DateTime',
          description:
            'The end of the interval: the first moment after it. What was committed before then ' +
            'is counted.',
        }),
        count: t.exposeInt('count', { description: 'How many there were, each counted once.' }),
        groups: t.field({
          type: [group],
          description:
            'The groups there were, in the order of a list of groups; none without `by`.',
          resolve: (point) => [...point.groups],
        }),
      }),
    });
  }

  #addGroupsQuery(
    entity: Entity,
    groupField: EnumRef<BuilderTypes, string>,
    group: ObjectRef<BuilderTypes, Group>,
    filter: InputRef<RecordFilter>,
  ): void {
    this.#builder.queryField(`${entity.singular}Groups`, (t) =>
      t.field({
        type: [group],
        description:
          `How many ${recordsName(entity)} match, in groups: the largest first, those of one size by ` +
          'what they have in common, in the order of `by`, null last. At most 10,000.' +
          labelsText(entity),
        args: {
          by: t.arg({
            type: [groupField],
            required: true,
            description: 'What the records of a group have in common; at least one, none twice.',
          }),
          filter: t.arg({ type: filter, description: 'Only those that match.' }),
          asOf: t.arg({ type: this.#inputs.asOf, description: 'As they were at this moment.' }),
        },
        resolve: (_root, args, { operation }, info) =>
          readGroups(entity, args, askedMeasures(entity, info), operation),
      }),
    );
  }

  #addOverTimeQuery(
    entity: Entity,
    groupField: EnumRef<BuilderTypes, string>,
    point: ObjectRef<BuilderTypes, IntervalPoint>,
    filter: InputRef<RecordFilter>,
  ): void {
    this.#builder.queryField(`${entity.plural}OverTime`, (t) =>
      t.field({
        type: [point],
        description:
          `How many ${recordsName(entity)} matched at the end of each interval of the calendar, in UTC: ` +
          'from the one that holds `from` to the last that begins before `to`, those in which ' +
          'nothing happened included. One that is not over yet stands at this operation’s ' +
          'position. At most 10,000 intervals, and 100,000 groups in all of them.' +
          labelsText(entity),
        args: {
          from: t.arg({
            type: 'DateTime',
            required: true,
            description: 'The first interval is the one that holds this moment.',
          }),
          to: t.arg({
            type: 'DateTime',
            required: true,
            description: 'No interval begins here or later.',
          }),
          every: t.arg({
            type: this.#timeUnits(),
            required: true,
            description: 'How long an interval is.',
          }),
          by: t.arg({
            type: [groupField],
            defaultValue: [],
            description: 'What the records of a group have in common; none twice.',
          }),
          filter: t.arg({
            type: filter,
            description: 'Only those that matched as they were then.',
          }),
        },
        extensions: rowsOf(({ from, to, every }) => intervalCount(from, to, every as TimeUnit)),
        resolve: (_root, args, { operation }, info) =>
          readOverTime(entity, args, askedMeasures(entity, info), operation),
      }),
    );
  }

  #timeUnits(): EnumRef<BuilderTypes, TimeUnit> {
    this.#timeUnit ??= this.#builder.enumType('TimeUnit', {
      description: 'Intervals of the calendar, in UTC.',
      values: {
        MINUTE: { description: 'From a full minute to the next.' },
        HOUR: { description: 'From a full hour to the next.' },
        DAY: { description: 'From midnight to midnight.' },
        WEEK: { description: 'From Monday to Monday, as ISO 8601 has it.' },
        MONTH: { description: 'From the first of a month to the first of the next.' },
      } as const,
    });
    return this.#timeUnit;
  }
}

function keyFields(t: FieldBuilder<Group>, { fields, groups }: Entity) {
  return Object.fromEntries(
    groups.by.map(({ field, name, enumName }) => {
      const { kind } = fields[field] as Field;
      const what = kind === 'labels' ? 'The label that they share' : `Their \`${field}\``;
      return [
        name,
        t.field({
          type: scalars[kind] ?? 'String',
          nullable: true,
          description: `${what}; null when they have none, or \`by\` does not hold ${enumName}.`,
          resolve: (group) => (group.values[field] ?? null) as never,
        }),
      ];
    }),
  );
}

function totalFields(t: FieldBuilder<Group>, { groups }: Entity) {
  return Object.fromEntries(
    groups.totals.map(({ field, name }) => [
      name,
      t.field({
        type: 'Int64',
        description: `The sum of their \`${field}\`.`,
        resolve: (group) => group.totals[field] as number,
      }),
    ]),
  );
}

/** The fields whose measures a query selects. */
function askedMeasures({ groups }: Entity, info: GraphQLResolveInfo): AskedMeasures {
  const asked = askedFields(info);
  const fieldsOf = (measures: readonly GroupMeasure[]) =>
    measures.filter(({ name }) => asked.has(name)).map(({ field }) => field);
  return { totals: fieldsOf(groups.totals), stats: fieldsOf(groups.stats) };
}

/** What has to be known where groups may overlap. */
function labelsText({ fields, groups }: Entity): string {
  const names = groups.by.filter(({ field }) => fields[field]?.kind === 'labels');
  return names
    .map(
      ({ name, enumName }) =>
        ` By ${enumName} a record counts once for each of its labels, and without any for the ` +
        `group whose \`${name}\` is null: counts may add up to more than there are records.`,
    )
    .join('');
}
