/** Writing several kinds of records in one durable transaction, and undoing a transaction. */
import type { InputRef } from '@pothos/core';
import { limits } from '../db/index.ts';
import {
  type Change,
  creating,
  deleting,
  type OperationInput,
  revertTransaction,
  transact,
  updating,
  type WriteInput,
} from '../resolvers/index.ts';
import type { Builder } from './builder.ts';
import type { SchemaExtension } from './extension.ts';
import type { WriteInputs } from './mutations.ts';
import { addVersionsPayload, problemRefs } from './payloads.ts';
import { type ProblemTypes, resultUnion } from './problems.ts';
import type { RecordContext } from './records.ts';
import { rowsOf, rowsOfInputs } from './rows.ts';

/** An entity as `transact` writes it. */
export interface TransactedEntity {
  readonly extension: SchemaExtension;
  readonly inputs: WriteInputs;
}

/** One change that `transact` knows. */
interface NamedChange {
  readonly name: string;
  readonly description: string;
  readonly type: InputRef<WriteInput>;
  readonly change: Change;
}

export function addTransact(
  context: RecordContext,
  problems: ProblemTypes,
  entities: readonly TransactedEntity[],
): void {
  const { builder, inputs } = context;
  const changes = namedChanges(builder, entities);
  const input = builder.inputType('OperationInput', {
    description: 'One change of one record. Exactly one of the fields.',
    isOneOf: true,
    fields: (t) =>
      Object.fromEntries(
        changes.map(({ name, type, description }) => [name, t.field({ type, description })]),
      ),
  }) as InputRef<OperationInput>;
  const payload = addVersionsPayload(
    context,
    'TransactPayload',
    'Per operation, in order, its record as the operation left it.',
  );
  const names = ['notFound', 'alreadyExists', 'revisionConflict', 'invalidInput'] as const;
  const refs = problemRefs(problems, names);
  const result = resultUnion(builder, 'TransactResult', payload, refs);
  const byName = new Map(changes.map(({ name, change }) => [name, change]));
  builder.mutationField('transact', (t) =>
    t.field({
      type: result,
      description:
        'Makes several changes of several kinds of records, one after the other, all or none.',
      args: {
        operations: t.arg({
          type: [input],
          required: true,
          description:
            `The changes in order, 1 to ${limits.bulkRecordsMax.toLocaleString('en')}. ` +
            'A problem says which one it is of, counted from 0.',
        }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      extensions: rowsOfInputs('operations'),
      resolve: (_root, args, { operation }) => transact(byName, args, operation),
    }),
  );
  addRevert(context, problems);
}

function namedChanges(builder: Builder, entities: readonly TransactedEntity[]): NamedChange[] {
  const deleteInput = builder.inputType('DeleteInput', {
    description: 'A record to be deleted.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The id of the record.' }),
      expectedRevision: t.int({ description: 'Refuse unless this is still its revision.' }),
    }),
  }) as InputRef<WriteInput>;
  return entities.flatMap(({ extension: { entity, createSteps, updateSteps }, inputs }) => [
    {
      name: `create${entity.name}`,
      description: `Create this ${entity.name}.`,
      type: inputs.create,
      change: creating(entity, createSteps),
    },
    {
      name: `update${entity.name}`,
      description: `Apply this patch to a ${entity.name}.`,
      type: inputs.update,
      change: updating(entity, updateSteps),
    },
    {
      name: `delete${entity.name}`,
      description: `Delete this ${entity.name}.`,
      type: deleteInput,
      change: deleting(entity),
    },
  ]);
}

function addRevert(context: RecordContext, problems: ProblemTypes): void {
  const { builder, inputs } = context;
  const payload = addVersionsPayload(
    context,
    'RevertPayload',
    'Each record of the transaction as it is now, the one that it changed last first.',
  );
  const names = ['notFound', 'revertConflict', 'alreadyExists', 'invalidInput'] as const;
  const result = resultUnion(builder, 'RevertResult', payload, problemRefs(problems, names));
  builder.mutationField('revertTransaction', (t) =>
    t.field({
      type: result,
      description:
        'Undoes a transaction in a new one: each field that it changed gets back the value it had ' +
        'before, what it created is deleted, what it deleted comes back. Refused as a whole, with ' +
        'everything in the way, when any of it was changed again since.',
      args: {
        id: t.arg.id({ required: true, description: 'The id of the transaction.' }),
        options: t.arg({ type: inputs.writeOptions, description: 'What to say about the write.' }),
      },
      // How many records the transaction changed is known only once it was read.
      extensions: rowsOf(() => limits.bulkRecordsMax),
      resolve: (_root, args, { operation }) => revertTransaction(args, operation),
    }),
  );
}
