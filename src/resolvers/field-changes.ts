/** What changed between versions of a record. */
import { BadRequest, differingFields } from '../db/index.ts';
import { type Field, formatDateTime, type Version } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';

export interface FieldChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

type AnyValues = Readonly<Record<string, unknown>>;

/** Against the revision before; every field that is set where there is none, or it is not seen. */
export async function readChanges(version: Version, operation: Operation): Promise<FieldChange[]> {
  const { entity, id, revision } = version;
  if (revision === 1) return fieldsSet(version);
  const before = await operation.view.records.revision(entity, id, revision - 1);
  return before ? differences(before, version) : fieldsSet(version);
}

export interface DiffArgs {
  readonly from: number;
  /** The revision in force without it. */
  readonly to?: number | null | undefined;
}

/**
 * The fields that differ between two revisions of a record.
 * @throws BadRequest for a revision that the record does not have yet or that is not seen, or from
 *   after to.
 */
export async function readDiff(
  record: RecordAt,
  args: DiffArgs,
  operation: Operation,
): Promise<FieldChange[]> {
  return differences(...(await readRevisions(record, args, operation)));
}

/**
 * Two revisions of a record.
 * @throws BadRequest as readDiff does.
 */
export async function readRevisions(
  { version: newest }: RecordAt,
  args: DiffArgs,
  operation: Operation,
): Promise<[from: Version, to: Version]> {
  const to = args.to ?? newest.revision;
  for (const [argument, revision] of [
    ['from', args.from],
    ['to', to],
  ] as const) {
    if (revision >= 1 && revision <= newest.revision) continue;
    const message = `must be a revision from 1 to ${newest.revision}, but was ${revision}.`;
    throw new BadRequest(argument, message);
  }
  if (args.from > to) {
    throw new BadRequest('from', `must not be after to, which is ${to}, but was ${args.from}.`);
  }
  return await Promise.all([
    readRevision(newest, 'from', args.from, operation),
    readRevision(newest, 'to', to, operation),
  ]);
}

async function readRevision(
  { entity, id }: Version,
  argument: string,
  revision: number,
  { view: { records } }: Operation,
): Promise<Version> {
  const version = await records.revision(entity, id, revision);
  if (version) return version;
  if (!records.seesAll(entity)) {
    throw new BadRequest(argument, `must be a revision that you may see, but was ${revision}.`);
  }
  throw new Error(`Revision ${revision} of ${entity.name} ${id} is not in the log.`);
}

function differences(before: Version, after: Version): FieldChange[] {
  const { fields } = after.entity;
  return differingFields(after.entity, before.values, after.values).map((name) => ({
    field: name,
    before: toJson(fields[name], (before.values as AnyValues)[name]),
    after: toJson(fields[name], (after.values as AnyValues)[name]),
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
