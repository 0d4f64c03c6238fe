/** Inputs that all kinds of records share. */
import type { EnumRef, InputRef } from '@pothos/core';
import type { Entity, OrderKey } from '../entities/index.ts';
import type { AsOf, WriteOptions } from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import { addEntityName } from './entity-name.ts';

export interface SharedInputs {
  readonly asOf: InputRef<AsOf>;
  readonly entityName: EnumRef<BuilderTypes, Entity>;
  readonly writeOptions: InputRef<WriteOptions>;
  readonly sortDirection: EnumRef<BuilderTypes, OrderKey['direction']>;
}

export function addSharedInputs(builder: Builder, entities: readonly Entity[]): SharedInputs {
  const asOf = builder.inputType('AsOf', {
    description:
      'A moment. What is read as of it, and everything below, answers as it was then. ' +
      'Exactly one of the three.',
    isOneOf: true,
    fields: (t) => ({
      position: t.field({
        type: 'Position',
        description: 'Right after the version at this position.',
      }),
      time: t.field({ type: 'DateTime', description: 'At this time; not in the future.' }),
      transaction: t.id({ description: 'Right after the transaction with this id.' }),
    }),
  });
  const writeOptions = addWriteOptions(builder);
  const sortDirection = builder.enumType('SortDirection', {
    description: 'Which end of an order comes first.',
    values: {
      ASC: { value: 'asc', description: 'The lowest, or oldest, first.' },
      DESC: { value: 'desc', description: 'The highest, or newest, first.' },
    } as const,
  });
  return { asOf, entityName: addEntityName(builder, entities), writeOptions, sortDirection };
}

function addWriteOptions(builder: Builder): InputRef<WriteOptions> {
  const onConflict = builder.enumType('ConflictPolicy', {
    description: 'What becomes of a patch that was made for an older revision of its record.',
    values: {
      FAIL: { description: 'It is refused: RevisionConflict.' },
      REBASE: {
        description:
          'It is applied on top when nobody changed a field that it names since, unless to the ' +
          'value that it gives. Else it is refused: RevisionConflict.',
      },
    } as const,
  });
  return builder.inputType('WriteOptions', {
    description: 'What may be said about any write.',
    fields: (t) => ({
      reason: t.string({
        description:
          'Why; kept on the transaction. 1 to 4,096 characters: an empty text is refused, so leave ' +
          'it out where there is none.',
      }),
      idempotencyKey: t.string({
        description:
          'A name of your choice for this one write: the same write again under the same key, ' +
          'however much later, gets the first result and writes nothing; another write under it ' +
          'is an IdempotencyMismatch. A refused write is not remembered. 1 to 256 characters.',
      }),
      dryRun: t.boolean({
        defaultValue: false,
        description:
          'Answer as the write would, problems included, and write nothing. Records, versions and ' +
          'their history show what would be, numbered as if nothing else were written before; ' +
          'the payload’s `transaction` is null, and new contents of files cannot be read.',
      }),
      onConflict: t.field({
        type: onConflict,
        defaultValue: 'FAIL',
        description: 'What becomes of patches whose `expectedRevision` is an older one.',
      }),
    }),
  });
}
