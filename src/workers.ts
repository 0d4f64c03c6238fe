/**
 * Several processes that share port and data directory, seen from the one that starts them. It
 * accepts connections and hands them to the workers in turn (node:cluster); all else they do alone.
 * It replaces those that die, and when it ends, however it does, so do they.
 */
import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { OfWorker } from './metrics/index.ts';
import type { Served } from './serve.ts';
import { askMetrics, type MetricsAnswer } from './worker-metrics.ts';

/** What a worker tells unasked: that it serves, or in one line why it cannot. */
export type WorkerMessage = { readonly served: Served } | { readonly failed: string };

/** Names a worker that takes another's place the log that is served. */
export const logIdVariable = 'WORKER_LOG_ID';

/** Pause before a worker that died soon is replaced; each further one doubles it, … */
const pauseMinMs = 1_000;
/** … up to this. */
const pauseMaxMs = 60_000;
/** A worker that served for less died soon. */
const soonMs = 60_000;

/** The workers cannot serve; the message is one line. */
export class CannotServe extends Error {}

/** A worker and what becomes of it. */
interface Begun {
  readonly worker: Worker;
  /** Which of them it is, from 1: one in another's place has its number. */
  readonly number: number;
  /** Once it serves. Rejects with CannotServe. */
  readonly served: Promise<Served>;
  /** Its exit code or signal, once it has ended. */
  readonly ended: Promise<number | string>;
}

export class Workers {
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #alive = new Set<Begun>();
  /** Those of them that have begun to serve. */
  readonly #serving = new Set<Begun>();

  /** @param args of the workers, which run the same program as this process. */
  constructor(args: readonly string[], log: Logger) {
    this.#log = log;
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ args: [...args] });
    process.once('exit', () => {
      for (const { worker } of this.#alive) worker.process.kill('SIGKILL');
    });
  }

  /**
   * Starts so many, and from when all serve keeps as many.
   * @returns what one of them serves; null when they were closed meanwhile.
   * @throws CannotServe when one cannot begin.
   */
  async start(count: number): Promise<Served | null> {
    const all = Array.from({ length: count }, (_, index) => this.#begin(index + 1));
    try {
      const [served] = await Promise.all(all.map((begun) => begun.served));
      if (this.#closing.signal.aborted) return null;
      for (const begun of all) this.#keep(begun, served?.logId);
      return served ?? null;
    } catch (error) {
      if (this.#closing.signal.aborted) return null;
      throw error;
    }
  }

  /** Has all finish what is under way. @throws CannotServe when one of them failed to. */
  async close(): Promise<void> {
    this.#closing.abort();
    const serving = [...this.#serving];
    // A signal reaches those, too, that have not got as far as to take messages.
    for (const { worker } of this.#alive) worker.process.kill('SIGTERM');
    const ends = await Promise.all(serving.map(({ ended }) => ended));
    const failed = ends.find((end) => end !== 0);
    if (failed !== undefined) throw new CannotServe(`A worker did not close in order (${failed}).`);
  }

  /** What each of so many tells Prometheus. */
  async metrics(count: number): Promise<OfWorker[]> {
    const serving = new Map([...this.#serving].map(({ number, worker }) => [number, worker]));
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const told = numbers.map(async (number) => {
      const worker = serving.get(number);
      return { worker: number, families: worker ? await askMetrics(worker) : null };
    });
    return await Promise.all(told);
  }

  #begin(number: number, logId?: string): Begun {
    const worker = cluster.fork(logId === undefined ? {} : { [logIdVariable]: logId });
    const ended = new Promise<number | string>((resolve) => {
      worker.once('exit', (code, signal) => resolve(signal ?? code));
    });
    const served = new Promise<Served>((resolve, reject) => {
      worker.on('message', (message: WorkerMessage | MetricsAnswer) => {
        if ('served' in message) resolve(message.served);
        else if ('failed' in message) reject(new CannotServe(message.failed));
      });
      ended.then((end) => reject(new CannotServe(`A worker ended before it served (${end}).`)));
    });
    const begun = { worker, number, served, ended };
    this.#alive.add(begun);
    served.then(
      () => this.#serving.add(begun),
      () => {},
    );
    ended.then(() => {
      this.#alive.delete(begun);
      this.#serving.delete(begun);
    });
    return begun;
  }

  /** Replaces a worker when it ends, and the one in its place, until they are closed. */
  async #keep(first: Begun, logId: string | undefined): Promise<void> {
    const { signal } = this.#closing;
    let begun = first;
    let servesSince = performance.now();
    let pauseMs = 0;
    for (;;) {
      const end = await begun.ended;
      if (signal.aborted) return;
      const soon = performance.now() - servesSince < soonMs;
      pauseMs = soon ? Math.min(Math.max(pauseMinMs, pauseMs * 2), pauseMaxMs) : 0;
      const { pid } = begun.worker.process;
      const level = end === 0 ? 'info' : 'error';
      this.#log[level]({ worker: pid, end, pauseMs }, 'a worker ended; another takes its place');
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      begun = this.#begin(begun.number, logId);
      servesSince = await this.#follow(begun);
    }
  }

  /** Tells what becomes of a worker that takes another's place; since when it serves. */
  async #follow({ worker, served }: Begun): Promise<number> {
    try {
      await served;
      this.#log.info(
        { worker: worker.process.pid },
        'a worker serves in the place of one that ended',
      );
    } catch (error) {
      if (this.#closing.signal.aborted) return performance.now();
      this.#log.error({ reason: (error as Error).message }, 'a worker cannot serve');
    }
    return performance.now();
  }
}
