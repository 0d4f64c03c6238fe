/**
 * One request at a time goes on with an upload. Whoever comes next asks the one before to end: it may be
 * one whose client has lost its connection, and nobody told the server. Other processes are kept apart
 * by the log, which takes nothing that does not begin where the upload is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestRelease } from '@tus/server';
import { requestLimits } from '../server/request-limits.ts';
import { refuse } from './upload-refusals.ts';

interface Holder {
  readonly release: RequestRelease;
  readonly over: Promise<void>;
}

export class UploadLocks {
  readonly #holders = new Map<string, Holder>();

  /**
   * Waits until nobody else goes on with an upload.
   * @param release called when somebody waits for whoever has the lock.
   * @returns ends it.
   * @throws what @tus/server answers with 423, when the one before does not end in time.
   */
  async take(upload: string, release: RequestRelease): Promise<() => void> {
    const deadline = performance.now() + requestLimits.uploadLockTimeMaxMs;
    for (let held = this.#holders.get(upload); held; held = this.#holders.get(upload)) {
      await held.release();
      const left = deadline - performance.now();
      if (left <= 0) throw refuse(423, 'Another request goes on with this upload.');
      const late = new AbortController();
      await Promise.race([held.over, sleep(left, null, { signal: late.signal })]);
      late.abort();
    }
    let end = () => {};
    const over = new Promise<void>((ended) => {
      end = () => {
        this.#holders.delete(upload);
        ended();
      };
    });
    this.#holders.set(upload, { release, over });
    return end;
  }
}
