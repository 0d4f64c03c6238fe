/** The application: requests to responses over a store. It owns no port and opens no file. */
import type { Server } from 'node:http';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import pino from 'pino';
import type { Store } from './db/index.ts';
import { LakeFile } from './entities/index.ts';
import {
  acceptWebSockets,
  Backlog,
  boardDirectory,
  Connections,
  canShowBoard,
  corsOf,
  demoCommand,
  type ErrorLog,
  FrontDoor,
  graphiqlOptions,
  graphiqlRenderer,
  maskErrorWith,
  PlainOperations,
  requestLimits,
  useAnswerForms,
  useArgumentNames,
  useBoard,
  useBodyLimit,
  useDocs,
  useDocumentLimits,
  useDownloads,
  useErrorCodes,
  useHead,
  useHealth,
  useHome,
  useHttpCaching,
  useInputLimits,
  useJsonBodies,
  usePosition,
  useReferenceExecution,
  useStreams,
  useUnavailable,
  useUnreadAnswers,
  useVary,
  wantsPage,
} from './http/index.ts';
import { Loaders, Operation } from './resolvers/index.ts';
import { buildSchema } from './schema/index.ts';

export interface AppOptions {
  /** What the board was built into; where `npm run board` puts it without it. */
  readonly boardDirectory?: string;
  /** Where unexpected errors are logged; standard error without it. */
  readonly log?: ErrorLog;
  /** How clients are bounded; by requestLimits where it says nothing. */
  readonly limits?: Partial<Record<ClientLimit, number>>;
}

type ClientLimit =
  | 'backlogBytesMax'
  | 'bodyBytesMax'
  | 'connectionsPerClientMax'
  | 'keepAliveMs'
  | 'keptOperationsBytesMax'
  | 'stalledTimeMaxMs';

/** `fetch` takes a Request; called with Node's request and response it is a request listener. */
export interface App extends YogaServerInstance<object, { readonly operation: Operation }> {
  /**
   * Accepts GraphQL over WebSocket on a server, at /graphql.
   * @param door who may open one; without it whoever asks by whatever name.
   * @returns closes them all, and tells their clients that the server goes away.
   */
  acceptWebSockets(server: Server, door?: FrontDoor): () => void;
}

/**
 * Serves a store's entities: GraphQL and GraphiQL at /graphql, files at their downloadUrl; the board
 * at /board, the guides at /docs.
 */
export function createApp(store: Store, options: AppOptions = {}): App {
  const loaders = new Loaders(store);
  const maskError = maskErrorWith(options.log ?? pino(pino.destination(2)));
  const board = options.boardDirectory ?? boardDirectory;
  const hasBoard = canShowBoard(store.entities);
  const demo = hasBoard ? demoCommand : null;
  const schema = buildSchema(store.entities);
  const limits: Record<ClientLimit, number> = { ...requestLimits, ...options.limits };
  const connections = new Connections(limits.connectionsPerClientMax);
  const backlog = new Backlog(limits.backlogBytesMax);
  const plain = new PlainOperations(limits.bodyBytesMax, maskError);
  const yoga = createYoga<object, { readonly operation: Operation }>({
    schema,
    context: () => ({ operation: new Operation(store, loaders) }),
    graphiql: (request) => wantsPage(request) && graphiqlOptions(store.entities),
    renderGraphiQL: graphiqlRenderer(),
    cors: corsOf,
    // Yoga’s own answers 200 to every URL that ends so, whatever the store’s state: none does.
    healthCheckEndpoint: '\n',
    landingPage: false,
    logging: false,
    multipart: false,
    maxRequestBodySize: false,
    maskedErrors: { maskError },
    // In the order in which a request meets them.
    plugins: [
      useVary(),
      useHealth(store),
      useHome(hasBoard ? board : null, demo),
      useBoard(board, store.entities, maskError),
      useDocs(schema, demo, maskError),
      ...(store.entities.includes(LakeFile) ? [useDownloads(store, maskError)] : []),
      useHead(),
      useBodyLimit(limits.bodyBytesMax),
      useJsonBodies(),
      useDocumentLimits(),
      useInputLimits(),
      useArgumentNames(),
      useErrorCodes(),
      useAnswerForms(limits.keepAliveMs),
      useStreams(connections, limits.stalledTimeMaxMs),
      usePosition(),
      useHttpCaching(store, schema),
      useUnavailable(),
      useReferenceExecution(limits.keptOperationsBytesMax),
      useUnreadAnswers(backlog, limits.stalledTimeMaxMs),
      plain.plugin,
    ],
  });
  const terms = { connections, backlog, maskError, keepAliveMs: limits.keepAliveMs };
  return Object.assign(plain.before(yoga), {
    acceptWebSockets: (server: Server, door = new FrontDoor()) =>
      acceptWebSockets(server, yoga, { ...terms, door }),
  });
}
