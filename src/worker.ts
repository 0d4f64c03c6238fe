/** One of several processes that serve, seen from the inside. */
import cluster from 'node:cluster';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { reasonOf } from './reason.ts';
import { type Serving, serve } from './serve.ts';
import { answerMetrics } from './worker-metrics.ts';
import { logIdVariable, type WorkerMessage } from './workers.ts';

/**
 * Serves until SIGTERM, or tells the process that started it why it cannot. Node ends it when that
 * process has ended.
 * @throws what is no reason of that kind.
 */
export async function work(config: Config, log: Logger): Promise<void> {
  try {
    await serveUntilTold(config, log);
  } catch (error) {
    await giveUp(reasonOf(error));
  }
}

async function serveUntilTold(config: Config, log: Logger): Promise<void> {
  let serving: Serving | null = null;
  let closing = false;
  const close = () => {
    // What has not begun to serve owes nobody anything.
    if (!serving) process.exit(0);
    if (closing) return;
    closing = true;
    serving.close().then(
      () => cluster.worker?.disconnect(),
      (error) => {
        log.error({ err: error }, 'closing failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', close);
  // A terminal sends it to all processes; the one that started this one passes on what to do.
  process.on('SIGINT', () => {});
  serving = await serve(config, log, process.env[logIdVariable]);
  const { close: _, metrics, ...served } = serving;
  if (metrics) {
    answerMetrics(metrics, (error) => log.error({ err: error }, 'metrics cannot be gathered'));
  }
  await tell({ served });
}

/** Ends the process, since it cannot serve. @param reason one line. */
async function giveUp(reason: string): Promise<never> {
  await tell({ failed: reason });
  process.exit(1);
}

function tell(message: WorkerMessage): Promise<void> {
  return new Promise((told) => process.send?.(message, () => told()));
}
