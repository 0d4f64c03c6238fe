/** The application: requests to responses over a store. It owns no port and opens no file. */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import pino from 'pino';
import { type KeptMeasures, type Store, limits as storeLimits } from './db/index.ts';
import { LakeFile } from './entities/index.ts';
import {
  type Asked,
  acceptWebSockets,
  Backlog,
  boardDirectory,
  byFunction,
  ClientAddresses,
  ClientRate,
  Connections,
  canShowBoard,
  demoCommand,
  type ErrorLog,
  FrontDoor,
  GraphiqlPage,
  graphiqlOptions,
  type Identity,
  isMultipart,
  KeptOperations,
  leavingOf,
  maskErrorWith,
  noIdentity,
  type OnOperation,
  OperationWatch,
  Origins,
  PlainOperations,
  requestLimits,
  type SchemaShown,
  SharedEvents,
  TrustedDocuments,
  useAnswerForms,
  useArgumentNames,
  useBoard,
  useBodyLimit,
  useCostLimit,
  useDocs,
  useDocumentLimits,
  useDownloads,
  useErrorCodes,
  useFileWrites,
  useHead,
  useHealth,
  useHiddenSchema,
  useHome,
  useHttpCaching,
  useIdentity,
  useInputLimits,
  useJsonBodies,
  useMultipart,
  useNoPage,
  usePosition,
  useRateLimits,
  useReferenceExecution,
  useRequestMarks,
  useResumableUploads,
  useSecurityHeaders,
  useStreams,
  useTrustedDocuments,
  useUnavailable,
  useUnreadAnswers,
  useUnreadBodies,
  useVary,
  type ViewerOf,
  Viewers,
  wantsPage,
} from './http/index.ts';
import { DownloadSigner, Operation, Views } from './resolvers/index.ts';
import { buildSchema, type SchemaTracing } from './schema/index.ts';

/** How operations, and their fields, are traced. */
export interface Traces {
  readonly plugins: readonly Plugin[];
  readonly schema: SchemaTracing;
}

export interface AppOptions {
  /** What the board was built into; where `npm run board` puts it without it. */
  readonly boardDirectory?: string;
  /**
   * Who asks, as the application around this one knows; whoever it does not know is answered
   * UNAUTHENTICATED. It is asked once for each request, and for each WebSocket. Nobody is asked who
   * they are without it.
   */
  readonly viewerOf?: ViewerOf;
  /** How it is known who asks, where the settings of a server say so; instead of `viewerOf`. */
  readonly identity?: Identity;
  /**
   * What signs URLs of downloads where it is asked who one is: at least 32 bytes, the same for all
   * processes that serve a log. One of this process without it.
   */
  readonly downloadKey?: Uint8Array;
  /** Where unexpected errors are logged; standard error without it. */
  readonly log?: ErrorLog;
  /** Origins of pages that may call from a browser, besides those of this machine. */
  readonly allowedOrigins?: readonly string[];
  /** Where clients are; at the other end of their connections without it. */
  readonly clients?: ClientAddresses;
  /** Documents that clients may ask by an id; none without it. */
  readonly documents?: TrustedDocuments;
  /** How long a read may have to wait for the replica, for /health/ready to say that all is well. */
  readonly readyLagMaxMs?: number;
  /** Told of every operation once it is answered or refused, over any transport. */
  readonly onOperation?: OnOperation;
  /** How operations are traced; without it none is. */
  readonly traces?: Traces;
  /** Whether every answer tells what its operation cost. */
  readonly costReport?: boolean;
  /** What is shown besides answers; all of it where nothing is said. */
  readonly shown?: Partial<Shown>;
  /** How clients are bounded; by requestLimits where it says nothing. */
  readonly limits?: Partial<Record<ClientLimit, number>>;
}

/** What is shown to whoever asks for it. */
interface Shown extends SchemaShown {
  readonly graphiql: boolean;
  readonly board: boolean;
  /** The guides at /docs. */
  readonly guides: boolean;
}

const showAll: Shown = {
  introspection: true,
  suggestions: true,
  graphiql: true,
  board: true,
  guides: true,
};

type ClientLimit =
  | 'backlogBytesMax'
  | 'bodyBytesMax'
  | 'connectionsPerClientMax'
  | 'costPerMinuteMax'
  | 'downloadUrlSeconds'
  | 'keepAliveMs'
  | 'keptOperationsBytesMax'
  | 'mutationsPerMinuteMax'
  | 'operationCostMax'
  | 'stalledTimeMaxMs'
  | 'uploadBytesMax';

/** `fetch` takes a Request; called with Node's request and response it is a request listener. */
export interface App extends YogaServerInstance<object, { readonly operation: Operation }> {
  /**
   * Accepts GraphQL over WebSocket on a server, at /graphql.
   * @param door who may open one; without it whoever asks by whatever name.
   * @returns closes them all, and tells their clients that the server goes away.
   */
  acceptWebSockets(server: Server, door?: FrontDoor): () => void;
  /** Finished answers of operations that are kept now. */
  keptOperations(): KeptMeasures;
}

/**
 * Serves a store's entities: GraphQL and GraphiQL at /graphql, files at their downloadUrl; the board
 * at /board, the guides at /docs.
 * @throws TypeError when two options say who asks.
 */
export function createApp(store: Store, options: AppOptions = {}): App {
  const limits: Record<ClientLimit, number> = { ...requestLimits, ...options.limits };
  const views = new Views(store);
  const viewers = new Viewers(identityIn(options));
  const signer = viewers.areAsked
    ? new DownloadSigner(options.downloadKey ?? randomBytes(32), limits.downloadUrlSeconds)
    : null;
  const operationOf = async (asked: object) => {
    const known = await viewers.of(asked as Asked);
    return new Operation(views, known?.viewer ?? null, signer, leavingOf(asked as Asked));
  };
  const contextOf = async (asked: object) => ({ operation: await operationOf(asked) });
  // At once: a promise costs Yoga a tenth of what a small operation takes.
  const openContext = (asked: object) => ({
    operation: new Operation(views, null, null, leavingOf(asked as Asked)),
  });
  const takesTokens = viewers.headers.includes('authorization');
  const maskError = maskErrorWith(options.log ?? pino(pino.destination(2)));
  const shown = { ...showAll, ...options.shown };
  const board = options.boardDirectory ?? boardDirectory;
  const hasBoard = canShowBoard(store.entities);
  const demo = hasBoard ? demoCommand : null;
  const schema = buildSchema(store.entities, options.traces?.schema);
  const graphiql = new GraphiqlPage(takesTokens);
  const origins = new Origins(options.allowedOrigins);
  const clients = options.clients ?? new ClientAddresses();
  const connections = new Connections(limits.connectionsPerClientMax);
  const documents = options.documents ?? new TrustedDocuments();
  const backlog = new Backlog(limits.backlogBytesMax);
  const watch = options.onOperation ? new OperationWatch(options.onOperation) : null;
  const plain = new PlainOperations(limits.bodyBytesMax, viewers, maskError, documents, watch);
  const kept = new KeptOperations(limits.keptOperationsBytesMax);
  const events = new SharedEvents();
  store.onErased(() => {
    kept.clear();
    events.clear();
  });
  const downloads = {
    viewOf: async (request: Request, context: object) =>
      (await operationOf({ ...context, request })).view,
    signedView: views.of(null, () => {}),
    signer,
    maskError,
  };
  const mutations = new ClientRate(limits.mutationsPerMinuteMax, clients);
  const cost = new ClientRate(limits.costPerMinuteMax, clients);
  const fileWrites = {
    mutations,
    operationOf: (request: Request, context: object) => operationOf({ ...context, request }),
    uploadBytesMax: limits.uploadBytesMax,
    maskError,
  };
  const uploads = { ...fileWrites, origins, bodyBytesMax: limits.bodyBytesMax };
  const yoga = createYoga<object, { readonly operation: Operation }>({
    schema,
    context: viewers.areAsked ? contextOf : openContext,
    graphiql: (request) =>
      shown.graphiql && wantsPage(request) && graphiqlOptions(store.entities, takesTokens),
    renderGraphiQL: graphiql.render,
    cors: origins.corsOf,
    // Yoga’s own answers 200 to every URL that ends so, whatever the store’s state: none does.
    healthCheckEndpoint: '\n',
    landingPage: false,
    logging: false,
    multipart: false,
    maxRequestBodySize: false,
    // It calls it with more than an error, of which nothing is meant here.
    maskedErrors: { maskError: (error) => maskError(error) },
    // In the order in which a request meets them.
    plugins: [
      useRequestMarks(maskError),
      useUnreadBodies(),
      ...(watch ? [watch.plugin] : []),
      useVary(),
      useSecurityHeaders(() => graphiql.contentPolicy),
      useHealth(store, options.readyLagMaxMs ?? storeLimits.readyLagMaxMs),
      ...(viewers.areAsked ? [useIdentity(viewers, maskError)] : []),
      ...(shown.graphiql ? [] : [useNoPage()]),
      useHome(hasBoard && shown.board ? board : null, demo, shown),
      ...(shown.board ? [useBoard(board, store.entities, maskError)] : []),
      ...(shown.guides ? [useDocs(schema, demo, shown, maskError)] : []),
      ...(store.entities.includes(LakeFile)
        ? [useFileWrites(fileWrites), useResumableUploads(uploads)]
        : []),
      ...(store.entities.some(({ files }) => files.length > 0) ? [useDownloads(downloads)] : []),
      useHead(),
      useBodyLimit(limits.bodyBytesMax, isMultipart),
      useJsonBodies(),
      useMultipart(uploads),
      useTrustedDocuments(documents),
      useDocumentLimits(),
      useInputLimits(),
      useCostLimit(limits.operationCostMax, options.costReport ?? false),
      useRateLimits({ mutations, cost }),
      useHiddenSchema(shown),
      useArgumentNames(),
      useErrorCodes(),
      useAnswerForms(limits.keepAliveMs),
      useStreams(connections, clients, limits.stalledTimeMaxMs),
      usePosition(),
      useHttpCaching(store, schema),
      useUnavailable(),
      useReferenceExecution(kept, events),
      useUnreadAnswers(backlog, limits.stalledTimeMaxMs),
      ...(options.traces?.plugins ?? []),
      plain.plugin,
    ],
  });
  const terms = {
    connections,
    clients,
    origins,
    documents,
    backlog,
    viewers,
    maskError,
    watch,
    keepAliveMs: limits.keepAliveMs,
  };
  return Object.assign(plain.before(yoga), {
    keptOperations: () => kept.measures,
    acceptWebSockets: (server: Server, door = new FrontDoor()) =>
      acceptWebSockets(server, yoga, { ...terms, door }),
  });
}

function identityIn({ identity, viewerOf }: AppOptions): Identity {
  if (!viewerOf) return identity ?? noIdentity;
  if (identity) throw new TypeError('Either identity or viewerOf says who asks, not both.');
  return byFunction(viewerOf);
}
