/**
 * Writes a segment out of a log, in pieces: rows up to a position that was committed never change,
 * so that no transaction has to be kept open meanwhile, which would keep the write-ahead log from
 * being taken in.
 */
import { sql } from 'kysely';
import type { Entity, Position } from '../../../entities/index.ts';
import { limits } from '../../shared/limits.ts';
import { VersionsMissing } from '../../shared/problems.ts';
import { endOfTransaction, type LogEnd } from '../log-end.ts';
import { LogReader } from '../log-reader.ts';
import { readTransactions } from '../logged-transactions.ts';
import type { LogFile } from '../sqlite/log-file.ts';
import { loggedKinds } from '../sqlite/logged-kinds.ts';
import { schemaVersion } from '../sqlite/migrations.ts';
import type { EarlierContents } from './earlier-contents.ts';
import { at, copyRows, createLike, textColumnsOf } from './rows.ts';
import { createSegment, describeSegment, type Segment, versionsIn } from './segment.ts';

export interface SegmentTerms {
  /** Where the segment begins: an end that the log had. */
  readonly after: LogEnd;
  /** Where it ends: an end that the log has or had. */
  readonly until: LogEnd;
  /** It ends with the transaction with which it has so many bytes; with null it has all. */
  readonly bytesMax: number | null;
  /** What the segments before it have. */
  readonly earlier: EarlierContents;
  /** Told of versions that were written; what it throws ends the writing. */
  readonly onVersions: (count: number) => void;
}

const main = 'main';
const segment = 'segment';

/**
 * Writes the segment to a path at which nothing is; it is not brought to disk yet.
 * @throws VersionsMissing when the log lacks versions, HistoryDamaged and ContentsDamaged for what is not
 *   as it was written, which nobody could restore, and what SQLite throws.
 */
export async function writeSegment(
  log: LogFile,
  path: string,
  terms: SegmentTerms,
): Promise<Segment> {
  await sql`attach ${path} as ${sql.id(segment)}`.execute(log.kysely);
  try {
    return await new SegmentWriter(log, terms).write();
  } finally {
    await sql`detach ${sql.id(segment)}`.execute(log.kysely);
  }
}

class SegmentWriter {
  readonly #log: LogFile;
  readonly #reader: LogReader;
  readonly #terms: SegmentTerms;
  #kinds: readonly Entity[] = [];
  /** Which columns may name contents: the log does not say it of them. */
  readonly #texts = new Map<Entity, readonly string[]>();

  constructor(log: LogFile, terms: SegmentTerms) {
    this.#log = log;
    this.#reader = new LogReader(log, []);
    this.#terms = terms;
  }

  async write(): Promise<Segment> {
    const { kysely } = this.#log;
    const { after, until, bytesMax } = this.#terms;
    await createSegment(kysely, segment, main);
    await this.#addKinds();
    let end: Position = until.position;
    for (let from = after.position; from < end; ) {
      const to = Math.min(from + limits.segmentPieceRows, end) as Position;
      await this.#addPiece(from, to);
      if (bytesMax !== null && (await this.#bytes()) >= bytesMax) {
        end = (await this.#endAfter(to)).position;
      }
      from = to;
    }
    const last = end === until.position ? until : await this.#endAfter(end);
    await this.#addKeys(last);
    await sql`
      insert into ${sql.id(segment, 'erasures')}
      select id, erased_at, records from main.erasures`.execute(kysely);
    const identity = await kysely
      .selectFrom('log')
      .select(['id', 'created_at'])
      .executeTakeFirstOrThrow();
    const made = { log: identity, logFormat: schemaVersion, after, end: last };
    await describeSegment(kysely, segment, made);
    return made;
  }

  async #addKinds(): Promise<void> {
    const { kysely } = this.#log;
    this.#kinds = await loggedKinds(this.#log, []);
    for (const kind of this.#kinds) {
      const { name, table, uniqueKey } = kind;
      const fields = kysely.selectFrom('entities').select('fields').where('name', '=', name);
      await sql`
        insert into ${sql.id(segment, 'kinds')}
        values (${name}, ${table}, (${fields}), ${JSON.stringify(uniqueKey)})`.execute(kysely);
      const versions = { schema: main, name: table };
      await createLike(kysely, versions, versionsIn(segment, table));
      this.#texts.set(kind, await textColumnsOf(kysely, versions));
    }
  }

  /** Adds the versions after a position up to another, what they name, and their transactions. */
  async #addPiece(from: Position, to: Position): Promise<void> {
    const { kysely } = this.#log;
    const within = sql`where position > ${from} and position <= ${to}`;
    let count = 0;
    for (const { table } of this.#kinds) {
      const versions = { schema: main, name: table };
      count += await copyRows(kysely, versions, versionsIn(segment, table), within);
    }
    if (count !== to - from) {
      throw new VersionsMissing(
        `The log lacks ${to - from - count} of the versions ${from + 1} to ${to}. Look at it with ` +
          'everstate verify, and restore what was backed up before.',
      );
    }
    for (const kind of this.#kinds) this.#reader.refuseDamaged(kind, from, to);
    await readTransactions(this.#log, (all) =>
      all.where('last_position', '>', from).where('last_position', '<=', to),
    );
    await copyRows(
      kysely,
      { schema: main, name: 'transactions' },
      { schema: segment, name: 'transactions' },
      sql`where last_position > ${from} and last_position <= ${to} order by last_position`,
    );
    await this.#addContents(from, to);
    this.#terms.onVersions(count);
  }

  /** Adds the contents that versions name first. */
  async #addContents(from: Position, to: Position): Promise<void> {
    const { kysely } = this.#log;
    const named = this.#kinds.flatMap((kind) =>
      (this.#texts.get(kind) ?? []).map(
        (column) => sql`
          select position, ${sql.ref(column)} as sha256 from ${at(versionsIn(segment, kind.table))}
          where position > ${from} and position <= ${to} and length(${sql.ref(column)}) = 64`,
      ),
    );
    const { rows } = await sql<{ id: number; sha256: string; size: number; named_at: number }>`
      select contents.id, contents.sha256, contents.size, min(named.position) as named_at
      from (${sql.join(named, sql` union all `)}) as named
      join main.contents on contents.sha256 = named.sha256
      where contents.sha256 not in (select sha256 from ${sql.id(segment, 'contents')})
      group by contents.id order by named_at, contents.id`.execute(kysely);
    for (const row of rows) {
      if (await this.#terms.earlier.hasContents(row.sha256)) continue;
      // Reading all of it compares it.
      for await (const _ of this.#reader.contents(row.sha256));
      await sql`
        insert into ${sql.id(segment, 'contents')}
        values (${row.sha256}, ${row.size}, ${row.named_at})`.execute(kysely);
      await this.#addChunks(row.id, row.sha256);
    }
  }

  async #addChunks(contents: number, sha256: string): Promise<void> {
    const { kysely } = this.#log;
    const chunks = await kysely
      .selectFrom('content_chunks')
      .innerJoin('chunks', 'chunks.id', 'chunk')
      .select(['begin', 'chunks.id', 'digest'])
      .where('contents', '=', contents)
      .orderBy('begin')
      .execute();
    for (const { begin, id, digest } of chunks) {
      await sql`
        insert into ${sql.id(segment, 'content_chunks')}
        values (${sha256}, ${begin}, ${digest})`.execute(kysely);
      if (await this.#terms.earlier.hasChunk(digest)) continue;
      await sql`
        insert or ignore into ${sql.id(segment, 'chunks')} (digest, size, encoding, bytes)
        select digest, size, encoding, bytes from main.chunks where id = ${id}`.execute(kysely);
      this.#terms.onVersions(0);
    }
  }

  /**
   * Adds the idempotency keys of the transactions, and those of mutations that had nothing to
   * write: such may have come to the position that the segment begins after since the one before.
   */
  async #addKeys(end: LogEnd): Promise<void> {
    const { after } = this.#terms;
    await copyRows(
      this.#log.kysely,
      { schema: main, name: 'idempotency_keys' },
      { schema: segment, name: 'idempotency_keys' },
      sql`
        where transaction_id > ${after.transactionId} and transaction_id <= ${end.transactionId}
        or transaction_id is null and position >= ${after.position} and position <= ${end.position}`,
    );
  }

  /** Where the transaction ends that has a position. */
  async #endAfter(position: Position): Promise<LogEnd> {
    const end = await endOfTransaction(this.#log, position);
    if (end) return end;
    throw new VersionsMissing(`The log lacks the transaction of position ${position}.`);
  }

  async #bytes(): Promise<number> {
    const { rows } = await sql<{ bytes: number }>`
      select page_count * page_size as bytes
      from pragma_page_count(${segment}), pragma_page_size(${segment})`.execute(this.#log.kysely);
    return rows[0]?.bytes ?? 0;
  }
}
