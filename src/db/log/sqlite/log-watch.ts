/**
 * Watches whether the log can be written. SQLite's errors tell that it cannot; that it can again is
 * found out by trying, apart from anybody's writes, so that it is known when nobody writes either.
 * That its path leads elsewhere SQLite does not tell: it writes on into a file that nobody finds.
 */
import { fileIdentity } from '../../shared/file-identity.ts';
import { limits } from '../../shared/limits.ts';
import { LogDamaged, StorageFailed, StorageFull } from '../../shared/problems.ts';
import type { LogState, StateChange } from '../../shared/store-health.ts';
import { isUnsynced } from './storage-errors.ts';

/** How is found out whether the log works again. Both throw when it does not. */
export interface Attempts {
  /** Writes what changes nothing. */
  readonly tryWriting: () => Promise<void>;
  /** Opens the log anew and looks whether it is whole, after it could not be brought to disk. */
  readonly mend: () => Promise<void>;
}

export class LogWatch {
  readonly #path: string;
  readonly #tell: (change: StateChange) => void;
  /** What each of the log's files was when watching began. */
  #files: ReadonlyMap<string, string> = new Map();
  #state: LogState = 'ok';
  #timer: NodeJS.Timeout | null = null;
  #trying: Promise<void> | null = null;
  #pauseMs = 0;
  #tryAt = 0;
  #recoveredAt = Number.NEGATIVE_INFINITY;
  #isUnsynced = false;
  #unsyncedTimes = 0;

  constructor(path: string, tell: (change: StateChange) => void) {
    this.#path = path;
    this.#tell = tell;
  }

  get state(): LogState {
    return this.#state;
  }

  /** How often it was noticed that the disk did not take what was written. */
  get unsyncedTimes(): number {
    return this.#unsyncedTimes;
  }

  /** Begins, once the log is open. */
  start(attempts: Attempts): void {
    const files = new Map<string, string>();
    for (const path of [this.#path, `${this.#path}-wal`, `${this.#path}-shm`]) {
      const identity = fileIdentity(path);
      if (identity) files.set(path, identity);
    }
    this.#files = files;
    this.#timer = setInterval(() => this.#look(attempts), limits.fileLookMs).unref();
  }

  /** Ends; what is being tried is finished. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#trying;
  }

  /** Takes notice of an error of the log's storage. */
  failed(error: StorageFull | StorageFailed): void {
    if (isUnsynced(error)) {
      this.#isUnsynced = true;
      this.#unsyncedTimes += 1;
    }
    // While it fails, one error or the other may come with each request.
    if (this.#state !== 'ok' || !this.#timer) return;
    // A disk with room for small writes alone would fail and work again by turns, at every request.
    const relapse = performance.now() - this.#recoveredAt < limits.relapseMs;
    this.#pauseMs = relapse ? Math.min(this.#pauseMs * 2, limits.retryMaxMs) : limits.retryMinMs;
    this.#tryAt = performance.now() + this.#pauseMs;
    if (error instanceof StorageFull) {
      const message = 'The disk of the log is full. Writes are refused until there is room.';
      this.#change('full', message, error.cause);
    } else {
      const message = 'The log fails. What needs it is refused until it works again.';
      this.#change('failed', message, error.cause);
    }
  }

  /**
   * After a failed fsync another one may succeed, and say nothing of what the first one lost. So
   * nothing is written, and nothing acknowledged, until the log was opened anew and found whole.
   * @throws StorageFailed until then.
   */
  refuseWhenUnsynced(): void {
    if (!this.#isUnsynced) return;
    throw new StorageFailed(
      'The log could not be brought to disk. Until it was opened anew and found whole nothing is ' +
        'written, and this was not done. Try again once its disk works.',
    );
  }

  /**
   * Looks whether the path still leads to the file that is open.
   * @param outcome what became of the write that asks, for the message.
   * @throws StorageFailed when it does not.
   */
  refuseWhenGone(outcome: string): void {
    this.#lookForFiles();
    if (this.#state !== 'gone') return;
    throw new StorageFailed(
      `The data directory was deleted or replaced while the server was running. ${outcome} Put ` +
        'it back, or start the server again.',
    );
  }

  #look(attempts: Attempts): void {
    this.#lookForFiles();
    if (this.#state !== 'full' && this.#state !== 'failed') return;
    if (performance.now() < this.#tryAt) return;
    this.#trying ??= this.#try(attempts).finally(() => {
      this.#trying = null;
    });
  }

  async #try({ tryWriting, mend }: Attempts): Promise<void> {
    const mends = this.#isUnsynced;
    try {
      await (mends ? mend() : tryWriting());
    } catch (error) {
      this.#isUnsynced ||= isUnsynced(error);
      this.#tryAt = performance.now() + this.#pauseMs;
      // All else is known already, and was told when it came first.
      if (error instanceof LogDamaged) this.#giveUp(error);
      return;
    }
    if (this.#state === 'gone') return;
    if (this.#isUnsynced && !mends) return;
    this.#isUnsynced = false;
    this.#recoveredAt = performance.now();
    const found = mends ? ' It was opened anew and found whole.' : '';
    this.#change('ok', `The log can be written again.${found}`, null);
  }

  /** It lacks what was acknowledged: no attempt will bring that back. */
  #giveUp(error: LogDamaged): void {
    this.#tryAt = Number.POSITIVE_INFINITY;
    this.#change('failed', error.message, error);
  }

  #lookForFiles(): void {
    const moved = [...this.#files].find(([path, identity]) => fileIdentity(path) !== identity);
    if (!moved && this.#state === 'gone' && this.#isUnsynced) {
      this.#change('failed', 'The log is back at its path, and is looked at.', null);
    } else if (!moved && this.#state === 'gone') {
      this.#change('ok', 'The log is back at its path, and is written again.', null);
    } else if (moved && this.#state !== 'gone') {
      const message =
        `${moved[0]} is no longer the file that was opened: the data directory was deleted or ` +
        'replaced. Nothing is written any more. Put it back, or start the server again.';
      this.#change('gone', message, null);
    }
  }

  #change(state: LogState, message: string, error: unknown): void {
    this.#state = state;
    this.#tell({ part: 'log', state, message, error });
  }
}
