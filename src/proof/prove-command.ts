/** `everstate prove` from the command line: proof that a version is in the log. */
import { LogInspection } from '../db/index.ts';
import type { Entity, Position } from '../entities/index.ts';
import { kindNamed, numberGiven, type Told } from '../terminal/index.ts';
import { Refused } from './refused.ts';

/** As they are given. */
export interface ProveOptions {
  readonly revision?: string;
  readonly atPosition?: string;
}

/**
 * @param data the data directory.
 * @param entities those that it is served with.
 * @returns the proof, in JSON as its only line.
 * @throws Refused, and CannotOpen.
 */
export async function runProve(
  name: string,
  id: string,
  { revision, atPosition }: ProveOptions,
  data: string,
  entities: readonly Entity[],
): Promise<Told> {
  const entity = kindNamed(name, entities);
  const number = revision === undefined ? null : numberGiven('--revision', revision);
  const log = LogInspection.open(data, entities);
  try {
    const version = log.version(entity, id, number);
    if (!version) {
      const which = number === null ? '' : ` revision ${number} of`;
      throw new Refused('NOT_FOUND', `There is no${which} ${name} ${JSON.stringify(id)}.`);
    }
    const { position: end } = await log.totals();
    const at = atPosition === undefined ? end : numberGiven('--at-position', atPosition);
    if (at < version.position || at > end) {
      throw new Refused(
        'BAD_ARGUMENT',
        `--at-position must be from ${version.position}, where the version is, to ${end}, where the ` +
          `log ends, but was ${at}.`,
      );
    }
    const proof = await log.prove(version, at as Position);
    return { lines: [JSON.stringify(proof)], outcome: { ...proof } };
  } finally {
    await log.close();
  }
}
