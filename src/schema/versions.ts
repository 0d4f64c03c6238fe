/** Versions and transactions: the parts of history that all kinds of records share. */
import type { EnumRef, InterfaceRef, ObjectRef } from '@pothos/core';
import type { Operation, Transaction, Version } from '../entities/index.ts';
import {
  type FieldBlame,
  type FieldChange,
  readChanges,
  readProof,
  readTransaction,
  readVersions,
  type SeenAt,
} from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import type { Connections } from './connections.ts';
import { pagingRows, proofWork } from './rows.ts';

export interface HistoryTypes {
  readonly version: InterfaceRef<BuilderTypes, SeenAt<Version>>;
  readonly transaction: ObjectRef<BuilderTypes, SeenAt<Transaction>>;
  readonly change: ObjectRef<BuilderTypes, FieldChange>;
  readonly blame: ObjectRef<BuilderTypes, FieldBlame>;
}

export function addHistory(builder: Builder, connections: Connections): HistoryTypes {
  const version = builder.interfaceRef<SeenAt<Version>>('Version');
  const transaction = builder.objectRef<SeenAt<Transaction>>('Transaction').implement({
    description: 'Who changed something, when and why: one per mutation. Atomic.',
  });
  const operation = addOperation(builder);
  const change = addFieldChange(builder);
  version.implement({
    description: 'A record as it was after one change. It never changes again.',
    resolveType: ({ entity }) => `${entity.name}Version`,
    fields: (t) => ({
      id: t.id({
        description: '`<record id>@<revision>`: stable, for client caches.',
        resolve: (parent) => `${parent.id}@${parent.revision}`,
      }),
      position: t.expose('position', {
        type: 'Position',
        description: 'Its place in the one order of every version of every record.',
      }),
      revision: t.int({
        description: 'Its number within the record: 1, 2, 3 …',
        resolve: (parent) => parent.revision,
      }),
      operation: t.field({
        type: operation,
        description: 'What made it.',
        resolve: (parent) => parent.operation,
      }),
      committedAt: t.expose('committedAt', {
        type: 'DateTime',
        description: 'When it was committed. Strictly increasing from transaction to transaction.',
      }),
      transaction: t.field({
        type: transaction,
        description: 'The transaction that it was committed in.',
        resolve: (parent, _args, { operation }) => readTransaction(parent, operation),
      }),
      changes: t.field({
        type: [change],
        description:
          'What it changed against the revision before; at first every field that is set.',
        resolve: (parent, _args, { operation }) => readChanges(parent, operation),
      }),
      erasedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description:
          'When what it held was erased: since then its fields are null, or say nothing. Null where ' +
          'it was not.',
        resolve: (parent, _args, { operation }) => operation.view.erasedAt(parent),
      }),
      proof: t.field({
        type: 'JSON',
        description:
          'Proof that it is in the log that has a head: what `everstate verify --proof` checks, ' +
          'without the log. It shows the whole version, and who wrote it and why.',
        args: {
          at: t.arg({
            type: 'Position',
            description: 'The position of the head; where the version is seen from without it.',
          }),
        },
        extensions: proofWork,
        resolve: (parent, args, { operation }) => readProof(parent, args, operation),
      }),
    }),
  });
  addTransactionFields(builder, transaction, connections.of('Version', version));
  return { version, transaction, change, blame: addFieldBlame(builder) };
}

function addOperation(builder: Builder): EnumRef<BuilderTypes, Operation> {
  return builder.enumType('Operation', {
    description: 'What made a version.',
    values: {
      CREATE: { description: 'The record was created.' },
      UPDATE: { description: 'Some of its fields were changed.' },
      DELETE: { description: 'It was deleted; its history stays.' },
      RESTORE: { description: 'An earlier state of it was brought back.' },
    } as const,
  });
}

function addFieldChange(builder: Builder): ObjectRef<BuilderTypes, FieldChange> {
  return builder.objectRef<FieldChange>('FieldChange').implement({
    description: 'One field, before and after.',
    fields: (t) => ({
      field: t.exposeString('field', { description: 'The name of the field.' }),
      before: t.field({
        type: 'JSON',
        nullable: true,
        description: 'Its value before; null when it had none.',
        resolve: (parent) => parent.before,
      }),
      after: t.field({
        type: 'JSON',
        nullable: true,
        description: 'Its value after; null when it was cleared.',
        resolve: (parent) => parent.after,
      }),
    }),
  });
}

function addFieldBlame(builder: Builder): ObjectRef<BuilderTypes, FieldBlame> {
  return builder.objectRef<FieldBlame>('FieldBlame').implement({
    description: 'Who last gave a field another value than it had; at first, its creation.',
    fields: (t) => ({
      field: t.exposeString('field', { description: 'The name of the field.' }),
      revision: t.exposeInt('revision', { description: 'The revision that set it.' }),
      committedAt: t.expose('committedAt', {
        type: 'DateTime',
        description: 'When that was committed.',
      }),
      actor: t.exposeID('actor', {
        nullable: true,
        description: 'Who did it, where that is known.',
      }),
    }),
  });
}

function addTransactionFields(
  builder: Builder,
  transaction: ObjectRef<BuilderTypes, SeenAt<Transaction>>,
  versions: ReturnType<Connections['of']>,
): void {
  builder.objectFields(transaction, (t) => ({
    id: t.id({
      description: 'Its number, in commit order.',
      resolve: (parent) => String(parent.id),
    }),
    committedAt: t.expose('committedAt', {
      type: 'DateTime',
      description: 'When it was committed.',
    }),
    actor: t.id({
      nullable: true,
      description: 'Who made the change, where that is known.',
      resolve: (parent) => parent.actor,
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'Why, as given with the write.',
    }),
    firstPosition: t.expose('firstPosition', {
      type: 'Position',
      description: 'The position of its first version.',
    }),
    lastPosition: t.expose('lastPosition', {
      type: 'Position',
      description: 'The position of its last version.',
    }),
    versions: t.field({
      type: versions,
      description:
        'What it changed: its versions of every kind of record, in order; those up to the position ' +
        'at which it is shown.',
      args: {
        first: t.arg.int({
          defaultValue: 100,
          description: 'How many from the beginning, at most 1,000.',
        }),
        after: t.arg.string({ description: 'Go on after this cursor.' }),
      },
      extensions: pagingRows,
      resolve: (parent, args, { operation }) => readVersions(parent, args, operation),
    }),
  }));
}
