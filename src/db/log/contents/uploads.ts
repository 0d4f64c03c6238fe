/** Uploads of a store: begun here, and collected once nobody comes back to them. */
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { Unavailable } from '../../shared/problems.ts';
import type { LogTables } from '../tables.ts';
import { ChunkMaker } from './chunk-maker.ts';
import {
  beginResumable,
  findResumable,
  type ResumableState,
  type ResumableTerms,
} from './resumable-rows.ts';
import { ResumableUpload } from './resumable-upload.ts';
import { type ChunkStorer, Upload } from './upload.ts';
import { UploadDigests } from './upload-digests.ts';
import { abandonedUploads, removeUpload, type Uploaded, type WithinCommit } from './upload-rows.ts';

export class Uploads {
  readonly #reading: Kysely<LogTables>;
  readonly #commit: WithinCommit;
  readonly #clock: Clock;
  readonly #digests = new UploadDigests();
  readonly #maker = new ChunkMaker();
  readonly #storer: ChunkStorer;
  /** Those that have neither ended nor been given up. */
  readonly #underWay = new Map<string, Upload>();
  readonly #onFault: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param storer ends with it.
   * @param commit runs work within a commit of the log.
   * @param onFault told of failures that nobody waits for.
   */
  constructor(
    reading: Kysely<LogTables>,
    storer: ChunkStorer,
    commit: WithinCommit,
    clock: Clock,
    onFault: (error: unknown) => void,
  ) {
    this.#reading = reading;
    this.#commit = commit;
    this.#clock = clock;
    this.#onFault = onFault;
    this.#storer = storer;
    this.#timer = setInterval(() => this.collect().catch(onFault), limits.uploadsCollectedMs);
    this.#timer.unref();
  }

  /** Begins an upload. Nothing of it is stored yet. */
  begin(): Upload {
    const upload = new Upload({
      maker: this.#maker,
      storer: this.#storer,
      clock: this.#clock,
      onEnd: ({ id }) => this.#underWay.delete(id),
    });
    this.#underWay.set(upload.id, upload);
    return upload;
  }

  /**
   * Uploads bytes as they come, for a transaction to keep.
   * @throws what the bytes throw, and what a write of the log throws; then nothing of them is left, or
   *   is collected later where the log cannot be written now.
   */
  async receive(bytes: AsyncIterable<Uint8Array>): Promise<Uploaded> {
    const upload = this.begin();
    try {
      for await (const piece of bytes) await upload.write(piece);
      return await upload.end();
    } catch (error) {
      await this.discard(upload.id).catch((failure) => {
        // That the log's storage fails was told already.
        if (!(failure instanceof Unavailable)) this.#onFault(failure);
      });
      throw error;
    }
  }

  /**
   * Begins an upload that may come in several requests.
   * @returns its id.
   * @throws TooManyUploads, and what a write of the log throws.
   */
  async beginResumable(terms: ResumableTerms): Promise<string> {
    const id = randomUUID();
    await this.#commit((db) => beginResumable(db, id, terms, this.#clock()));
    return id;
  }

  /** @returns a viewer's upload; null when there is none, or it is somebody else's. */
  findResumable(id: string, viewer: string | null): Promise<ResumableState | null> {
    return findResumable(this.#reading, id, viewer);
  }

  /** Goes on with an upload where it is. */
  resume(state: ResumableState): ResumableUpload {
    return new ResumableUpload(state, {
      reading: this.#reading,
      commit: this.#commit,
      clock: this.#clock,
      digests: this.#digests,
      maker: this.#maker,
    });
  }

  /** Removes an upload, unless it was kept. */
  async discard(upload: string): Promise<void> {
    await this.#underWay.get(upload)?.giveUp();
    this.#underWay.delete(upload);
    const found = await this.#reading
      .selectFrom('uploads')
      .select('id')
      .where('id', '=', upload)
      .executeTakeFirst();
    if (found) await removeUpload(this.#commit, upload);
  }

  /** Removes uploads to which nothing came for limits.uploadIdleMs. */
  async collect(): Promise<void> {
    const since = this.#clock() - limits.uploadIdleMs * 1_000;
    for (const upload of await abandonedUploads(this.#reading, since)) {
      await removeUpload(this.#commit, upload);
    }
  }

  /** Takes and collects nothing more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#maker.close(), this.#storer.close()]);
  }
}
