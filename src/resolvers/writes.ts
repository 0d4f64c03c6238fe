/** Writing one record: create, update, delete and restore. */
import type { LogTransaction, Updated } from '../db/index.ts';
import type { Entity, Transaction, Version } from '../entities/index.ts';
import { type AsOf, momentOf } from './as-of.ts';
import {
  type Change,
  creating,
  deleting,
  updating,
  type WriteInput,
  type WriteSteps,
} from './change-records.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';
import { isRefused, type Refused, type WriteOptions, type WriteRequest, write } from './write.ts';

/** The record as the write left it, and the transaction that the write was. */
export interface WritePayload {
  readonly record: RecordAt;
  readonly changed: boolean;
  readonly rebasedOver: readonly Version[];
  /** Null when nothing had to be written, and in a dry run. */
  readonly transaction: Transaction | null;
}

export interface InputArgs {
  readonly input: WriteInput;
  readonly options?: WriteOptions | null | undefined;
}

export async function createRecord(
  entity: Entity,
  steps: WriteSteps,
  args: InputArgs,
  operation: Operation,
): Promise<WritePayload | Refused> {
  const request = { mutation: `create${entity.name}`, args };
  return await change(operation, request, creating(entity, steps), args.input);
}

/** A patch: a field left out keeps its value, null clears it. */
export async function updateRecord(
  entity: Entity,
  steps: WriteSteps,
  args: InputArgs,
  operation: Operation,
): Promise<WritePayload | Refused> {
  const request = { mutation: `update${entity.name}`, args };
  return await change(operation, request, updating(entity, steps), args.input);
}

export interface DeleteArgs {
  readonly id: string;
  readonly expectedRevision?: number | null | undefined;
  readonly options?: WriteOptions | null | undefined;
}

export async function deleteRecord(
  entity: Entity,
  args: DeleteArgs,
  operation: Operation,
): Promise<WritePayload | Refused> {
  const { id, expectedRevision } = args;
  const request = { mutation: `delete${entity.name}`, args };
  return await change(operation, request, deleting(entity), { id, expectedRevision });
}

export interface RestoreArgs {
  readonly id: string;
  readonly revision?: number | null | undefined;
  readonly asOf?: AsOf | null | undefined;
  readonly options?: WriteOptions | null | undefined;
}

/** Brings back an earlier state, or a deleted record. @throws BadRequest for a moment to come. */
export async function restoreRecord(
  entity: Entity,
  args: RestoreArgs,
  operation: Operation,
): Promise<WritePayload | Refused> {
  const at = args.asOf == null ? null : (await momentOf(args.asOf, operation)).at;
  const request = { mutation: `restore${entity.name}`, args };
  return await writeOne(operation, request, (log) =>
    log.restore(entity, args.id, { revision: args.revision, at }),
  );
}

async function change(
  operation: Operation,
  request: WriteRequest,
  make: Change,
  input: WriteInput,
): Promise<WritePayload | Refused> {
  const onConflict = request.args.options?.onConflict ?? 'FAIL';
  return await writeOne(operation, request, (log) => make(log, input, onConflict));
}

async function writeOne(
  operation: Operation,
  request: WriteRequest,
  work: (log: LogTransaction) => Promise<Updated>,
): Promise<WritePayload | Refused> {
  const written = await write(operation, request, async (log) => [await work(log)]);
  if (isRefused(written)) return written;
  const { results, at, changed, transaction } = written;
  const { version, rebasedOver } = results[0] as Updated;
  return { record: { version, at }, changed, rebasedOver, transaction };
}
