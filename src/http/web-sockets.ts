/**
 * GraphQL over WebSocket, by the protocol graphql-transport-ws. Operations run as they do over
 * HTTP: through the same plugins, with the same limits, errors and positions.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { setInterval, setTimeout } from 'node:timers';
import {
  type ExecutionArgs,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
} from 'graphql';
import {
  CloseCode,
  type Context,
  handleProtocols,
  makeServer,
  type OperationResult,
  type ServerOptions,
  type SubscribePayload,
} from 'graphql-ws';
import type { YogaServerInstance } from 'graphql-yoga';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Connections } from './connections.ts';
import { isTrustedOrigin } from './cors.ts';
import { requestLimits } from './request-limits.ts';

/** What WebSockets need of the application. */
export interface SocketTerms {
  readonly connections: Connections;
  /** What a client may see of an error. */
  readonly maskError: (error: unknown) => Error;
  /** How often a client is asked whether it still listens; one that does not answer is dropped. */
  readonly keepAliveMs: number;
}

type ConnectionParams = Record<string, unknown>;
interface Extra {
  readonly request: IncomingMessage;
}

// biome-ignore lint/suspicious/noExplicitAny: the contexts of a Yoga do not matter here
type AnyYoga = YogaServerInstance<any, any>;

/**
 * Accepts WebSockets at the application's GraphQL endpoint on a server.
 * @returns closes all of them: the clients are told that the server goes away.
 */
export function acceptWebSockets(server: Server, yoga: AnyYoga, terms: SocketTerms): () => void {
  const protocol = makeServer<ConnectionParams, Extra>(optionsOf(yoga, terms));
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: requestLimits.messageBytesMax,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A connection that breaks while it is refused or opened is nobody's fault here.
    socket.on('error', () => {});
    const refused = refusalOf(request, yoga.graphqlEndpoint);
    if (refused) return refuse(socket, ...refused);
    const release = terms.connections.open(request.socket.remoteAddress);
    if (!release) return refuse(socket, 429, terms.connections.refusal);
    socket.once('close', release);
    sockets.handleUpgrade(request, socket, head, (opened) =>
      converse(opened, request, protocol, terms),
    );
  });
  return () => {
    for (const socket of sockets.clients) {
      socket.close(1001, 'Going away');
      setTimeout(() => socket.terminate(), requestLimits.closeTimeMaxMs).unref();
    }
    sockets.close();
  };
}

function refusalOf({ url, headers }: IncomingMessage, endpoint: string): [number, string] | null {
  const { pathname } = new URL(url ?? '/', 'http://localhost');
  if (pathname !== endpoint) return [404, `WebSockets are accepted at ${endpoint}.`];
  if (!isTrustedOrigin(headers.origin, headers.host)) {
    return [403, 'WebSockets are accepted from pages of this machine and of this server only.'];
  }
  return null;
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Connects a socket with the protocol, until it closes. */
function converse(
  socket: WebSocket,
  request: IncomingMessage,
  protocol: ReturnType<typeof makeServer<ConnectionParams, Extra>>,
  { maskError, keepAliveMs }: SocketTerms,
): void {
  // What cannot be read, or is too large, ends the socket with its own close code.
  socket.on('error', () => {});
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      // Settles when the message has left, so that events are made no faster than they are taken.
      // A message that cannot leave is followed by the socket's end, which is what counts.
      send: (message) => new Promise((sent) => socket.send(message, () => sent())),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (take) => {
        socket.on('message', (message) => {
          take(String(message)).catch((error) => {
            maskError(error);
            socket.close(CloseCode.InternalServerError, 'Internal server error');
          });
        });
      },
    },
    { request },
  );
  dropWhenSilent(socket, keepAliveMs);
  socket.once('close', (code, reason) => {
    closed(code, String(reason)).catch((error) => maskError(error));
  });
}

/** A client that does not read does not answer either. */
function dropWhenSilent(socket: WebSocket, keepAliveMs: number): void {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, keepAliveMs).unref();
  socket.on('pong', () => {
    answered = true;
  });
  socket.once('close', () => clearInterval(timer));
}

type Options = ServerOptions<ConnectionParams, Extra>;

function optionsOf(yoga: AnyYoga, { maskError }: SocketTerms): Options {
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
      errors && ({ ...result, errors: errors.map(forClient) } as FormattedExecutionResult),
    onError: (_context, _id, _payload, errors) => errors.map(forClient),
  };
}

type Enveloped = ReturnType<AnyYoga['getEnveloped']>;

/** What is to be executed, with the plugins' own `execute` and `subscribe` as its root value. */
async function prepare(
  yoga: AnyYoga,
  { extra, subscriptions, connectionParams }: Context<ConnectionParams, Extra>,
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

/** An error without what is meant for HTTP. */
function forClient(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = error.toJSON();
  const { http: _, ...rest } = extensions ?? {};
  return { ...formatted, extensions: rest };
}
