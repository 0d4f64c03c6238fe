/**
 * The columnar replica of the log. It follows the log position by position (catch-up) and answers
 * reads at any position up to its watermark. Nothing is known here that the log does not know.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { Kysely } from 'kysely';
import type { Entity, Position, Version } from '../../entities/index.ts';
import type { LogReader, LogSpan } from '../log/log-reader.ts';
import { limits } from '../shared/limits.ts';
import { Unavailable } from '../shared/problems.ts';
import { turns } from '../shared/turns.ts';
import { duckdbDialect } from './duckdb-dialect.ts';
import { inTransaction } from './duckdb-transaction.ts';
import { RecentVersions } from './recent-versions.ts';
import type { OpenReplica } from './replica-file.ts';
import { dropIndexes, indexById, mergeDelta } from './replica-merge.ts';
import { ReplicaTable } from './replica-table.ts';
import { RowOrder } from './row-order.ts';
import { Unmerged } from './unmerged.ts';

/** Limits that decide when versions move on; tests make them small so that all of it happens. */
export type ReplicaLimits = Readonly<
  Record<
    | 'catchUpBatchRows'
    | 'catchUpMemoryRows'
    | 'unmergedRowsMax'
    | 'mergeRows'
    | 'mergeIdleMs'
    | 'disorderRowsMax',
    number
  >
>;

export interface ReplicaOptions {
  readonly limits: ReplicaLimits;
  /** Told of every query that reads the replica. */
  readonly onQuery: (sql: string) => void;
  /** Told of failures that no caller waits for. */
  readonly onFault: (error: unknown) => void;
  /** Ends a build that is not wanted any more. */
  readonly signal: AbortSignal;
}

/** The replica could not keep up with the log, by its own fault: it has to be given up. */
export class ReplicaBroken extends Error {}

/** Which tables a read has to look at. */
export interface ReadSource {
  /** The current tables instead of the bases. */
  readonly fromCurrent: boolean;
  /** The deltas too: not all has been merged. */
  readonly withDelta: boolean;
}

/** Tables are named at run time, so their columns are unknown here. */
export type ReplicaTables = Record<string, Record<string, unknown>>;

export class Replica {
  /** Reads base and delta; every query's values are bound. */
  readonly kysely: Kysely<ReplicaTables>;
  /** Spares reading again what was read lately. */
  readonly recent = new RecentVersions();
  /** What is not merged yet. */
  readonly unmerged: Unmerged;
  /** How the rows of bases and current tables lie. */
  readonly rowOrder = new RowOrder();
  readonly file: OpenReplica;
  readonly #log: LogReader;
  readonly #options: ReplicaOptions;
  readonly #appending: DuckDBConnection;
  readonly #mergingConnection: DuckDBConnection;
  readonly #tables: ReadonlyMap<Entity, ReplicaTable>;
  /** Own commits that are still to be applied, oldest first. */
  #memory: LogSpan[] = [];
  #memoryRows = 0;
  #watermark: Position;
  #basePosition: Position;
  #applying: Promise<void> | null = null;
  #merging: Promise<void> | null = null;
  /** From here on the current tables may be read; a merge under way moves it ahead of itself. */
  #horizon: Position;
  /** Positions at which the current tables are being read. */
  readonly #currentReads = new Set<{ readonly at: Position }>();
  #mergeTimer: NodeJS.Timeout | null = null;
  #built = false;
  #restoring = false;
  #closing = false;

  private constructor(
    log: LogReader,
    entities: readonly Entity[],
    options: ReplicaOptions,
    file: OpenReplica,
    connections: readonly [DuckDBConnection, DuckDBConnection],
  ) {
    this.#log = log;
    this.#options = options;
    this.file = file;
    this.unmerged = new Unmerged(options.limits.unmergedRowsMax);
    [this.#appending, this.#mergingConnection] = connections;
    this.#tables = new Map(entities.map((entity) => [entity, new ReplicaTable(entity)]));
    this.#watermark = file.basePosition;
    this.#basePosition = file.basePosition;
    this.#horizon = file.basePosition;
    this.kysely = new Kysely({
      dialect: duckdbDialect(file.instance, limits.readConnections),
      log: (event) => options.onQuery(event.query.sql),
    });
  }

  /**
   * Brings an open file to the log's end.
   * @throws ReplicaBroken when that fails by the file's fault; nothing uses the file then.
   */
  static async build(
    log: LogReader,
    entities: readonly Entity[],
    options: ReplicaOptions,
    file: OpenReplica,
  ): Promise<Replica> {
    const connections = [await file.instance.connect(), await file.instance.connect()] as const;
    const replica = new Replica(log, entities, options, file, connections);
    try {
      await replica.#build();
      return replica;
    } catch (error) {
      await replica.#disconnect();
      throw error;
    }
  }

  /** The last position applied. */
  get watermark(): Position {
    return this.#watermark;
  }

  table(entity: Entity): ReplicaTable {
    const table = this.#tables.get(entity);
    if (!table) {
      throw new TypeError(
        `${entity.name} is not one of the entities that the store was opened with.`,
      );
    }
    return table;
  }

  /** Takes versions that this process has just committed, so that they need not be read back. */
  offer(versions: readonly Version[], end: Position): void {
    this.#memory.push({ versions, end });
    this.#memoryRows += versions.length;
    while (this.#memoryRows > this.#options.limits.catchUpMemoryRows) this.#dropOldest();
    this.reach(end).catch((error) => {
      if (!this.#closing) this.#options.onFault(error);
    });
  }

  /**
   * Waits until everything up to a committed position has been applied.
   * @throws Unavailable once the replica closes, ReplicaBroken when it has to be given up.
   */
  async reach(position: Position): Promise<void> {
    this.#refuseWhenClosing();
    while (this.#watermark < position) {
      this.#applying ??= this.#applyNext().finally(() => {
        this.#applying = null;
      });
      await this.#applying;
      this.#refuseWhenClosing();
    }
  }

  /**
   * Reads at a position, once it has been applied.
   * @param query told which tables to read. The current ones hold for the position unless a merge
   *   has moved past it; the base holds for every one. What is not merged yet is in the delta.
   * @param newest the last position of which anything is asked, where it is another.
   */
  async readAt<T>(
    at: Position,
    query: (source: ReadSource) => Promise<T>,
    newest = at,
  ): Promise<T> {
    await this.reach(at);
    await turns.next(null);
    this.#refuseWhenClosing();
    const withDelta = newest > this.#basePosition;
    if (at < this.#horizon) return await query({ fromCurrent: false, withDelta });
    const read = { at };
    this.#currentReads.add(read);
    try {
      return await query({ fromCurrent: true, withDelta });
    } finally {
      this.#currentReads.delete(read);
    }
  }

  /** Finishes what is under way, leaves a file that reopens at once, and releases it. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#endBackgroundWork();
    await this.#merge();
    await this.#disconnect();
    this.file.close();
  }

  /** Refuses new work, and waits for what is under way; then nothing uses the file any more. */
  async retire(): Promise<void> {
    this.#closing = true;
    await this.#endBackgroundWork();
    await this.#disconnect();
  }

  async #endBackgroundWork(): Promise<void> {
    if (this.#mergeTimer) clearTimeout(this.#mergeTimer);
    if (this.#restoring) this.#mergingConnection.interrupt();
    await this.#applying?.catch(this.#options.onFault);
    await this.#merging;
  }

  async #disconnect(): Promise<void> {
    await this.kysely.destroy();
    this.#appending.closeSync();
    this.#mergingConnection.closeSync();
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw new Unavailable('The store is closing.');
  }

  /**
   * Brings the replica to the log's end while nobody reads it: in one transaction rather than
   * batch by batch, and, where much is new, with the indexes built afterwards.
   */
  async #build(): Promise<void> {
    await this.#own(() => this.rowOrder.look(this.#appending, [...this.#tables.values()]));
    await this.#own(() => this.#appending.run('begin'));
    const rowsMax = this.#options.limits.catchUpBatchRows;
    for (;;) {
      this.#options.signal.throwIfAborted();
      const span = await this.#log.read(this.#watermark, rowsMax);
      if (span.end === this.#watermark) break;
      await this.#own(() => this.#append(span.versions));
      this.#watermark = span.end;
    }
    await this.#own(() => this.#appending.run('commit'));
    const rowsNew = this.#watermark - this.#basePosition;
    if (rowsNew > this.#basePosition / 4) {
      await this.#own(() => dropIndexes(this.#mergingConnection, [...this.#tables.values()]));
    }
    await this.#mergeNow();
    this.#built = true;
    this.#mergeWhenIdle();
  }

  /** Runs the replica's own statements: nobody's query is at fault when they fail. */
  async #own<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ReplicaBroken(`The replica failed: ${reason}`, { cause: error });
    }
  }

  async #applyNext(): Promise<void> {
    const rowsMax = this.#options.limits.catchUpBatchRows;
    const span = this.#takeMemory(rowsMax) ?? (await this.#log.read(this.#watermark, rowsMax));
    if (span.end <= this.#watermark) {
      throw new RangeError(`The log ends at ${this.#watermark}; nothing after it can be applied.`);
    }
    await this.#own(() => inTransaction(this.#appending, () => this.#append(span.versions)));
    this.recent.supersede(span.versions);
    this.unmerged.add(span.versions);
    this.#watermark = span.end;
    this.#scheduleMerge();
  }

  /** The own commits that follow the watermark without a gap; null when there are none. */
  #takeMemory(rowsMax: number): LogSpan | null {
    while (this.#memory[0] && this.#memory[0].end <= this.#watermark) this.#dropOldest();
    const versions: Version[] = [];
    let end = this.#watermark;
    for (let next = this.#memory[0]; next; next = this.#memory[0]) {
      if (next.versions[0]?.position !== end + 1) break;
      if (versions.length > 0 && versions.length + next.versions.length > rowsMax) break;
      versions.push(...next.versions);
      end = next.end;
      this.#dropOldest();
    }
    return versions.length > 0 ? { versions, end } : null;
  }

  #dropOldest(): void {
    this.#memoryRows -= this.#memory.shift()?.versions.length ?? 0;
  }

  /** Adds versions to their deltas. */
  async #append(versions: readonly Version[]): Promise<void> {
    for (const [entity, table] of this.#tables) {
      const own = versions.filter((version) => version.entity === entity);
      if (own.length === 0) continue;
      const appender = await this.#appending.createAppender(table.delta);
      for (const chunk of table.chunks(own)) {
        appender.appendDataChunk(chunk);
        await turns.yield();
      }
      appender.closeSync();
    }
  }

  #scheduleMerge(): void {
    if (this.#mergeTimer) clearTimeout(this.#mergeTimer);
    this.#mergeTimer = null;
    if (this.#watermark - this.#basePosition >= this.#options.limits.mergeRows) this.#merge();
    else this.#mergeWhenIdle();
  }

  #mergeWhenIdle(): void {
    if (this.#closing || this.#mergeTimer) return;
    this.#mergeTimer = setTimeout(() => {
      this.#mergeTimer = null;
      this.#merge();
    }, this.#options.limits.mergeIdleMs).unref();
  }

  /** Moves what has been applied into the base, and puts that in order: one merge at a time. */
  #merge(): Promise<void> {
    this.#merging ??= this.#mergeNow()
      .catch(this.#options.onFault)
      .finally(() => {
        this.#merging = null;
        // What it left, or what was applied meanwhile, must not wait for the next commit.
        if (this.#watermark > this.#basePosition) this.#mergeWhenIdle();
      });
    return this.#merging;
  }

  /**
   * Puts tables in order that are not. Whoever opens or closes the store does not wait for it.
   * @returns whether any was.
   */
  async #restoreOrder(
    connection: DuckDBConnection,
    tables: readonly ReplicaTable[],
  ): Promise<boolean> {
    if (this.#closing) return false;
    const { disorderRowsMax } = this.#options.limits;
    this.#restoring = true;
    try {
      return await this.#own(() => this.rowOrder.restore(connection, tables, disorderRowsMax));
    } catch (error) {
      if (this.#closing) return false;
      throw error;
    } finally {
      this.#restoring = false;
    }
  }

  async #mergeNow(): Promise<void> {
    // No further than the oldest read of the current tables that is under way.
    const oldest = Math.min(this.#watermark, ...[...this.#currentReads].map((read) => read.at));
    const upTo = oldest as Position;
    const tables = [...this.#tables.values()];
    const connection = this.#mergingConnection;
    if (upTo > this.#basePosition) {
      this.#horizon = upTo;
      const digest = await this.#log.digestAt(upTo);
      const after = this.#basePosition;
      const merge = () => mergeDelta(connection, tables, after, upTo, digest);
      const inOrder = await this.#own(merge);
      this.unmerged.forget(upTo);
      if (!inOrder) this.rowOrder.added(tables, after);
      this.#basePosition = upTo;
    }
    if (this.#built && !(await this.#restoreOrder(connection, tables))) return;
    await this.#own(() => indexById(connection, tables));
  }
}
