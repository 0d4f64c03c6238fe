/** Writes that were made for an older revision than the record has: conflict, or rebase. */
import type { Entity, Version } from '../../entities/index.ts';
import type { Sight } from '../criteria/sight.ts';
import { limits } from '../shared/limits.ts';
import { InvalidInput, RevisionConflict } from '../shared/problems.ts';
import { differingFields, sameValue } from '../shared/values.ts';
import { readVersionsBetween } from './logged-records.ts';
import type { LogFile } from './sqlite/log-file.ts';

/** What becomes of a patch that was made for an older revision. */
export type ConflictPolicy = 'FAIL' | 'REBASE';

export interface WriteCondition {
  /** The revision that the write was made for: refuse when the record has another. */
  readonly expectedRevision?: number | null | undefined;
}

export interface PatchCondition extends WriteCondition {
  /** Whether a stale patch may be applied on top of changes of other fields; without it not. */
  readonly onConflict?: ConflictPolicy | null | undefined;
}

type AnyValues = Readonly<Record<string, unknown>>;

/** @throws InvalidInput when no record could ever have that revision. */
export function refuseImpossibleRevision({ expectedRevision }: WriteCondition): void {
  if (expectedRevision == null) return;
  if (Number.isSafeInteger(expectedRevision) && expectedRevision >= 1) return;
  const message = `must be a revision, 1 or more, but was ${expectedRevision}. Leave it out to expect nothing.`;
  throw new InvalidInput([{ path: ['expectedRevision'], message }]);
}

/**
 * The versions after the revision that a patch was made for, when it can be applied on top of
 * them: none of them changed a field that it names, unless to the value that it gives.
 * @param sight of whoever writes: on top of what they do not see, nothing is applied.
 * @returns them, oldest first; none when the patch is not stale.
 * @throws RevisionConflict when the patch cannot be applied.
 */
export function rebase<E extends Entity>(
  log: LogFile,
  actual: Version<E>,
  patch: AnyValues,
  { expectedRevision, onConflict }: PatchCondition,
  sight: Sight,
): readonly Version<E>[] {
  const expected = expectedRevision ?? actual.revision;
  if (expected === actual.revision) return [];
  const since = readVersionsBetween(log, actual.entity, actual.id, expected, actual.revision);
  const changed = fieldsChangedIn(since, actual, sight);
  const isSeen = since.every((version) => sight.sees(version));
  if (onConflict !== 'REBASE' || expected > actual.revision || !isSeen) {
    throw conflict(actual, expected, changed);
  }
  if (since.at(-1)?.revision !== actual.revision) {
    const why = `A patch is applied on top of at most ${limits.pageRowsMax - 1} later revisions. `;
    throw conflict(actual, expected, changed, why);
  }
  const values = actual.values as AnyValues;
  const named = changed.filter((name) => Object.hasOwn(patch, name) && patch[name] !== undefined);
  const lost = named.filter((name) => !sameValue(patch[name], values[name]));
  if (lost.length > 0) {
    const why = `The patch names ${lost.join(', ')}, changed since to another value. `;
    throw conflict(actual, expected, changed, why);
  }
  return since.slice(1);
}

/**
 * @param sight of whoever writes.
 * @throws RevisionConflict unless the record is at the revision that was expected.
 */
export function refuseStale(
  log: LogFile,
  actual: Version,
  { expectedRevision }: WriteCondition,
  sight: Sight,
): void {
  const expected = expectedRevision ?? actual.revision;
  if (expected === actual.revision) return;
  const since = readVersionsBetween(log, actual.entity, actual.id, expected, actual.revision);
  throw conflict(actual, expected, fieldsChangedIn(since, actual, sight));
}

/**
 * Fields that any of these versions changed; what lies between them and the last, as a whole. All of
 * them where some of it is not seen: which ones it changed is not told.
 */
function fieldsChangedIn(since: readonly Version[], actual: Version, sight: Sight): string[] {
  if (!since.every((version) => sight.sees(version))) return Object.keys(actual.entity.fields);
  const steps = since.flatMap((before, index) =>
    differingFields(actual.entity, before.values, (since[index + 1] ?? actual).values),
  );
  return [...new Set(steps)];
}

function conflict(
  { entity, id, revision }: Version,
  expected: number,
  changed: readonly string[],
  why = '',
): RevisionConflict {
  return new RevisionConflict(
    `${entity.name} ${JSON.stringify(id)} was expected at revision ${expected}, but is at ` +
      `${revision}. ${why}Read it again and repeat the change.`,
    expected,
    revision,
    changed,
  );
}
