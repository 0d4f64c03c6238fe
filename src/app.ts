/** The application: requests to responses over a store. It owns no port and opens no file. */
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import pino from 'pino';
import type { Store } from './db/index.ts';
import { LakeFile } from './entities/index.ts';
import {
  corsOf,
  type ErrorLog,
  graphiqlOptions,
  maskErrorWith,
  renderGraphiQL,
  useBodyLimit,
  useDocumentLimits,
  useDownloads,
  useErrorCodes,
  useHead,
  useHome,
  useHttpCaching,
  useJsonBodies,
  usePosition,
  useReferenceExecution,
} from './http/index.ts';
import { Loaders, Operation } from './resolvers/index.ts';
import { buildSchema } from './schema/index.ts';

export interface AppOptions {
  /** Where unexpected errors are logged; standard error without it. */
  readonly log?: ErrorLog;
}

/** `fetch` takes a Request; called with Node's request and response it is a request listener. */
export type App = YogaServerInstance<object, { readonly operation: Operation }>;

/** Serves a store's entities: GraphQL and GraphiQL at /graphql, files at their downloadUrl. */
export function createApp(store: Store, options: AppOptions = {}): App {
  const loaders = new Loaders(store);
  const maskError = maskErrorWith(options.log ?? pino(pino.destination(2)));
  const schema = buildSchema(store.entities);
  return createYoga<object, { readonly operation: Operation }>({
    schema,
    context: () => ({ operation: new Operation(store, loaders) }),
    graphiql: graphiqlOptions(store.entities),
    renderGraphiQL,
    cors: corsOf,
    landingPage: false,
    logging: false,
    multipart: false,
    maxRequestBodySize: false,
    maskedErrors: { maskError },
    // In the order in which a request meets them.
    plugins: [
      useHome(),
      ...(store.entities.includes(LakeFile) ? [useDownloads(store, maskError)] : []),
      useHead(),
      useBodyLimit(),
      useJsonBodies(),
      useDocumentLimits(),
      useErrorCodes(),
      usePosition(),
      useHttpCaching(store, schema),
      useReferenceExecution(),
    ],
  });
}
