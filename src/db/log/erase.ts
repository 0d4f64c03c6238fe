/**
 * Erasing: what records held is overwritten, and its salts with it. That there were versions, when and by
 * whom stays, and so does the chain, which covers contents by salted digests alone.
 */
import { type Kysely, sql } from 'kysely';
import {
  columnOf,
  type Entity,
  fieldColumnsOf,
  type Microseconds,
  type Position,
  type TransactionId,
} from '../../entities/index.ts';
import { NotFound } from '../shared/problems.ts';
import { sha256 } from './digest.ts';
import { blankOf, noSalt } from './erased-version.ts';
import type { LogTransaction } from './log-transaction.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { loggedKinds } from './sqlite/logged-kinds.ts';
import { allowingChanges } from './sqlite/refuse-changes.ts';
import { given } from './sqlite/statement.ts';
import type { LogTables } from './tables.ts';

/** A record to be erased. */
export interface RecordName {
  readonly entity: Entity;
  readonly id: string;
}

/** What is erased together. */
export interface ErasureTerms {
  /** Kinds of records as they are defined here. */
  readonly defined: readonly Entity[];
  /** None of them is live. */
  readonly records: readonly RecordName[];
  /** The transaction that deleted them to be erased: who did it, and why, stays. */
  readonly deletion: TransactionId | null;
}

/** What was erased of one record. */
export interface ErasedRecord {
  /** The name of its kind. */
  readonly entity: string;
  readonly id: string;
  /** The positions of its versions. */
  readonly positions: readonly Position[];
}

export interface Erasure {
  readonly id: number;
  readonly erasedAt: Microseconds;
  /** Where the log ended then. */
  readonly position: Position;
  readonly records: readonly ErasedRecord[];
  /** The bytes of files that went, which no other version names. */
  readonly contentsBytes: number;
}

/** What is changed beside the tables of the records. */
const beside = ['transactions', 'contents', 'content_chunks', 'chunks'];
/** Digest of what an erasure says; it finds damage. */
export function erasureDigest(row: Omit<LogTables['erasures'], 'id' | 'digest'>): Uint8Array {
  return sha256([], JSON.stringify([row.erased_at, row.position, row.records]));
}

/** Whether a version was erased. */
export function isErased(log: LogFile, position: Position): boolean {
  return readErasedAt(log, position) !== null;
}

/** When a version was erased; null where it was not. */
export function readErasedAt(log: LogFile, position: Position): Microseconds | null {
  const statement = log.statement(readErasedAt, 'erased at', () =>
    log.kysely
      .selectFrom('erased_versions')
      .innerJoin('erasures', 'id', 'erasure')
      .select('erased_at')
      .where('erased_versions.position', '=', given<number>(0))
      .compile(),
  );
  return (statement.first([position])?.[0] as Microseconds | undefined) ?? null;
}

/**
 * Deletes those of some records that are live, before they are erased.
 * @throws NotFound for an id that was never used.
 */
export async function deleteAll(
  log: LogTransaction,
  records: readonly RecordName[],
): Promise<void> {
  for (const { entity, id } of records) {
    const version = await log.get(entity, id);
    if (!version) throw new NotFound(`${entity.name} ${JSON.stringify(id)} does not exist.`, id);
    if (version.operation !== 'DELETE') await log.delete(entity, id);
  }
}

/** The positions of all versions that were erased. */
export async function erasedPositions(db: Kysely<LogTables>): Promise<Set<number>> {
  const rows = await db.selectFrom('erased_versions').select('position').execute();
  return new Set(rows.map(({ position }) => position));
}

/**
 * Erases all versions of some records, within a transaction.
 * @param end where the log ends.
 * @param pause lets others go on between records.
 * @returns what was erased; null when all of it had been before.
 */
export async function eraseRecords(
  log: LogFile,
  { defined, records, deletion }: ErasureTerms,
  end: Position,
  now: Microseconds,
  pause: () => Promise<void>,
): Promise<Erasure | null> {
  const db = log.kysely;
  const kinds = await loggedKinds(log, defined);
  const contents = await contentsOf(log, records);
  const erased: ErasedRecord[] = [];
  let contentsBytes = 0;
  const tables = new Set(records.map(({ entity }) => entity.table));
  await allowingChanges(db, [...tables, ...beside], async () => {
    const transactions = new Set<TransactionId>();
    for (const { entity, id } of records) {
      const rows = await blankVersions(db, entity, id);
      for (const { transaction_id } of rows) transactions.add(transaction_id);
      const positions = rows.map(({ position }) => position);
      if (positions.length > 0) erased.push({ entity: entity.name, id, positions });
      await pause();
    }
    for (const id of transactions) if (id !== deletion) await blankTransaction(db, kinds, id);
    const names = defined.map(({ name }) => name);
    for (const sha256 of await unnamed(db, kinds, names, contents)) {
      contentsBytes += await removeContents(db, sha256);
      await pause();
    }
  });
  if (erased.length === 0) return null;
  const id = await addErasure(db, erased, end, now);
  return { id, erasedAt: now, position: end, records: erased, contentsBytes };
}

/**
 * Erases what was erased elsewhere, from a log that is being made of what was written before.
 * @param kinds all kinds of records of the log.
 * @param until where the log ends.
 * @returns the records that are erased now, and that the log has.
 */
export async function eraseAgain(
  db: Kysely<LogTables>,
  kinds: readonly Entity[],
  erasures: readonly {
    readonly erasedAt: Microseconds;
    readonly records: readonly ErasedRecord[];
  }[],
  until: Position,
): Promise<RecordName[]> {
  const tables = kinds.map(({ table }) => table);
  const found: RecordName[] = [];
  await allowingChanges(db, [...tables, ...beside], async () => {
    for (const { erasedAt, records } of erasures) {
      const erased: ErasedRecord[] = [];
      for (const { entity: name, id, positions } of records) {
        const entity = kinds.find((each) => each.name === name);
        const there = positions.filter((position) => position <= until);
        if (!entity || there.length === 0) continue;
        erased.push({ entity: name, id, positions: there });
        found.push({ entity, id });
        const rows = await blankVersions(db, entity, id);
        const transactions = new Set(rows.map((row) => row.transaction_id));
        for (const transaction of transactions) await blankTransaction(db, kinds, transaction);
      }
      if (erased.length > 0) await addErasure(db, erased, until, erasedAt);
    }
    if (found.length === 0) return;
    const all = await db.selectFrom('contents').select('sha256').execute();
    const contents = new Set(all.map(({ sha256 }) => sha256));
    for (const sha256 of await unnamed(db, kinds, [], contents)) await removeContents(db, sha256);
  });
  return found;
}

/** @returns its number. */
async function addErasure(
  db: Kysely<LogTables>,
  erased: readonly ErasedRecord[],
  end: Position,
  now: Microseconds,
): Promise<number> {
  const row = { erased_at: now, position: end, records: JSON.stringify(erased) };
  const { id } = await db
    .insertInto('erasures')
    .values({ ...row, digest: erasureDigest(row) })
    .returning('id')
    .executeTakeFirstOrThrow();
  for (const position of erased.flatMap(({ positions }) => positions)) {
    await db.insertInto('erased_versions').values({ position, erasure: id }).execute();
  }
  await db.insertInto('unfinished_erasures').values({ erasure: id }).execute();
  return id;
}

/** The records of a kind that were ever somebody's. @throws TypeError for a kind without an owner. */
export async function recordsOfOwner(
  db: Kysely<LogTables>,
  entity: Entity,
  owner: string,
): Promise<RecordName[]> {
  if (entity.owner === null) throw new TypeError(`Records of ${entity.name} have no owner.`);
  const { rows } = await sql<{ id: string }>`
    select distinct id from ${sql.table(entity.table)}
    where ${sql.ref(columnOf(entity.owner))} = ${owner} order by id`.execute(db);
  return rows.map(({ id }) => ({ entity, id }));
}

interface ErasedRow {
  readonly position: Position;
  readonly transaction_id: TransactionId;
}

/** @returns the versions that had contents until now, in order. */
async function blankVersions(
  db: Kysely<LogTables>,
  entity: Entity,
  id: string,
): Promise<ErasedRow[]> {
  const values = fieldColumnsOf(entity).map(
    ({ column, field }) => sql`${sql.ref(column)} = ${blankOf(field)}`,
  );
  const { rows } = await sql<ErasedRow>`
    update ${sql.table(entity.table)} set ${sql.join(values)}, salt = ${noSalt}
    where id = ${id} and length(salt) > 0 returning position, transaction_id`.execute(db);
  return rows.sort((a, b) => a.position - b.position);
}

/** Who made a transaction and why goes with its versions, where none of them is left. */
async function blankTransaction(
  db: Kysely<LogTables>,
  kinds: readonly Entity[],
  id: TransactionId,
): Promise<void> {
  const left = kinds.map(
    ({ table }) => sql`exists (
      select 1 from ${sql.table(table)} where transaction_id = ${id} and length(salt) > 0
    )`,
  );
  await sql`
    update transactions set actor = null, reason = null, salt = ${noSalt}
    where id = ${id} and not (${sql.join(left, sql` or `)})`.execute(db);
}

/** The contents that versions of the records name. */
async function contentsOf(log: LogFile, records: readonly RecordName[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { entity, id } of records) {
    for (const column of contentsColumns(entity)) {
      const { rows } = await sql<{ sha256: string | null }>`
        select distinct ${sql.ref(column)} as sha256 from ${sql.table(entity.table)}
        where id = ${id}`.execute(log.kysely);
      for (const { sha256 } of rows) if (sha256 !== null) found.add(sha256);
    }
  }
  return found;
}

/** Those of some contents that no version names any more. */
async function unnamed(
  db: Kysely<LogTables>,
  kinds: readonly Entity[],
  defined: readonly string[],
  contents: ReadonlySet<string>,
): Promise<Set<string>> {
  const left = new Set(contents);
  if (left.size === 0) return left;
  for (const entity of kinds) {
    for (const column of contentsColumns(entity, defined.includes(entity.name))) {
      const { rows } = await sql<{ sha256: string }>`
        select distinct ${sql.ref(column)} as sha256 from ${sql.table(entity.table)}
        where ${sql.ref(column)} in (select value from json_each(${JSON.stringify([...left])}))`.execute(
        db,
      );
      for (const { sha256 } of rows) left.delete(sha256);
    }
  }
  return left;
}

/** Where versions name contents. Of kinds that are not defined here it is only known what is a text. */
function contentsColumns(entity: Entity, isDefined = true): string[] {
  return Object.entries(entity.fields).flatMap(([name, field]) =>
    field.contents || (!isDefined && field.kind === 'text') ? [columnOf(name)] : [],
  );
}

/** Removes contents, and those of their chunks that nobody else has. @returns their size in bytes. */
async function removeContents(db: Kysely<LogTables>, sha256: string): Promise<number> {
  const row = await db
    .selectFrom('contents')
    .select(['id', 'size'])
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (!row) return 0;
  const chunks = await db
    .selectFrom('content_chunks')
    .select('chunk')
    .distinct()
    .where('contents', '=', row.id)
    .execute();
  await db.deleteFrom('content_chunks').where('contents', '=', row.id).execute();
  await db.deleteFrom('contents').where('id', '=', row.id).execute();
  for (const { chunk } of chunks) {
    await sql`
      delete from chunks where id = ${chunk}
      and not exists (select 1 from content_chunks where chunk = chunks.id)
      and not exists (select 1 from upload_chunks where chunk = chunks.id)`.execute(db);
  }
  return row.size;
}
