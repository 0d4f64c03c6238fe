/** Which state of a record is brought back. */
import type { Entity, Position, Version } from '../../entities/index.ts';
import type { Sight } from '../criteria/sight.ts';
import { InvalidInput } from '../shared/problems.ts';
import { readRevision, readVersionAt } from './logged-records.ts';
import type { LogFile } from './sqlite/log-file.ts';

/** The state to bring back; neither: a deleted record as it was before its deletion. */
export interface EarlierState {
  readonly revision?: number | null | undefined;
  /** As it was at this position. */
  readonly at?: Position | null | undefined;
}

/**
 * The version whose values a record gets back.
 * @param last the record's last version, a deletion perhaps.
 * @param sight of whoever brings it back: what they do not see is no state.
 * @throws InvalidInput that names `revision` or `asOf` when there is no such state.
 */
export function findEarlierState<E extends Entity>(
  log: LogFile,
  last: Version<E>,
  { revision, at }: EarlierState,
  sight: Sight,
): Version<E> {
  const { entity, id } = last;
  if (revision != null && at != null) {
    return refuse('revision', 'may not be given together with asOf. Leave one out.');
  }
  if (revision != null) {
    const found =
      Number.isSafeInteger(revision) && revision >= 1
        ? seen(readRevision(log, entity, id, revision), sight)
        : null;
    const known = `must be one of its revisions, from 1 to ${last.revision}, but was ${revision}.`;
    return refuseDeletion('revision', found ?? refuse('revision', known));
  }
  if (at != null) {
    const found = seen(readVersionAt(log, entity, id, at), sight);
    return refuseDeletion('asOf', found ?? refuse('asOf', noneAt(log, last, sight)));
  }
  // A deletion keeps the values that it found.
  if (last.operation === 'DELETE') return last;
  return refuse(
    'revision',
    `is required, or asOf, but both were left out, and the ${entity.name} is not deleted. Say which state to bring back.`,
  );
}

function seen<E extends Entity>(version: Version<E> | null, sight: Sight): Version<E> | null {
  return version && sight.sees(version) ? version : null;
}

/** Why a record has no state at a moment. */
function noneAt(log: LogFile, { entity, id }: Version, sight: Sight): string {
  const first = seen(readRevision(log, entity, id, 1), sight);
  if (!first) return `must be a moment at which there was a ${entity.name} with this id.`;
  const known = `must not be before the ${entity.name} was created, which was at position`;
  return `${known} ${first.position}.`;
}

function refuseDeletion<E extends Entity>(argument: string, found: Version<E>): Version<E> {
  if (found.operation !== 'DELETE') return found;
  const message = `must be a state to bring back, but revision ${found.revision} is its deletion. Give an earlier one, or leave both revision and asOf out while it is deleted.`;
  return refuse(argument, message);
}

function refuse(argument: string, message: string): never {
  throw new InvalidInput([{ path: [argument], message }]);
}
