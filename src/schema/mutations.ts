/** Writing one record of a kind: create, update, delete and restore, each one durable transaction. */
import type { InputRef } from '@pothos/core';
import type { Entity } from '../entities/index.ts';
import {
  createRecord,
  deleteRecord,
  restoreRecord,
  updateRecord,
  type WriteInput,
} from '../resolvers/index.ts';
import type { EntityTypes, SchemaExtension } from './extension.ts';
import { inputFields } from './field-types.ts';
import { fileInputs } from './file-fields.ts';
import { addPayload, problemRefs } from './payloads.ts';
import { type ProblemTypes, resultUnion } from './problems.ts';
import type { RecordContext } from './records.ts';

/** What the mutations of an entity take; mutations of many records take the same. */
export interface WriteInputs {
  readonly create: InputRef<WriteInput>;
  readonly update: InputRef<WriteInput>;
}

export function addMutations(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  extension: SchemaExtension,
): WriteInputs {
  const create = addCreate(context, problems, types, extension);
  const update = addUpdate(context, problems, types, extension);
  addDelete(context, problems, types, extension.entity);
  addRestore(context, problems, types, extension.entity);
  return { create, update };
}

function addCreate(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  { entity, createSteps, createInputs }: SchemaExtension,
): InputRef<WriteInput> {
  const { builder, inputs } = context;
  const input = builder.inputType(`Create${entity.name}Input`, {
    description: `A new ${entity.name}.`,
    fields: (t) => ({
      id: t.id({ description: 'Its id, of your choice; without it one that sorts by time.' }),
      ...inputFields(t, entity, true),
      ...fileInputs(t, entity, true),
      ...createInputs(t),
    }),
  }) as InputRef<WriteInput>;
  const payload = addPayload(context, `Create${entity.name}Payload`, entity, types, {});
  const refs = problemRefs(problems, ['alreadyExists', 'invalidInput']);
  const result = resultUnion(builder, `Create${entity.name}Result`, payload, refs);
  builder.mutationField(`create${entity.name}`, (t) =>
    t.field({
      type: result,
      description: `Creates a ${entity.name}. Refused when its id was ever used.`,
      args: {
        input: t.arg({ type: input, required: true, description: `The new ${entity.name}.` }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      resolve: (_root, args, { operation }) => createRecord(entity, createSteps, args, operation),
    }),
  );
  return input;
}

function addUpdate(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  { entity, updateSteps, updateInputs, updateIdOptional }: SchemaExtension,
): InputRef<WriteInput> {
  const { builder, inputs } = context;
  const input = builder.inputType(`Update${entity.name}Input`, {
    description: 'A patch: a field left out keeps its value, null clears it.',
    fields: (t) => ({
      id: t.id({ required: !updateIdOptional, description: 'The id of the record.' }),
      expectedRevision: t.int({
        description:
          'The revision that the patch was made for. When the record has a later one, ' +
          '`onConflict` of the options says what becomes of the patch.',
      }),
      ...inputFields(t, entity, false),
      ...fileInputs(t, entity, false),
      ...updateInputs(t),
    }),
  }) as InputRef<WriteInput>;
  const payload = addPayload(context, `Update${entity.name}Payload`, entity, types, {
    changed: true,
    rebasedOver: true,
  });
  const refs = problemRefs(problems, updateProblems(entity));
  const result = resultUnion(builder, `Update${entity.name}Result`, payload, refs);
  builder.mutationField(`update${entity.name}`, (t) =>
    t.field({
      type: result,
      description: `Changes the fields of a ${entity.name} that the patch names.`,
      args: {
        input: t.arg({ type: input, required: true, description: 'The patch.' }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      resolve: (_root, args, { operation }) => updateRecord(entity, updateSteps, args, operation),
    }),
  );
  return input;
}

/** What may be wrong with a patch. */
export function updateProblems({ uniqueKey }: Entity): readonly (keyof ProblemTypes)[] {
  const unique = uniqueKey.length > 0 ? (['alreadyExists'] as const) : [];
  return ['notFound', 'revisionConflict', 'invalidInput', ...unique];
}

function addDelete(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  entity: Entity,
): void {
  const { builder, inputs } = context;
  const payload = addPayload(context, `Delete${entity.name}Payload`, entity, types, {});
  const refs = problemRefs(problems, ['notFound', 'revisionConflict', 'invalidInput']);
  const result = resultUnion(builder, `Delete${entity.name}Result`, payload, refs);
  builder.mutationField(`delete${entity.name}`, (t) =>
    t.field({
      type: result,
      description: `Deletes a ${entity.name}. Its history stays, and its id stays its own.`,
      args: {
        id: t.arg.id({ required: true, description: 'The id of the record.' }),
        expectedRevision: t.arg.int({ description: 'Refuse unless this is still its revision.' }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      resolve: (_root, args, { operation }) => deleteRecord(entity, args, operation),
    }),
  );
}

function addRestore(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  entity: Entity,
): void {
  const { builder, inputs } = context;
  const name = `Restore${entity.name}`;
  const payload = addPayload(context, `${name}Payload`, entity, types, { changed: true });
  const unique = entity.uniqueKey.length > 0 ? (['alreadyExists'] as const) : [];
  const refs = problemRefs(problems, ['notFound', 'invalidInput', ...unique]);
  const result = resultUnion(builder, `${name}Result`, payload, refs);
  builder.mutationField(`restore${entity.name}`, (t) =>
    t.field({
      type: result,
      description:
        `Brings back an earlier state of a ${entity.name}, or a deleted one, as a new revision. ` +
        'With neither `revision` nor `asOf` a deleted one comes back as it was last.',
      args: {
        id: t.arg.id({ required: true, description: 'The id of the record.' }),
        revision: t.arg.int({ description: 'The revision to bring back; not with `asOf`.' }),
        asOf: t.arg({
          type: inputs.asOf,
          description: 'The moment whose state to bring back; not with `revision`.',
        }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      resolve: (_root, args, { operation }) => restoreRecord(entity, args, operation),
    }),
  );
}
