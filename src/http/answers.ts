/**
 * Executing an operation to its answer. One that is too large is refused as a whole, with one
 * error, however many of its fields that cut off; the JSON of one that is large is made in turns.
 */
import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql';
import { turns } from '../db/index.ts';
import type { Operation } from '../resolvers/index.ts';
import { isSmall, jsonPieces } from './json-pieces.ts';

/** An answer; a large one has its JSON at hand, for which Yoga asks. */
export interface Answer extends ExecutionResult {
  /** @param answer this one, without what is not meant for clients. */
  readonly stringify?: (answer: ExecutionResult) => string;
}

/** Executes as graphql-js does, within the limits of answers. */
export function executeToAnswer(args: ExecutionArgs): Promise<Answer> | Answer {
  const { operation } = args.contextValue as { readonly operation: Operation };
  const result = execute(args);
  if (result instanceof Promise) return result.then((done) => answerOf(done, operation));
  return answerOf(result, operation);
}

function answerOf(result: ExecutionResult, operation: Operation): Promise<Answer> | Answer {
  const { exceeded } = operation.answerSize;
  if (exceeded) {
    const refused = new GraphQLError(exceeded.message, { originalError: exceeded });
    return { errors: [refused], data: null };
  }
  return isSmall(result.data) ? result : withJson(result);
}

async function withJson(result: ExecutionResult): Promise<Answer> {
  const pieces: string[] = [];
  for (const piece of jsonPieces(result.data)) {
    pieces.push(piece);
    if (turns.over) await turns.later(null);
  }
  const data = pieces.join('');
  return { ...result, stringify: (shown) => jsonAround(data, shown) };
}

/** @param data its `data` as JSON. */
function jsonAround(data: string, answer: ExecutionResult): string {
  const members = Object.entries(answer)
    .filter(([, value]) => value !== undefined && typeof value !== 'function')
    .map(([name, value]) => `"${name}":${name === 'data' ? data : JSON.stringify(value)}`);
  return `{${members.join(',')}}`;
}
