/** What writes that went through answer. */
import type { ObjectRef } from '@pothos/core';
import { type Entity, recordsName, type Transaction } from '../entities/index.ts';
import type { BulkPayload, Refused, VersionsPayload, WritePayload } from '../resolvers/index.ts';
import type { BuilderTypes, FieldBuilder } from './builder.ts';
import type { EntityTypes } from './extension.ts';
import type { ProblemTypes } from './problems.ts';
import type { RecordContext } from './records.ts';
import { pageRows } from './rows.ts';

export type ProblemRef = ObjectRef<BuilderTypes, Refused>;

interface Payload {
  readonly changed: boolean;
  readonly transaction: Transaction | null;
}

/** Fields of a payload besides the record, by what the mutation can come to. */
interface PayloadParts {
  /** Whether it may have nothing to write, and says so. */
  readonly changed?: boolean;
  /** Whether it may have been applied on top of later versions, and lists them. */
  readonly rebasedOver?: boolean;
}

/** Some of the problems as members of a union; every write may meet a key that was used before. */
export function problemRefs(
  problems: ProblemTypes,
  names: readonly (keyof ProblemTypes)[],
): readonly ProblemRef[] {
  return [...names, 'idempotencyMismatch' as const].map((name) => problems[name] as ProblemRef);
}

/** The payload of a write of one record. */
export function addPayload(
  { builder, history }: RecordContext,
  name: string,
  entity: Entity,
  { record, version }: EntityTypes,
  parts: PayloadParts,
): ObjectRef<BuilderTypes, WritePayload> {
  return builder.objectRef<WritePayload>(name).implement({
    description: 'The write went through, and is on disk unless it was a dry run.',
    fields: (t) => ({
      [entity.singular]: t.field({
        type: record,
        description: `The ${entity.name} as the write left it, or would leave it.`,
        resolve: (payload) => payload.record,
      }),
      ...(parts.changed && { changed: changedField(t) }),
      ...(parts.rebasedOver && {
        rebasedOver: t.field({
          type: [version],
          description:
            'The later versions that a stale patch was applied on top of, oldest first; ' +
            'none unless `onConflict` was REBASE.',
          resolve: (payload) => [...payload.rebasedOver],
        }),
      }),
      transaction: transactionField(t, history.transaction),
    }),
  });
}

/** The payload of a write of many records of one kind. */
export function addBulkPayload(
  { builder, history }: RecordContext,
  name: string,
  entity: Entity,
  { record }: EntityTypes,
  parts: PayloadParts,
): ObjectRef<BuilderTypes, BulkPayload> {
  return builder.objectRef<BulkPayload>(name).implement({
    description: 'All writes went through, and are on disk unless it was a dry run.',
    fields: (t) => ({
      [entity.plural]: t.field({
        type: [record],
        description: `The ${recordsName(entity)} as the write left them, in the order of the inputs.`,
        extensions: pageRows,
        resolve: (payload) => [...payload.records],
      }),
      ...(parts.changed && { changed: changedField(t) }),
      transaction: transactionField(t, history.transaction),
    }),
  });
}

/** The payload of a write of any kinds of records. @param description of its versions. */
export function addVersionsPayload(
  { builder, history }: RecordContext,
  name: string,
  description: string,
): ObjectRef<BuilderTypes, VersionsPayload> {
  return builder.objectRef<VersionsPayload>(name).implement({
    description: 'All of it went through, and is on disk unless it was a dry run.',
    fields: (t) => ({
      versions: t.field({
        type: [history.version],
        description,
        extensions: pageRows,
        resolve: (payload) => [...payload.versions],
      }),
      changed: changedField(t),
      transaction: transactionField(t, history.transaction),
    }),
  });
}

function changedField<P extends Payload>(t: FieldBuilder<P>) {
  return t.boolean({
    description: 'Whether anything was written: what changes nothing writes nothing.',
    resolve: (payload) => payload.changed,
  });
}

function transactionField<P extends Payload>(
  t: FieldBuilder<P>,
  transaction: ObjectRef<BuilderTypes, Transaction>,
) {
  return t.field({
    type: transaction,
    nullable: true,
    description:
      'The transaction that the write was; null when nothing had to be written, and in a dry run.',
    resolve: (payload) => payload.transaction,
  });
}
