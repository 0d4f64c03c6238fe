/** What the log keeps of uploads that come in several requests: whose each is, and how far it has come. */
import type { Kysely } from 'kysely';
import type { Clock } from '../../shared/clock.ts';
import { hexOf } from '../../shared/hex.ts';
import { limits } from '../../shared/limits.ts';
import { TooManyUploads, UploadMoved } from '../../shared/problems.ts';
import type { LogTables } from '../tables.ts';
import { decoded, type StoredChunk } from './chunk-encoding.ts';
import { addUploadChunks, nameUpload, touchUpload, type Uploaded } from './upload-rows.ts';

type Microseconds = ReturnType<Clock>;

/** What is said of an upload when it begins. */
export interface ResumableTerms {
  /** Whose it is; null where nobody is asked who they are. */
  readonly viewer: string | null;
  /** How many bytes it will have. */
  readonly size: number;
  /** What its client says of it, as it says it. */
  readonly metadata: string;
}

/** How far an upload has come. */
export interface Reached {
  /** How many bytes are in chunks … */
  readonly chunkBytes: number;
  /** … and the bytes after them, which are no whole chunk yet. */
  readonly tail: Uint8Array;
}

/** An upload as the log has it. It has all its bytes only once a transaction has kept them. */
export interface ResumableState extends Reached {
  readonly id: string;
  readonly size: number;
  readonly metadata: string;
  /** When something came to it last. */
  readonly touchedAt: Microseconds;
}

/** All bytes of an upload have come: what a transaction keeps, with those that are not stored yet. */
export interface EndedUpload extends Uploaded {
  readonly from: Reached;
  readonly chunks: readonly StoredChunk[];
  readonly endedAt: Microseconds;
}

/** How many bytes of an upload there are. */
export function offsetOf({ chunkBytes, tail }: Reached): number {
  return chunkBytes + tail.length;
}

/** Begins an upload. @throws TooManyUploads when its viewer has too many under way. */
export async function beginResumable(
  db: Kysely<LogTables>,
  id: string,
  { viewer, size, metadata }: ResumableTerms,
  now: Microseconds,
): Promise<void> {
  const { count } = await db
    .selectFrom('resumable_uploads')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('viewer', 'is', viewer)
    .whereRef('chunk_bytes', '<', 'size')
    .executeTakeFirstOrThrow();
  if (count >= limits.uploadsPerViewerMax) throw new TooManyUploads();
  await db.insertInto('uploads').values({ id, touched_at: now }).execute();
  await db
    .insertInto('resumable_uploads')
    .values({ upload: id, viewer, size, metadata, chunk_bytes: 0, tail: new Uint8Array() })
    .execute();
}

/** @returns a viewer's upload; null when there is none, or it is somebody else's. */
export async function findResumable(
  db: Kysely<LogTables>,
  id: string,
  viewer: string | null,
): Promise<ResumableState | null> {
  const row = await db
    .selectFrom('resumable_uploads')
    .innerJoin('uploads', 'id', 'upload')
    .select(['size', 'metadata', 'chunk_bytes', 'tail', 'touched_at'])
    .where('upload', '=', id)
    .where('viewer', 'is', viewer)
    .executeTakeFirst();
  if (!row) return null;
  const { size, metadata, chunk_bytes: chunkBytes, tail, touched_at: touchedAt } = row;
  return { id, size, metadata, chunkBytes, tail, touchedAt };
}

/**
 * Stores what came to an upload, unless something else came to it meanwhile.
 * @param from how far it had come as far as who writes knows.
 * @param pause lets others go on between chunks.
 * @throws UploadMoved when it has come further, or is there no more.
 */
export async function advanceResumable(
  db: Kysely<LogTables>,
  upload: string,
  from: Reached,
  chunks: readonly StoredChunk[],
  tail: Uint8Array,
  now: Microseconds,
  pause: () => Promise<void>,
): Promise<Reached> {
  await refuseMoved(db, upload, from);
  const chunkBytes = await addUploadChunks(db, upload, from.chunkBytes, chunks, pause);
  await db
    .updateTable('resumable_uploads')
    .set({ chunk_bytes: chunkBytes, tail })
    .where('upload', '=', upload)
    .execute();
  await touchUpload(db, upload, false, now);
  return { chunkBytes, tail };
}

/**
 * Keeps an upload as contents, with its last bytes: it has all of them then, and no chunks of its own.
 * @throws UploadMoved when something else came to it, or it is there no more.
 * @throws ContentsDamaged when there are such contents already, which are not these bytes any more.
 */
export async function keepResumable(
  db: Kysely<LogTables>,
  { from, chunks, endedAt, ...uploaded }: EndedUpload,
  pause: () => Promise<void>,
): Promise<void> {
  const { upload } = uploaded;
  await advanceResumable(db, upload, from, chunks, new Uint8Array(), endedAt, pause);
  await nameUpload(db, uploaded);
  await db.deleteFrom('upload_chunks').where('upload', '=', upload).execute();
}

/** The chunks of an upload, in order. @throws ContentsDamaged for one that is not as it was stored. */
export async function* uploadedChunks(
  db: Kysely<LogTables>,
  upload: string,
): AsyncGenerator<Uint8Array, void> {
  for (let end = 0; ; ) {
    const next = await db
      .selectFrom('upload_chunks')
      .innerJoin('chunks', 'chunks.id', 'chunk')
      .select(['begin', 'digest', 'chunks.size', 'encoding', 'bytes'])
      .where('upload', '=', upload)
      .where('begin', '>=', end)
      .orderBy('begin')
      .limit(1)
      .executeTakeFirst();
    if (!next) return;
    yield decoded(next, hexOf(next.digest));
    end = next.begin + next.size;
  }
}

/** What has come to an upload only grows: as many bytes are the same bytes. */
async function refuseMoved(db: Kysely<LogTables>, upload: string, from: Reached): Promise<void> {
  const row = await db
    .selectFrom('resumable_uploads')
    .select(({ fn, ref }) => ['chunk_bytes', fn<number>('length', [ref('tail')]).as('tailBytes')])
    .where('upload', '=', upload)
    .executeTakeFirst();
  if (row && row.chunk_bytes + row.tailBytes === offsetOf(from)) return;
  throw new UploadMoved(offsetOf(from), row ? row.chunk_bytes + row.tailBytes : null);
}
