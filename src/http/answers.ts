/**
 * Executing an operation to its answer. One that is too large is refused as a whole, with one
 * error, however many of its fields that cut off; the JSON of one that is large is made in turns of
 * the event loop, and leaves in pieces.
 */
import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql';
import { turns } from '../db/index.ts';
import type { Operation } from '../resolvers/index.ts';
import { errorForClient } from './errors.ts';
import { isSmall, jsonPieces } from './json-pieces.ts';

/** Where an answer has the JSON of its data, when that was made already: no member of it itself. */
export const dataPieces = Symbol('dataPieces');

export interface Answer extends ExecutionResult {
  readonly [dataPieces]?: readonly string[];
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
  return isSmall(result.data) ? result : withPieces(result);
}

async function withPieces(result: ExecutionResult): Promise<Answer> {
  const pieces: string[] = [];
  for (const piece of jsonPieces(result.data)) {
    pieces.push(piece);
    await turns.yield();
  }
  return { ...result, [dataPieces]: pieces };
}

/** The JSON of an answer as clients get it, in pieces. */
export function* answerPieces(answer: Answer): Generator<string, void> {
  const { errors, extensions, [dataPieces]: pieces } = answer;
  if (!pieces) {
    yield JSON.stringify(errors ? { ...answer, errors: errors.map(errorForClient) } : answer);
    return;
  }
  yield '{';
  if (errors) yield `"errors":${JSON.stringify(errors.map(errorForClient))},`;
  yield '"data":';
  yield* pieces;
  if (extensions) yield `,"extensions":${JSON.stringify(extensions)}`;
  yield '}';
}
