/** The parts of the HTTP server, one concern each; src/app.ts puts them in order. */
export { Backlog } from './graphql/backlog.ts';
export { type ErrorLog, maskErrorWith, useErrorCodes } from './graphql/errors.ts';
export type { FinishedOperation } from './graphql/finished-operation.ts';
export { KeptOperations } from './graphql/kept-operations.ts';
export { type OnOperation, OperationWatch } from './graphql/operation-watch.ts';
export { PlainOperations } from './graphql/plain-operations.ts';
export { SharedEvents } from './graphql/shared-events.ts';
export {
  readDocuments,
  TrustedDocuments,
  useTrustedDocuments,
  WrongDocuments,
} from './graphql/trusted-documents.ts';
export { useAnswerForms, wantsPage } from './graphql/use-answer-forms.ts';
export { useArgumentNames } from './graphql/use-argument-names.ts';
export { useCostLimit } from './graphql/use-cost-limit.ts';
export { useDocumentLimits } from './graphql/use-document-limits.ts';
export { type SchemaShown, useHiddenSchema } from './graphql/use-hidden-schema.ts';
export { useHttpCaching } from './graphql/use-http-caching.ts';
export { useIdentity } from './graphql/use-identity.ts';
export { useInputLimits } from './graphql/use-input-limits.ts';
export { useJsonBodies } from './graphql/use-json-bodies.ts';
export { isMultipart, useMultipart } from './graphql/use-multipart.ts';
export { useNoPage } from './graphql/use-no-page.ts';
export { usePosition } from './graphql/use-position.ts';
export { useRateLimits } from './graphql/use-rate-limits.ts';
export { useReferenceExecution } from './graphql/use-reference-execution.ts';
export { useRequestMarks } from './graphql/use-request-marks.ts';
export { loadTraces } from './graphql/use-traces.ts';
export { useUnavailable } from './graphql/use-unavailable.ts';
export { useUnreadAnswers } from './graphql/use-unread-answers.ts';
export { acceptWebSockets } from './graphql/web-sockets.ts';
export { byFunction, byHeader, byToken, noIdentity, type ViewerOf } from './identity/identities.ts';
export { type Asking, type Identity, isViewerId } from './identity/known.ts';
export { issuerKeys, secretKeys, WrongKeys } from './identity/token-keys.ts';
export { signToken, Tokens, type TokenTerms } from './identity/tokens.ts';
export { type Asked, Viewers } from './identity/viewers.ts';
export { demoCommand } from './pages/demo-command.ts';
export { GraphiqlPage, graphiqlOptions } from './pages/graphiql.ts';
export { boardDirectory, canShowBoard, useBoard } from './pages/use-board.ts';
export { useDocs } from './pages/use-docs.ts';
export { useDownloads } from './pages/use-downloads.ts';
export { useFileWrites } from './pages/use-file-writes.ts';
export { useHome } from './pages/use-home.ts';
export { useResumableUploads } from './pages/use-resumable-uploads.ts';
export { blocksOf } from './server/address-blocks.ts';
export {
  ClientAddresses,
  type ClientAddressHeader,
} from './server/client-addresses.ts';
export { ClientRate } from './server/client-rate.ts';
export { Connections } from './server/connections.ts';
export { Origins } from './server/cors.ts';
export { FrontDoor } from './server/front-door.ts';
export { hostRule } from './server/hosts.ts';
export { leavingOf } from './server/leaving.ts';
export { requestLimits } from './server/request-limits.ts';
export { RequestsUnderWay } from './server/requests-under-way.ts';
export { serverBounds } from './server/server-bounds.ts';
export { watchBodies } from './server/slow-bodies.ts';
export { Stage } from './server/stage.ts';
export { isUpload } from './server/uploads.ts';
export { useBodyLimit } from './server/use-body-limit.ts';
export { useHead } from './server/use-head.ts';
export { useHealth } from './server/use-health.ts';
export { useSecurityHeaders } from './server/use-security-headers.ts';
export { useStreams } from './server/use-streams.ts';
export { useUnreadBodies } from './server/use-unread-bodies.ts';
export { useVary } from './server/use-vary.ts';
