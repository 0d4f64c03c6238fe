/** Writing records. A problem is an answer: it is returned, not thrown. */

import { type Committed, type LogTransaction, Problem, type Updated } from '../db/index.ts';
import type { CreateValues, Entity, PatchValues, Transaction } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';

/** What a client may say about any write. */
export interface WriteOptions {
  readonly reason?: string | null | undefined;
}

/** The record as the write left it, and the transaction that the write was. */
export interface WritePayload<E extends Entity = Entity> {
  readonly record: RecordAt<E>;
  readonly changed: boolean;
  /** Null when nothing had to be written. */
  readonly transaction: Transaction | null;
}

/**
 * A write that was refused. GraphQL takes any Error that a resolver returns for a failure, so the
 * problem travels in a wrapping.
 */
export interface Refused<P extends Problem = Problem> {
  readonly problem: P;
}

type Input = Readonly<Record<string, unknown>> & { readonly id?: unknown };

/** What one entity's writes do besides keeping the fields of the input. */
export interface WriteSteps {
  /** The values to keep: the input's own, and those that the server derives from it. */
  readonly valuesOf: (input: Input, log: LogTransaction) => Promise<Input>;
  /** Finds the record of an update by other means than its id. */
  readonly idOf: (input: Input, log: LogTransaction) => Promise<string>;
}

/** Writes that keep just what they are given. */
export const plainSteps: WriteSteps = {
  valuesOf: async (input) => input,
  idOf: async (input) => input.id as string,
};

export async function createRecord<E extends Entity>(
  entity: E,
  steps: WriteSteps,
  input: Input,
  options: WriteOptions,
  operation: Operation,
): Promise<WritePayload<E> | Refused> {
  return await write(operation, options, async (log) => {
    const values = (await steps.valuesOf(input, log)) as CreateValues<E>;
    return { version: await log.create(entity, values), changed: true };
  });
}

/** A patch: a field left out keeps its value, null clears it. */
export async function updateRecord<E extends Entity>(
  entity: E,
  steps: WriteSteps,
  input: Input,
  options: WriteOptions,
  operation: Operation,
): Promise<WritePayload<E> | Refused> {
  return await write(operation, options, async (log) => {
    const id = await steps.idOf(input, log);
    const { id: _, expectedRevision, ...patch } = await steps.valuesOf(input, log);
    const condition = { expectedRevision: expectedRevision as number | null | undefined };
    return await log.update(entity, id, patch as PatchValues<E>, condition);
  });
}

export interface DeleteInput {
  readonly id: string;
  readonly expectedRevision?: number | null | undefined;
}

export async function deleteRecord<E extends Entity>(
  entity: E,
  { id, expectedRevision }: DeleteInput,
  options: WriteOptions,
  operation: Operation,
): Promise<WritePayload<E> | Refused> {
  return await write(operation, options, async (log) => ({
    version: await log.delete(entity, id, { expectedRevision }),
    changed: true,
  }));
}

/** Runs the work in a transaction; its record answers at the transaction's end. */
async function write<E extends Entity>(
  operation: Operation,
  options: WriteOptions,
  work: (log: LogTransaction) => Promise<Updated<E>>,
): Promise<WritePayload<E> | Refused> {
  let committed: Committed<Updated<E>>;
  try {
    committed = await operation.store.transact(work, { reason: options.reason ?? null });
  } catch (error) {
    if (error instanceof Problem) return { problem: error };
    throw error;
  }
  const { value, transaction, position } = committed;
  operation.reached(position);
  return { record: { version: value.version, at: position }, changed: value.changed, transaction };
}
