/**
 * Importing records as they are: new ones are created, those that are there with the same values are
 * passed over. So an import that was interrupted goes on when it is run again.
 */
import {
  AlreadyExists,
  differingFields,
  InvalidInput,
  type LogAccess,
  type LogTransaction,
  limits,
  type PastContents,
  Problem,
} from '../db/index.ts';
import type { Entity, Version } from '../entities/index.ts';
import type { RefuseWhenInterrupted } from '../terminal/index.ts';
import type { Format } from './formats.ts';
import type { SourceContents } from './history-source.ts';
import { Refused } from './refused.ts';
import { readRows, type SourceRow } from './row-reader.ts';
import { checkedValues, type GivenRecord, RowIssues, recordOf } from './row-values.ts';
import { contentsNamed, takeIn } from './stored-contents.ts';

/** A file of records of one kind. */
interface StateFile {
  readonly entity: Entity;
  readonly path: string;
  readonly format: Format;
}

export interface StateSource {
  readonly files: readonly StateFile[];
  /** The contents under a SHA-256; null where it has none of them. */
  contents(sha256: string): SourceContents | null;
}

export interface StateImported {
  created: number;
  updated: number;
  /** Records that were there with the same values. */
  unchanged: number;
}

export interface StateTerms {
  /** Whether records that are there with other values are updated. */
  readonly update: boolean;
  readonly actor: string | null;
  readonly reason: string | null;
}

/** Told of rows that were looked at or written. */
export type OnRows = (what: string, rows: number) => void;

/**
 * Looks at all rows, and at what they would come to, before anything is written.
 * @returns what would be done.
 * @throws Refused for rows that break rules, and for records that differ where they may not be updated.
 */
export async function checkState(
  log: LogAccess,
  source: StateSource,
  terms: StateTerms,
  onRows: OnRows,
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<StateImported> {
  const issues = new RowIssues();
  const imported: StateImported = { created: 0, updated: 0, unchanged: 0 };
  const differing: string[] = [];
  const seen = new SeenRecords();
  for await (const { entity, records } of batchesOf(source, issues)) {
    refuseWhenInterrupted();
    for (const record of records) {
      seen.add(entity, record, issues);
      await noteMissingContents(log, source, entity, record, issues);
    }
    await log.tryOut(async (transaction) => {
      for (const record of records) {
        const change = await changeOf(transaction, entity, record, issues);
        if (change?.differs && !terms.update) differing.push(change.differs);
        else if (change) await make(transaction, entity, record, change, imported, issues);
      }
    });
    onRows('checked', records.length);
  }
  issues.refuse();
  refuseDiffering(differing);
  return imported;
}

/**
 * Writes what `checkState` found good.
 * @throws Refused for what changed since: what was committed before stays.
 */
export async function importState(
  log: LogAccess,
  source: StateSource,
  terms: StateTerms,
  onRows: OnRows,
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<StateImported> {
  const imported: StateImported = { created: 0, updated: 0, unchanged: 0 };
  const { actor, reason } = terms;
  for await (const { entity, records } of batchesOf(source, new RowIssues())) {
    refuseWhenInterrupted();
    const contents = await takeInContents(log, source, entity, records);
    const issues = new RowIssues();
    const differing: string[] = [];
    await log.transact(
      async (transaction) => {
        for (const each of contents) {
          if (each instanceof Uint8Array) await transaction.putContents(each);
          else await transaction.keepUpload(each);
        }
        for (const record of records) {
          const change = await changeOf(transaction, entity, record, issues);
          if (change?.differs && !terms.update) differing.push(change.differs);
          else if (change) await make(transaction, entity, record, change, imported, issues);
        }
        issues.refuse();
        refuseDiffering(differing);
      },
      { actor, reason },
    );
    onRows('written', records.length);
  }
  return imported;
}

interface Batch {
  readonly entity: Entity;
  readonly records: readonly GivenRecord[];
}

async function* batchesOf(source: StateSource, issues: RowIssues): AsyncGenerator<Batch, void> {
  for (const { entity, path, format } of source.files) {
    for await (const rows of readRows(path, format)) {
      for (let begin = 0; begin < rows.length; begin += limits.importedRecordsMax) {
        const some = rows.slice(begin, begin + limits.importedRecordsMax);
        yield { entity, records: recordsOf(entity, some, format === 'csv', issues) };
      }
    }
  }
}

function recordsOf(
  entity: Entity,
  rows: readonly SourceRow[],
  isText: boolean,
  issues: RowIssues,
): GivenRecord[] {
  return rows.flatMap((row) => recordOf(entity, row, isText, issues) ?? []);
}

/** What a row comes to. */
interface Change {
  readonly before: Version | null;
  readonly values: Version['values'];
  /** What is told where it differs from what is there; null where it does not. */
  readonly differs: string | null;
}

/** @returns null where the row breaks a rule, which is an issue then. */
async function changeOf(
  log: LogTransaction,
  entity: Entity,
  { id, values: given, origin }: GivenRecord,
  issues: RowIssues,
): Promise<Change | null> {
  const before = id === null ? null : await log.get(entity, id);
  const values = checkedValues(entity, { ...before?.values, ...given }, origin, issues);
  if (!values) return null;
  const record = `${entity.name} ${JSON.stringify(id)}`;
  if (before?.operation === 'DELETE') {
    return { before, values, differs: `${origin}: ${record} was deleted.` };
  }
  const fields = before ? differingFields(entity, before.values, values) : [];
  const differs =
    fields.length === 0 ? null : `${origin}: ${record} has another ${fields.join(', ')}.`;
  return { before, values, differs };
}

async function make(
  log: LogTransaction,
  entity: Entity,
  { id, origin }: GivenRecord,
  { before, values, differs }: Change,
  imported: StateImported,
  issues: RowIssues,
): Promise<void> {
  try {
    if (!before) {
      await log.create(entity, { ...values, id });
      imported.created += 1;
    } else if (differs !== null) {
      if (before.operation === 'DELETE') await log.restore(entity, before.id);
      await log.update(entity, before.id, values);
      imported.updated += 1;
    } else {
      imported.unchanged += 1;
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    addProblem(error, origin, issues);
  }
}

function addProblem(problem: Problem, origin: string, issues: RowIssues): void {
  if (problem instanceof InvalidInput) {
    for (const { path, message } of problem.issues) issues.add(origin, path.join('.'), message);
  } else {
    const field = problem instanceof AlreadyExists ? 'unique key' : 'record';
    issues.add(origin, field, problem.message);
  }
}

async function takeInContents(
  log: LogAccess,
  source: StateSource,
  entity: Entity,
  records: readonly GivenRecord[],
): Promise<PastContents[]> {
  const taken = new Map<string, PastContents>();
  if (entity.files.length === 0) return [];
  for (const { values, origin } of records) {
    for (const named of contentsNamed(entity, values as Version['values'])) {
      const { sha256, size } = named;
      if (taken.has(sha256) || (await log.contentsSize(sha256)) === size) continue;
      taken.set(sha256, await takeIn(log, named, source.contents(sha256), origin));
    }
  }
  return [...taken.values()];
}

async function noteMissingContents(
  log: LogAccess,
  source: StateSource,
  entity: Entity,
  { values, origin }: GivenRecord,
  issues: RowIssues,
): Promise<void> {
  for (const { sha256, size } of contentsNamed(entity, values as Version['values'])) {
    if (source.contents(sha256) || (await log.contentsSize(sha256)) === size) continue;
    issues.add(
      origin,
      'sha256',
      `names contents that are neither with it nor in the log: ${sha256}.`,
    );
  }
}

function refuseDiffering(differing: readonly string[]): void {
  if (differing.length === 0) return;
  const shown = differing.slice(0, limits.importIssuesMax);
  const more = differing.length > shown.length ? `; the first ${shown.length} of them` : '';
  const what = differing.length === 1 ? '1 record is' : `${differing.length} records are`;
  throw new Refused(
    'RECORDS_DIFFER',
    `${what} there already, and not as imported${more}. Import with --update to have them so:`,
    shown,
  );
}

/** What the rows before had: an id and a unique key come once. */
class SeenRecords {
  readonly #seen = new Set<string>();

  add(entity: Entity, { id, values, origin }: GivenRecord, issues: RowIssues): void {
    if (id !== null) this.#once(JSON.stringify([entity.name, id]), 'id', origin, issues);
    if (entity.uniqueKey.length === 0) return;
    const key = entity.uniqueKey.map((name) => values[name] ?? null);
    this.#once(JSON.stringify([entity.name, key]), entity.uniqueKey.join(', '), origin, issues);
  }

  #once(key: string, what: string, origin: string, issues: RowIssues): void {
    if (this.#seen.has(key)) issues.add(origin, what, 'is that of a row before it.');
    this.#seen.add(key);
  }
}
