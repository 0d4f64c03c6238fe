/**
 * A segment: what came to a log between two positions, in a SQLite file of its own. It has the rows
 * of the log as they are, so that a log that is made of them has the same positions, times, salts
 * and digests. It names contents by their SHA-256 and chunks by their digests, since the numbers that
 * a log gives to them mean nothing elsewhere.
 */
import { type Kysely, sql } from 'kysely';
import type { Entity, Microseconds, Position, TransactionId } from '../../../entities/index.ts';
import type { ErasedRecord } from '../erase.ts';
import type { LogEnd } from '../log-end.ts';
import { loggedFields, shapeOf } from '../sqlite/logged-kinds.ts';
import type { LogIdentity } from '../sqlite/migrations.ts';
import type { LogTables } from '../tables.ts';
import { createLike, hasTable, type TableAt } from './rows.ts';

/** Written into the file, so that no other database is taken for a segment: "EVSS". */
export const segmentApplicationId = 0x45565353;

/** The newest format of segments that this program reads and writes. */
export const segmentFormat = 2;

/** What a segment says of itself. */
export interface Segment {
  readonly log: LogIdentity;
  /** The format of the log that it is of. */
  readonly logFormat: number;
  /** Where the log ended before it … */
  readonly after: LogEnd;
  /** … and where with it. */
  readonly end: LogEnd;
}

/** A kind of record, as a segment says what it was. */
export interface SegmentKind {
  readonly name: string;
  readonly table_name: string;
  /** As the log has it: JSON. */
  readonly fields: string;
  /** The names of the fields of its unique key: JSON. */
  readonly unique_key: string;
}

/** A row that a segment has of itself. */
interface AboutRow {
  readonly log_id: string;
  readonly log_created_at: Microseconds;
  readonly log_format: number;
  readonly after_position: Position;
  readonly after_transaction: TransactionId;
  readonly after_committed_at: Microseconds;
  readonly after_digest: Uint8Array;
  readonly position: Position;
  readonly transaction_id: TransactionId;
  readonly committed_at: Microseconds;
  readonly digest: Uint8Array;
}

/** Where a segment has the versions that the log keeps in a table. */
export function versionsIn(schema: string, table: string): TableAt {
  return { schema, name: `versions_${table}` };
}

/** Creates the tables that all segments have. @param model the database that has the log's own. */
export async function createSegment(
  db: Kysely<LogTables>,
  schema: string,
  model: string,
): Promise<void> {
  const id = (name: string) => sql.id(schema, name);
  const pragma = (name: string, value: string | number) =>
    sql`pragma ${id(name)} = ${sql.lit(value)}`.execute(db);
  await pragma('journal_mode', 'off');
  await pragma('synchronous', 'off');
  await pragma('application_id', segmentApplicationId);
  await pragma('user_version', segmentFormat);
  await sql`
    create table ${id('about')} (
      log_id text not null,
      log_created_at integer not null,
      log_format integer not null,
      after_position integer not null,
      after_transaction integer not null,
      after_committed_at integer not null,
      after_digest blob not null,
      position integer not null,
      transaction_id integer not null,
      committed_at integer not null,
      digest blob not null
    ) strict`.execute(db);
  await sql`
    create table ${id('kinds')} (
      name text primary key,
      table_name text not null,
      fields text not null,
      unique_key text not null
    ) strict`.execute(db);
  for (const name of ['transactions', 'idempotency_keys']) {
    await createLike(db, { schema: model, name }, { schema, name });
  }
  await sql`
    create table ${id('erasures')} (
      id integer primary key,
      erased_at integer not null,
      records text not null
    ) strict`.execute(db);
  await sql`
    create table ${id('contents')} (
      sha256 text primary key,
      size integer not null,
      named_at integer not null
    ) strict, without rowid`.execute(db);
  await sql`
    create table ${id('chunks')} (
      id integer primary key,
      digest blob not null unique,
      size integer not null,
      encoding text not null,
      bytes blob not null
    ) strict`.execute(db);
  await sql`
    create table ${id('content_chunks')} (
      sha256 text not null,
      begin integer not null,
      digest blob not null,
      primary key (sha256, begin)
    ) strict, without rowid`.execute(db);
}

/** Writes what a segment says of itself, once all else is there. */
export async function describeSegment(
  db: Kysely<LogTables>,
  schema: string,
  { log, logFormat, after, end }: Segment,
): Promise<void> {
  await sql`
    insert into ${sql.id(schema, 'about')} values (
      ${log.id}, ${log.created_at}, ${logFormat},
      ${after.position}, ${after.transactionId}, ${after.committedAt}, ${after.digest},
      ${end.position}, ${end.transactionId}, ${end.committedAt}, ${end.digest}
    )`.execute(db);
}

/** What a segment says of itself; null when it says nothing, and so is none that was finished. */
export async function readAbout(db: Kysely<LogTables>, schema: string): Promise<Segment | null> {
  const { rows } = await sql<AboutRow>`select * from ${sql.id(schema, 'about')}`.execute(db);
  const [row] = rows;
  if (!row || rows.length > 1) return null;
  return {
    log: { id: row.log_id, created_at: row.log_created_at },
    logFormat: row.log_format,
    after: {
      position: row.after_position,
      transactionId: row.after_transaction,
      committedAt: row.after_committed_at,
      digest: row.after_digest,
    },
    end: {
      position: row.position,
      transactionId: row.transaction_id,
      committedAt: row.committed_at,
      digest: row.digest,
    },
  };
}

/** An erasure, as a segment has it. */
export interface SegmentErasure {
  readonly erasedAt: Microseconds;
  readonly records: readonly ErasedRecord[];
}

/** All that had been erased from the log when a segment was written; before format 2 none tells. */
export async function readErasures(
  db: Kysely<LogTables>,
  schema: string,
): Promise<readonly SegmentErasure[]> {
  if (!(await hasTable(db, { schema, name: 'erasures' }))) return [];
  const { rows } = await sql<{ erased_at: Microseconds; records: string }>`
    select erased_at, records from ${sql.id(schema, 'erasures')} order by id`.execute(db);
  return rows.map(({ erased_at: erasedAt, records }) => ({
    erasedAt,
    records: JSON.parse(records) as readonly ErasedRecord[],
  }));
}

/** The kinds of records that a segment knows. */
export async function readKinds(
  db: Kysely<LogTables>,
  schema: string,
): Promise<readonly SegmentKind[]> {
  const { rows } = await sql<SegmentKind>`
    select * from ${sql.id(schema, 'kinds')} order by name`.execute(db);
  return rows;
}

/** A kind as far as its table needs it. */
export function entityOfKind({ name, table_name, fields, unique_key }: SegmentKind): Entity {
  const uniqueKey = JSON.parse(unique_key) as string[];
  return { ...shapeOf(name, table_name, loggedFields(fields)), uniqueKey };
}
