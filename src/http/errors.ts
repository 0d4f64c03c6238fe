/**
 * Errors as clients may see them: each has a code, and what nobody expected is masked, and logged
 * under an id that the client is told.
 */
import { randomUUID } from 'node:crypto';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { BadRequest, Problem, Unavailable } from '../db/index.ts';

export interface ErrorLog {
  error(details: object, message: string): void;
}

/** What Yoga calls for every error before it leaves. */
export function maskErrorWith(log: ErrorLog): (error: unknown) => Error {
  return (error) => {
    const cause = error instanceof GraphQLError ? error.originalError : error;
    if (cause instanceof BadRequest) {
      return shown(cause.message, error, { code: cause.code, argument: cause.argument });
    }
    if (cause instanceof Unavailable || cause instanceof Problem) {
      return shown(cause.message, error, { code: cause.code });
    }
    if (error instanceof GraphQLError && (!cause || isGraphQLError(cause))) return error;
    const errorId = randomUUID();
    log.error({ errorId, err: cause ?? error, path: pathOf(error) }, 'an operation failed');
    const message = `Unexpected error. The server’s log has it under ${errorId}.`;
    return shown(message, error, { code: 'INTERNAL_SERVER_ERROR', errorId });
  };
}

/** Names what graphql-js leaves without a code. */
export function useErrorCodes(): Plugin {
  return {
    onParse:
      () =>
      ({ result, replaceParseResult }) => {
        if (isGraphQLError(result)) replaceParseResult(coded(result, 'GRAPHQL_PARSE_FAILED'));
      },
    onValidate:
      () =>
      ({ valid, result, setResult }) => {
        if (!valid) setResult(result.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')));
      },
    onExecute: () => ({
      onExecuteDone: ({ result, setResult }) => {
        if (Symbol.asyncIterator in result || !result.errors) return;
        // Without a path nothing ran: the variables do not fit.
        const errors = result.errors.map((error) =>
          error.path ? error : coded(error, 'BAD_USER_INPUT'),
        );
        setResult({ ...result, errors });
      },
    }),
  };
}

function coded(error: GraphQLError, code: string): GraphQLError {
  if (error.extensions.code) return error;
  return shown(error.message, error, { ...error.extensions, code });
}

/** The same error, where it was, in other words. */
function shown(message: string, error: unknown, extensions: Record<string, unknown>): GraphQLError {
  const where =
    error instanceof GraphQLError
      ? {
          nodes: error.nodes ?? null,
          source: error.source ?? null,
          positions: error.positions ?? null,
          path: error.path ?? null,
        }
      : {};
  return new GraphQLError(message, { ...where, extensions });
}

function pathOf(error: unknown): readonly (string | number)[] | undefined {
  return error instanceof GraphQLError ? error.path : undefined;
}

function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError;
}
