/** First versions of new records, made of what is given of them. */
import type { CreateValues, Entity } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { InvalidInput } from '../shared/problems.ts';
import { findTextIssue, valuesOfCreate } from '../shared/values.ts';
import { bytesOfVersion } from '../shared/version-bytes.ts';
import { timePrefixedId } from './time-prefixed-id.ts';
import type { NextVersion } from './version-chain.ts';

/** What creating a record takes; without an id it gets one that sorts by time. */
export type NewRecord<E extends Entity> = CreateValues<E> & {
  readonly id?: string | null | undefined;
};

/** The first version of a new record. @throws InvalidInput when a value breaks its field's rules. */
export function firstVersion<E extends Entity>(entity: E, input: NewRecord<E>): NextVersion<E> {
  const id = input.id ?? timePrefixedId();
  const issue = findTextIssue('id', id, limits.idLengthMax);
  if (issue) throw new InvalidInput([issue]);
  const values = valuesOfCreate(entity, input);
  return { entity, id, values, operation: 'CREATE', before: null };
}

/** First versions of the first inputs: until one breaks a rule, or they take much memory. */
export function firstVersions<E extends Entity>(
  entity: E,
  inputs: readonly NewRecord<E>[],
): NextVersion<E>[] {
  const versions: NextVersion<E>[] = [];
  let bytes = 0;
  for (const input of inputs) {
    try {
      const version = firstVersion(entity, input);
      bytes += bytesOfVersion(version);
      if (versions.length > 0 && bytes > limits.createdTogetherBytesMax) break;
      versions.push(version);
    } catch (error) {
      if (error instanceof InvalidInput) break;
      throw error;
    }
  }
  return versions;
}
