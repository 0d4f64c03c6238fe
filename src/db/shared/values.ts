/** Values of a record, checked against its entity before they may enter the log. */
import {
  type Entity,
  type Field,
  type FieldKind,
  fieldColumnsOf,
  isNullable,
  type ValuesOf,
} from '../../entities/index.ts';
import { type InputIssue, InvalidInput } from './problems.ts';

type Input = Readonly<Record<string, unknown>>;
type Check = (value: unknown, field: Field) => string | InputIssue[] | null;

/**
 * The values of a new record: what was given, completed by defaults.
 * @param input its `id` is none of them.
 * @throws InvalidInput with every issue found.
 */
export function valuesOfCreate<E extends Entity>(entity: E, input: Input): ValuesOf<E> {
  const issues: InputIssue[] = [];
  addUnknownFields(issues, entity, input, 'id');
  const values = emptyValues(entity);
  for (const { name, field } of fieldColumnsOf(entity)) {
    const given = kept(own(input, name) ?? null);
    values[name] = given ?? kept(field.default);
    if (given !== null) addIssues(issues, name, field, given);
    else if (field.presence === 'required') {
      issues.push({ path: [name], message: `is required, but was ${missing(own(input, name))}.` });
    }
  }
  if (issues.length > 0) throw new InvalidInput(issues);
  return values as ValuesOf<E>;
}

/**
 * The values of a record after a patch: a field left out keeps its value, null clears it.
 * @throws InvalidInput with every issue found.
 */
export function valuesOfPatch<E extends Entity>(
  entity: E,
  before: ValuesOf<E>,
  patch: Input,
): ValuesOf<E> {
  const issues: InputIssue[] = [];
  addUnknownFields(issues, entity, patch, null);
  const values: Record<string, unknown> = { ...before };
  for (const { name, field } of fieldColumnsOf(entity)) {
    const given = kept(own(patch, name));
    if (given === undefined) continue;
    values[name] = given;
    if (given !== null) addIssues(issues, name, field, given);
    else if (!isNullable(field)) {
      issues.push({
        path: [name],
        message: 'cannot be cleared, but was null. Leave it out to keep it.',
      });
    }
  }
  if (issues.length > 0) throw new InvalidInput(issues);
  return values as ValuesOf<E>;
}

/** The issue with a text that must be 1 to `lengthMax` well-formed characters, such as an id. */
export function findTextIssue(path: string, value: string, lengthMax: number): InputIssue | null {
  const message = value === '' ? 'must not be empty.' : textIssue(value, lengthMax);
  return message ? { path: [path], message } : null;
}

/** Whether two values of one field are the same; labels are compared as lists. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** The names of the fields that differ between two versions' values. */
export function differingFields<E extends Entity>(
  entity: E,
  a: ValuesOf<E>,
  b: ValuesOf<E>,
): string[] {
  const names: string[] = [];
  for (const { name } of fieldColumnsOf(entity)) {
    if (!sameValue(a[name], b[name])) names.push(name);
  }
  return names;
}

const emptyOnes = new WeakMap<Entity, Readonly<Record<string, unknown>>>();

/** Values that are all null. As a copy it costs a fraction of what adding one by one does. */
function emptyValues(entity: Entity): Record<string, unknown> {
  const known =
    emptyOnes.get(entity) ??
    Object.fromEntries(fieldColumnsOf(entity).map(({ name }) => [name, null]));
  emptyOnes.set(entity, known);
  return { ...known };
}

function addUnknownFields(
  issues: InputIssue[],
  entity: Entity,
  input: Input,
  besides: string | null,
): void {
  for (const name of Object.keys(input)) {
    if (name === besides || Object.hasOwn(entity.fields, name) || input[name] === undefined) {
      continue;
    }
    issues.push({ path: [name], message: `is not a field of ${entity.name}.` });
  }
}

/** What the input itself says of a field: every object inherits a `constructor`. */
function own(input: Input, name: string): unknown {
  return Object.hasOwn(input, name) ? input[name] : undefined;
}

/**
 * A value as a version keeps it: a list is copied, so that nobody changes it on its way to the
 * replica; a gap in it becomes undefined and is found; SQLite knows no negative zero.
 */
function kept(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze([...value]);
  return value === 0 ? 0 : value;
}

function missing(value: unknown): string {
  return value === undefined ? 'left out' : 'null';
}

function addIssues(issues: InputIssue[], name: string, field: Field, value: unknown): void {
  const found = checks[field.kind](value, field);
  if (found === null) return;
  if (typeof found === 'string') issues.push({ path: [name], message: found });
  else for (const { path, message } of found) issues.push({ path: [name, ...path], message });
}

const checkText: Check = (value, field) => {
  if (typeof value !== 'string') return `must be a text, but was ${shown(value)}.`;
  if (value === '' && field.presence === 'required') return 'must not be empty.';
  return textIssue(value, field.lengthMax);
};

const checkInteger: Check = (value, field) =>
  Number.isSafeInteger(value)
    ? rangeIssue(value as number, field)
    : `must be a whole number, but was ${shown(value)}.`;

const checks: Record<FieldKind, Check> = {
  id: checkText,
  text: checkText,
  int: checkInteger,
  int64: checkInteger,
  dateTime: checkInteger,
  float: (value, field) =>
    Number.isFinite(value)
      ? rangeIssue(value as number, field)
      : `must be a finite number, but was ${shown(value)}.`,
  boolean: (value) =>
    typeof value === 'boolean' ? null : `must be true or false, but was ${shown(value)}.`,
  labels: checkLabels,
};

function checkLabels(value: unknown, field: Field): string | InputIssue[] | null {
  if (!Array.isArray(value)) return `must be a list of texts, but was ${shown(value)}.`;
  if (value.length > field.countMax) {
    return `may hold at most ${field.countMax} labels, but held ${value.length}.`;
  }
  let issues: InputIssue[] | null = null;
  for (const [index, label] of value.entries()) {
    const message = checkText(label, field);
    if (typeof message !== 'string') continue;
    issues ??= [];
    issues.push({ path: [String(index)], message });
  }
  return issues;
}

function textIssue(value: string, lengthMax: number): string | null {
  // No text has more characters than code units.
  const length = value.length > lengthMax ? charactersOf(value) : 0;
  if (length > lengthMax) {
    return `may be at most ${lengthMax} characters long, but was ${length}.`;
  }
  if (!isWellFormed(value)) {
    return 'must be well-formed Unicode, but held half of a surrogate pair.';
  }
  if (value.includes('\0')) return 'must not hold the character U+0000.';
  return null;
}

function rangeIssue(value: number, field: Field): string | null {
  if (value >= field.min && value <= field.max) return null;
  return `must be from ${field.min} to ${field.max}, but was ${value}.`;
}

/** How many characters a text has: Unicode code points, of which some take two code units. */
function charactersOf(text: string): number {
  let pairs = 0;
  for (let index = 0; index < text.length; index += 1) {
    if ((text.codePointAt(index) as number) <= 0xffff) continue;
    pairs += 1;
    index += 1;
  }
  return text.length - pairs;
}

/** Whether every surrogate in the text has its other half. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify([...value.slice(0, 80)].slice(0, 40).join(''))
    : String(value);
}
