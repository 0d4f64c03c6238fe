/** A kind of record: its type with current and history, the type of its versions, and its queries. */
import type { InputRef, ObjectRef } from '@pothos/core';
import type { RecordFilter } from '../db/index.ts';
import type { Entity, Version } from '../entities/index.ts';
import { listRecords, type RecordAt, readHistory, readRecord } from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import { askedPaging, type Connections, pagingArgs } from './connections.ts';
import type { EntityTypes } from './extension.ts';
import { type FilterTypes, valueFields } from './field-types.ts';
import type { SharedInputs } from './inputs.ts';
import type { HistoryTypes } from './versions.ts';

/** What an entity's types are made with. */
export interface RecordContext {
  readonly builder: Builder;
  readonly connections: Connections;
  readonly filters: FilterTypes;
  readonly history: HistoryTypes;
  readonly inputs: SharedInputs;
}

export function addRecord(context: RecordContext, entity: Entity): EntityTypes {
  const version = addVersion(context, entity);
  const record = addRecordType(context, entity, version);
  addQueries(context, entity, record);
  return { record, version };
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
  { builder, connections, inputs }: RecordContext,
  entity: Entity,
  version: ObjectRef<BuilderTypes, Version>,
): ObjectRef<BuilderTypes, RecordAt> {
  const versions = connections.of(`${entity.name}Version`, version);
  return builder.objectRef<RecordAt>(entity.name).implement({
    description: entity.description,
    fields: (t) => ({
      id: t.id({ description: 'Its id, for ever.', resolve: ({ version }) => version.id }),
      nodeId: t.id({
        description: 'An id that no record of another kind shares. Opaque.',
        resolve: ({ version }) => Buffer.from(`${entity.name}:${version.id}`).toString('base64url'),
      }),
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
        resolve: (record) => record.version,
      }),
      history: t.field({
        type: versions,
        description: 'Its versions up to this query’s position, the newest first.',
        args: {
          ...pagingArgs(t.arg, 50),
          order: t.arg({
            type: inputs.sortDirection,
            defaultValue: 'DESC',
            description: 'Newest first, or oldest first.',
          }),
        },
        resolve: (record, args, { operation }, info) =>
          readHistory(record, askedPaging(args, info), operation),
      }),
    }),
  });
}

function addQueries(
  { builder, connections, filters, inputs }: RecordContext,
  entity: Entity,
  record: ObjectRef<BuilderTypes, RecordAt>,
): void {
  const connection = connections.of(entity.name, record);
  const filter = addFilter(builder, filters, entity);
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
        `A page of the ${entity.name}s that match, ${orderText(entity)}. Pages that go on from a ` +
        'cursor stand where the first page stood, whatever is written meanwhile.',
      args: {
        ...pagingArgs(t.arg),
        filter: t.arg({ type: filter, description: 'Only those that match.' }),
      },
      resolve: (_root, args, { operation }) => listRecords(entity, args, operation),
    }),
  );
}

function addFilter(builder: Builder, filters: FilterTypes, entity: Entity): InputRef<RecordFilter> {
  return builder.inputType(`${entity.name}Filter`, {
    description: `Which ${entity.name}s: all conditions that are given must hold.`,
    fields: (t) =>
      Object.fromEntries(
        Object.entries(entity.fields).map(([name, field]) => [
          name,
          t.field({ type: filters.of(field.kind), description: `Conditions on \`${name}\`.` }),
        ]),
      ),
  }) as InputRef<RecordFilter>;
}

/** The default order in words: `by priority, then newest`. */
function orderText(entity: Entity): string {
  const words = entity.defaultOrder.map(({ field, direction }) => {
    if (field === 'updatedAt') return direction === 'desc' ? 'newest first' : 'oldest first';
    return direction === 'desc' ? `by ${field}, highest first` : `by ${field}`;
  });
  return words.join(', then ');
}
