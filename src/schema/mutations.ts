/** Writing a kind of record: create, update and delete, each one durable transaction. */
import type { InputRef, ObjectRef } from '@pothos/core';
import type { Entity } from '../entities/index.ts';
import {
  createRecord,
  deleteRecord,
  type Refused,
  updateRecord,
  type WritePayload,
} from '../resolvers/index.ts';
import type { BuilderTypes, FieldBuilder } from './builder.ts';
import type { EntityTypes, SchemaExtension } from './extension.ts';
import { inputFields } from './field-types.ts';
import { type ProblemTypes, resultUnion } from './problems.ts';
import type { RecordContext } from './records.ts';

type Input = Readonly<Record<string, unknown>>;
type PayloadRef = ObjectRef<BuilderTypes, WritePayload>;
type ProblemRef = ObjectRef<BuilderTypes, Refused>;

export function addMutations(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  extension: SchemaExtension,
): void {
  addCreate(context, problems, types, extension);
  addUpdate(context, problems, types, extension);
  addDelete(context, problems, types, extension.entity);
}

function addCreate(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  { entity, createSteps, createInputs }: SchemaExtension,
): void {
  const { builder, inputs } = context;
  const input = builder.inputType(`Create${entity.name}Input`, {
    description: `A new ${entity.name}.`,
    fields: (t) => ({
      id: t.id({ description: 'Its id, of your choice; without it one that sorts by time.' }),
      ...inputFields(t, entity, true),
      ...createInputs(t),
    }),
  }) as InputRef<Input>;
  const payload = addPayload(context, `Create${entity.name}Payload`, entity, types, () => ({}));
  const result = resultUnion(builder, `Create${entity.name}Result`, payload, [
    problems.alreadyExists,
    problems.invalidInput,
  ] as readonly ProblemRef[]);
  builder.mutationField(`create${entity.name}`, (t) =>
    t.field({
      type: result,
      description: `Creates a ${entity.name}. Refused when its id was ever used.`,
      args: {
        input: t.arg({ type: input, required: true, description: `The new ${entity.name}.` }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      resolve: (_root, args, { operation }) =>
        createRecord(entity, createSteps, args.input, args.options ?? {}, operation),
    }),
  );
}

function addUpdate(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  { entity, updateSteps, updateInputs, updateIdOptional }: SchemaExtension,
): void {
  const { builder, inputs } = context;
  const input = builder.inputType(`Update${entity.name}Input`, {
    description: 'A patch: a field left out keeps its value, null clears it.',
    fields: (t) => ({
      id: t.id({ required: !updateIdOptional, description: 'The id of the record.' }),
      expectedRevision: t.int({ description: 'Refuse unless this is still its revision.' }),
      ...inputFields(t, entity, false),
      ...updateInputs(t),
    }),
  }) as InputRef<Input>;
  const payload = addPayload(context, `Update${entity.name}Payload`, entity, types, (t) => ({
    changed: t.exposeBoolean('changed', {
      description: 'Whether anything was written: a patch that changes nothing writes nothing.',
    }),
  }));
  const unique = entity.uniqueKey.length > 0 ? [problems.alreadyExists] : [];
  const result = resultUnion(builder, `Update${entity.name}Result`, payload, [
    problems.notFound,
    problems.revisionConflict,
    problems.invalidInput,
    ...unique,
  ] as readonly ProblemRef[]);
  builder.mutationField(`update${entity.name}`, (t) =>
    t.field({
      type: result,
      description: `Changes the fields of a ${entity.name} that the patch names.`,
      args: {
        input: t.arg({ type: input, required: true, description: 'The patch.' }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      resolve: (_root, args, { operation }) =>
        updateRecord(entity, updateSteps, args.input, args.options ?? {}, operation),
    }),
  );
}

function addDelete(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  entity: Entity,
): void {
  const { builder, inputs } = context;
  const payload = addPayload(context, `Delete${entity.name}Payload`, entity, types, () => ({}));
  const result = resultUnion(builder, `Delete${entity.name}Result`, payload, [
    problems.notFound,
    problems.revisionConflict,
    problems.invalidInput,
  ] as readonly ProblemRef[]);
  builder.mutationField(`delete${entity.name}`, (t) =>
    t.field({
      type: result,
      description: `Deletes a ${entity.name}. Its history stays, and its id stays its own.`,
      args: {
        id: t.arg.id({ required: true, description: 'The id of the record.' }),
        expectedRevision: t.arg.int({ description: 'Refuse unless this is still its revision.' }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      resolve: (_root, args, { operation }) =>
        deleteRecord(entity, args, args.options ?? {}, operation),
    }),
  );
}

/** What a write that went through answers. */
function addPayload(
  { builder, history }: RecordContext,
  name: string,
  entity: Entity,
  { record }: EntityTypes,
  more: (t: FieldBuilder<WritePayload>) => Record<string, ReturnType<typeof t.boolean>>,
): PayloadRef {
  return builder.objectRef<WritePayload>(name).implement({
    description: 'The write went through, and is on disk.',
    fields: (t) => ({
      [entity.singular]: t.field({
        type: record,
        description: `The ${entity.name} as the write left it.`,
        resolve: (payload) => payload.record,
      }),
      ...more(t),
      transaction: t.field({
        type: history.transaction,
        nullable: true,
        description: 'The transaction that the write was; null when nothing had to be written.',
        resolve: (payload) => payload.transaction,
      }),
    }),
  });
}
