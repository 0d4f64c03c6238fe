/** Metrics of several processes as one text for Prometheus. */
import { AggregatorRegistry } from 'prom-client';
import type { Family } from './metrics.ts';

/** Metrics of one process that serves. */
export interface OfWorker {
  /** Which one: 1, 2, 3 …; the one in the place of one that died has its number. */
  readonly worker: number;
  /** Null while it does not tell. */
  readonly families: readonly Family[] | null;
}

export const contentType = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE;

/**
 * The text. Each series is labelled with its process and stays apart: a sum of counters would fall when
 * one of the processes is replaced, and rise again as if by work. Whoever asks adds up.
 */
export function expositionOf(all: readonly OfWorker[]): Promise<string> {
  const told = all.flatMap(({ worker, families }) =>
    families === null ? [] : [families.map((family) => labelled(family, String(worker)))],
  );
  const families = [...told, [upFamily(all)]];
  return AggregatorRegistry.aggregate(families).metrics();
}

function labelled({ values, ...family }: Family, worker: string): object {
  // What is no number yet, such as a mean of nothing, tells nothing; on its way it became null.
  const known = values.filter(({ value }) => Number.isFinite(value));
  return {
    ...family,
    // Of some, the library would tell the mean of all processes, or nothing.
    aggregator: 'sum',
    values: known.map((value) => ({ ...value, labels: { ...value.labels, worker } })),
  };
}

function upFamily(all: readonly OfWorker[]): object {
  return {
    name: 'everstate_worker_up',
    help: '1 for a process that serves and tells its metrics, 0 for one that does not.',
    type: 'gauge',
    aggregator: 'sum',
    values: all.map(({ worker, families }) => ({
      value: Number(families !== null),
      labels: { worker: String(worker) },
    })),
  };
}
