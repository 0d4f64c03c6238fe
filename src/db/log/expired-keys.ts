/** Idempotency keys that have served: removed some time after their mutations, in small commits. */
import type { Kysely } from 'kysely';
import type { Clock } from '../shared/clock.ts';
import { limits } from '../shared/limits.ts';
import type { WithinCommit } from './contents/upload-rows.ts';
import type { LogTables } from './tables.ts';

const dayMs = 24 * 3_600_000;

export class ExpiredKeys {
  readonly #reading: Kysely<LogTables>;
  readonly #commit: WithinCommit;
  readonly #clock: Clock;
  readonly #days: number;
  readonly #timer: NodeJS.Timeout | undefined;

  /**
   * @param days how long a key counts at least; 0 for ever.
   * @param onFault told of failures that nobody waits for.
   */
  constructor(
    reading: Kysely<LogTables>,
    commit: WithinCommit,
    clock: Clock,
    days: number,
    onFault: (error: unknown) => void,
  ) {
    this.#reading = reading;
    this.#commit = commit;
    this.#clock = clock;
    this.#days = days;
    if (days === 0) return;
    this.#timer = setInterval(() => this.collect().catch(onFault), limits.keysCollectedMs);
    this.#timer.unref();
  }

  /**
   * Removes the keys that have expired; this happens by itself every limits.keysCollectedMs.
   * @returns how many there were.
   * @throws what a write throws; then some may have been removed.
   */
  async collect(): Promise<number> {
    if (this.#days === 0) return 0;
    // An upload that was kept is known by its key for as long as its own row stays, which is a day
    // and up to one look.
    const ageMs = this.#days * dayMs + limits.uploadsCollectedMs;
    const before = this.#clock() - ageMs * 1_000;
    for (let removed = 0; ; ) {
      const keys = await this.#expired(before);
      if (keys.length === 0) return removed;
      await this.#commit(async (db) => {
        // One that another process removed meanwhile may have come again.
        await db
          .deleteFrom('idempotency_keys')
          .where('key', 'in', keys)
          .where((is) => is.or([is('created_at', '<', before), is('created_at', 'is', null)]))
          .execute();
      });
      removed += keys.length;
    }
  }

  /** Collects nothing more. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** Some of the keys from before a time. */
  async #expired(before: number): Promise<string[]> {
    const keys = this.#reading
      .selectFrom('idempotency_keys')
      .select('key')
      .limit(limits.removedKeysMax);
    const rows = await keys.where('created_at', '<', before).execute();
    if (rows.length > 0) return rows.map(({ key }) => key);
    // Those that have no time are as old as the end of the log was that they answer at.
    const end = await this.#reading
      .selectFrom('transactions')
      .select('last_position')
      .where('committed_at', '<', before)
      .orderBy('committed_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    const untimed = await keys
      .where('created_at', 'is', null)
      .where('position', '<=', end?.last_position ?? 0)
      .execute();
    return untimed.map(({ key }) => key);
  }
}
