/** How the process that started workers asks them for their metrics: by messages. */
import type { Worker } from 'node:cluster';
import { clearTimeout, setTimeout } from 'node:timers';
import type { Family } from './metrics/index.ts';

/** How long a worker may take to tell. Prometheus asks again soon, and waits for 10 seconds. */
const answerTimeMaxMs = 2_000;

/** Asks. */
interface MetricsQuestion {
  readonly metricsAsked: number;
}

/** Tells; null where that failed. */
export interface MetricsAnswer {
  readonly metricsAsked: number;
  readonly families: readonly Family[] | null;
}

type Message = MetricsAnswer | object;

let asked = 0;

/** What a worker tells; null when it does not in time, or has ended. */
export function askMetrics(worker: Worker): Promise<readonly Family[] | null> {
  asked += 1;
  const question: MetricsQuestion = { metricsAsked: asked };
  return new Promise((resolve) => {
    const settle = (families: readonly Family[] | null) => {
      clearTimeout(timer);
      worker.off('message', take);
      worker.off('exit', leave);
      resolve(families);
    };
    const take = (message: Message) => {
      if (!('metricsAsked' in message)) return;
      if (message.metricsAsked === question.metricsAsked) settle(message.families);
    };
    const leave = () => settle(null);
    const timer = setTimeout(leave, answerTimeMaxMs);
    worker.on('message', take);
    worker.on('exit', leave);
    worker.send(question, (error) => error && leave());
  });
}

/** Has this worker tell. @param onFault told of what keeps it from telling. */
export function answerMetrics(
  read: () => Promise<readonly Family[]>,
  onFault: (error: unknown) => void,
): void {
  process.on('message', async (message: MetricsQuestion | object) => {
    if (!('metricsAsked' in message)) return;
    const families = await read().catch((error) => {
      onFault(error);
      return null;
    });
    const answer: MetricsAnswer = { metricsAsked: message.metricsAsked, families };
    // Whoever asked may have ended meanwhile, and so does this process then.
    process.send?.(answer, undefined, undefined, () => {});
  });
}
