/** A kind of record: its type with current and history, the type of its versions, and its queries. */
import type { InputRef, ObjectRef } from '@pothos/core';
import type { RecordFilter } from '../db/index.ts';
import {
  columnOf,
  type Entity,
  orderFieldsOf,
  recordsName,
  type Version,
} from '../entities/index.ts';
import {
  currentOf,
  listRecords,
  type RecordAt,
  readBlame,
  readDiff,
  readHistory,
  readRecord,
} from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import { askedPaging, type Connections, pagingArgs } from './connections.ts';
import type { EntityTypes } from './extension.ts';
import { type FilterTypes, valueFields } from './field-types.ts';
import type { SharedInputs } from './inputs.ts';
import type { NodeType } from './node.ts';
import { pagingRows } from './rows.ts';
import type { HistoryTypes } from './versions.ts';

/** What an entity's types are made with. */
export interface RecordContext {
  readonly builder: Builder;
  readonly connections: Connections;
  readonly filters: FilterTypes;
  readonly history: HistoryTypes;
  readonly inputs: SharedInputs;
  readonly node: NodeType;
}

export function addRecord(context: RecordContext, entity: Entity): EntityTypes {
  const version = addVersion(context, entity);
  const record = addRecordType(context, entity, version);
  const filter = addFilter(context, entity);
  addQueries(context, entity, record, filter);
  return { record, version, filter };
}

function addVersion(
  { builder, history }: RecordContext,
  entity: Entity,
): ObjectRef<BuilderTypes, Version> {
  return builder.objectRef<Version>(`${entity.name}Version`).implement({
    description: `A ${entity.name} as it was after one change. It never changes again.`,
    interfaces: [history.version],
    fields: (t) => valueFields(t, entity, (version) => version),
  });
}

function addRecordType(
  { builder, connections, history, inputs, node }: RecordContext,
  entity: Entity,
  version: ObjectRef<BuilderTypes, Version>,
): ObjectRef<BuilderTypes, RecordAt> {
  const versions = connections.of(`${entity.name}Version`, version);
  return builder.objectRef<RecordAt>(entity.name).implement({
    description: entity.description,
    interfaces: [node],
    fields: (t) => ({
      id: t.id({ description: 'Its id, for ever.', resolve: ({ version }) => version.id }),
      ...valueFields(t, entity, (record: RecordAt) => record.version),
      revision: t.int({
        description: 'How often it was changed so far: 1 at first.',
        resolve: ({ version }) => version.revision,
      }),
      position: t.field({
        type: 'Position',
        description: 'The position of its current version.',
        resolve: ({ version }) => version.position,
      }),
      createdAt: t.field({
        type: 'DateTime',
        description: 'When it was created.',
        resolve: ({ version }) => version.createdAt,
      }),
      updatedAt: t.field({
        type: 'DateTime',
        description: 'When it was last changed.',
        resolve: ({ version }) => version.committedAt,
      }),
      deletedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it was deleted; null while it is not.',
        resolve: ({ version }) => (version.operation === 'DELETE' ? version.committedAt : null),
      }),
      current: t.field({
        type: version,
        description: 'The version in force at this query’s position.',
        resolve: (record) => currentOf(record),
      }),
      history: t.field({
        type: versions,
        description: 'Its versions up to this query’s position, the newest first.',
        args: {
          ...pagingArgs(t.arg, 50),
          order: t.arg({
            type: inputs.sortDirection,
            defaultValue: 'desc',
            description: 'Newest first, or oldest first.',
          }),
        },
        extensions: pagingRows,
        resolve: (record, args, { operation }, info) =>
          readHistory(record, askedPaging(args, info), operation),
      }),
      diff: t.field({
        type: [history.change],
        description: 'What differs between two of its revisions; only fields that differ.',
        args: {
          from: t.arg.int({ required: true, description: 'The older revision.' }),
          to: t.arg.int({ description: 'The newer one; the revision in force without it.' }),
        },
        resolve: (record, args, { operation }) => readDiff(record, args, operation),
      }),
      blame: t.field({
        type: [history.blame],
        description: 'Who last set each field, when and in which revision; one per field.',
        resolve: (record, _args, { operation }) => readBlame(record, operation),
      }),
    }),
  });
}

function addQueries(
  { builder, connections, inputs }: RecordContext,
  entity: Entity,
  record: ObjectRef<BuilderTypes, RecordAt>,
  filter: InputRef<RecordFilter>,
): void {
  const connection = connections.of(entity.name, record);
  const order = addOrder(builder, inputs, entity);
  builder.queryField(entity.singular, (t) =>
    t.field({
      type: record,
      nullable: true,
      description: `The ${entity.name} with an id; null when there is none.`,
      args: {
        id: t.arg.id({ required: true, description: `The id of the ${entity.name}.` }),
        asOf: t.arg({ type: inputs.asOf, description: 'As it was at this moment.' }),
        includeDeleted: t.arg.boolean({
          defaultValue: false,
          description: 'Also when it is deleted: its last state.',
        }),
      },
      resolve: (_root, args, { operation }) => readRecord(entity, args, operation),
    }),
  );
  builder.queryField(entity.plural, (t) =>
    t.field({
      type: connection,
      description:
        `A page of the ${recordsName(entity)} that match, ${orderText(entity)}. Pages that go on from a ` +
        'cursor stand where the first page stood, whatever is written meanwhile.',
      args: {
        ...pagingArgs(t.arg),
        filter: t.arg({ type: filter, description: 'Only those that match.' }),
        orderBy: t.arg({
          type: [order],
          defaultValue: [...entity.defaultOrder],
          description:
            'The order: by the first key, where that ties by the second, and so on; in the end ' +
            'the one changed longest ago first. Nulls come last, either way. Texts go by the code ' +
            'points of their characters: Z before a, z before é.',
        }),
        asOf: t.arg({ type: inputs.asOf, description: 'As they were at this moment.' }),
      },
      extensions: pagingRows,
      resolve: (_root, args, { operation }) => listRecords(entity, args, operation),
    }),
  );
}

function addFilter({ builder, filters }: RecordContext, entity: Entity): InputRef<RecordFilter> {
  const filter = builder.inputRef<RecordFilter>(`${entity.name}Filter`);
  const searched = entity.searchFields.join(', ');
  return filter.implement({
    description:
      `Which ${recordsName(entity)}: all conditions that are given must hold; null is as if left out. At ` +
      'most 500 conditions, which compare with at most 10,000 values.',
    fields: (t) => ({
      and: t.field({ type: [filter], description: 'All of these hold.' }),
      or: t.field({
        type: [filter],
        description: 'One of these holds; of an empty list none does.',
      }),
      not: t.field({ type: filter, description: 'This does not hold.' }),
      id: t.field({ type: filters.of('id'), description: 'Conditions on the id.' }),
      ...Object.fromEntries(
        Object.entries(entity.fields).map(([name, field]) => [
          name,
          t.field({ type: filters.of(field.kind), description: `Conditions on \`${name}\`.` }),
        ]),
      ),
      createdAt: t.field({ type: filters.of('dateTime'), description: 'When it was created.' }),
      updatedAt: t.field({
        type: filters.of('dateTime'),
        description: 'When it was last changed.',
      }),
      search: t.string({
        description:
          `Every word of this text is found in ${searched}, in any case (Unicode’s full case ` +
          'folding; İ, I, ı and i are one letter), however its letters are composed (NFC, NFD).',
      }),
      includeDeleted: t.boolean({
        description: 'Deleted ones too, as they last were. Only in the outermost filter.',
      }),
    }),
  });
}

function addOrder(builder: Builder, { sortDirection }: SharedInputs, entity: Entity) {
  const values = Object.fromEntries(
    orderFieldsOf(entity).map((name) => [
      columnOf(name).toUpperCase(),
      { value: name, description: orderDescriptions.get(name) ?? `By \`${name}\`.` },
    ]),
  );
  const field = builder.enumType(`${entity.name}OrderField`, {
    description: `What ${recordsName(entity)} can be ordered by.`,
    values: values as Record<string, { value: string; description: string }>,
  });
  return builder.inputType(`${entity.name}Order`, {
    description: 'One key of an order.',
    fields: (t) => ({
      field: t.field({ type: field, required: true, description: 'What to order by.' }),
      direction: t.field({
        type: sortDirection,
        defaultValue: 'asc',
        description: 'Which end comes first.',
      }),
    }),
  });
}

const orderDescriptions: ReadonlyMap<string, string> = new Map([
  ['createdAt', 'By the time of creation.'],
  ['updatedAt', 'By the time of the last change.'],
  ['id', 'By the id.'],
]);

/** The default order in words: `by priority, then newest`. */
function orderText(entity: Entity): string {
  const words = entity.defaultOrder.map(({ field, direction }) => {
    if (field === 'updatedAt') return direction === 'desc' ? 'newest first' : 'oldest first';
    return direction === 'desc' ? `by ${field}, highest first` : `by ${field}`;
  });
  return words.join(', then ');
}
