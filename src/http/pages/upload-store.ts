/** Uploads as @tus/server asks for them, over those of the log: for one request, and whoever sent it. */
import { DataStore, ERRORS, type Locker, Metadata, Upload } from '@tus/server';
import { limits, offsetOf, type ResumableState } from '../../db/index.ts';
import {
  beginUpload,
  continueUpload,
  endUpload,
  type Operation,
  type PutResult,
} from '../../resolvers/index.ts';
import { checked } from './upload-checksum.ts';
import type { UploadLocks } from './upload-locks.ts';
import { targetOf } from './upload-metadata.ts';

export const tusExtensions = [
  'creation',
  'creation-with-upload',
  'expiration',
  'termination',
  'checksum',
];

/** What a request says besides what @tus/server hands on. */
export interface UploadRequest {
  readonly operation: Operation;
  /** Upload-Metadata as it came. */
  readonly metadata: string;
  /** Upload-Checksum as it came; null without it. */
  readonly checksum: string | null;
  /** How many bytes may be held until their checksum is known. */
  readonly checkedBytesMax: number;
}

export class UploadStore extends DataStore {
  override readonly extensions = tusExtensions;
  readonly #request: UploadRequest;
  #result: PutResult | null = null;
  #writing: Promise<unknown> = Promise.resolve();
  #failure: unknown = null;

  constructor(request: UploadRequest) {
    super();
    this.#request = request;
  }

  override async create(upload: Upload): Promise<Upload> {
    const { metadata, operation } = this.#request;
    // Its length is always told: to tell it later is another extension.
    upload.id = await beginUpload(targetOf(metadata), upload.size ?? 0, metadata, operation);
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const state = await this.#find(id);
    return new Upload({
      id,
      size: state.size,
      offset: offsetOf(state),
      metadata: Metadata.parse(state.metadata),
      // What it expires after; @tus/server counts from here.
      creation_date: new Date(state.touchedAt / 1_000).toISOString(),
    });
  }

  override async write(
    stream: AsyncIterable<Uint8Array>,
    id: string,
    offset: number,
  ): Promise<number> {
    const written = this.#write(stream, id, offset);
    this.#writing = written.catch((error) => {
      this.#failure = error;
    });
    return await written;
  }

  override async remove(id: string): Promise<void> {
    const { view } = this.#request.operation;
    await this.#find(id);
    await view.discardUpload(id);
  }

  override getExpiration(): number {
    return limits.uploadIdleMs;
  }

  /** Why bytes were not written; null when they were. @tus/server is told by its streams, of their end. */
  get failure(): unknown {
    return this.#failure;
  }

  /** What an upload that has all its bytes came to. */
  async result(id: string): Promise<PutResult> {
    this.#result ??= await this.#end(await this.#find(id));
    return this.#result;
  }

  /** A lock that lasts until what was begun under it is done, whatever became of its request. */
  lockedBy(locks: UploadLocks): Locker {
    return {
      newLock: (id) => {
        let end = () => {};
        return {
          lock: async (_signal, release) => {
            end = await locks.take(id, release);
          },
          unlock: async () => {
            await this.#writing;
            end();
          },
        };
      },
    };
  }

  async #write(stream: AsyncIterable<Uint8Array>, id: string, offset: number): Promise<number> {
    const { operation, checksum, checkedBytesMax } = this.#request;
    const state = await this.#find(id);
    if (offsetOf(state) !== offset) throw ERRORS.INVALID_OFFSET;
    const bytes = checksum === null ? stream : await checked(stream, checksum, checkedBytesMax);
    const target = targetOf(state.metadata);
    const { offset: reached, result } = await continueUpload(
      state,
      target,
      bytes as AsyncIterable<Uint8Array>,
      operation,
    );
    this.#result = result;
    return reached;
  }

  #end(state: ResumableState): Promise<PutResult> {
    const { operation } = this.#request;
    return endUpload(operation.view.resume(state), targetOf(state.metadata), operation);
  }

  /** Whoever did not begin it is told nothing of it. */
  async #find(id: string): Promise<ResumableState> {
    const state = await this.#request.operation.view.findResumable(id);
    if (!state) throw ERRORS.FILE_NOT_FOUND;
    return state;
  }
}
