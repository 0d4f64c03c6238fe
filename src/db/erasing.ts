/**
 * What a process still holds of what was erased from the log: kept answers, changes for followers, the
 * replica, tables that were read, pages of the file. Erasing is done once none of it is left.
 */
import { dirname, join } from 'node:path';
import type { Answers } from './answers/answers.ts';
import type { SharedSpans } from './feed/shared-spans.ts';
import type { WithinCommit } from './log/contents/upload-rows.ts';
import type { LogReader } from './log/log-reader.ts';
import { holdLog } from './log/sqlite/log-lock.ts';
import { rewriteFile } from './log/sqlite/rewrite-file.ts';
import type { LogFiles } from './log-files.ts';
import { removeUnusedReplicas } from './replica/replica-file.ts';
import type { ReplicaKeeper } from './replica/replica-keeper.ts';
import type { Tables } from './tables/tables.ts';

interface HeldParts {
  readonly log: LogReader;
  readonly answers: Answers;
  readonly spans: SharedSpans;
  readonly replica: ReplicaKeeper;
  readonly tables: Tables;
  readonly onFault: (error: unknown) => void;
}

export class Erasing {
  readonly #parts: HeldParts;
  readonly #listeners = new Set<() => void>();
  /** The last erasure that this process knows of; null until it has looked. */
  #known: number | null = null;
  #forgetting: Promise<void> | null = null;

  constructor(parts: HeldParts) {
    this.#parts = parts;
  }

  /** Has somebody told, perhaps more than once, when something was erased. @returns what ends it. */
  onErased(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks for erasures by other processes, and begins to forget what they erased. */
  async look(): Promise<void> {
    const last = await this.#parts.log.lastErasure();
    const isNew = this.#known !== null && last > this.#known;
    this.#known = last;
    if (isNew) this.forget().catch(this.#parts.onFault);
  }

  /** Forgets what was erased. @returns once the replica is one without it. */
  async forget(): Promise<void> {
    this.#clear();
    const before = this.#forgetting;
    const forgetting = (async () => {
      await before;
      this.#known = await this.#parts.log.lastErasure();
      await this.#parts.replica.renew();
      // What was being read meanwhile may have been kept since.
      this.#clear();
    })();
    this.#forgetting = forgetting;
    await forgetting;
  }

  #clear(): void {
    const { answers, spans, tables } = this.#parts;
    answers.clear();
    spans.clear();
    tables.clear();
    for (const listener of this.#listeners) listener();
  }
}

/**
 * Has the files of a data directory hold nothing that was erased, but for what other processes have open,
 * who see to it themselves.
 * @param commit runs work within a commit of the log.
 * @throws Unavailable when others use the log all the time: what is left is done at the next start.
 */
export async function finishErasures(
  { path, writing }: Pick<LogFiles, 'path' | 'writing'>,
  commit: WithinCommit,
): Promise<void> {
  const rows = await writing.kysely.selectFrom('unfinished_erasures').selectAll().execute();
  if (rows.length === 0) return;
  await holdLog(path, () => removeUnusedReplicas(join(dirname(path), 'replica')));
  await rewriteFile(writing);
  const done = rows.map(({ erasure }) => erasure);
  await commit((db) => db.deleteFrom('unfinished_erasures').where('erasure', 'in', done).execute());
}
