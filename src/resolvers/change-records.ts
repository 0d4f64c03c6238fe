/** Changes of one record within a transaction, as the inputs of mutations ask for them. */
import type { ConflictPolicy, LogTransaction, Updated } from '../db/index.ts';
import type { CreateValues, Entity, PatchValues, Version } from '../entities/index.ts';

/** What a client gave: fields of the entity, and what only this mutation knows. */
export type WriteInput = Readonly<Record<string, unknown>> & { readonly id?: unknown };

/** What one entity's writes do besides keeping the fields of the input. */
export interface WriteSteps {
  /** Makes the values to keep: the input's own, and others derived from it; null to keep the input. */
  readonly valuesOf: ((input: WriteInput, log: LogTransaction) => Promise<WriteInput>) | null;
  /** Finds the record of an update by other means than its id. */
  readonly idOf: (input: WriteInput, log: LogTransaction) => Promise<string>;
}

/** Writes that keep just what they are given. */
export const plainSteps: WriteSteps = {
  valuesOf: null,
  idOf: async (input) => input.id as string,
};

/** Makes the change that an input asks for. */
export type Change = (
  log: LogTransaction,
  input: WriteInput,
  onConflict: ConflictPolicy,
) => Promise<Updated>;

/**
 * Makes the changes that the first of several inputs ask for, as many as go through together.
 * @returns what each came to; of the next input the Change tells why it does not go through.
 */
export type ManyChanges = (
  log: LogTransaction,
  inputs: readonly WriteInput[],
) => Promise<readonly Updated[]>;

/** Creates a record of the input's fields. */
export function creating<E extends Entity>(entity: E, steps: WriteSteps): Change {
  return async (log, input) => {
    const values = await valuesOf(steps, input, log);
    return created(await log.create(entity, values as CreateValues<E>));
  };
}

/** Creates records of several inputs' fields; null where the values take steps of their own. */
export function creatingMany<E extends Entity>(entity: E, steps: WriteSteps): ManyChanges | null {
  if (steps.valuesOf) return null;
  return async (log, inputs) => {
    const versions = await log.createMany(entity, inputs as readonly CreateValues<E>[]);
    return versions.map(created);
  };
}

function created(version: Version): Updated {
  return { version, changed: true, rebasedOver: [] };
}

async function valuesOf(
  steps: WriteSteps,
  input: WriteInput,
  log: LogTransaction,
): Promise<WriteInput> {
  return steps.valuesOf ? await steps.valuesOf(input, log) : input;
}

/** Applies a patch: a field left out keeps its value, null clears it. */
export function updating<E extends Entity>(entity: E, steps: WriteSteps): Change {
  return async (log, input, onConflict) => {
    const id = await steps.idOf(input, log);
    const { id: _, expectedRevision, ...patch } = await valuesOf(steps, input, log);
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
