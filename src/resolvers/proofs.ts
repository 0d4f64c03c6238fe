/** Proofs that versions are in the log. */
import { BadRequest, type InclusionProof } from '../db/index.ts';
import type { Position, Version } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import type { SeenAt } from './transactions.ts';

export interface ProofArgs {
  /** The position of the head that it is proven against; where the version is seen from without it. */
  readonly at?: Position | null | undefined;
}

/**
 * Proof that a version that is seen is in the log, for whoever has the head at a position.
 * @throws BadRequest for a position before the version or after the log's end, and for a version that
 *   was only tried.
 */
export async function readProof(
  version: SeenAt<Version>,
  args: ProofArgs,
  operation: Operation,
): Promise<InclusionProof> {
  const { view } = operation;
  if (view.records.tentative?.transaction.id === version.transactionId) {
    throw new BadRequest('dryRun', 'leaves nothing that could be proven to be in the log.');
  }
  if (args.at != null) return await view.prove(version, args.at);
  const head = await operation.snapshot();
  const { seenAt = operation.position ?? head } = version;
  operation.dependOnPosition(seenAt);
  return await view.prove(version, seenAt);
}
