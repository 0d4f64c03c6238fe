/**
 * Executing an operation to its answer. One that is too large is refused as a whole, with one
 * error, however many of its fields that cut off; the JSON of one that is large is made in turns of
 * the event loop, and leaves in pieces.
 */
import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  visit,
} from 'graphql';
import { turns } from '../../db/index.ts';
import type { Operation } from '../../resolvers/index.ts';
import { answerForClient } from './errors.ts';
import { isSmall, jsonPieces } from './json-pieces.ts';

/**
 * Where an answer has the JSON of its data, when that was made already. A large answer has nothing
 * else: its `data` is empty then.
 */
export const dataJson = Symbol('dataJson');

export interface DataJson {
  readonly pieces: readonly string[];
  readonly bytes: number;
}

export interface Answer extends ExecutionResult {
  readonly [dataJson]?: DataJson;
}

/** Executes as graphql-js does, within the limits of answers. */
export function executeToAnswer(args: ExecutionArgs): Promise<Answer> | Answer {
  const { operation } = args.contextValue as { readonly operation: Operation };
  const { document } = args;
  const result = execute(args);
  if (result instanceof Promise) return result.then((done) => answerOf(done, operation, document));
  return answerOf(result, operation, document);
}

function answerOf(
  result: ExecutionResult,
  { answerSize }: Operation,
  document: DocumentNode,
): Promise<Answer> | Answer {
  answerSize.end();
  const { exceeded } = answerSize;
  if (exceeded) {
    const refused = new GraphQLError(exceeded.message, { originalError: exceeded });
    return { errors: [refused], data: null };
  }
  const counted = answerSize.values <= smallValuesMax && answerSize.bytes <= smallBytesMax;
  const small = (counted && countsAll(document)) || isSmall(result.data);
  return small ? result : inPieces(result);
}

/** An answer that was counted while it was made need not be looked through, if it has no more. */
const smallValuesMax = 2_000;
const smallBytesMax = 64 * 1024;

const counting = new WeakMap<DocumentNode, boolean>();

/** Whether the answers to a document are counted whole, but for one `__typename` of each object. */
function countsAll(document: DocumentNode): boolean {
  const known = counting.get(document);
  if (known !== undefined) return known;
  let all = true;
  visit(document, {
    Field: ({ name, alias }) => {
      if (name.value.startsWith('__') && (name.value !== '__typename' || alias)) all = false;
    },
  });
  counting.set(document, all);
  return all;
}

async function inPieces(result: ExecutionResult): Promise<Answer> {
  const pieces: string[] = [];
  let bytes = 0;
  for (const piece of jsonPieces(result.data)) {
    pieces.push(piece);
    bytes += Buffer.byteLength(piece);
    await turns.yield();
  }
  return { ...result, data: {}, [dataJson]: { pieces, bytes } };
}

const digests = new WeakMap<DataJson, string>();

/** The digest of an answer's data, as its JSON; that of what is given again and again is kept. */
export async function dataDigest({ [dataJson]: data }: Answer): Promise<string> {
  if (!data) throw new TypeError('The answer has no JSON of its data.');
  const known = digests.get(data);
  if (known) return known;
  const hash = createHash('sha256');
  for (const piece of data.pieces) {
    hash.update(piece);
    await turns.yield();
  }
  const digest = hash.digest('base64url');
  digests.set(data, digest);
  return digest;
}

/** The same answer with the JSON of its data, for those who send it many times. */
export function withDataJson(answer: Answer): Answer {
  if (dataJson in answer) return answer;
  const json = JSON.stringify(answer.data);
  return { ...answer, [dataJson]: { pieces: [json], bytes: Buffer.byteLength(json) } };
}

/** The JSON of an answer as clients get it, in pieces. */
export function* answerPieces(answer: Answer): Generator<string, void> {
  const { [dataJson]: data, ...rest } = answer;
  if (!data) {
    yield JSON.stringify(answerForClient(rest));
    return;
  }
  const [before, after] = around(answer);
  yield before;
  yield* data.pieces;
  yield after;
}

/** How many bytes answerPieces come to, of an answer that has the JSON of its data. */
export function answerBytes(answer: Answer): number {
  const texts = around(answer).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return texts + (answer[dataJson]?.bytes ?? 0);
}

/** What stands before an answer's data, and after it. */
function around(answer: ExecutionResult): [before: string, after: string] {
  const { errors, extensions } = answerForClient(answer);
  const shown = errors ? `"errors":${JSON.stringify(errors)},` : '';
  return [`{${shown}"data":`, extensions ? `,"extensions":${JSON.stringify(extensions)}}` : '}'];
}
