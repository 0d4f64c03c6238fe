/** Making proofs that versions are in the log. */
import type { Position, Version } from '../../entities/index.ts';
import { hexOf } from '../shared/hex.ts';
import { BadRequest } from '../shared/problems.ts';
import { digestedFields } from './digest.ts';
import { isErasedSalt } from './erased-version.ts';
import { type InclusionProof, leadsToHead, proofFormat } from './inclusion-proof.ts';
import type { LogTree } from './log-tree.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { versionOfRow } from './sqlite/version-row.ts';

/**
 * Proves that a version is in the log.
 * @param at the position of the head that it is proven against: one that was committed, and not
 *   before the version.
 * @throws Error when it is not there, or the log is damaged there: no proof is given that does not hold.
 */
export async function proveVersion(
  log: LogFile,
  tree: LogTree,
  { entity, id, revision, position }: Pick<Version, 'entity' | 'id' | 'revision' | 'position'>,
  at: Position,
): Promise<InclusionProof> {
  const row = await log.versions
    .selectFrom(entity.table)
    .selectAll()
    .where('position', '=', position)
    .where('id', '=', id)
    .where('revision', '=', revision)
    .executeTakeFirstOrThrow();
  if (isErasedSalt(row.salt)) {
    throw new BadRequest('proof', 'is of a version that was erased: nothing is left to be shown.');
  }
  const { values, ...header } = versionOfRow(entity, row);
  const transaction = await log.kysely
    .selectFrom('transactions')
    .select(['actor', 'reason', 'salt'])
    .where('id', '=', header.transactionId)
    .executeTakeFirstOrThrow();
  const proof: InclusionProof = {
    format: proofFormat,
    version: {
      ...header,
      entity: entity.name,
      values: Object.fromEntries(
        digestedFields(entity, values),
      ) as InclusionProof['version']['values'],
      salt: hexOf(row.salt),
    },
    transaction: { ...transaction, salt: hexOf(transaction.salt) },
    digestBefore: hexOf(await tree.digestBefore(position)),
    path: (await tree.path(position, at)).map(hexOf),
    head: await tree.head(at),
  };
  if (leadsToHead(proof)) return proof;
  throw new Error(`The version at position ${position} is not as it was written. Verify the log.`);
}
