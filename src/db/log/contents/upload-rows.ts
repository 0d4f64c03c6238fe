/** What the log keeps of uploads until a transaction keeps them: which chunks each has. */
import { type Kysely, sql } from 'kysely';
import { limits } from '../../shared/limits.ts';
import type { LogTables } from '../tables.ts';
import type { StoredChunk } from './chunk-encoding.ts';
import { ChunkStore, runnerOf } from './chunk-store.ts';
import { writeContents } from './contents.ts';
import { proveContents } from './contents-reader.ts';
import { addContents, type ContentsInfo, findContents } from './contents-rows.ts';

/** Runs work on the log, within a commit. `pause` lets others have their turns. */
export type WithinCommit = <T>(
  work: (db: Kysely<LogTables>, pause: () => Promise<void>) => Promise<T>,
) => Promise<T>;

/** An upload that has all its bytes, and waits to be kept. */
export interface Uploaded extends StoredUpload {
  /** Its chunks, where none are stored yet: whoever keeps it stores them. Null where all are. */
  readonly chunks: readonly StoredChunk[] | null;
}

/** An upload whose chunks are stored. */
interface StoredUpload extends ContentsInfo {
  readonly upload: string;
}

/** Notes that something comes to an upload now; of one that is gone meanwhile no chunks can be stored. */
export async function touchUpload(
  db: Kysely<LogTables>,
  id: string,
  isNew: boolean,
  now: LogTables['uploads']['touched_at'],
): Promise<void> {
  const upload = { id, touched_at: now };
  if (isNew) await db.insertInto('uploads').values(upload).execute();
  else await db.updateTable('uploads').set(upload).where('id', '=', id).execute();
}

/**
 * Stores the next chunks of an upload.
 * @param begin how many bytes of it are stored already.
 * @param pause lets others go on between chunks.
 * @param run runs what is needed for each chunk.
 * @returns how many are stored then.
 */
export async function addUploadChunks(
  db: Kysely<LogTables>,
  upload: string,
  begin: number,
  chunks: readonly StoredChunk[],
  pause: () => Promise<void>,
  run = runnerOf(db),
): Promise<number> {
  const store = new ChunkStore(db, run);
  const naming = db.insertInto('upload_chunks').values({ upload, begin: 0, chunk: 0 }).compile();
  let end = begin;
  for (const stored of chunks) {
    const chunk = await store.put(stored);
    await run(naming, [upload, end, chunk]);
    end += stored.size;
    await pause();
  }
  return end;
}

/**
 * Keeps an upload as contents, unless there are such already. It is none any more then.
 * @param pause lets others go on between chunks.
 * @returns false when there is no such upload, nor such contents: it was given up, or is too old.
 * @throws ContentsDamaged when what is there already are not these bytes any more.
 */
export async function keepUpload(
  db: Kysely<LogTables>,
  uploaded: Uploaded,
  pause: () => Promise<void>,
): Promise<boolean> {
  const { upload, sha256, chunks } = uploaded;
  if (chunks) {
    await writeContents(db, uploaded, chunks, pause);
    return true;
  }
  const found = await db
    .selectFrom('uploads')
    .select('id')
    .where('id', '=', upload)
    .executeTakeFirst();
  // A request may name one file in several places.
  if (!found) return (await findContents(db, sha256)) !== undefined;
  await nameUpload(db, uploaded);
  await db.deleteFrom('uploads').where('id', '=', upload).execute();
  return true;
}

/**
 * Makes the chunks of an upload contents, unless there are such already.
 * @throws ContentsDamaged when what is there already are not these bytes any more.
 */
export async function nameUpload(
  db: Kysely<LogTables>,
  { upload, sha256, size }: StoredUpload,
): Promise<void> {
  const known = await findContents(db, sha256);
  if (!known) await nameChunks(db, upload, { sha256, size });
  // Chunks were found good when they were uploaded; others are read.
  else if (!(await hasChunks(db, known.id, upload))) await proveContents(db, sha256);
}

async function nameChunks(
  db: Kysely<LogTables>,
  upload: string,
  contents: ContentsInfo,
): Promise<void> {
  const id = await addContents(db, contents);
  await db
    .insertInto('content_chunks')
    .columns(['contents', 'begin', 'chunk'])
    .expression((from) =>
      from
        .selectFrom('upload_chunks')
        .select([sql.lit(id).as('contents'), 'begin', 'chunk'])
        .where('upload', '=', upload),
    )
    .execute();
}

/** Whether contents are made of the chunks of an upload. */
async function hasChunks(
  db: Kysely<LogTables>,
  contents: number,
  upload: string,
): Promise<boolean> {
  const other = await db
    .selectFrom('upload_chunks as uploaded')
    .leftJoin('content_chunks as kept', (join) =>
      join
        .on('kept.contents', '=', contents)
        .onRef('kept.begin', '=', 'uploaded.begin')
        .onRef('kept.chunk', '=', 'uploaded.chunk'),
    )
    .select('uploaded.begin')
    .where('upload', '=', upload)
    .where('kept.chunk', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return other === undefined;
}

/** Removes an upload, and its chunks that nobody else has, some in each commit. */
export async function removeUpload(commit: WithinCommit, upload: string): Promise<void> {
  while (await commit((db) => removeSome(db, upload)));
}

/** @returns whether there is more of it. */
async function removeSome(db: Kysely<LogTables>, upload: string): Promise<boolean> {
  // First, so that nobody goes on with it, or keeps it, while it goes piece by piece.
  await db.deleteFrom('resumable_uploads').where('upload', '=', upload).execute();
  const rows = await db
    .selectFrom('upload_chunks')
    .select(['begin', 'chunk'])
    .where('upload', '=', upload)
    .limit(limits.removedChunksMax)
    .execute();
  if (rows.length === 0) {
    await db.deleteFrom('uploads').where('id', '=', upload).execute();
    return false;
  }
  const begins = rows.map(({ begin }) => begin);
  await db
    .deleteFrom('upload_chunks')
    .where('upload', '=', upload)
    .where('begin', 'in', begins)
    .execute();
  await db
    .deleteFrom('chunks')
    .where('id', 'in', [...new Set(rows.map(({ chunk }) => chunk))])
    .where('id', 'not in', (from) =>
      from.selectFrom('content_chunks').select('chunk').whereRef('chunk', '=', 'chunks.id'),
    )
    .where('id', 'not in', (from) =>
      from.selectFrom('upload_chunks').select('chunk').whereRef('chunk', '=', 'chunks.id'),
    )
    .execute();
  return true;
}

/** Uploads to which nothing came since a time, in microseconds: whoever made them is gone. */
export async function abandonedUploads(db: Kysely<LogTables>, since: number): Promise<string[]> {
  const rows = await db
    .selectFrom('uploads')
    .select('id')
    .where('touched_at', '<', since)
    .execute();
  return rows.map(({ id }) => id);
}
