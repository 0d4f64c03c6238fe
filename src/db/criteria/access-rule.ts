/**
 * A rule of access as a filter. It is read more strictly than what clients send: there, what is left
 * out admits everything, and a claim that a token does not have must not leave anything out.
 */
import type { AccessRule, Entity, FieldKind } from '../../entities/index.ts';
import { type FilterOperator, operatorsOf } from './field-filter.ts';
import type { RecordFilter } from './filter.ts';
import { matcherOf } from './filter-match.ts';

/** A rule of access is wrong, or failed: nobody is let in by it. */
export class BrokenAccessRule extends Error {}

/** It compares with something that is no value of its field: a claim that this viewer lacks, perhaps. */
export class WrongOperand extends BrokenAccessRule {}

const nothing: RecordFilter = { or: [] };

/**
 * A rule as a filter of versions, which may stand within another filter.
 * @param where the rule stands, for errors.
 * @returns null where all are admitted.
 * @throws BrokenAccessRule that says what is wrong with it.
 */
export function filterOfRule(entity: Entity, where: string, rule: AccessRule): RecordFilter | null {
  if (rule === 'all') return null;
  if (rule === 'none') return nothing;
  try {
    refuseLoose(entity, where, rule);
    matcherOf(entity, { and: [rule] });
    return rule;
  } catch (error) {
    const Kind = error instanceof OperandError ? WrongOperand : BrokenAccessRule;
    throw new Kind(`The access rule of ${entity.name} is wrong: ${(error as Error).message}`);
  }
}

const propertyKinds: Readonly<Record<string, FieldKind>> = {
  id: 'id',
  createdAt: 'dateTime',
  updatedAt: 'dateTime',
};

function refuseLoose(entity: Entity, where: string, filter: unknown): void {
  for (const [name, value] of partsOf(where, filter, "'all', 'none' or a filter")) {
    const part = `${where}.${name}`;
    if (name === 'and' || name === 'or') refuseLooseList(entity, part, value, name === 'or');
    else if (name === 'not') refuseLoose(entity, part, value);
    else if (name === 'search')
      refuseOther(part, 'a text with words', isWords(value), value, OperandError);
    else refuseLooseField(entity, part, name, value);
  }
}

function refuseLooseList(entity: Entity, where: string, value: unknown, mayBeEmpty: boolean): void {
  const isList = Array.isArray(value) && (mayBeEmpty || value.length > 0);
  refuseOther(where, 'a list of filters', isList, value);
  for (const [index, each] of (value as unknown[]).entries()) {
    refuseLoose(entity, `${where}.${index}`, each);
  }
}

function refuseLooseField(entity: Entity, where: string, name: string, value: unknown): void {
  const kind = Object.hasOwn(entity.fields, name) ? entity.fields[name]?.kind : propertyKinds[name];
  if (!kind) throw new TypeError(`${where} is not a field of ${entity.name}.`);
  for (const [operator, operand] of partsOf(where, value, 'conditions')) {
    const part = `${where}.${operator}`;
    if (!operatorsOf[kind].includes(operator as FilterOperator)) {
      throw new TypeError(`${part} is not one of ${operatorsOf[kind].join(', ')}.`);
    }
    const type = operandType(operator as FilterOperator, kind);
    const values: unknown[] = ['in', 'notIn', 'hasAny', 'hasAll'].includes(operator)
      ? listOf(part, operand)
      : [operand];
    for (const each of values)
      refuseOther(part, `a ${type}`, typeof each === type, each, OperandError);
  }
}

function operandType(operator: FilterOperator, kind: FieldKind): string {
  if (operator === 'isNull' || operator === 'isEmpty' || kind === 'boolean') return 'boolean';
  return ['id', 'text', 'labels'].includes(kind) ? 'string' : 'number';
}

function isWords(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function listOf(where: string, value: unknown): unknown[] {
  refuseOther(where, 'a list', Array.isArray(value), value, OperandError);
  return value as unknown[];
}

/** What an object has, which must be something. */
function partsOf(where: string, value: unknown, expected: string): [string, unknown][] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const parts = isObject ? Object.entries(value) : [];
  refuseOther(where, expected, parts.length > 0, value);
  return parts;
}

class OperandError extends TypeError {}

function refuseOther(
  where: string,
  expected: string,
  holds: boolean,
  value: unknown,
  Kind: new (message: string) => Error = TypeError,
): void {
  if (holds) return;
  const got = value === undefined ? 'nothing' : JSON.stringify(value);
  throw new Kind(`${where} must be ${expected}, but was ${got}.`);
}
