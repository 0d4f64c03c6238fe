/**
 * The columnar replica of the log. It follows the log position by position (catch-up) and answers
 * reads at any position up to its watermark. Nothing is known here that the log does not know.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { Kysely, sql } from 'kysely';
import { type Entity, type Position, positionZero, type Version } from '../../entities/index.ts';
import type { LogReader } from '../log/log-reader.ts';
import { limits } from '../shared/limits.ts';
import type { ReplicaMemory } from '../shared/measures.ts';
import { HistoryDamaged, storeClosing, Unavailable } from '../shared/problems.ts';
import { turns } from '../shared/turns.ts';
import { unknownEntity } from '../shared/unknown-entity.ts';
import { DeltaRows } from './delta-rows.ts';
import { duckdbDialect } from './duckdb-dialect.ts';
import { MergeSchedule } from './merge-schedule.ts';
import { OwnCommits } from './own-commits.ts';
import { ownWork, ReplicaBroken } from './replica-broken.ts';
import { ReplicaBuild } from './replica-build.ts';
import type { OpenReplica } from './replica-file.ts';
import type { ReplicaLimits } from './replica-limits.ts';
import { mergeDelta, noteMerged } from './replica-merge.ts';
import { ReplicaTable } from './replica-table.ts';
import { ReplicaUpkeep } from './replica-upkeep.ts';
import { RowOrder } from './row-order.ts';
import { Unmerged } from './unmerged.ts';

export interface ReplicaOptions {
  readonly limits: ReplicaLimits;
  /** How much DuckDB sorts at a time to write a table in order, in bytes of its rows as text. */
  readonly sortedBytesMax: number;
  /** Told of every query that reads the replica. */
  readonly onQuery: (sql: string) => void;
  /** Told of failures that no caller waits for. */
  readonly onFault: (error: unknown) => void;
  /** Ends a build that is not wanted any more. */
  readonly signal: AbortSignal;
}

/** Which tables a read has to look at. */
export interface ReadSource {
  /** The current tables instead of the bases. */
  readonly fromCurrent: boolean;
  /** The deltas too: not all has been merged. */
  readonly withDelta: boolean;
  /**
   * What was committed up to here is to be taken from bases and current tables, what came after
   * from the deltas. Both may hold more: a merge adds to the one before it takes from the other.
   */
  readonly merged: Position;
}

/** A read under way: at which position, and where it looks. */
type Read = Pick<ReadSource, 'fromCurrent' | 'merged'> & { readonly at: Position };

/** Tables are named at run time, so their columns are unknown here. */
export type ReplicaTables = Record<string, Record<string, unknown>>;

export class Replica {
  /** Scans tables; every query's values are bound. */
  readonly kysely: Kysely<ReplicaTables>;
  /** The same for queries that an index answers: they have connections of their own. */
  readonly lookups: Kysely<ReplicaTables>;
  /** What is not merged yet. */
  readonly unmerged: Unmerged;
  /** How the rows of bases and current tables lie. */
  readonly rowOrder: RowOrder;
  readonly file: OpenReplica;
  readonly #log: LogReader;
  readonly #options: ReplicaOptions;
  readonly #appending: DuckDBConnection;
  readonly #mergingConnection: DuckDBConnection;
  readonly #tables: ReadonlyMap<Entity, ReplicaTable>;
  readonly #deltaRows: DeltaRows;
  readonly #ownCommits: OwnCommits;
  readonly #schedule: MergeSchedule;
  readonly #upkeep: ReplicaUpkeep;
  #watermark: Position;
  #basePosition: Position;
  #applying: Promise<void> | null = null;
  #merging: Promise<void> | null = null;
  /** From here on the current tables may be read; a merge under way moves it ahead of itself. */
  #horizon: Position;
  /** The deltas begin after this position. */
  #purgedPosition: Position;
  readonly #reads = new Set<Read>();
  #applyTimer: NodeJS.Timeout | null = null;
  /** Since when versions wait for a merge, in milliseconds. */
  #unmergedSince = 0;
  #built = false;
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
    this.#ownCommits = new OwnCommits(options.limits.catchUpMemoryRows);
    this.file = file;
    this.rowOrder = new RowOrder(options.sortedBytesMax);
    this.unmerged = new Unmerged(options.limits.unmergedRowsMax);
    [this.#appending, this.#mergingConnection] = connections;
    this.#tables = new Map(entities.map((entity) => [entity, new ReplicaTable(entity)]));
    this.#deltaRows = new DeltaRows(log, this.#appending, this.#tables, options.limits);
    this.#schedule = new MergeSchedule(options.limits, (shareMax) => this.#merge(shareMax));
    this.#upkeep = new ReplicaUpkeep(
      this.#mergingConnection,
      [...this.#tables.values()],
      this.rowOrder,
      options.limits,
    );
    this.#watermark = file.basePosition;
    this.#basePosition = file.basePosition;
    this.#horizon = file.basePosition;
    this.#purgedPosition = file.basePosition;
    const over = (connectionsMax: number) =>
      new Kysely<ReplicaTables>({
        dialect: duckdbDialect(file.connect, connectionsMax),
        log: (event) => options.onQuery(event.query.sql),
      });
    this.kysely = over(limits.scanConnections);
    this.lookups = over(limits.lookupConnections);
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
    const connections = [await file.connect(), await file.connect()] as const;
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

  /** From here on the current tables may be read, unless a merge moves past it meanwhile. */
  get horizon(): Position {
    return this.#horizon;
  }

  /** What DuckDB takes of the machine now, in bytes. @throws Unavailable once the replica closes. */
  async memory(): Promise<ReplicaMemory> {
    this.#refuseWhenClosing();
    const taken = sql<{ readonly memory: number; readonly temporary: number }>`
      select coalesce(sum(memory_usage_bytes), 0)::double as memory,
        coalesce(sum(temporary_storage_bytes), 0)::double as temporary from duckdb_memory()`;
    const [row] = (await taken.execute(this.lookups)).rows;
    return { memoryBytes: row?.memory ?? 0, temporaryBytes: row?.temporary ?? 0 };
  }

  table(entity: Entity): ReplicaTable {
    const table = this.#tables.get(entity);
    if (!table) throw unknownEntity(entity);
    return table;
  }

  /**
   * Takes versions that this process has just committed, so that they need not be read back. They
   * are applied when a read asks for them, or together with those of other commits soon after:
   * DuckDB takes many rows in about the time that it takes one.
   */
  offer(versions: readonly Version[], end: Position): void {
    this.#ownCommits.add(versions, end);
    this.#applyTimer ??= setTimeout(() => {
      this.#applyTimer = null;
      this.reach(this.#ownCommits.end ?? this.#watermark).catch((error) => {
        if (!this.#closing) this.#options.onFault(error);
      });
    }, limits.applyAfterMs).unref();
  }

  /**
   * Waits until everything up to a committed position has been applied. A few own commits are
   * applied before the event loop turns: whoever reads while others write waits for none of them.
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
    const merged = this.#basePosition;
    const withDelta = newest > merged;
    const read = { at, fromCurrent: at >= this.#horizon, merged };
    this.#reads.add(read);
    try {
      return await query({ fromCurrent: read.fromCurrent, withDelta, merged });
    } finally {
      this.#reads.delete(read);
    }
  }

  /** Finishes what is under way, leaves a file, where there is one, that reopens at once, and releases it. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#endBackgroundWork();
    if (!this.file.inMemory) {
      await this.#applyOffered().catch(this.#options.onFault);
      await this.#merge();
    }
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
    this.#schedule.end();
    if (this.#applyTimer) clearTimeout(this.#applyTimer);
    this.#upkeep.end();
    await this.#applying?.catch(this.#options.onFault);
    await this.#merging;
  }

  async #disconnect(): Promise<void> {
    await Promise.all([this.kysely.destroy(), this.lookups.destroy()]);
    this.#deltaRows.close();
    this.#appending.closeSync();
    this.#mergingConnection.closeSync();
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw storeClosing();
  }

  /** Brings the replica to the log's end while nobody reads it. */
  async #build(): Promise<void> {
    if (this.#basePosition === positionZero) await this.#fill();
    await ownWork(() => this.rowOrder.look(this.#appending, [...this.#tables.values()]));
    const { catchUpBatchRows, buildMergeRows } = this.#options.limits;
    for (;;) {
      this.#options.signal.throwIfAborted();
      const span = await this.#log.read(this.#watermark, catchUpBatchRows);
      if (span.end === this.#watermark) break;
      await ownWork(() => this.#deltaRows.add(span.versions));
      this.#upkeep.applied(span.versions);
      this.#watermark = span.end;
      if (this.#watermark - this.#basePosition < buildMergeRows) continue;
      await this.#mergeNow();
      await this.#purge();
    }
    await this.#mergeNow();
    this.#built = true;
    this.#schedule.mergeWhenIdle();
  }

  /** Fills empty tables with all that was committed before. */
  async #fill(): Promise<void> {
    const upTo = (await this.#log.totals()).position;
    if (upTo === positionZero) return;
    const digest = await this.#log.digestAt(upTo);
    const tables = [...this.#tables.values()];
    const { signal, sortedBytesMax } = this.#options;
    const batchRows = this.#options.limits.catchUpBatchRows;
    // Where requests are served meanwhile, a core is left to them.
    const isServing = batchRows <= limits.rebuildBatchRows;
    const connections = [this.#mergingConnection, ...(isServing ? [] : [this.#appending])];
    const options = { tables, upTo, batchRows, sortedBytesMax, signal };
    const build = new ReplicaBuild(this.#log, connections, options);
    try {
      await ownWork(() => build.run());
    } catch (error) {
      // The replica is not at fault when it is not wanted any more, or the log cannot be read.
      signal.throwIfAborted();
      const cause = error instanceof ReplicaBroken ? error.cause : null;
      if (cause instanceof Unavailable || cause instanceof HistoryDamaged) throw cause;
      throw error;
    }
    await ownWork(() => noteMerged(this.#mergingConnection, upTo, digest));
    this.#upkeep.filled();
    this.#watermark = upTo;
    this.#basePosition = upTo;
    this.#horizon = upTo;
    this.#purgedPosition = upTo;
  }

  async #applyNext(): Promise<void> {
    await this.#purge();
    const rowsMax = this.#options.limits.catchUpBatchRows;
    const own = this.#ownCommits.take(this.#watermark, rowsMax);
    const span = own ?? (await this.#log.read(this.#watermark, rowsMax));
    if (span.end <= this.#watermark) {
      throw new RangeError(`The log ends at ${this.#watermark}; nothing after it can be applied.`);
    }
    await ownWork(() => this.#deltaRows.add(span.versions));
    if (this.#watermark === this.#basePosition) this.#unmergedSince = performance.now();
    this.unmerged.add(span.versions);
    this.#upkeep.applied(span.versions);
    this.#watermark = span.end;
    const unmerged = this.#watermark - this.#basePosition;
    if (unmerged > this.#options.limits.unmergedWhileOrderingMax) this.#upkeep.giveWay();
    this.#schedule.applied(unmerged);
  }

  /** What was offered and not asked for. */
  async #applyOffered(): Promise<void> {
    while ((this.#ownCommits.end ?? positionZero) > this.#watermark) await this.#applyNext();
  }

  /** Takes from the deltas what has been merged, once no read looks for it there. */
  async #purge(): Promise<void> {
    const upTo = Math.min(this.#basePosition, ...[...this.#reads].map((read) => read.merged));
    if (upTo <= this.#purgedPosition) return;
    await ownWork(() => this.#deltaRows.purge(upTo as Position));
    this.#purgedPosition = upTo as Position;
  }

  /** Moves what has been applied into the base, and puts that in order: one merge at a time. */
  #merge(disorderShareMax: number = limits.disorderShareMax): Promise<void> {
    this.#merging ??= this.#mergeNow(disorderShareMax)
      .catch(this.#options.onFault)
      .finally(() => {
        this.#merging = null;
        // What it left, or what was applied meanwhile, must not wait for the next commit.
        if (this.#watermark > this.#basePosition) this.#schedule.mergeWhenIdle();
        else if (disorderShareMax > limits.idleDisorderShareMax) this.#schedule.orderWhenIdle();
      });
    return this.#merging;
  }

  async #mergeNow(disorderShareMax: number = limits.disorderShareMax): Promise<void> {
    // No further than the oldest read of the current tables that is under way.
    const reads = [...this.#reads].filter(({ fromCurrent }) => fromCurrent);
    const upTo = Math.min(this.#watermark, ...reads.map(({ at }) => at)) as Position;
    const shareMax = this.#isRush(upTo) ? limits.rushDisorderShareMax : disorderShareMax;
    this.#unmergedSince = performance.now();
    if (upTo > this.#basePosition) await this.#mergeTo(upTo);
    const isAllMerged = this.#watermark === this.#basePosition;
    if (this.#built) await this.#upkeep.restoreOrder(shareMax, isAllMerged);
    else await this.#upkeep.index();
    await this.#upkeep.checkpoint(this.#watermark === this.#basePosition);
  }

  /** Whether versions up to a position, which are merged next, came too fast for order to be kept. */
  #isRush(upTo: Position): boolean {
    const seconds = (performance.now() - this.#unmergedSince) / 1_000;
    return upTo - this.#basePosition > this.#options.limits.rushRows * seconds;
  }

  async #mergeTo(upTo: Position): Promise<void> {
    this.#horizon = upTo;
    const digest = await this.#log.digestAt(upTo);
    const tables = [...this.#tables.values()];
    const after = this.#basePosition;
    const inOrder = await ownWork(() =>
      mergeDelta(this.#mergingConnection, tables, after, upTo, digest),
    );
    // What a read sees changes at once: which versions are merged, and how they lie.
    this.unmerged.forget(upTo);
    if (!inOrder) this.rowOrder.added(tables, after);
    this.#basePosition = upTo;
  }
}
