/** The parts of the HTTP server, one concern each; src/app.ts puts them in order. */
export { Connections } from './connections.ts';
export { corsOf } from './cors.ts';
export { type ErrorLog, maskErrorWith, useErrorCodes } from './errors.ts';
export { graphiqlOptions, renderGraphiQL } from './graphiql.ts';
export { requestLimits } from './request-limits.ts';
export { boardDirectory, useBoard } from './use-board.ts';
export { useBodyLimit } from './use-body-limit.ts';
export { useDocs } from './use-docs.ts';
export { useDocumentLimits } from './use-document-limits.ts';
export { useDownloads } from './use-downloads.ts';
export { useHead } from './use-head.ts';
export { useHome } from './use-home.ts';
export { useHttpCaching } from './use-http-caching.ts';
export { useJsonBodies } from './use-json-bodies.ts';
export { usePosition } from './use-position.ts';
export { useReferenceExecution } from './use-reference-execution.ts';
export { useStreams } from './use-streams.ts';
export { acceptWebSockets } from './web-sockets.ts';
