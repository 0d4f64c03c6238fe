/** Makes replicas: opens a file or memory, and brings what it holds to the log's end. */
import type { Entity } from '../../entities/index.ts';
import type { LogReader } from '../log/log-reader.ts';
import { limits } from '../shared/limits.ts';
import type { ReplicaResources } from './duckdb-instance.ts';
import { Replica } from './replica.ts';
import { ReplicaBroken } from './replica-broken.ts';
import { type OpenReplica, openReplicaFile, openReplicaInMemory } from './replica-file.ts';
import type { ReplicaLimits } from './replica-limits.ts';

export interface ReplicaMakerOptions {
  readonly resources: ReplicaResources;
  readonly limits: ReplicaLimits;
  /** Runs work while no other process of the data directory does the same. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Told of every query that reads the replica. */
  readonly onQuery: (sql: string) => void;
}

export class ReplicaMaker {
  readonly #log: LogReader;
  readonly #entities: readonly Entity[];
  readonly #options: ReplicaMakerOptions;
  readonly #onFault: (replica: Replica, error: unknown) => void;
  readonly #signal: AbortSignal;

  /**
   * @param onFault told of failures of a replica that no caller waits for.
   * @param signal ends a build that is not wanted any more.
   */
  constructor(
    log: LogReader,
    entities: readonly Entity[],
    options: ReplicaMakerOptions,
    onFault: (replica: Replica, error: unknown) => void,
    signal: AbortSignal,
  ) {
    this.#log = log;
    this.#entities = entities;
    this.#options = options;
    this.#onFault = onFault;
    this.#signal = signal;
  }

  /**
   * A replica on disk.
   * @param directory where replica files lie.
   * @param batchRows how many versions to read from the log at a time.
   * @throws ReplicaBroken, CannotOpen, or whatever opening a file throws.
   */
  async onDisk(directory: string, batchRows: number): Promise<Replica> {
    const { resources, alone } = this.#options;
    // Two processes that find the same file in doubt must not both replace it.
    const file = await alone(() =>
      openReplicaFile(directory, this.#log, this.#entities, resources),
    );
    return await this.#build(file, batchRows);
  }

  async inMemory(batchRows: number): Promise<Replica> {
    const { resources } = this.#options;
    const memory = await openReplicaInMemory(this.#log, this.#entities, resources);
    return await this.#build(memory, batchRows);
  }

  /** Removes a file while no other process opens one; where that cannot be, it is left. */
  async remove(file: OpenReplica): Promise<void> {
    try {
      await this.#options.alone(async () => file.discard());
    } catch {
      // It is found again at the next opening, and compared with the log as ever.
      file.close();
    }
  }

  async #build(file: OpenReplica, batchRows: number): Promise<Replica> {
    let replica: Replica | null = null;
    const { memoryMaxMb } = this.#options.resources;
    const options = {
      limits: { ...this.#options.limits, catchUpBatchRows: batchRows },
      sortedBytesMax: memoryMaxMb * 1_000_000 * limits.sortedMemoryShareMax,
      onQuery: this.#options.onQuery,
      onFault: (error: unknown) => {
        if (replica) this.#onFault(replica, error);
      },
      signal: this.#signal,
    };
    try {
      replica = await Replica.build(this.#log, this.#entities, options, file);
      return replica;
    } catch (error) {
      if (error instanceof ReplicaBroken) await this.remove(file);
      else file.close();
      throw error;
    }
  }
}
