/** Who last set each field of a record, and when. */
import type { Microseconds, Version } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';
import { readTransaction } from './transactions.ts';

export interface FieldBlame {
  readonly field: string;
  readonly revision: number;
  readonly committedAt: Microseconds;
  readonly actor: string | null;
}

/**
 * One per field of the entity, in its order: the last revision up to the one shown that gave the
 * field another value than it had; the creation where there was none.
 */
export async function readBlame(
  { version: newest }: RecordAt,
  operation: Operation,
): Promise<FieldBlame[]> {
  const lastSet = await operation.view.records.lastSet(newest);
  const revisions = [...new Set(Object.values(lastSet))];
  const about = new Map(
    await Promise.all(
      revisions.map(async (each) => [each, await aboutRevision(newest, each, operation)] as const),
    ),
  );
  return Object.entries(lastSet).map(([field, each]) => ({
    field,
    revision: each,
    ...(about.get(each) as Pick<FieldBlame, 'committedAt' | 'actor'>),
  }));
}

async function aboutRevision(
  { entity, id }: Version,
  revision: number,
  operation: Operation,
): Promise<Pick<FieldBlame, 'committedAt' | 'actor'>> {
  const version = await operation.view.records.revision(entity, id, revision);
  if (!version) throw new Error(`Revision ${revision} of ${entity.name} ${id} is not in the log.`);
  const { actor, committedAt } = await readTransaction(version, operation);
  return { actor, committedAt };
}
