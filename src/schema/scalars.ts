/** Scalars: how positions, moments, large numbers and bytes travel. */
import { GraphQLError, Kind, type ValueNode } from 'graphql';
import type { Position } from '../entities/index.ts';
import { formatDateTime, parseDateTime } from '../resolvers/index.ts';
import type { Builder } from './builder.ts';

export function addScalars(builder: Builder): void {
  builder.scalarType('DateTime', {
    description:
      'A moment as RFC 3339 text, UTC, to the microsecond: `"2026-11-23T01:02:03.000004Z"`.',
    serialize: formatDateTime,
    parseValue: (value) =>
      (typeof value === 'string' ? parseDateTime(value) : null) ??
      refuse('DateTime', 'RFC 3339 text such as "2026-11-23T01:02:03.000004Z"', value),
  });
  builder.scalarType('Position', {
    description:
      'A place in the one order of every version of every record, as a decimal text: `"1024"`. ' +
      'Later commits have higher positions.',
    serialize: String,
    parseValue: (value) => parseInteger('Position', value, 0n) as Position,
    parseLiteral: (node) => parseInteger('Position', literalText(node), 0n) as Position,
  });
  builder.scalarType('Int64', {
    description: 'A whole number of up to 53 bits, such as a size in bytes.',
    serialize: Number,
    parseValue: (value) => parseInteger('Int64', value, -(2n ** 63n)),
    parseLiteral: (node) => parseInteger('Int64', literalText(node), -(2n ** 63n)),
  });
  builder.scalarType('Base64', {
    description: 'Bytes as Base64 text with padding, as in RFC 4648: `"aGVsbG8="`.',
    serialize: (bytes) => Buffer.from(bytes as Uint8Array).toString('base64'),
    parseValue: parseBase64,
  });
  builder.scalarType('JSON', {
    description: 'Any JSON value: a text, a number, a list …',
    serialize: (value) => value,
  });
}

function parseInteger(scalar: string, value: unknown, min: bigint): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && /^-?\d{1,19}$/.test(text)) {
    const parsed = BigInt(text);
    if (parsed >= min && parsed < 2n ** 63n) return Number(parsed);
  }
  return refuse(scalar, 'a 64-bit whole number in decimal, such as "1024"', value);
}

function literalText(node: ValueNode): string | null {
  return node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : null;
}

function parseBase64(value: unknown): Uint8Array {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'base64');
    // Node skips what is not Base64: only the right text comes out as it went in.
    if (bytes.toString('base64') === value) return bytes;
  }
  return refuse('Base64', 'Base64 text with padding, such as "aGVsbG8="', value);
}

function refuse(scalar: string, expected: string, value: unknown): never {
  const shown = JSON.stringify(value)?.slice(0, 60) ?? String(value);
  throw new GraphQLError(`${scalar} must be ${expected}, but was ${shown}.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
