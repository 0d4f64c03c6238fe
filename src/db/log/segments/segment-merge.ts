/** Makes one segment of several that follow each other. */
import { sql } from 'kysely';
import { BackupDamaged } from '../../shared/problems.ts';
import { PlainFile } from '../sqlite/plain-file.ts';
import { at, copyRows, createLike, hasTable, type TableAt } from './rows.ts';
import {
  createSegment,
  describeSegment,
  readAbout,
  readKinds,
  type Segment,
  type SegmentKind,
  versionsIn,
} from './segment.ts';

const main = 'main';
const source = 'source';

/**
 * Merges the segments at some paths, in their order, into one at a path at which nothing is.
 * @throws BackupDamaged when one does not go on from the one before it.
 */
export async function mergeSegments(paths: readonly string[], path: string): Promise<Segment> {
  const file = PlainFile.make(path);
  try {
    let merged: Segment | null = null;
    for (const each of paths) merged = await addSegment(file, each, merged);
    if (!merged) throw new Error('There is nothing to merge.');
    await describeSegment(file.kysely, main, merged);
    return merged;
  } finally {
    await file.close();
  }
}

/** @returns what the segment is of which this was added. */
async function addSegment(
  { kysely: db }: PlainFile,
  path: string,
  before: Segment | null,
): Promise<Segment> {
  await sql`attach ${path} as ${sql.id(source)}`.execute(db);
  try {
    const added = await readAbout(db, source);
    if (!added || (before && Buffer.compare(before.end.digest, added.after.digest) !== 0)) {
      throw new BackupDamaged(`${path} does not go on from the segment before it.`);
    }
    if (!before) await createSegment(db, main, source);
    for (const kind of await readKinds(db, source)) await addVersions(db, kind);
    for (const name of ['transactions', 'contents', 'content_chunks']) {
      const [from, to] = [source, main].map((schema) => ({ schema, name })) as Sides;
      await createLike(db, from, to);
      await copyRows(db, from, to, sql`order by 1`);
    }
    await addKeys(db);
    await addErasures(db);
    await sql`
      insert into main.chunks (digest, size, encoding, bytes)
      select digest, size, encoding, bytes from ${sql.id(source, 'chunks')}
      where digest not in (select digest from main.chunks) order by id`.execute(db);
    return { ...added, after: before?.after ?? added.after };
  } finally {
    await sql`detach ${sql.id(source)}`.execute(db);
  }
}

type Db = PlainFile['kysely'];
type Sides = [from: TableAt, to: TableAt];

/** What a kind is in the newest segment, it was in those before, or has become since. */
async function addVersions(db: Db, kind: SegmentKind): Promise<void> {
  const { name, table_name, fields, unique_key } = kind;
  await sql`
    insert or replace into ${sql.id(main, 'kinds')}
    values (${name}, ${table_name}, ${fields}, ${unique_key})`.execute(db);
  const [from, to] = [versionsIn(source, table_name), versionsIn(main, table_name)];
  await createLike(db, from, to);
  await copyRows(db, from, to, sql`order by position`);
}

/** The later segment has those of the earlier one as well. */
async function addErasures(db: Db): Promise<void> {
  const name = 'erasures';
  const [from, to] = [source, main].map((schema) => ({ schema, name })) as Sides;
  if (await hasTable(db, from)) {
    await copyRows(db, from, to, sql`where id not in (select id from ${at(to)})`);
  }
}

/**
 * Segments that follow each other may both have the key of a mutation that had nothing to write, or
 * one that has expired and then came again: the later one counts.
 */
async function addKeys(db: Db): Promise<void> {
  const name = 'idempotency_keys';
  const [from, to] = [source, main].map((schema) => ({ schema, name })) as Sides;
  await createLike(db, from, to);
  await sql`delete from ${at(to)} where key in (select key from ${at(from)})`.execute(db);
  await copyRows(db, from, to, sql``);
}
