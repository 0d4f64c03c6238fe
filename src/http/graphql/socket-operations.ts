/**
 * Operations over WebSocket. They run as they do over HTTP: through the same plugins, with the same
 * limits, errors and positions.
 */
import type { IncomingMessage } from 'node:http';
import {
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
} from 'graphql';
import {
  CloseCode,
  type Context,
  type OperationResult,
  type ServerOptions,
  type SubscribePayload,
} from 'graphql-ws';
import type { YogaServerInstance } from 'graphql-yoga';
import { expired } from '../identity/unauthenticated.ts';
import type { Viewers } from '../identity/viewers.ts';
import { requestLimits } from '../server/request-limits.ts';
import { type MaskError, markOf } from '../server/request-mark.ts';
import type { AnswerRoom } from './answer-room.ts';
import { type Answer, dataJson } from './answers.ts';
import { errorForClient } from './errors.ts';
import type { OperationWatch } from './operation-watch.ts';
import { closeCodes, type SocketMessages } from './socket-messages.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

export type ConnectionParams = Record<string, unknown>;

/** What is known of a socket: the request that it was opened with, and its messages. */
export interface SocketExtra {
  readonly request: IncomingMessage;
  readonly messages: SocketMessages;
  /** Closes the socket. */
  readonly end: (code: number, reason: string) => void;
  /** Has it closed at a moment, in milliseconds since 1970, because nobody is known to ask then. */
  readonly endAt: (moment: number, reason: string) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: the contexts of a Yoga do not matter here
export type AnyYoga = YogaServerInstance<any, any>;

/** What operations need of the application. */
export interface OperationTerms {
  readonly viewers: Viewers;
  /** Whose ids may stand for them. */
  readonly documents: TrustedDocuments;
  /** What a client may see of an error. */
  readonly maskError: MaskError;
  /** Told of every operation; null where nobody wants to know. */
  readonly watch: OperationWatch | null;
}

/** How the protocol runs operations. */
export function socketOperations(
  yoga: AnyYoga,
  { viewers, documents, maskError, watch }: OperationTerms,
): ServerOptions<ConnectionParams, SocketExtra> {
  const shown = (error: unknown, req: IncomingMessage) => asGraphQLError(maskError(error, { req }));
  const run = (name: 'execute' | 'subscribe') => async (args: ExecutionArgs) => {
    const startedAt = performance.now();
    const { enveloped, room, id, req } = args.rootValue as Prepared;
    const done = (result: OperationResult) => {
      watch?.finished(markOf({ req }), startedAt, args, result as ExecutionResult);
      return result;
    };
    try {
      if (name === 'execute' && !(await room.enter(id))) return { errors: [left()] };
      const result = await enveloped[name]({ ...args, rootValue: undefined });
      const answers = Symbol.asyncIterator in result ? asThereIsRoom(result, room, id) : result;
      return done(answers as OperationResult);
    } catch (error) {
      return done({ errors: [shown(error, req)] });
    }
  };
  return {
    connectionInitWaitTimeout: requestLimits.connectionInitTimeMaxMs,
    onConnect: async ({ connectionParams, extra }) => {
      try {
        const known = await viewers.of({ req: extra.request, connectionParams });
        if (known) extra.endAt(known.untilMs, expired().message);
        return true;
      } catch (error) {
        const { message, extensions } = shown(error, extra.request);
        extra.end(closeCodeOf(extensions.code), message);
        return false;
      }
    },
    execute: run('execute'),
    subscribe: run('subscribe'),
    onSubscribe: async (context, id, payload) => {
      const { request: req } = context.extra;
      const startedAt = performance.now();
      const refused = (errors: readonly GraphQLError[]) => {
        watch?.finished(markOf({ req }), startedAt, null, { errors });
        return errors;
      };
      try {
        const prepared = await prepare(yoga, context, id, documents.resolve(payload));
        return 'schema' in prepared ? prepared : refused(prepared);
      } catch (error) {
        return refused([shown(error, req)]);
      }
    },
    onNext: ({ extra }, id, _payload, _args, { errors, ...result }) => {
      const { [dataJson]: json, ...answer } = result as Answer;
      if (json) extra.messages.keepData(id, json);
      const shownErrors = errors && { errors: errors.map(errorForClient) };
      return { ...answer, ...(json && { data: {} }), ...shownErrors } as FormattedExecutionResult;
    },
    onError: (_context, _id, _payload, errors) => errors.map(errorForClient),
  };
}

/** What an operation is run with: it stands in for the root value, which is nobody's. */
interface Prepared {
  /** The plugins' own `execute` and `subscribe`. */
  readonly enveloped: ReturnType<AnyYoga['getEnveloped']>;
  readonly room: AnswerRoom;
  readonly id: string;
  /** The request that opened the socket. */
  readonly req: IncomingMessage;
}

/** What is to be executed. */
async function prepare(
  yoga: AnyYoga,
  { extra, connectionParams }: Context<ConnectionParams, SocketExtra>,
  id: string,
  params: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const { request: req, messages } = extra;
  const refusal = messages.refusalOf(id);
  if (refusal) return [refusal];
  if (messages.operations > requestLimits.subscriptionsPerConnectionMax) {
    const max = requestLimits.subscriptionsPerConnectionMax;
    const message = `One connection may have at most ${max} operations under way (subscriptionsPerConnectionMax).`;
    return [new GraphQLError(message, { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS', max } })];
  }
  const enveloped = yoga.getEnveloped({ req, params, connectionParams });
  const { schema, parse, validate, contextFactory } = enveloped;
  const document = parse(params.query);
  const errors = validate(schema, document) as readonly GraphQLError[];
  if (errors.length > 0) return errors;
  return {
    schema,
    document,
    operationName: params.operationName ?? null,
    variableValues: params.variables ?? null,
    contextValue: await contextFactory(),
    rootValue: { enveloped, room: messages.room, id, req } satisfies Prepared,
  };
}

/** The same answers, each handed out when there is room for it. */
function asThereIsRoom(
  answers: AsyncIterable<unknown>,
  room: AnswerRoom,
  id: string,
): AsyncIterableIterator<unknown> {
  const source = answers[Symbol.asyncIterator]();
  const done = { done: true, value: undefined } as const;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    // Asking for the next one means that the one before has left.
    next: async () => {
      room.leave(id);
      const answer = await source.next();
      if (answer.done || (await room.enter(id))) return answer;
      await source.return?.();
      return done;
    },
    return: async () => {
      room.leave(id);
      return (await source.return?.()) ?? done;
    },
  };
}

/** Nobody gets to see it: the client that asked has left. */
function left(): GraphQLError {
  return new GraphQLError('The client has left.', { extensions: { code: 'UNAVAILABLE' } });
}

/** How a socket ends whose client is not let in: what may pass, clients try again by themselves. */
function closeCodeOf(code: unknown): number {
  if (code === 'UNAUTHENTICATED') return CloseCode.Unauthorized;
  return code === 'UNAVAILABLE' ? closeCodes.tryAgainLater : CloseCode.InternalServerError;
}

function asGraphQLError(error: Error): GraphQLError {
  return error instanceof GraphQLError ? error : new GraphQLError(error.message);
}
