/**
 * How many values a JSON text has and how deeply they are nested, told before it is parsed:
 * JSON.parse holds everything else up for as long as many small values take it, and what is nested
 * thousands deep cannot be walked afterwards.
 */
import { setImmediate } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import { requestLimits } from '../server/request-limits.ts';

export interface JsonSize {
  /** Values, lists and objects included; one that is empty counts as if it held one. */
  readonly values: number;
  /** Levels of brackets and braces. */
  readonly nesting: number;
}

const code = (sign: string) => sign.charCodeAt(0);
const [quote, backslash, comma] = [code('"'), code('\\'), code(',')];
const [bracketOpen, bracketClose, braceOpen, braceClose] = [
  code('['),
  code(']'),
  code('{'),
  code('}'),
];
/** Of a string so much is looked at sign by sign; past it, going from quote to quote is faster. */
const nearLength = 64;
/** A longer text is measured and parsed in two turns of the event loop. */
const turnLength = 1024 * 1024;

/**
 * Measures a text, at several hundred megabytes per second, until its end or until it has more
 * values than requestLimits.jsonValuesMax. A text that is no JSON has some size, too.
 */
export function measureJson(text: string): JsonSize {
  let [values, level, nesting] = [1, 0, 0];
  for (let index = 0; index < text.length; index += 1) {
    const sign = text.charCodeAt(index);
    if (sign === quote) {
      index = endOfString(text, index + 1);
    } else if (sign === comma || sign === bracketOpen || sign === braceOpen) {
      values += 1;
      if (sign !== comma) level += 1;
      if (level > nesting) nesting = level;
      if (values > requestLimits.jsonValuesMax) break;
    } else if (sign === bracketClose || sign === braceClose) {
      level -= 1;
    }
  }
  return { values, nesting };
}

/** The index of the quote at which a string ends; the text's length where none does. */
function endOfString(text: string, start: number): number {
  let index = start;
  for (;;) {
    const near = Math.min(index + nearLength, text.length);
    while (index < near) {
      const sign = text.charCodeAt(index);
      if (sign === quote) return index;
      index += sign === backslash ? 2 : 1;
    }
    const end = text.indexOf('"', index);
    if (end < 0) return text.length;
    let before = end;
    while (before > index && text.charCodeAt(before - 1) === backslash) before -= 1;
    if ((end - before) % 2 === 0) return end;
    index = end + 1;
  }
}

/**
 * Refuses a JSON text before it is parsed.
 * @throws GraphQLError BODY_TOO_LARGE with the limit that it is over.
 */
export async function refuseLargeJson(text: string): Promise<void> {
  const refused = jsonRefusal(text);
  if (refused) throw refused;
  // Reading, measuring and parsing megabytes takes some time each, and others a turn between.
  if (text.length > turnLength) await setImmediate();
}

/** Why a JSON text is too large to be parsed; null where it is not. */
export function jsonRefusal(text: string): GraphQLError | null {
  const { values, nesting } = measureJson(text);
  const { jsonValuesMax, jsonNestingMax } = requestLimits;
  if (nesting > jsonNestingMax) return refusal('jsonNestingMax', 'levels of brackets');
  if (values > jsonValuesMax) return refusal('jsonValuesMax', 'values');
  return null;
}

function refusal(limit: 'jsonNestingMax' | 'jsonValuesMax', what: string): GraphQLError {
  const max = requestLimits[limit];
  const message = `The JSON of a request may have at most ${max} ${what} (${limit}). Send less at a time.`;
  const extensions = { code: 'BODY_TOO_LARGE', limit, max, http: { status: 413 } };
  return new GraphQLError(message, { extensions });
}
