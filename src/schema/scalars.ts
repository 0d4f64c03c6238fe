/** Scalars: how positions, moments, large numbers and bytes travel. */
import { GraphQLError, Kind, print, type ValueNode } from 'graphql';
import type { Microseconds, Position } from '../entities/index.ts';
import { FileUpload, formatDateTime, parseDateTime } from '../resolvers/index.ts';
import type { Builder } from './builder.ts';

export function addScalars(builder: Builder): void {
  builder.scalarType('DateTime', {
    description:
      'A moment as RFC 3339 text, with date, time and zone, to the microsecond: ' +
      '`"2026-11-23T01:02:03.000004Z"`. Answers are in UTC. Leap seconds are refused, and so is ' +
      'what lies between two microseconds: more than six digits of a second, unless zeros.',
    serialize: formatDateTime,
    parseValue: (value) => readDateTime(value),
    parseLiteral: (node) => readDateTime(node.kind === Kind.STRING ? node.value : null, node),
  });
  builder.scalarType('Position', {
    description:
      'A place in the one order of every version of every record, as a decimal text: `"1024"`. ' +
      'Later commits have higher positions.',
    serialize: String,
    parseValue: (value) => parseInteger('Position', value, 0n) as Position,
    parseLiteral: (node) => parseInteger('Position', literalText(node), 0n, node) as Position,
  });
  builder.scalarType('Int64', {
    description: 'A whole number of up to 53 bits, such as a size in bytes.',
    serialize: Number,
    parseValue: (value) => parseInteger('Int64', value, -(2n ** 63n)),
    parseLiteral: (node) => parseInteger('Int64', literalText(node), -(2n ** 63n), node),
  });
  builder.scalarType('Base64', {
    description: 'Bytes as Base64 text with padding, as in RFC 4648: `"aGVsbG8="`.',
    serialize: (bytes) => Buffer.from(bytes as Uint8Array).toString('base64'),
    parseValue: (value) => parseBase64(value),
    parseLiteral: (node) => parseBase64(node.kind === Kind.STRING ? node.value : null, node),
  });
  builder.scalarType('File', {
    description:
      'A file that comes with the operation, as a part of a multipart request: ' +
      'https://github.com/jaydenseric/graphql-multipart-request-spec. In the variables it is null.',
    serialize: () => {
      throw new GraphQLError('A File is an input alone.');
    },
    parseValue: (value) =>
      value instanceof FileUpload
        ? value
        : refuse('File', 'a part of a multipart request, named by its map', value),
    parseLiteral: (node) =>
      refuse('File', 'a variable, and a part of a multipart request', null, node),
  });
  builder.scalarType('JSON', {
    description: 'Any JSON value: a text, a number, a list …',
    serialize: (value) => value,
  });
}

/** @param node where in the document the value stands, where it is a literal. */
function readDateTime(value: unknown, node?: ValueNode): Microseconds {
  return (
    (typeof value === 'string' ? parseDateTime(value) : null) ??
    refuse(
      'DateTime',
      'RFC 3339 text with date, time, zone and at most six digits of a second, such as ' +
        '"2026-11-23T01:02:03.000004Z"',
      value,
      node,
    )
  );
}

function parseInteger(scalar: string, value: unknown, min: bigint, node?: ValueNode): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && /^-?\d{1,19}$/.test(text)) {
    const parsed = BigInt(text);
    if (parsed >= min && parsed < 2n ** 63n) return Number(parsed);
  }
  return refuse(scalar, 'a 64-bit whole number in decimal, such as "1024"', value, node);
}

function literalText(node: ValueNode): string | null {
  return node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : null;
}

function parseBase64(value: unknown, node?: ValueNode): Uint8Array {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'base64');
    // Node skips what is not Base64: only the right text comes out as it went in.
    if (bytes.toString('base64') === value) return bytes;
  }
  return refuse('Base64', 'Base64 text with padding, such as "aGVsbG8="', value, node);
}

function refuse(scalar: string, expected: string, value: unknown, node?: ValueNode): never {
  const given = node ? print(node) : (JSON.stringify(value) ?? String(value));
  throw new GraphQLError(`${scalar} must be ${expected}, but was ${given.slice(0, 60)}.`, {
    nodes: node ?? null,
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
