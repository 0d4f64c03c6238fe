/** Writing many records of one kind in one durable transaction. */

import { limits } from '../db/index.ts';
import { recordsName } from '../entities/index.ts';
import { bulkName, createRecords, updateRecords } from '../resolvers/index.ts';
import type { EntityTypes, SchemaExtension } from './extension.ts';
import { updateProblems, type WriteInputs } from './mutations.ts';
import { addBulkPayload, problemRefs } from './payloads.ts';
import { type ProblemTypes, resultUnion } from './problems.ts';
import type { RecordContext } from './records.ts';
import { rowsOfInputs } from './rows.ts';

const rule =
  `1 to ${limits.bulkRecordsMax.toLocaleString('en')}, all or none; no two with the same id. ` +
  'A problem says which input it is of, counted from 0.';

export function addBulkMutations(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  extension: SchemaExtension,
  writes: WriteInputs,
): void {
  addCreates(context, problems, types, extension, writes);
  addUpdates(context, problems, types, extension, writes);
}

function addCreates(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  { entity, createSteps }: SchemaExtension,
  { create }: WriteInputs,
): void {
  const { builder, inputs } = context;
  const field = bulkName('create', entity);
  const name = capitalised(field);
  const payload = addBulkPayload(context, `${name}Payload`, entity, types, {});
  const refs = problemRefs(problems, ['alreadyExists', 'invalidInput']);
  const result = resultUnion(builder, `${name}Result`, payload, refs);
  builder.mutationField(field, (t) =>
    t.field({
      type: result,
      description: `Creates many ${recordsName(entity)} in one transaction.`,
      args: {
        inputs: t.arg({
          type: [create],
          required: true,
          description: `The new ${recordsName(entity)}: ${rule}`,
        }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      extensions: rowsOfInputs('inputs'),
      resolve: (_root, args, { operation }) => createRecords(entity, createSteps, args, operation),
    }),
  );
}

function addUpdates(
  context: RecordContext,
  problems: ProblemTypes,
  types: EntityTypes,
  { entity, updateSteps }: SchemaExtension,
  { update }: WriteInputs,
): void {
  const { builder, inputs } = context;
  const field = bulkName('update', entity);
  const name = capitalised(field);
  const payload = addBulkPayload(context, `${name}Payload`, entity, types, { changed: true });
  const refs = problemRefs(problems, updateProblems(entity));
  const result = resultUnion(builder, `${name}Result`, payload, refs);
  builder.mutationField(field, (t) =>
    t.field({
      type: result,
      description: `Changes many ${recordsName(entity)} in one transaction.`,
      args: {
        inputs: t.arg({ type: [update], required: true, description: `The patches: ${rule}` }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      extensions: rowsOfInputs('inputs'),
      resolve: (_root, args, { operation }) => updateRecords(entity, updateSteps, args, operation),
    }),
  );
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
