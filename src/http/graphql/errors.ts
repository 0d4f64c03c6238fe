/**
 * Errors as clients may see them: each has a code, and what nobody expected is masked, and logged
 * under the id of its request, which the client is told.
 */
import { randomUUID } from 'node:crypto';
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import {
  BadRequest,
  BadTable,
  ContentsDamaged,
  Forbidden,
  HistoryDamaged,
  Problem,
  TableLimitExceeded,
  TransactionTimeout,
  Unavailable,
} from '../../db/index.ts';
import { AnswerTooLarge } from '../../resolvers/index.ts';
import { ClientLeft } from '../server/leaving.ts';
import { type MaskError, markOf } from '../server/request-mark.ts';

/** Longest message of graphql-js or Yoga that is shown whole, in UTF-16 code units. */
const messageLengthMax = 2_000;

export interface ErrorLog {
  error(details: object, message: string): void;
}

/** What every error passes before it leaves. */
export function maskErrorWith(log: ErrorLog): MaskError {
  return (error, asked) => {
    const cause = error instanceof GraphQLError ? error.originalError : error;
    if (cause instanceof BadRequest) {
      return shown(cause.message, error, { code: cause.code, argument: cause.argument });
    }
    if (cause instanceof AnswerTooLarge || cause instanceof TableLimitExceeded) {
      return shown(cause.message, error, { code: cause.code, limit: cause.limit, max: cause.max });
    }
    if (
      cause instanceof Unavailable ||
      cause instanceof Problem ||
      cause instanceof BadTable ||
      cause instanceof Forbidden ||
      cause instanceof TransactionTimeout
    ) {
      return shown(cause.message, error, { code: cause.code });
    }
    if (error instanceof GraphQLError && (!cause || isGraphQLError(cause))) return plain(error);
    // That somebody left is nobody's fault, and the answer has no reader.
    if (cause instanceof ClientLeft) return shown(cause.message, error, { code: 'UNAVAILABLE' });
    // Where it is not known which request it is about, there is an id for it alone.
    const requestId = asked ? markOf(asked).id : randomUUID();
    log.error({ requestId, err: cause ?? error, path: pathOf(error) }, 'an operation failed');
    const [what, code] = maskOf(cause);
    const message = `${what}. The server’s log has it under ${requestId}.`;
    return shown(message, error, { code, requestId });
  };
}

/** What a client is told of an error that only the server’s log has, and its code. */
function maskOf(error: unknown): [what: string, code: string] {
  if (error instanceof ContentsDamaged) {
    return ['The stored contents are damaged, and are not served', error.code];
  }
  if (error instanceof HistoryDamaged) {
    return ['A part of history is damaged, and is not served', error.code];
  }
  return ['Unexpected error', 'INTERNAL_SERVER_ERROR'];
}

/**
 * What a request is refused with that is none, or cannot be answered as it asks.
 * @param status of the answer, as HTTP has it.
 * @param headers that the answer has besides.
 */
export function refusal(
  code: string,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status, headers } } });
}

/** The status of an answer that is not JSON: 200 unless it is that of no request at all. */
export function statusOf({ errors = [], extensions }: ExecutionResult): number {
  const statuses = errors.map(({ extensions: { http } }) => (http?.spec ? 200 : http?.status));
  const http = extensions?.http as { readonly status?: number } | undefined;
  return Math.max(200, http?.status ?? 200, ...statuses.map((status) => status ?? 200));
}

/** An answer without what is meant for HTTP. */
export function answerForClient({ errors, extensions, ...answer }: ExecutionResult): object & {
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: object;
} {
  const { http: _, ...shown } = extensions ?? {};
  return {
    ...(errors && { errors: errors.map(errorForClient) }),
    ...answer,
    ...(Object.keys(shown).length > 0 && { extensions: shown }),
  };
}

/** An error without what is meant for HTTP. */
export function errorForClient(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = error.toJSON();
  const { http: _, ...rest } = extensions ?? {};
  return { ...formatted, extensions: rest };
}

/** Names what graphql-js finds wrong with a document. */
export function useErrorCodes(): Plugin {
  return {
    onParse:
      () =>
      ({ result, replaceParseResult }) => {
        if (isGraphQLError(result)) replaceParseResult(unparsed(result));
      },
    onValidate:
      () =>
      ({ valid, result, setResult }) => {
        if (!valid) setResult(result.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')));
      },
  };
}

/**
 * An error of graphql-js or Yoga, which repeat what they were sent in full: megabytes, perhaps.
 * What still has no code then are variables, or arguments made of them, that do not fit.
 */
function plain(error: GraphQLError): GraphQLError {
  const { originalError, ...extensions } = error.extensions;
  // What it marks is no request at all: 400, whatever the client accepts.
  const http = originalError ? { http: { status: 400 } } : {};
  const cut = error.message.length > messageLengthMax;
  const message = cut ? `${error.message.slice(0, messageLengthMax)} …` : error.message;
  return shown(message, error, { code: 'BAD_USER_INPUT', ...extensions, ...http });
}

/**
 * Yoga keeps it for all who send the same text, and says what it is over HTTP only where the first
 * of them came as a Request of the Fetch API.
 */
function unparsed(error: GraphQLError): GraphQLError {
  const known = coded(error, 'GRAPHQL_PARSE_FAILED');
  Object.assign(known.extensions, { http: known.extensions.http ?? { spec: true, status: 400 } });
  return known;
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
