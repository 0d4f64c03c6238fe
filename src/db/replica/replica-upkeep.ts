/** What has to be done for tables that are merged into: order, indexes, their place in the file. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Version } from '../../entities/index.ts';
import { bytesOfVersions } from '../shared/version-bytes.ts';
import { isCheckpointRefused } from './duckdb-errors.ts';
import { ownWork } from './replica-broken.ts';
import type { ReplicaLimits } from './replica-limits.ts';
import { indexById } from './replica-merge.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { RowOrder } from './row-order.ts';

export class ReplicaUpkeep {
  readonly #connection: DuckDBConnection;
  readonly #tables: readonly ReplicaTable[];
  readonly #rowOrder: RowOrder;
  readonly #limits: ReplicaLimits;
  /** An estimate of what was applied and is not in the file yet. */
  #bytesBeside = 0;
  /** Has what is being put in order left as it is. */
  #restoring: AbortController | null = null;
  /** It gave way to merging, and is not begun again before all is merged. */
  #isPutOff = false;
  #ended = false;

  constructor(
    connection: DuckDBConnection,
    tables: readonly ReplicaTable[],
    rowOrder: RowOrder,
    replicaLimits: ReplicaLimits,
  ) {
    this.#connection = connection;
    this.#tables = tables;
    this.#rowOrder = rowOrder;
    this.#limits = replicaLimits;
  }

  /** Versions have been applied. */
  applied(versions: readonly Version[]): void {
    this.#bytesBeside += bytesOfVersions(versions);
  }

  /** Tables have been filled, or written anew. */
  filled(): void {
    this.#bytesBeside = Number.POSITIVE_INFINITY;
  }

  /** Makes what indexes are missing. */
  async index(): Promise<void> {
    await ownWork(() => indexById(this.#connection, this.#tables));
  }

  /**
   * Puts tables in order that are not. Whoever opens or closes the store does not wait for it.
   * @param shareMax how many rows out of order or dead are left, for each live one.
   * @param isAllMerged whether nothing waits for a merge.
   */
  async restoreOrder(shareMax: number, isAllMerged: boolean): Promise<void> {
    if (this.#isPutOff && !isAllMerged) return;
    this.#isPutOff = false;
    // What a table took of the file is free for the next one once DuckDB has noted it there.
    while (await this.#restore(shareMax)) {
      this.filled();
      await this.#takeIn();
    }
  }

  /**
   * Has DuckDB write what was merged into its file.
   * @param isAllMerged whether nothing waits for a merge: then less is worth it.
   */
  async checkpoint(isAllMerged: boolean): Promise<void> {
    const { checkpointBytes, idleCheckpointBytes } = this.#limits;
    if (this.#ended) return;
    if (this.#bytesBeside < (isAllMerged ? idleCheckpointBytes : checkpointBytes)) return;
    await this.#takeIn();
  }

  async #takeIn(): Promise<void> {
    await ownWork(async () => {
      try {
        await this.#connection.run('checkpoint');
        this.#bytesBeside = 0;
      } catch (error) {
        // It is done once nothing is written.
        if (!isCheckpointRefused(error)) throw error;
      }
    });
  }

  /** Interrupts what can wait, and begins no more of it. */
  end(): void {
    this.#ended = true;
    this.giveWay();
  }

  /** Leaves what is being put in order as it is, until all is merged. */
  giveWay(): void {
    if (!this.#restoring) return;
    this.#isPutOff = true;
    this.#restoring.abort();
    this.#connection.interrupt();
  }

  async #restore(shareMax: number): Promise<boolean> {
    if (this.#ended || this.#isPutOff) return false;
    this.#restoring = new AbortController();
    const { signal } = this.#restoring;
    const rowsMax = this.#limits.disorderRowsMax;
    try {
      return await ownWork(() =>
        this.#rowOrder.restore(this.#connection, this.#tables, shareMax, rowsMax, signal),
      );
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    } finally {
      this.#restoring = null;
    }
  }
}
