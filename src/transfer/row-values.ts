/** Rows as what they say of records and versions, checked against the entity. */
import { InvalidInput, limits, type PastVersion, valuesOfCreate } from '../db/index.ts';
import { type Entity, fieldColumnsOf, type Operation, type ValuesOf } from '../entities/index.ts';
import { BadCell, cellValue } from './cells.ts';
import { Refused } from './refused.ts';
import type { SourceRow } from './row-reader.ts';

/** What is wrong with rows, gathered: each with where it stands, the field, and what was expected. */
export class RowIssues {
  readonly #told: string[] = [];
  #count = 0;

  add(origin: string, field: string, message: string): void {
    this.#count += 1;
    if (this.#told.length < limits.importIssuesMax)
      this.#told.push(`${origin}, ${field}: ${message}`);
  }

  /** @throws Refused once there is any. */
  refuse(): void {
    if (this.#count === 0) return;
    const more = this.#count > this.#told.length ? `; the first ${this.#told.length} of them` : '';
    const what = this.#count === 1 ? '1 value breaks a rule' : `${this.#count} values break rules`;
    throw new Refused('BAD_ROWS', `${what}${more}:`, this.#told);
  }
}

/** What a row says of a record. */
export interface GivenRecord {
  readonly origin: string;
  /** Null where the row names none. */
  readonly id: string | null;
  /** Of the fields that the file has columns for. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Columns of an exported state that say nothing of what a record holds. */
const ignored = new Set(['revision', 'position', 'createdAt', 'updatedAt']);

/** A row of a state. @returns null where it is wrong; why is among the issues then. */
export function recordOf(
  entity: Entity,
  { origin, cells }: SourceRow,
  isText: boolean,
  issues: RowIssues,
): GivenRecord | null {
  const values: Record<string, unknown> = {};
  let isGood = true;
  for (const name of Object.keys(cells)) {
    if (name === 'id' || ignored.has(name)) continue;
    const field = Object.hasOwn(entity.fields, name) ? entity.fields[name] : undefined;
    const value = field && valueOrIssue(field.kind, cells[name], isText, origin, name, issues);
    if (!field) issues.add(origin, name, `is not a field of ${entity.name}.`);
    if (value === undefined) isGood = false;
    else values[name] = value;
  }
  const id = cells.id ?? null;
  if (id !== null && typeof id !== 'string') {
    issues.add(origin, 'id', `must be a text, but was ${JSON.stringify(id)}.`);
    isGood = false;
  }
  return isGood ? { origin, id: id as string | null, values } : null;
}

/** A version, and where it belongs. */
export interface GivenVersion extends PastVersion {
  readonly position: number;
  readonly transactionId: number;
}

/** A row of a history. @returns null where it is wrong; why is among the issues then. */
export function versionOf(
  entity: Entity,
  { origin, cells }: SourceRow,
  isText: boolean,
  issues: RowIssues,
): GivenVersion | null {
  const input: Record<string, unknown> = {};
  let isGood = true;
  for (const { name, field } of fieldColumnsOf(entity)) {
    const value = valueOrIssue(field.kind, cells[name], isText, origin, name, issues);
    if (value === undefined) isGood = false;
    else input[name] = value;
  }
  const [position, transactionId, revision] = ['position', 'transactionId', 'revision'].map(
    (name) => wholeNumber(cells[name], isText, origin, name, issues),
  );
  const { id, operation } = cells;
  if (typeof id !== 'string') issues.add(origin, 'id', 'must be a text, but is none.');
  const values = isGood ? checkedValues(entity, input, origin, issues) : null;
  if (!values || !position || !transactionId || !revision || typeof id !== 'string') return null;
  return {
    entity,
    id,
    operation: operation as Operation,
    revision,
    values,
    origin,
    position,
    transactionId,
  };
}

/** @returns the whole values of a record; null where they break a rule. */
export function checkedValues<E extends Entity>(
  entity: E,
  input: Readonly<Record<string, unknown>>,
  origin: string,
  issues: RowIssues,
): ValuesOf<E> | null {
  try {
    return valuesOfCreate(entity, input);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    for (const { path, message } of error.issues) issues.add(origin, path.join('.'), message);
    return null;
  }
}

/** A whole number from 1 on; null where there is none. */
export function wholeNumber(
  cell: unknown,
  isText: boolean,
  origin: string,
  name: string,
  issues: RowIssues,
): number | null {
  const value = valueOrIssue('int64', cell, isText, origin, name, issues);
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  if (value !== undefined) {
    issues.add(origin, name, `must be a whole number from 1 on, but was ${JSON.stringify(cell)}.`);
  }
  return null;
}

/** @returns undefined where the cell is wrong. */
export function valueOrIssue(
  kind: Parameters<typeof cellValue>[0],
  cell: unknown,
  isText: boolean,
  origin: string,
  name: string,
  issues: RowIssues,
): unknown {
  try {
    return cellValue(kind, cell, isText);
  } catch (error) {
    if (!(error instanceof BadCell)) throw error;
    issues.add(origin, name, error.message);
    return undefined;
  }
}
