/**
 * Takes the write-ahead log into the database in a thread of its own. SQLite would do it within a commit,
 * and so within the event loop, which stands still until the disk has written all of it twice.
 */
import { limits } from '../../shared/limits.ts';
import { OwnThread } from '../../shared/own-thread.ts';
import { StorageFailed, StorageFull } from '../../shared/problems.ts';
import type { LogFile } from './log-file.ts';
import type { LogWatch } from './log-watch.ts';
import { receivedError, type SentError } from './storage-errors.ts';

export class Checkpoints {
  readonly #log: LogFile;
  readonly #watch: LogWatch;
  readonly #onFault: (error: unknown) => void;
  readonly #thread: OwnThread<null, SentError | null>;
  /** What is being taken in. */
  #takingIn: Promise<void> | null = null;
  #isClosed = false;

  /**
   * @param log a connection that writes.
   * @param path of its file.
   * @param watch told when the log could not be brought to disk.
   * @param onFault told of anything else.
   */
  constructor(log: LogFile, path: string, watch: LogWatch, onFault: (error: unknown) => void) {
    this.#log = log;
    this.#thread = new OwnThread('db/log/sqlite/checkpoint-thread', { path });
    this.#watch = watch;
    this.#onFault = onFault;
    log.leaveCheckpoints();
  }

  /** Something was committed: it is taken in once that is enough. */
  offer(): void {
    if (this.#takingIn || this.#isClosed || this.#watch.state !== 'ok') return;
    const ahead = this.#ahead();
    if (ahead && ahead.pages - ahead.takenIn >= limits.checkpointPages) this.#begin();
  }

  /**
   * Whoever writes waits here where it fell behind: SQLite begins the write-ahead log anew only at its end,
   * which is not reached while others write.
   */
  async catchUp(): Promise<void> {
    const ahead = this.#ahead();
    if (!ahead || ahead.pages < limits.writeAheadPages || ahead.takenIn === ahead.pages) return;
    await this.#takingIn;
    await this.#begin();
  }

  /** Ends, once what is being taken in is. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread.close();
  }

  #ahead(): ReturnType<LogFile['writeAhead']> {
    try {
      return this.#log.writeAhead();
    } catch {
      // What was committed is committed: whoever writes or reads next meets it.
      return null;
    }
  }

  #begin(): Promise<void> {
    this.#takingIn ??= this.#takeIn().finally(() => {
      this.#takingIn = null;
    });
    return this.#takingIn;
  }

  async #takeIn(): Promise<void> {
    try {
      const sent = await this.#thread.ask(null);
      if (sent) throw receivedError(sent);
    } catch (error) {
      // What is not taken in stays where it is. Where there is no room for it, a write is refused in the end.
      if (error instanceof StorageFailed) this.#watch.failed(error);
      else if (!this.#isClosed && !(error instanceof StorageFull)) this.#onFault(error);
    }
  }
}
