/** Changes of one record within a transaction, as the inputs of mutations ask for them. */
import type { ConflictPolicy, LogTransaction, Updated } from '../db/index.ts';
import type { CreateValues, Entity, PatchValues } from '../entities/index.ts';

/** What a client gave: fields of the entity, and what only this mutation knows. */
export type WriteInput = Readonly<Record<string, unknown>> & { readonly id?: unknown };

/** What one entity's writes do besides keeping the fields of the input. */
export interface WriteSteps {
  /** The values to keep: the input's own, and those that the server derives from it. */
  readonly valuesOf: (input: WriteInput, log: LogTransaction) => Promise<WriteInput>;
  /** Finds the record of an update by other means than its id. */
  readonly idOf: (input: WriteInput, log: LogTransaction) => Promise<string>;
}

/** Writes that keep just what they are given. */
export const plainSteps: WriteSteps = {
  valuesOf: async (input) => input,
  idOf: async (input) => input.id as string,
};

/** Makes the change that an input asks for. */
export type Change = (
  log: LogTransaction,
  input: WriteInput,
  onConflict: ConflictPolicy,
) => Promise<Updated>;

/** Creates a record of the input's fields. */
export function creating<E extends Entity>(entity: E, steps: WriteSteps): Change {
  return async (log, input) => {
    const values = (await steps.valuesOf(input, log)) as CreateValues<E>;
    return { version: await log.create(entity, values), changed: true, rebasedOver: [] };
  };
}

/** Applies a patch: a field left out keeps its value, null clears it. */
export function updating<E extends Entity>(entity: E, steps: WriteSteps): Change {
  return async (log, input, onConflict) => {
    const id = await steps.idOf(input, log);
    const { id: _, expectedRevision, ...patch } = await steps.valuesOf(input, log);
    return await log.update(entity, id, patch as PatchValues<E>, {
      expectedRevision: expectedRevision as number | null | undefined,
      onConflict,
    });
  };
}

/** Deletes the record that the input names. */
export function deleting(entity: Entity): Change {
  return async (log, { id, expectedRevision }) => {
    const condition = { expectedRevision: expectedRevision as number | null | undefined };
    const version = await log.delete(entity, id as string, condition);
    return { version, changed: true, rebasedOver: [] };
  };
}
