/** What is given to commands as text, read; each throws a Refusal for what it cannot be. */
import {
  type Entity,
  formatDateTime,
  type Microseconds,
  parseDateTime,
} from '../entities/index.ts';
import { Refusal } from './refusal.ts';
import { list } from './wording.ts';

/** The kind of record with a name. @throws Refusal, NO_SUCH_ENTITY, when there is none. */
export function kindNamed(name: string, entities: readonly Entity[]): Entity {
  const entity = entities.find((each) => each.name === name);
  if (entity) return entity;
  const known = list(entities.map((each) => each.name));
  throw new Refusal('NO_SUCH_ENTITY', `There is no ${name}; there are ${known}.`);
}

/** A moment. @param flag the option that it was given by. @throws Refusal, BAD_ARGUMENT. */
export function timeGiven(flag: string, text: string): Microseconds {
  const time = parseDateTime(text);
  if (time !== null) return time;
  const expected = `RFC 3339 text with date, time and zone, such as ${formatDateTime(0)}`;
  throw new Refusal('BAD_ARGUMENT', `${flag} must be ${expected}, but was ${text}.`);
}

/**
 * A whole number.
 * @param flag the option that it was given by.
 * @param range both included, and what they are called.
 * @throws Refusal, BAD_ARGUMENT, for what is none, or not within the range.
 */
export function numberGiven(
  flag: string,
  text: string,
  range?: { readonly min: number; readonly max: number; readonly name: string },
): number {
  const number = Number(text);
  const isWhole = /^\d{1,16}$/.test(text);
  if (isWhole && (!range || (number >= range.min && number <= range.max))) return number;
  const expected = range ? range.name : 'a whole number';
  throw new Refusal('BAD_ARGUMENT', `${flag} must be ${expected}, but was ${text}.`);
}
