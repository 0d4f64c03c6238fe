/**
 * Stores chunks of uploads in a thread of its own, through a connection of its own to the log, as another
 * process would: SQLite holds up nobody else meanwhile.
 */
import { OwnThread } from '../shared/own-thread.ts';
import { StorageFailed, StorageFull } from '../shared/problems.ts';
import type { ChunkStorer, ChunksOfUpload } from './contents/upload.ts';
import type { Checkpoints } from './sqlite/checkpoints.ts';
import type { LogWatch } from './sqlite/log-watch.ts';
import { thrown, type UploadFailure } from './upload-failure.ts';

/** Where the upload ends then, in bytes; or why it does not. */
export type StoredUpTo = { readonly end: number } | { readonly failure: UploadFailure };

/** The log that uploads are stored in. */
export interface UploadLog {
  readonly path: string;
  readonly watch: LogWatch;
  readonly checkpoints: Checkpoints;
}

export class UploadStorer implements ChunkStorer {
  readonly #log: UploadLog;
  readonly #thread: OwnThread<ChunksOfUpload, StoredUpTo>;

  constructor(log: UploadLog) {
    this.#log = log;
    this.#thread = new OwnThread('db/log/upload-thread', { path: log.path });
  }

  get lost(): number {
    return this.#log.watch.unsyncedTimes;
  }

  async store(asked: ChunksOfUpload): Promise<number> {
    const { watch, checkpoints } = this.#log;
    watch.refuseWhenGone('This was not done.');
    watch.refuseWhenUnsynced();
    await checkpoints.catchUp();
    const memory = asked.chunks.map(({ bytes }) => bytes);
    const stored = await this.#thread.ask(asked, memory);
    if ('failure' in stored) throw this.#noted(thrown(stored.failure));
    checkpoints.offer();
    return stored.end;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #noted(error: unknown): unknown {
    const isStorage = error instanceof StorageFull || error instanceof StorageFailed;
    if (isStorage) this.#log.watch.failed(error);
    return error;
  }
}
