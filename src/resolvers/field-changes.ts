/** What one version changed against the one before it. */

import { differingFields } from '../db/index.ts';
import type { Field, Version } from '../entities/index.ts';
import { formatDateTime } from './date-time.ts';
import type { Operation } from './operation.ts';

export interface FieldChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

type AnyValues = Readonly<Record<string, unknown>>;

/** Against the revision before; for revision 1 every field that is set. */
export async function readChanges(version: Version, operation: Operation): Promise<FieldChange[]> {
  if (version.revision === 1) return fieldsSet(version);
  const before = version.revision - 1;
  const key = { id: version.id, from: before, to: before };
  const [previous] = await operation.load(version.entity).revisions(key);
  if (!previous) {
    throw new Error(
      `Revision ${before} of ${version.entity.name} ${version.id} is not in the replica.`,
    );
  }
  const { fields } = version.entity;
  return differingFields(version.entity, previous.values, version.values).map((name) => ({
    field: name,
    before: toJson(fields[name], (previous.values as AnyValues)[name]),
    after: toJson(fields[name], (version.values as AnyValues)[name]),
  }));
}

function fieldsSet({ entity, values }: Version): FieldChange[] {
  return Object.entries(entity.fields)
    .map(([name, field]) => ({
      field: name,
      before: null,
      after: toJson(field, (values as AnyValues)[name]),
    }))
    .filter(({ after }) => after !== null && !(Array.isArray(after) && after.length === 0));
}

/** A value as clients see it elsewhere: a moment as RFC 3339. */
function toJson(field: Field | undefined, value: unknown): unknown {
  return field?.kind === 'dateTime' && value !== null ? formatDateTime(value as number) : value;
}
