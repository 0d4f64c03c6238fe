/** The JSON of a request's body: its bytes are checked before anything is made of them. */
import { setImmediate } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import { encodingRefusal } from '../server/content-encoding.ts';
import { isUtf8, parseMediaType } from '../server/media-types.ts';
import { refusal } from './errors.ts';
import { jsonRefusal, refuseLargeJson } from './json-size.ts';
import { documentIdOf } from './trusted-documents.ts';

const jsonTypes = ['application/json', 'application/graphql+json'];

/** A body that takes some milliseconds to be read. */
const largeCharacters = 256 * 1024;

/** Malformed bytes fail, rather than being stored as U+FFFD for ever; a byte order mark is left out. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Refuses bodies that say to be something else than JSON in UTF-8. JSON alone, since forms and
 * plain text can be sent by any web page to a server on this machine without asking (CSRF).
 * @throws GraphQLError UNSUPPORTED_MEDIA_TYPE
 */
export function refuseOtherBodies(headers: Headers): void {
  const contentType = headers.get('content-type') ?? '';
  const media = parseMediaType(contentType);
  const isJson = media !== null && jsonTypes.includes(media.type);
  const charset = media?.parameters.get('charset');
  if (!isJson || (charset !== undefined && !isUtf8(charset))) {
    const got = JSON.stringify(contentType.slice(0, 80));
    const message = `The body must be application/json in UTF-8, but was ${got}.`;
    throw refusal('UNSUPPORTED_MEDIA_TYPE', 415, message);
  }
  refusePackedBody(headers);
}

/** @throws GraphQLError UNSUPPORTED_MEDIA_TYPE for a body that comes packed. */
export function refusePackedBody(headers: Headers): void {
  const refused = encodingRefusal(headers);
  if (!refused) return;
  const { status, message, headers: told } = refused;
  throw refusal('UNSUPPORTED_MEDIA_TYPE', status, message, told);
}

/**
 * Reads a body, once, as the parameters of an operation.
 * @throws GraphQLError BAD_REQUEST for what is no JSON object in UTF-8; what the body's source
 *   throws, if that is a GraphQLError.
 */
export async function readJsonBody(request: Request): Promise<GraphQLParams> {
  const text = textOf(await bytesOf(request));
  await refuseLargeJson(text);
  const params = paramsOf(text);
  // What a large one asks for is coerced in one stretch: another than that of reading it.
  if (text.length > largeCharacters) await setImmediate();
  return params;
}

/** Reads the bytes of a small body in one stretch. @throws as readJsonBody does. */
export function readSmallBody(bytes: Uint8Array): GraphQLParams {
  const text = textOf(bytes);
  const refused = jsonRefusal(text);
  if (refused) throw refused;
  return paramsOf(text);
}

function paramsOf(text: string): GraphQLParams {
  const body = parse(text);
  if (typeof body !== 'object' || body === null) {
    const got = body === null ? 'null' : `a ${typeof body}`;
    throw malformed(`must be a JSON object, but was ${got}`);
  }
  // An array is a batch, which is refused with words of its own.
  const { query } = body as GraphQLParams;
  if (!Array.isArray(body) && query == null && documentIdOf(body) === null) {
    throw malformed('must have a query, but has none');
  }
  return body;
}

async function bytesOf(request: Request): Promise<ArrayBuffer> {
  try {
    return await request.arrayBuffer();
  } catch (error) {
    if (error instanceof GraphQLError) throw error;
    throw malformed('did not arrive whole');
  }
}

function textOf(bytes: ArrayBuffer | Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('must be UTF-8, but has bytes that are none');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`must be JSON: ${(error as SyntaxError).message}`);
  }
}

function malformed(what: string): GraphQLError {
  return refusal('BAD_REQUEST', 400, `The request body ${what}.`);
}
