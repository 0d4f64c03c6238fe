/**
 * Importing history as it was: into an empty log, or one that is a beginning of it. What is there
 * already is compared, not written; so an import that was interrupted goes on where it stopped.
 */
import { type LogAccess, limits, type PastContents, type PastTransaction } from '../db/index.ts';
import { type Position, positionZero } from '../entities/index.ts';
import type { RefuseWhenInterrupted } from '../terminal/index.ts';
import type { HistorySource } from './history-source.ts';
import { differenceOf, type LoggedTransaction, loggedHistory } from './logged-history.ts';
import { Refused } from './refused.ts';
import { RowCursor } from './row-cursor.ts';
import { contentsNamed, type NamedContents, takeIn } from './stored-contents.ts';

/** What an import of history came to. */
export interface HistoryImported {
  /** Versions that the log had already. */
  readonly found: number;
  readonly versions: number;
  readonly transactions: number;
  /** Contents of files that were taken in. */
  readonly contents: number;
  /** Where the log ends now. */
  readonly position: Position;
}

/** Told of versions that were compared or written. */
export type OnVersions = (what: string, versions: number) => void;

/**
 * @param trial an empty log, where nothing is to be done but tried: it is written instead, and takes no
 *   contents. Nothing else finds all that would be refused.
 * @throws Refused when the log is not a beginning of the history: nothing is written then.
 * @throws Refused, HistoryRefused or LogMoved for what cannot follow: what was committed before stays.
 */
export async function importHistory(
  log: LogAccess,
  source: HistorySource,
  onVersions: OnVersions,
  refuseWhenInterrupted: RefuseWhenInterrupted,
  trial: LogAccess | null = null,
): Promise<HistoryImported> {
  const logged = await log.totals();
  const before = new RowCursor<LoggedTransaction>(loggedHistory(log, logged.position));
  const begin = trial ? positionZero : logged.position;
  const writing = new HistoryCommits(trial ?? log, source, begin, !trial, onVersions);
  for await (const some of source.transactions()) {
    refuseWhenInterrupted();
    for (const past of some) {
      if (before.isEmpty) await before.fill();
      if (before.next) {
        refuseDifference(before.next, past, source);
        before.take();
        if (!trial) {
          onVersions('compared', past.versions.length);
          continue;
        }
      }
      await writing.add(past);
    }
  }
  if (before.isEmpty) await before.fill();
  if (before.next) {
    throw notPrefix(
      `the log goes on after it, with transaction ${before.next.id} at position ${before.next.firstPosition}`,
      source,
    );
  }
  await writing.commit();
  const { contents, position } = writing;
  return {
    found: logged.versions,
    versions: writing.versions - (trial ? logged.versions : 0),
    transactions: writing.transactions - (trial ? logged.transactions : 0),
    contents,
    position,
  };
}

function refuseDifference(
  logged: LoggedTransaction,
  past: PastTransaction,
  source: HistorySource,
): void {
  const difference = differenceOf(logged, past);
  if (difference === null) return;
  throw notPrefix(
    `transaction ${logged.id} of the log is not ${past.origin}: ${difference}`,
    source,
  );
}

function notPrefix(why: string, { name }: HistorySource): Refused {
  return new Refused(
    'NOT_A_PREFIX',
    `History is imported into an empty log, or one that is a beginning of it, but of ${name} ${why}. ` +
      'Name another data directory with --data. What is of several sources is imported by one command.',
  );
}

/** Gathers transactions into commits of a bounded size. */
class HistoryCommits {
  versions = 0;
  transactions = 0;
  contents = 0;
  position: Position;
  readonly #log: LogAccess;
  readonly #source: HistorySource;
  readonly #withContents: boolean;
  readonly #onVersions: OnVersions;
  #gathered: PastTransaction[] = [];
  #rows = 0;
  #contents = new Map<string, PastContents>();
  #bytes = 0;

  constructor(
    log: LogAccess,
    source: HistorySource,
    position: Position,
    withContents: boolean,
    onVersions: OnVersions,
  ) {
    this.#log = log;
    this.#source = source;
    this.position = position;
    this.#withContents = withContents;
    this.#onVersions = onVersions;
  }

  async add(past: PastTransaction): Promise<void> {
    const isFull = this.#rows + past.versions.length > limits.historyCommitRows;
    if (isFull || this.#bytes > limits.putBytesMax) await this.commit();
    if (this.#withContents) await this.#takeInContents(past);
    this.#gathered.push(past);
    this.#rows += past.versions.length;
  }

  async commit(): Promise<void> {
    if (this.#gathered.length === 0) return;
    const contents = [...this.#contents.values()];
    this.position = await this.#log.appendHistory(this.position, this.#gathered, contents);
    this.versions += this.#rows;
    this.transactions += this.#gathered.length;
    this.contents += contents.length;
    this.#onVersions('written', this.#rows);
    this.#gathered = [];
    this.#rows = 0;
    this.#contents = new Map();
    this.#bytes = 0;
  }

  async #takeInContents({ versions }: PastTransaction): Promise<void> {
    for (const { entity, values, origin } of versions) {
      if (entity.files.length === 0) continue;
      for (const named of contentsNamed(entity, values)) await this.#takeIn(named, origin);
    }
  }

  async #takeIn(named: NamedContents, origin: string): Promise<void> {
    const { sha256 } = named;
    if (this.#contents.has(sha256) || (await this.#log.contentsSize(sha256)) === named.size) return;
    const taken = await takeIn(this.#log, named, this.#source.contents(sha256), origin);
    this.#contents.set(sha256, taken);
    if (taken instanceof Uint8Array) this.#bytes += taken.length;
  }
}
