/**
 * Executing an operation to its answer. One that is too large is refused as a whole, with one
 * error, however many of its fields that cut off; the JSON of one that is large is made in turns of
 * the event loop, and leaves in pieces.
 */
import { createHash } from 'node:crypto';
import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql';
import { turns } from '../../db/index.ts';
import type { Operation } from '../../resolvers/index.ts';
import { answerForClient } from './errors.ts';
import { isSmall, jsonPieces } from './json-pieces.ts';
import { coerceLongLists, hasLongList } from './long-lists.ts';

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
  const result = hasLongList(args) ? coerceLongLists(args).then(execute) : execute(args);
  if (result instanceof Promise) return result.then((done) => answerOf(done, operation));
  return answerOf(result, operation);
}

function answerOf(result: ExecutionResult, { answerSize }: Operation): Promise<Answer> | Answer {
  answerSize.end();
  const { exceeded } = answerSize;
  if (exceeded) {
    const refused = new GraphQLError(exceeded.message, { originalError: exceeded });
    return { errors: [refused], data: null };
  }
  return isSmall(result.data) ? result : inPieces(result);
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
