/** Erasing a record: what it holds and held goes for good. */
import { NotFound, type Receipt } from '../db/index.ts';
import type { Entity } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import type { Refused } from './write.ts';

export interface EraseArgs {
  readonly entity: Entity;
  readonly id: string;
  readonly reason?: string | null | undefined;
}

export interface ErasePayload {
  /** Null when it had been erased before. */
  readonly receipt: Receipt | null;
}

/** @throws Forbidden for whoever is no admin. */
export async function eraseRecord(
  { entity, id, reason }: EraseArgs,
  operation: Operation,
): Promise<ErasePayload | Refused> {
  try {
    const receipt = await operation.view.erase({ entity, id }, reason ?? null);
    operation.reached(await operation.view.head());
    return { receipt };
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    return { problem: error };
  }
}
