/**
 * What a process still holds of what was erased from the log: kept answers, changes for followers, the
 * replica, tables that were read, pages of the file. Erasing is done once none of it is left.
 */
import { dirname, join } from 'node:path';
import type { Entity } from '../entities/index.ts';
import type { Answers } from './answers/answers.ts';
import type { SharedSpans } from './feed/shared-spans.ts';
import type { WithinCommit } from './log/contents/upload-rows.ts';
import { deleteAll, type RecordName } from './log/erase.ts';
import type { LogReader } from './log/log-reader.ts';
import type { LogTree } from './log/log-tree.ts';
import { holdLog } from './log/sqlite/log-lock.ts';
import { refuseWithoutRoom, rewriteFile } from './log/sqlite/rewrite-file.ts';
import type { TransactionAbout } from './log/transaction-head.ts';
import type { Committed, Work } from './log/writer.ts';
import type { LogFiles } from './log-files.ts';
import { type Receipt, receiptKey, signReceipt } from './receipt.ts';
import { removeUnusedReplicas } from './replica/replica-file.ts';
import type { ReplicaKeeper } from './replica/replica-keeper.ts';
import { limits } from './shared/limits.ts';
import { Unavailable } from './shared/problems.ts';
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
  /** The last erasure that this process knows of. */
  #known: number;
  #forgetting: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  /** @param known the last erasure before anything was read that the parts hold. */
  constructor(parts: HeldParts, known: number) {
    this.#parts = parts;
    this.#known = known;
    const look = () =>
      this.#look().catch((error) => {
        // Closed since, or the log’s storage failed, which was told already.
        if (!this.#isClosed && !(error instanceof Unavailable)) parts.onFault(error);
      });
    this.#timer = setInterval(look, limits.erasuresLookMs).unref();
  }

  /** Has somebody told, perhaps more than once, when something was erased. @returns what ends it. */
  onErased(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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

  /** Looks for no more of them. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
  }

  /** Looks for erasures by other processes, and forgets what they erased. */
  async #look(): Promise<void> {
    const last = await this.#parts.log.lastErasure();
    if (last <= this.#known) return;
    this.#known = last;
    await this.forget();
  }

  #clear(): void {
    const { answers, spans, tables } = this.#parts;
    answers.clear();
    spans.clear();
    tables.clear();
    for (const listener of this.#listeners) listener();
  }
}

/** The log that records are erased from, as whoever has it open has it. */
interface ErasedLog {
  readonly files: Pick<LogFiles, 'path' | 'logId' | 'writing'>;
  readonly entities: readonly Entity[];
  readonly tree: LogTree;
  readonly transact: <T>(work: Work<T>, about?: TransactionAbout) => Promise<Committed<T>>;
}

/**
 * Deletes those of some records that are live, and erases all of them from the log.
 * @returns the receipt; null when all of it had been erased before.
 * @throws NotFound for an id that was never used, StorageFull where there is no room to write the log's
 *   file anew; then nothing was done.
 */
export async function eraseForReceipt(
  { files, entities, tree, transact }: ErasedLog,
  records: readonly RecordName[],
  about: TransactionAbout,
): Promise<Receipt | null> {
  await refuseWithoutRoom(files.writing, files.path);
  const key = await receiptKey(dirname(files.path));
  const { transaction } = await transact((log) => deleteAll(log, records), about);
  const terms = { defined: entities, records, deletion: transaction?.id ?? null };
  const { value: erasure } = await transact((log) => log.erase(terms));
  if (!erasure) return null;
  return signReceipt(key, files.logId, erasure, about, await tree.head(erasure.position));
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
  await rewriteFile(writing, path);
  const done = rows.map(({ erasure }) => erasure);
  await commit((db) => db.deleteFrom('unfinished_erasures').where('erasure', 'in', done).execute());
}
