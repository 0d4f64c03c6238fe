/**
 * What one process that serves tells Prometheus. Counters and histograms are kept while it works;
 * how things are is asked when somebody wants to know.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GroupCommit, KeptMeasures, Store } from '../db/index.ts';
import type { FinishedOperation } from '../http/index.ts';
import { OperationNames } from './operation-names.ts';

/** A metric with all of its series, as plain data: it is passed on between processes. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly Series[];
}

interface Series {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Where it is another than the metric's: a bucket, a sum or a count. */
  readonly metricName?: string;
}

/** What is asked when somebody wants to know. */
interface Sources {
  readonly store: Store;
  readonly keptOperations: () => KeptMeasures;
}

/** Of requests, in seconds: kept answers take less than a millisecond, questions to tables seconds. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Of an fsync, in seconds: 50 µs on a good disk, seconds on one that is overloaded. */
const syncBuckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1];
/** Mutations that share a commit, up to the limit of the log. */
const groupBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

const logStates = ['ok', 'full', 'failed', 'gone'] as const;
const replicaStates = ['ok', 'memory', 'building', 'failed'] as const;

export class Metrics {
  readonly #registry = new Registry();
  readonly #names: OperationNames;
  readonly #operations = this.#counter(
    'everstate_operations_total',
    'GraphQL operations that were answered or refused, by type, name and code.',
    ['type', 'operation', 'code'],
  );
  readonly #durations = this.#histogram(
    'everstate_operation_duration_seconds',
    'Time to answer an operation; of a subscription, until its events could begin.',
    durationBuckets,
    ['type', 'operation'],
  );
  readonly #responses = this.#counter(
    'everstate_http_responses_total',
    'HTTP requests that ended, by what they asked for and the status of the answer.',
    ['route', 'status'],
  );
  readonly #groups = this.#histogram(
    'everstate_commit_mutations',
    'Mutations that shared one commit of the log.',
    groupBuckets,
  );
  readonly #syncs = this.#histogram(
    'everstate_commit_sync_seconds',
    'Time to put a commit on disk: writing the write-ahead log, and its fsync.',
    syncBuckets,
  );
  readonly #versions = this.#counter(
    'everstate_committed_versions_total',
    'Versions that this process has committed.',
  );
  readonly #head = this.#gauge('everstate_head_position', 'Last position of the log.');
  readonly #watermark = this.#gauge(
    'everstate_replica_position',
    'Last position that the replica has applied (the watermark).',
  );
  readonly #lag = this.#gauge(
    'everstate_replica_lag_versions',
    'Versions of the log that the replica has not applied yet.',
  );
  readonly #logState = this.#gauge('everstate_log_state', '1 for the state of the log.', ['state']);
  readonly #replicaState = this.#gauge(
    'everstate_replica_state',
    '1 for the state of the replica.',
    ['state'],
  );
  readonly #followers = this.#gauge(
    'everstate_followers',
    'Followers of the log: one for each open subscription.',
  );
  readonly #waiting = this.#gauge(
    'everstate_followers_waiting',
    'Followers that have told all there is.',
  );
  readonly #kept = this.#gauge('everstate_kept_answers', 'Answers that are kept.', ['kind']);
  readonly #keptBytes = this.#gauge(
    'everstate_kept_answers_bytes',
    'Memory of answers that are kept, as it is estimated.',
    ['kind'],
  );
  readonly #keptHits = this.#counter(
    'everstate_kept_answer_hits_total',
    'Questions that a kept answer answered.',
    ['kind'],
  );
  readonly #keptMisses = this.#counter(
    'everstate_kept_answer_misses_total',
    'Questions whose answer was worked out.',
    ['kind'],
  );
  readonly #memory = this.#gauge('everstate_replica_memory_bytes', 'Memory that DuckDB uses.');
  readonly #temporary = this.#gauge(
    'everstate_replica_temporary_bytes',
    'What DuckDB has put on disk for lack of memory.',
  );
  readonly #files = this.#gauge('everstate_file_bytes', 'Sizes of files on disk.', ['file']);
  readonly #free = this.#gauge('everstate_disk_free_bytes', 'Room left on the disk of the log.');

  /** @param trustedNames of operations that are always told apart. */
  constructor(trustedNames: Iterable<string> = []) {
    this.#names = new OperationNames(trustedNames);
    // Of the process, by the names that Node's have everywhere: its event loop, heap, CPU time, files.
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Counts an operation. */
  readonly operation = (finished: FinishedOperation): void => {
    const { type, code, durationMs } = finished;
    const operation = this.#names.of(finished);
    this.#operations.inc({ type, operation, code });
    this.#durations.observe({ type, operation }, durationMs / 1_000);
  };

  /** Counts a request that has ended, with its answer or without. */
  response({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const status = response.writableFinished ? response.statusCode : 'aborted';
    this.#responses.inc({ route: routeOf(url), status });
  }

  /** Counts a commit. */
  readonly groupCommit = ({ mutations, versions, syncMs }: GroupCommit): void => {
    this.#groups.observe(mutations);
    this.#syncs.observe(syncMs / 1_000);
    this.#versions.inc(versions);
  };

  /** All of it as it is now. */
  async read({ store, keptOperations }: Sources): Promise<Family[]> {
    const measures = await store.measure();
    const { head, watermark, replicaMemory, fileBytes } = measures;
    const { log, replica } = store.health();
    this.#head.set(head);
    this.#watermark.set(watermark);
    this.#lag.set(Math.max(0, head - watermark));
    for (const state of logStates) this.#logState.set({ state }, Number(state === log));
    for (const state of replicaStates) this.#replicaState.set({ state }, Number(state === replica));
    this.#followers.set(measures.followers);
    this.#waiting.set(measures.waitingFollowers);
    this.#setKept('read', measures.keptAnswers);
    this.#setKept('operation', keptOperations());
    this.#memory.set(replicaMemory?.memoryBytes ?? 0);
    this.#temporary.set(replicaMemory?.temporaryBytes ?? 0);
    this.#files.set({ file: 'log' }, fileBytes.log);
    this.#files.set({ file: 'write_ahead_log' }, fileBytes.writeAheadLog);
    this.#files.set({ file: 'replica' }, fileBytes.replica);
    this.#files.set({ file: 'tables' }, fileBytes.tables);
    if (measures.diskFreeBytes !== null) this.#free.set(measures.diskFreeBytes);
    const families = (await this.#registry.getMetricsAsJSON()) as unknown as Family[];
    return families.map(({ name, help, type, values }) => ({ name, help, type, values }));
  }

  #setKept(kind: string, { count, bytes, hits, misses }: KeptMeasures): void {
    this.#kept.set({ kind }, count);
    this.#keptBytes.set({ kind }, bytes);
    // They are counted where answers are kept, from the start of the process on.
    for (const [counter, total] of [
      [this.#keptHits, hits],
      [this.#keptMisses, misses],
    ] as const) {
      counter.remove({ kind });
      counter.inc({ kind }, total);
    }
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[], labelNames: string[] = []): Histogram {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.#registry] });
  }
}

/** Parts of the server that are told apart: paths have ids in them, and strangers' own words. */
const routes = ['graphql', 'files', 'board', 'docs', 'health'];

function routeOf(path: string): string {
  const [, first = ''] = /^\/([a-z]*)(?:[/?]|$)/.exec(path) ?? [];
  return routes.includes(first) ? first : 'other';
}
