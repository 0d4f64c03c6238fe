/**
 * What `everstate serve` does: one process or several, until a signal closes them in order. One that
 * only starts others never loads the server's code.
 */
import cluster from 'node:cluster';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { findPort } from './listen.ts';
import { makeLog } from './log.ts';
import type { OfWorker } from './metrics/index.ts';
import type { MetricsPage } from './metrics-page.ts';
import { onParentEnd } from './parent.ts';
import type { Served, Serving } from './serve.ts';
import { Workers } from './workers.ts';

/** In this process, or in several that it starts. */
export async function start(config: Config): Promise<void> {
  const log = makeLog(config);
  if (config.workers === 1) await startAlone(config, log);
  else if (cluster.isPrimary) await startWorkers(config, log);
  else await startWorker(config, log);
}

async function startAlone(config: Config, log: Logger): Promise<void> {
  const { serve } = await import('./serve.ts');
  let serving: Serving | null = null;
  const page = await metricsPage(config, log, async () => [
    { worker: 1, families: (await serving?.metrics?.()) ?? null },
  ]);
  serving = await serve(config, log);
  closeOnSignal(log, page, serving.close);
  tellReady(serving, config);
  tellOfMetrics(page);
}

async function startWorkers(config: Config, log: Logger): Promise<void> {
  // Each worker would find out by itself; here nothing is begun yet, and it is told once.
  const port = await findPort(config);
  const workers = new Workers([...process.argv.slice(2), `--port=${port}`], log);
  const page = await metricsPage(config, log, () => workers.metrics(config.workers));
  closeOnSignal(log, page, () => workers.close());
  const served = await workers.start(config.workers);
  if (!served) return;
  tellReady(served, config);
  tellOfMetrics(page);
}

async function startWorker(config: Config, log: Logger): Promise<void> {
  const { work } = await import('./worker.ts');
  await work(config, log);
}

/** Where Prometheus asks; null where the settings name no port, and nothing of it is loaded. */
async function metricsPage(
  config: Config,
  log: Logger,
  readAll: () => Promise<OfWorker[]>,
): Promise<MetricsPage | null> {
  const { metricsPort } = config;
  if (metricsPort === null) return null;
  const { openMetricsPage } = await import('./metrics-page.ts');
  return await openMetricsPage({ ...config, metricsPort }, readAll, (error) =>
    log.error({ err: error }, 'metrics cannot be told'),
  );
}

function tellOfMetrics(page: MetricsPage | null): void {
  if (page) console.log(`Metrics for Prometheus are at ${page.url}`);
}

function tellReady({ url, hiddenKinds, adminKinds }: Served, config: Config): void {
  tellOfHiddenKinds(hiddenKinds, config);
  tellOfAdminKinds(adminKinds);
  const data = resolve(config.data);
  const what = config.graphiql ? 'GraphiQL' : 'GraphQL';
  console.log(`Everstate is ready: ${what} at ${url}/graphql, data in ${data}`);
}

/** Whoever misses records after a start with other kinds should not have to guess why. */
function tellOfHiddenKinds(hiddenKinds: readonly string[], { entities }: Config): void {
  if (hiddenKinds.length === 0) return;
  const kinds = new Intl.ListFormat('en').format(hiddenKinds);
  const how =
    entities === null
      ? 'Start with --entities and a file that exports them, too'
      : `Export them from ${entities}, too`;
  console.log(`The log also holds records of ${kinds}, which are not served. ${how}, to see them.`);
}

function tellOfAdminKinds(adminKinds: readonly string[]): void {
  if (adminKinds.length === 0) return;
  const kinds = new Intl.ListFormat('en').format(adminKinds);
  console.log(`Admins alone see records of ${kinds}: give them an owner, or an access rule.`);
}

/** Stops on the first signal; a second one does not wait. */
function closeOnSignal(log: Logger, page: MetricsPage | null, close: () => Promise<void>): void {
  let closing = false;
  const stop = (reason: string) => {
    if (closing) process.exit(1);
    closing = true;
    console.log(`Everstate is closing (${reason}).`);
    close()
      .finally(() => page?.close())
      .catch((error) => {
        log.error({ err: error }, 'closing failed');
        process.exit(1);
      });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  onParentEnd(() => {
    if (!closing) stop('what started it has ended');
  });
}
