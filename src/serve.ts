/** One process that serves a data directory: its port, store and application. */
import { createServer, type RequestListener } from 'node:http';
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { openStore } from './db/index.ts';
import { downloadKeyIn } from './download-key.ts';
import type { Entity } from './entities/index.ts';
import {
  ClientAddresses,
  type FinishedOperation,
  FrontDoor,
  hostRule,
  isUpload,
  noIdentity,
  RequestsUnderWay,
  Stage,
  serverBounds,
  type TrustedDocuments,
  watchBodies,
} from './http/index.ts';
import { identityOf } from './identity.ts';
import { listen, urlOf } from './listen.ts';
import { loadDocuments } from './load-documents.ts';
import { loadEntities } from './load-entities.ts';
import type { Family, Metrics } from './metrics/index.ts';
import { logOperations } from './operation-log.ts';

/** How long requests that are under way at a stop may take. */
const closeTimeMaxMs = 10_000;

/** What whoever started it may be told. */
export interface Served {
  /** Where it listens, without a path. */
  readonly url: string;
  /** Which log it serves. */
  readonly logId: string;
  /** Kinds of records that the log holds, and that are not served. */
  readonly hiddenKinds: readonly string[];
  /** Kinds of records that admins alone see: it is asked who one is, and they have no access rule. */
  readonly adminKinds: readonly string[];
}

export interface Serving extends Served {
  /** What it tells Prometheus now; null where the settings say nothing of that. */
  readonly metrics: (() => Promise<Family[]>) | null;
  /** Finishes the requests under way, tells subscribers that it goes away, closes the store. */
  readonly close: () => Promise<void>;
}

/**
 * Serves until it is closed; where `workers` says so, as one of several processes.
 * @param logId the log that others serve already, if they do: no other is taken for it.
 * @throws CannotOpen, Unavailable or WrongSetting, in one line that says what to do.
 */
export async function serve(config: Config, log: Logger, logId?: string): Promise<Serving> {
  const entities = await loadEntities(config.entities);
  const identity = await identityOf(config, log);
  const documents = await loadDocuments(config);
  const metrics = await metricsOf(config, documents);
  const traces = config.traces ? await (await import('./traces.ts')).openTraces() : null;
  let answer: (listener: RequestListener) => void = () => {};
  const listener = new Promise<RequestListener>((ready) => {
    answer = ready;
  });
  const clients = new ClientAddresses(config.trustedProxies, config.clientAddressHeader);
  const door = new FrontDoor(hostRule(config.host, config.allowedHosts));
  const stage = new Stage();
  const server = createServer(serverBounds(), (request, response) => {
    // While it closes, a connection ends with the request that it has under way.
    if (!server.listening) response.shouldKeepAlive = false;
    if (metrics) response.once('close', () => metrics.response(request, response));
    if (door.answers(request, response) || stage.answers(request, response)) return;
    listener.then((handle) => handle(request, response));
  });
  const underWay = new RequestsUnderWay(server);
  watchBodies(server, isUpload);
  // The port first: one in use then leaves the data directory untouched. Of several processes each
  // takes its part of the port when it can answer, for until then others do.
  const isAlone = config.workers === 1;
  if (isAlone) await listen(server, config);
  const share = shareOf(config);
  const store = await openStore({
    directory: config.data,
    logId,
    entities,
    ...share,
    idempotencyKeyDays: config.idempotencyKeyDays,
    ...(metrics && { onGroupCommit: metrics.groupCommit }),
    onFault: (error) => log.error({ err: error }, 'background work failed and is tried again'),
    onStateChange: ({ part, state, message, error }) => {
      const level = state === 'ok' ? 'info' : 'error';
      log[level]({ part, state, err: error ?? undefined }, message);
    },
  });
  const { connectionsPerClientMax, bodyMaxMb, uploadMaxMb } = config;
  const limits = {
    operationCostMax: config.costMax,
    mutationsPerMinuteMax: config.mutationsPerMinuteMax,
    costPerMinuteMax: config.costPerMinuteMax,
    downloadUrlSeconds: config.downloadUrlSeconds,
    connectionsPerClientMax,
    bodyBytesMax: bodyMaxMb * 1024 * 1024,
    uploadBytesMax: uploadMaxMb * 1024 * 1024,
    keptOperationsBytesMax: share.keptAnswersBytesMax,
  };
  const downloadKey = identity === noIdentity ? undefined : downloadKeyIn(config.data);
  const { costReport, readyLagMaxMs } = config;
  const tellLog = logOperations(log, config.slowOperationMs);
  const onOperation = metrics
    ? (operation: FinishedOperation) => {
        metrics.operation(operation);
        tellLog(operation);
      }
    : tellLog;
  const app = createApp(store, {
    log,
    limits,
    identity,
    clients,
    allowedOrigins: config.allowedOrigins,
    documents,
    costReport,
    readyLagMaxMs,
    onOperation,
    ...(traces && { traces }),
    shown: config,
    ...(downloadKey && { downloadKey }),
  });
  const closeWebSockets = app.acceptWebSockets(server, door);
  answer(app as RequestListener);
  stage.serve();
  if (!isAlone) await listen(server, config);
  const close = async () => {
    stage.close();
    store.endFollowing();
    closeWebSockets();
    await underWay.close(closeTimeMaxMs);
    await store.close();
    await traces?.close().catch((error) => {
      log.warn({ err: error }, 'the last traces could not be sent');
    });
  };
  const { hiddenKinds } = store;
  const adminKinds = downloadKey ? entities.filter(({ access }) => !access).map(nameOf) : [];
  const read = metrics && (() => metrics.read({ store, keptOperations: app.keptOperations }));
  return { url: urlOf(server), logId: store.logId, hiddenKinds, adminKinds, metrics: read, close };
}

/** What counts for Prometheus, which is loaded where it is asked for alone. */
async function metricsOf(
  { metricsPort }: Config,
  documents: TrustedDocuments,
): Promise<Metrics | null> {
  if (metricsPort === null) return null;
  const { Metrics } = await import('./metrics/index.ts');
  return new Metrics(documents.operationNames());
}

function nameOf({ name }: Entity): string {
  return name;
}

/** What one process may take of the memory and the cores that all share. */
function shareOf({ workers, replicaMemoryMaxMb, keptAnswersMaxMb }: Config) {
  return {
    replicaMemoryMaxMb: Math.floor(replicaMemoryMaxMb / workers),
    // Each has an event loop, which needs a core of its own.
    replicaThreads: Math.max(1, Math.floor(availableParallelism() / workers) - 1),
    // Half of it for what was read, half for finished answers.
    keptAnswersBytesMax: (keptAnswersMaxMb * 1024 * 1024) / 2 / workers,
  };
}
