/**
 * The deltas, in memory: versions are added as they are committed, and taken out once merged. A few go in place, before the event loop turns: a read that waits
 * for them waits for nobody else. Many go the way on which replicas are built, as JSON that SQLite
 * makes of the log: in place each of them would take the event loop several times as long.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Entity, Position, Version } from '../../entities/index.ts';
import type { LogReader } from '../log/log-reader.ts';
import { limits } from '../shared/limits.ts';
import { turns } from '../shared/turns.ts';
import { bytesOfVersion } from '../shared/version-bytes.ts';
import type { JsonInsertion } from './json-insertion.ts';
import { deltaCatalog, type ReplicaTable } from './replica-table.ts';

export class DeltaRows {
  readonly #log: LogReader;
  readonly #connection: DuckDBConnection;
  readonly #tables: ReadonlyMap<Entity, ReplicaTable>;
  readonly #jsonRowsMin: number;
  readonly #insertions = new Map<ReplicaTable, JsonInsertion>();

  /**
   * @param connection that nothing else uses while versions are added or taken out.
   * @param deltaJsonRowsMin so many versions of an entity go as JSON.
   */
  constructor(
    log: LogReader,
    connection: DuckDBConnection,
    tables: ReadonlyMap<Entity, ReplicaTable>,
    { deltaJsonRowsMin }: { readonly deltaJsonRowsMin: number },
  ) {
    this.#jsonRowsMin = deltaJsonRowsMin;
    this.#log = log;
    this.#connection = connection;
    this.#tables = tables;
  }

  /**
   * Adds versions to their deltas, each in that of its entity.
   * @param versions of whole transactions, in order, all that the log has between first and last.
   */
  async add(versions: readonly Version[]): Promise<void> {
    let isFirst = true;
    for (const [entity, table] of this.#tables) {
      const own = versions.filter((version) => version.entity === entity);
      if (own.length === 0) continue;
      if (!isFirst) await turns.yield();
      isFirst = false;
      if (own.length < this.#jsonRowsMin) await this.#addInPlace(table, own);
      else await this.#addAsJson(table, own);
    }
  }

  /**
   * Takes versions up to a position out. What is left is put into a new table: deleted rows would
   * stay in the old one, and be scanned.
   */
  async purge(upTo: Position): Promise<void> {
    for (const { delta } of this.#tables.values()) {
      await this.#connection.run(
        `create or replace table ${delta} as from ${delta} where position > ${upTo}`,
      );
    }
  }

  /** A chunk takes DuckDB about a millisecond: others have turns of the event loop in between. */
  async #addInPlace(table: ReplicaTable, versions: readonly Version[]): Promise<void> {
    let isFirst = true;
    for (const chunk of table.chunks(versions)) {
      if (!isFirst) await turns.yield();
      isFirst = false;
      const appender = await this.#connection.createAppender(table.deltaName, null, deltaCatalog);
      appender.appendDataChunk(chunk);
      appender.closeSync();
    }
  }

  async #addAsJson(table: ReplicaTable, versions: readonly Version[]): Promise<void> {
    const insertion = this.#insertionInto(table);
    for (const batch of batchesOf(versions)) {
      await turns.yield();
      const [first, last] = [batch[0] as Version, batch.at(-1) as Version];
      const after = (first.position - 1) as Position;
      const json = this.#log.jsonBetween(table.entity, after, last.position);
      if (json) await insertion.run([...json, ...table.foldedJson(json)]);
      else await this.#addInPlace(table, batch);
    }
  }

  #insertionInto(table: ReplicaTable): JsonInsertion {
    const known = this.#insertions.get(table);
    if (known) return known;
    const insertion = table.deltaInsertion(this.#connection);
    this.#insertions.set(table, insertion);
    return insertion;
  }

  /** Releases what it keeps, before its connection is closed. */
  close(): void {
    for (const insertion of this.#insertions.values()) insertion.close();
    this.#insertions.clear();
  }
}

/** Stretches that take the event loop some milliseconds each. */
function* batchesOf(versions: readonly Version[]): Generator<readonly Version[], void> {
  let [begin, bytes] = [0, 0];
  for (let end = 0; end < versions.length; end += 1) {
    const size = bytesOfVersion(versions[end] as Version);
    const isFull =
      end - begin >= limits.deltaJsonRowsMax || bytes + size > limits.deltaJsonBytesMax;
    if (isFull && end > begin) {
      yield versions.slice(begin, end);
      [begin, bytes] = [end, 0];
    }
    bytes += size;
  }
  if (begin < versions.length) yield versions.slice(begin);
}
