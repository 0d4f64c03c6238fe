/** The log's own tables, version by version. `user_version` says how far a file has come. */
import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Entity } from '../../../entities/index.ts';
import { systemClock } from '../../shared/clock.ts';
import { CannotOpen } from '../../shared/problems.ts';
import { chunkOf } from '../contents/chunk-encoding.ts';
import { ChunkStore } from '../contents/chunk-store.ts';
import { addContents } from '../contents/contents-rows.ts';
import { logDigest } from '../digest.ts';
import type { LogTables } from '../tables.ts';
import { applicationId, type LogFile } from './log-file.ts';
import { refuseChanges } from './refuse-changes.ts';
import { defineVersionTable } from './version-table.ts';
import { whenFree } from './when-free.ts';

/** Each entry brings a file from the version before it to its own; its place is its version. */
const migrations: readonly ((db: Kysely<LogTables>, log: LogIdentity) => Promise<void>)[] = [
  createLog,
  createIdempotencyKeys,
  createDigests,
  createChunks,
  createResumableUploads,
  createErasures,
  letKeysExpire,
];

/** The newest format that this program reads and writes. */
export const schemaVersion = migrations.length;

/**
 * Brings the file to this program's format and gives every entity its table, in one transaction.
 * @throws CannotOpen when an entity's definition contradicts what the file holds.
 */
export async function migrate(file: LogFile, entities: readonly Entity[]): Promise<void> {
  await file.kysely.connection().execute(async (db) => {
    await whenFree(() => sql`begin immediate`.execute(db));
    try {
      await defineLog(db, entities);
      await sql`commit`.execute(db);
    } catch (error) {
      if (file.inTransaction) await sql`rollback`.execute(db);
      throw error;
    }
  });
}

/** Which log it is, and when it began. */
export type LogIdentity = Pick<LogTables['log'], 'id' | 'created_at'>;

/**
 * Brings a database to this program's format, from whichever it has, an empty one from none.
 * @param log what one is that is made of none: a new log without it.
 */
export async function defineLog(
  db: Kysely<LogTables>,
  entities: readonly Entity[],
  log: LogIdentity = { id: randomUUID(), created_at: systemClock() },
): Promise<void> {
  const from = await formatOf(db);
  for (const step of migrations.slice(from)) await step(db, log);
  if (from < schemaVersion) {
    await sql.raw(`pragma user_version = ${schemaVersion}`).execute(db);
  }
  for (const entity of entities) await defineVersionTable(db, entity);
}

/** The format that a database has; 0 where it has none yet. */
export async function formatOf(db: Kysely<LogTables>): Promise<number> {
  const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(db);
  return rows[0]?.user_version ?? 0;
}

/**
 * @param does what would be done with the log, as a verb.
 * @throws CannotOpen when a log has another format than this program writes.
 */
export async function refuseOtherFormat(
  { kysely }: LogFile,
  path: string,
  does: string,
): Promise<void> {
  const format = await formatOf(kysely);
  if (format === schemaVersion) return;
  throw new CannotOpen(
    `${path} has format ${format}, and this Everstate ${does} format ${schemaVersion}. Serve it once, ` +
      'which brings it there.',
  );
}

async function createLog(db: Kysely<LogTables>, log: LogIdentity): Promise<void> {
  await sql.raw(`pragma application_id = ${applicationId}`).execute(db);
  await sql`create table log (id text primary key, created_at integer not null) strict`.execute(db);
  await sql`
    create table entities (
      name text primary key,
      table_name text not null unique,
      fields text not null
    ) strict`.execute(db);
  await sql`
    create table transactions (
      id integer primary key,
      committed_at integer not null unique,
      first_position integer not null unique,
      last_position integer not null unique check (last_position >= first_position),
      actor text,
      reason text,
      salt blob not null,
      contents_digest blob not null,
      digest blob not null
    ) strict`.execute(db);
  await sql`
    create table contents (
      sha256 text primary key,
      size integer not null check (size >= 0)
    ) strict, without rowid`.execute(db);
  await sql`
    create table content_chunks (
      sha256 text not null references contents (sha256),
      number integer not null check (number >= 0),
      bytes blob not null,
      primary key (sha256, number)
    ) strict`.execute(db);
  const transactionKeys = ['id', 'committed_at', 'first_position', 'last_position'];
  await refuseChanges(
    db,
    'transactions',
    transactionKeys.map((name) => [name]),
  );
  await refuseChanges(db, 'contents', [['sha256']]);
  await refuseChanges(db, 'content_chunks', [['sha256', 'number']]);
  await db.insertInto('log').values(log).execute();
}

/**
 * Where each key's result lies in the log. The unique transaction is also the index that settles
 * the deferred reference when the transaction's own row is written.
 */
async function createIdempotencyKeys(db: Kysely<LogTables>): Promise<void> {
  await sql`
    create table idempotency_keys (
      key text primary key,
      request_digest text not null,
      transaction_id integer unique references transactions (id) deferrable initially deferred,
      position integer not null check (position >= 0),
      results text not null
    ) strict`.execute(db);
  await refuseChanges(db, 'idempotency_keys', [['key'], ['transaction_id']]);
}

/**
 * Digests of what stands in no link of the chain. What happened to an older log before stays
 * unknown, and its idempotency keys stay without.
 */
async function createDigests(db: Kysely<LogTables>): Promise<void> {
  await sql`alter table log add column digest blob`.execute(db);
  await sql`alter table idempotency_keys add column digest blob`.execute(db);
  const rows = await db.selectFrom('log').selectAll().execute();
  for (const row of rows) {
    await db
      .updateTable('log')
      .set({ digest: logDigest(row) })
      .execute();
  }
  await refuseChanges(db, 'log', [['id']]);
}

/**
 * Chunks that contents share, in place of pieces of 256 KiB that each had for itself. What is there
 * keeps its pieces, as chunks.
 */
async function createChunks(db: Kysely<LogTables>): Promise<void> {
  for (const table of ['contents', 'content_chunks']) {
    for (const change of ['update', 'delete', 'replace'])
      await sql`drop trigger ${sql.ref(`${table}_refuses_${change}`)}`.execute(db);
    await sql`alter table ${sql.table(table)} rename to ${sql.table(`${table}_before`)}`.execute(
      db,
    );
  }
  await sql`
    create table contents (
      id integer primary key,
      sha256 text not null unique,
      size integer not null check (size >= 0)
    ) strict`.execute(db);
  await sql`
    create table chunks (
      id integer primary key,
      digest blob not null unique,
      size integer not null check (size > 0),
      encoding text not null check (encoding in ('none', 'deflate')),
      bytes blob not null
    ) strict`.execute(db);
  await sql`
    create table content_chunks (
      contents integer not null references contents (id),
      begin integer not null check (begin >= 0),
      chunk integer not null references chunks (id),
      primary key (contents, begin)
    ) strict, without rowid`.execute(db);
  await sql`create index content_chunks_by_chunk on content_chunks (chunk)`.execute(db);
  await sql`create table uploads (id text primary key, touched_at integer not null) strict`.execute(
    db,
  );
  await sql`
    create table upload_chunks (
      upload text not null references uploads (id) on delete cascade,
      begin integer not null check (begin >= 0),
      chunk integer not null references chunks (id),
      primary key (upload, begin)
    ) strict, without rowid`.execute(db);
  await sql`create index upload_chunks_by_chunk on upload_chunks (chunk)`.execute(db);
  await keepEarlierContents(db);
  await sql`drop table content_chunks_before`.execute(db);
  await sql`drop table contents_before`.execute(db);
  await refuseChanges(db, 'contents', [['id'], ['sha256']]);
  await refuseChanges(db, 'content_chunks', [['contents', 'begin']]);
  // Those of an upload that nobody kept may go.
  const isNamed = sql`exists (select 1 from content_chunks where chunk = old.id)`;
  await refuseChanges(db, 'chunks', [['id'], ['digest']], isNamed);
}

/** An upload that ends, and its chunks that nobody keeps, takes this with it. */
async function createResumableUploads(db: Kysely<LogTables>): Promise<void> {
  await sql`
    create table resumable_uploads (
      upload text primary key references uploads (id) on delete cascade,
      viewer text,
      size integer not null check (size >= 0),
      metadata text not null,
      chunk_bytes integer not null check (chunk_bytes >= 0),
      tail blob not null,
      check (chunk_bytes + length(tail) <= size)
    ) strict`.execute(db);
  await sql`create index resumable_uploads_by_viewer on resumable_uploads (viewer)`.execute(db);
}

/** What was erased: that it was, when, and of which versions. It names no more than that. */
async function createErasures(db: Kysely<LogTables>): Promise<void> {
  await sql`
    create table erasures (
      id integer primary key,
      erased_at integer not null,
      position integer not null check (position >= 0),
      records text not null,
      digest blob not null
    ) strict`.execute(db);
  await sql`
    create table erased_versions (
      position integer primary key,
      erasure integer not null references erasures (id)
    ) strict`.execute(db);
  await refuseChanges(db, 'erasures', [['id']]);
  await refuseChanges(db, 'erased_versions', [['position']]);
  // Erasures after which the file still has bytes that nothing leads to.
  await sql`
    create table unfinished_erasures (
      erasure integer primary key references erasures (id)
    ) strict`.execute(db);
}

/**
 * When each idempotency key was used, so that it can be removed when it is old. Keys from before have
 * no time: they are as old as the position that they answer at.
 */
async function letKeysExpire(db: Kysely<LogTables>): Promise<void> {
  const table = 'idempotency_keys';
  await sql`alter table ${sql.table(table)} add column created_at integer`.execute(db);
  await sql`create index idempotency_keys_by_time on ${sql.table(table)} (created_at)`.execute(db);
  for (const change of ['update', 'delete', 'replace']) {
    await sql`drop trigger ${sql.ref(`${table}_refuses_${change}`)}`.execute(db);
  }
  const isOfLastDay = sql`
    coalesce(
      old.created_at, (select committed_at from transactions where last_position = old.position), 0
    ) > (unixepoch() - 86400) * 1000000`;
  await refuseChanges(db, table, [['key'], ['transaction_id']], isOfLastDay);
}

/** A chunk at a time: contents of a log may be more than memory holds. */
async function keepEarlierContents(db: Kysely<LogTables>): Promise<void> {
  type Row = { sha256: string; size: number };
  type Piece = { number: number; bytes: Uint8Array };
  const store = new ChunkStore(db);
  let last = '';
  for (;;) {
    const { rows } = await sql<Row>`
      select sha256, size from contents_before where sha256 > ${last} order by sha256 limit 1`.execute(
      db,
    );
    const [row] = rows;
    if (!row) return;
    const contents = await addContents(db, row);
    for (let [number, begin] = [0, 0]; ; number += 1) {
      const pieces = await sql<Piece>`
        select number, bytes from content_chunks_before
        where sha256 = ${row.sha256} and number = ${number}`.execute(db);
      const [piece] = pieces.rows;
      if (!piece) break;
      const chunk = await store.put(chunkOf(piece.bytes), row.sha256);
      await db.insertInto('content_chunks').values({ contents, begin, chunk }).execute();
      begin += piece.bytes.length;
    }
    last = row.sha256;
  }
}
