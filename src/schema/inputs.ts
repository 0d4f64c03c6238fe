/** Inputs that all kinds of records share. */
import type { EnumRef, InputRef } from '@pothos/core';
import type { AsOf, WriteOptions } from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';

export interface SharedInputs {
  readonly asOf: InputRef<AsOf>;
  readonly writeOptions: InputRef<WriteOptions>;
  readonly sortDirection: EnumRef<BuilderTypes, 'ASC' | 'DESC'>;
}

export function addSharedInputs(builder: Builder): SharedInputs {
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
  const writeOptions = builder.inputType('WriteOptions', {
    description: 'What may be said about any write.',
    fields: (t) => ({
      reason: t.string({ description: 'Why; kept on the transaction. At most 4,096 characters.' }),
    }),
  });
  const sortDirection = builder.enumType('SortDirection', {
    description: 'Which end of an order comes first.',
    values: {
      ASC: { description: 'The lowest, or oldest, first.' },
      DESC: { description: 'The highest, or newest, first.' },
    } as const,
  });
  return { asOf, writeOptions, sortDirection };
}
