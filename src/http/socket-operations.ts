/**
 * Operations over WebSocket. They run as they do over HTTP: through the same plugins, with the same
 * limits, errors and positions.
 */
import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError } from 'graphql';
import type { Context, OperationResult, ServerOptions, SubscribePayload } from 'graphql-ws';
import type { YogaServerInstance } from 'graphql-yoga';
import { errorForClient } from './errors.ts';
import { requestLimits } from './request-limits.ts';

export type ConnectionParams = Record<string, unknown>;

/** What is known of a socket: the request that it was opened with. */
export interface SocketExtra {
  readonly request: IncomingMessage;
}

// biome-ignore lint/suspicious/noExplicitAny: the contexts of a Yoga do not matter here
export type AnyYoga = YogaServerInstance<any, any>;

/**
 * How the protocol runs operations.
 * @param maskError what a client may see of an error.
 */
export function socketOperations(
  yoga: AnyYoga,
  maskError: (error: unknown) => Error,
): ServerOptions<ConnectionParams, SocketExtra> {
  const shown = (error: unknown) => asGraphQLError(maskError(error));
  const run = (name: 'execute' | 'subscribe') => async (args: ExecutionArgs) => {
    try {
      const enveloped = args.rootValue as Enveloped;
      return (await enveloped[name]({ ...args, rootValue: undefined })) as OperationResult;
    } catch (error) {
      return { errors: [shown(error)] };
    }
  };
  return {
    connectionInitWaitTimeout: requestLimits.connectionInitTimeMaxMs,
    execute: run('execute'),
    subscribe: run('subscribe'),
    onSubscribe: async (context, _id, payload) => {
      try {
        return await prepare(yoga, context, payload);
      } catch (error) {
        return [shown(error)];
      }
    },
    onNext: (_context, _id, _payload, _args, { errors, ...result }) =>
      errors && ({ ...result, errors: errors.map(errorForClient) } as FormattedExecutionResult),
    onError: (_context, _id, _payload, errors) => errors.map(errorForClient),
  };
}

type Enveloped = ReturnType<AnyYoga['getEnveloped']>;

/** What is to be executed, with the plugins' own `execute` and `subscribe` as its root value. */
async function prepare(
  yoga: AnyYoga,
  { extra, subscriptions, connectionParams }: Context<ConnectionParams, SocketExtra>,
  params: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  if (Object.keys(subscriptions).length > requestLimits.subscriptionsPerConnectionMax) {
    const max = requestLimits.subscriptionsPerConnectionMax;
    const message = `One connection may have at most ${max} operations under way (subscriptionsPerConnectionMax).`;
    return [new GraphQLError(message, { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS', max } })];
  }
  const enveloped = yoga.getEnveloped({ req: extra.request, params, connectionParams });
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
    rootValue: enveloped,
  };
}

function asGraphQLError(error: Error): GraphQLError {
  return error instanceof GraphQLError ? error : new GraphQLError(error.message);
}
