/** Reading the log: by position, as the replica and the followers do. */
import { sql } from 'kysely';
import type {
  Entity,
  Microseconds,
  Position,
  Transaction,
  TransactionId,
  Version,
} from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { turns } from '../shared/turns.ts';
import { checkedColumns, checkedVersion, checkedVersionOfRow } from './checked-version.ts';
import { ContentsReader } from './contents/contents-reader.ts';
import { endOfTransaction } from './log-end.ts';
import { LogTree } from './log-tree.ts';
import { readVersionsAt } from './logged-records.ts';
import { readTransactions } from './logged-transactions.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { readVersionTables } from './sqlite/logged-kinds.ts';
import { given } from './sqlite/statement.ts';
import { sqliteCode } from './sqlite/storage-errors.ts';
import { jsonOfColumns } from './sqlite/version-row.ts';

/** A stretch of the log that ends where a transaction ends. */
export interface LogSpan {
  readonly versions: readonly Version[];
  /** The position up to which the span is complete. */
  readonly end: Position;
}

/** Counts of the whole log. */
export interface LogTotals {
  readonly position: Position;
  readonly committedAt: Microseconds | null;
  readonly transactions: number;
  /** Positions are never skipped, so the last one counts the versions. */
  readonly versions: number;
}

export class LogReader {
  readonly #log: LogFile;
  readonly #entities: readonly Entity[];
  readonly #contents: ContentsReader;

  constructor(log: LogFile, entities: readonly Entity[]) {
    this.#log = log;
    this.#entities = entities;
    this.#contents = new ContentsReader(log.kysely);
  }

  /** Which log this is: a new one gets a new id. */
  async id(): Promise<string> {
    return (await this.#log.kysely.selectFrom('log').select('id').executeTakeFirstOrThrow()).id;
  }

  /** The number of the last erasure; 0 before the first. */
  async lastErasure(): Promise<number> {
    return (
      (
        await this.#log.kysely
          .selectFrom('erasures')
          .select((erasures) => erasures.fn.max('id').as('last'))
          .executeTakeFirst()
      )?.last ?? 0
    );
  }

  /**
   * Reads whole transactions in position order.
   * @param after the position to go on from.
   * @param rowsMax how many versions at most; a single transaction that is larger comes whole.
   * @param entities whose versions are wanted; all known ones without it.
   */
  async read(
    after: Position,
    rowsMax: number,
    entities: readonly Entity[] = this.#entities,
  ): Promise<LogSpan> {
    const end = await this.#spanEnd(after, rowsMax);
    if (end === null) return { versions: [], end: after };
    return { versions: await this.readBetween(after, end, entities), end };
  }

  /**
   * The versions at positions after `after`, up to `end`, in order.
   * @param rowsMax how many at most, from the oldest on; all of them without it.
   * @param newest take them from the newest on instead; in order all the same.
   */
  async readBetween(
    after: Position,
    end: Position,
    entities: readonly Entity[] = this.#entities,
    rowsMax?: number,
    newest = false,
  ): Promise<Version[]> {
    const versions: Version[] = [];
    for (const entity of entities) {
      const rows = await this.#log.versions
        .selectFrom(entity.table)
        .select(checkedColumns(this.#log, entity))
        .where('position', '>', after)
        .where('position', '<=', end)
        .orderBy('position', newest ? 'desc' : 'asc')
        .$if(rowsMax !== undefined, (query) => query.limit(rowsMax as number))
        .execute();
      versions.push(
        ...(await turns.map(rows, (row) => checkedVersionOfRow(this.#log, entity, row))),
      );
    }
    if (entities.length > 1 || newest) versions.sort((a, b) => a.position - b.position);
    if (rowsMax === undefined) return versions;
    const first = newest ? Math.max(0, versions.length - rowsMax) : 0;
    return versions.slice(first, first + rowsMax);
  }

  /**
   * The entity's versions at positions after `after`, up to `end`, in no order: per column of
   * columnsOfVersion a JSON array of its values, as jsonOfColumns makes them. In place, and in a
   * small part of the time of readBetween. They are not compared with their digests: see refuseDamaged.
   * @returns null when they are more than fit into one text.
   */
  jsonBetween(entity: Entity, after: Position, end: Position): Uint8Array[] | null {
    const statement = this.#log.statement(entity, 'columns as JSON', () =>
      this.#log.versions
        .selectFrom(entity.table)
        .select(jsonOfColumns(entity).map((json, place) => json.as(`c${place}`)))
        .where('position', '>', given<number>(0))
        .where('position', '<=', given<number>(1))
        .compile(),
    );
    try {
      return statement.first([after, end]) as Uint8Array[];
    } catch (error) {
      if (sqliteCode(error) === 'SQLITE_TOOBIG') return null;
      throw error;
    }
  }

  /**
   * Compares the entity's versions at positions after `after`, up to `end`, with their digests. In place.
   * @throws HistoryDamaged when one of them is not as it was written.
   */
  refuseDamaged(entity: Entity, after: Position, end: Position): void {
    // Few at a time: kept for longer, they cost V8 a third more.
    const step = limits.checkedRows;
    for (let from = after as number; from < end; from += step) {
      this.nextVersions(entity, from as Position, Math.min(end, from + step) as Position);
    }
  }

  /** The entity's versions at these positions, in no order. */
  async versionsAt<E extends Entity>(
    entity: E,
    positions: readonly Position[],
  ): Promise<Version<E>[]> {
    return [...(await readVersionsAt(this.#log, entity, positions)).values()];
  }

  /**
   * The entity's versions at positions after `after`, up to `end`: the first limits.transferRows of
   * them, in order. In place, and as cheaply as rows can be had.
   */
  nextVersions<E extends Entity>(entity: E, after: Position, end: Position): Version<E>[] {
    const statement = this.#log.statement(entity, 'next versions', () =>
      this.#log.versions
        .selectFrom(entity.table)
        .select(checkedColumns(this.#log, entity))
        .where('position', '>', given<number>(0))
        .where('position', '<=', given<number>(1))
        .orderBy('position')
        .limit(sql.lit(limits.transferRows))
        .compile(),
    );
    return statement.all([after, end]).map((row) => checkedVersion(this.#log, entity, row));
  }

  /**
   * Those of the versions at positions after `after`, up to `last`, that are live at a position and
   * are their records' last up to it, in order.
   */
  liveVersions<E extends Entity>(
    entity: E,
    after: Position,
    last: Position,
    at: Position,
  ): Version<E>[] {
    const statement = this.#log.statement(entity, 'live versions', () =>
      this.#log.versions
        .selectFrom(`${entity.table} as version`)
        .select(checkedColumns(this.#log, entity, 'version'))
        .where('position', '>', given<number>(0))
        .where('position', '<=', given<number>(1))
        .where('operation', '<>', 'DELETE')
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom(`${entity.table} as later`)
                .select('later.position')
                .whereRef('later.id', '=', 'version.id')
                .whereRef('later.revision', '=', sql<number>`version.revision + 1`)
                .where('later.position', '<=', given<number>(2)),
            ),
          ),
        )
        .orderBy('position')
        .compile(),
    );
    return statement.all([after, last, at]).map((row) => checkedVersion(this.#log, entity, row));
  }

  /** The transactions after one, in order: limits.transferRows at most. */
  async transactionsAfter(id: TransactionId): Promise<Transaction[]> {
    return await readTransactions(this.#log, (all) =>
      all.where('id', '>', id).orderBy('id').limit(limits.transferRows),
    );
  }

  /** The last position of the transaction that has a position; null when none has. */
  async transactionEnd(position: Position): Promise<Position | null> {
    return (await endOfTransaction(this.#log, position))?.position ?? null;
  }

  /** The digest of the version at a position; null when nothing is known of it. */
  async digestAt(position: Position): Promise<Uint8Array | null> {
    for (const entity of this.#entities) {
      const row = await this.#log.versions
        .selectFrom(entity.table)
        .select('digest')
        .where('position', '=', position)
        .executeTakeFirst();
      if (row) return row.digest;
    }
    // The version of an entity that the store was not opened with.
    const transaction = await this.#log.kysely
      .selectFrom('transactions')
      .select('digest')
      .where('last_position', '=', position)
      .executeTakeFirst();
    return transaction?.digest ?? null;
  }

  /**
   * The digests of the versions at positions after `after`, up to `end`, of every kind of record, in
   * order: 32 bytes each, one after the other. As one text they come in a third of the time of rows.
   */
  async digestsBetween(after: number, end: number): Promise<Uint8Array> {
    const tables = readVersionTables(this.#log);
    if (tables.length === 0) return new Uint8Array();
    const digests = tables.map(
      (table) => sql`
        select position, digest from ${sql.table(table)}
        where position > ${after} and position <= ${end}`,
    );
    const { rows } = await sql<{ digests: string | null }>`
      select group_concat(hex(digest), '' order by position) as digests
      from (${sql.join(digests, sql` union all `)})`.execute(this.#log.kysely);
    return Buffer.from(rows[0]?.digests ?? '', 'hex');
  }

  /** The Merkle tree over the log, out of what is in its file. */
  tree(): LogTree {
    return new LogTree((after, end) => this.digestsBetween(after, end));
  }

  /** How many contents of files there are, each once. */
  async contentsCount(): Promise<number> {
    const { count } = await this.#log.kysely
      .selectFrom('contents')
      .select((count) => count.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  }

  /** The transactions with these ids, in the order asked for; null where there is none. */
  async transactions(ids: readonly TransactionId[]): Promise<(Transaction | null)[]> {
    const found = await readTransactions(this.#log, (all) => all.where('id', 'in', ids));
    const byId = new Map(found.map((each) => [each.id, each]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** The last position committed at or before a moment; 0 before the first commit. */
  async positionAtTime(time: Microseconds): Promise<Position> {
    const row = await this.#log.kysely
      .selectFrom('transactions')
      .select('last_position')
      .where('committed_at', '<=', time)
      .orderBy('committed_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return (row?.last_position ?? 0) as Position;
  }

  /** Per moment the last position committed before it; 0 before the first commit. */
  async positionsBefore(times: readonly Microseconds[]): Promise<Position[]> {
    const { rows } = await sql<{ readonly position: number }>`
      select coalesce((
        select last_position from transactions where committed_at < moment.value
        order by committed_at desc limit 1
      ), 0) as position
      from json_each(${JSON.stringify(times)}) as moment order by moment.key`.execute(
      this.#log.kysely,
    );
    return rows.map(({ position }) => position as Position);
  }

  async totals(): Promise<LogTotals> {
    const last = await this.#log.kysely
      .selectFrom('transactions')
      .select(['id', 'last_position', 'committed_at'])
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return {
      position: (last?.last_position ?? 0) as Position,
      committedAt: last?.committed_at ?? null,
      // Ids are given without gaps, in commit order.
      transactions: last?.id ?? 0,
      versions: last?.last_position ?? 0,
    };
  }

  /**
   * The bytes stored under a SHA-256, a chunk at a time.
   * @param range only some of them; `last` is included.
   * @throws ContentsDamaged, before whoever reads has all of it.
   */
  contents(
    sha256: string,
    range?: { readonly first: number; readonly last: number },
  ): AsyncGenerator<Uint8Array, void> {
    if (!range) return this.#contents.whole(sha256);
    return this.#contents.part(sha256, range.first, range.last);
  }

  /** Where a span of at most `rowsMax` versions ends; null when nothing was committed after. */
  async #spanEnd(after: Position, rowsMax: number): Promise<Position | null> {
    const transactions = this.#log.kysely.selectFrom('transactions');
    const within = await transactions
      .select('last_position')
      .where('last_position', '>', after)
      .where('last_position', '<=', after + rowsMax)
      .orderBy('last_position', 'desc')
      .limit(1)
      .executeTakeFirst();
    const larger =
      within ??
      (await transactions
        .select('last_position')
        .where('last_position', '>', after)
        .orderBy('last_position')
        .limit(1)
        .executeTakeFirst());
    return larger ? (larger.last_position as Position) : null;
  }
}
