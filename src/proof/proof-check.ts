/** `everstate verify --proof`: whether a proof leads to a head that is known, without the log. */
import { readFile } from 'node:fs/promises';
import {
  type InclusionProof,
  type KnownHead,
  leadsToHead,
  readInclusionProof,
} from '../db/index.ts';
import { formatDateTime } from '../entities/index.ts';
import { notProven, type Told } from '../terminal/index.ts';
import { headGiven, headText } from './head.ts';
import { Refused } from './refused.ts';

/**
 * @param file with a proof, as `everstate prove` and the API give them.
 * @param head one that is known from elsewhere. Whoever makes up a version can make up a head as well.
 * @throws Refused, also for a proof that is whole in itself when no head is known.
 */
export async function checkProof(file: string, head: string | undefined): Promise<Told> {
  const known = head === undefined ? null : headGiven(head);
  const proof = await readProof(file);
  if (!leadsToHead(proof))
    return notProven(`It does not lead to the head ${headText(proof.head)}.`);
  if (!known) {
    throw new Refused(
      'HEAD_NEEDED',
      `The proof leads to the head ${headText(proof.head)}. Whether that is one of the log, only ` +
        'one that was noted elsewhere can tell: say it with --head.',
    );
  }
  const position = known.position ?? proof.head.position;
  if (position !== proof.head.position || known.digest !== proof.head.digest) {
    return notProven(
      `It leads to the head ${headText(proof.head)}, and not to the one that is known.`,
    );
  }
  return told(proof, known);
}

async function readProof(file: string): Promise<InclusionProof> {
  const notOne = (why: string) => new Refused('NOT_A_PROOF', `${file} ${why}`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw notOne(`cannot be read as JSON: ${(error as Error).message}`);
  }
  const proof = readInclusionProof(json);
  if (!proof)
    throw notOne('is not what everstate prove writes: something is missing, or too much.');
  return proof;
}

/** What is proven is told, rather than what else the file may seem to say. */
function told({ version, transaction }: InclusionProof, head: KnownHead): Told {
  const { entity, id, revision, operation, position, committedAt, values } = version;
  const who = transaction.actor === null ? '' : ` by ${JSON.stringify(transaction.actor)}`;
  const lines = [
    `Proven: revision ${revision} of ${entity} ${JSON.stringify(id)} is in the log, at position ${position}.`,
    `${operation} at ${formatDateTime(committedAt)}${who}: ${JSON.stringify(values)}`,
  ];
  return { lines, outcome: { isProven: true, version, transaction, head } };
}
