/** The digest chain, link by link: nothing altered, nothing missing, nothing put in. */
import { sql } from 'kysely';
import { type Entity, fieldColumnsOf, type Version } from '../../../entities/index.ts';
import { limits } from '../../shared/limits.ts';
import { turns } from '../../shared/turns.ts';
import type { Defect, Verified, VerifyWatch } from '../defect.ts';
import { chainStart, contentsDigest, linkDigest, transactionDigest } from '../digest.ts';
import { erasedPositions } from '../erase.ts';
import { areBlank, isErasedSalt } from '../erased-version.ts';
import type { LogReader } from '../log-reader.ts';
import type { LogFile } from '../sqlite/log-file.ts';
import { columnsOfValues, versionOfRow } from '../sqlite/version-row.ts';
import type { LogTables, VersionRow } from '../tables.ts';
import { unreadable } from './unreadable.ts';
import type { StoredContents } from './verify-contents.ts';
import { type FoundRow, VersionRows } from './version-rows.ts';

type TransactionRow = LogTables['transactions'];

/** Checks every version in order, and the contents that each names. */
export async function verifyChain(
  log: LogFile,
  reader: LogReader,
  kinds: readonly Entity[],
  contents: StoredContents,
  watch: VerifyWatch,
): Promise<Verified> {
  const walk = new ChainWalk(log, kinds, contents, watch, await erasedPositions(log.kysely));
  const defect = (await walk.run()) ?? (await findStray(log, reader, kinds));
  return { versions: walk.position, defect };
}

class ChainWalk {
  /** The last version that was found good. */
  position = 0;
  #digest = chainStart;
  readonly #log: LogFile;
  readonly #rows: VersionRows;
  readonly #contents: StoredContents;
  readonly #watch: VerifyWatch;
  readonly #erased: ReadonlySet<number>;

  constructor(
    log: LogFile,
    kinds: readonly Entity[],
    contents: StoredContents,
    watch: VerifyWatch,
    erased: ReadonlySet<number>,
  ) {
    this.#log = log;
    this.#watch = watch;
    this.#erased = erased;
    this.#rows = new VersionRows(log, kinds);
    this.#contents = contents;
  }

  /** @returns the first defect; null when there is none. */
  async run(): Promise<Defect | null> {
    try {
      for (let lastId = 0; ; ) {
        const transactions = await this.#transactionsAfter(lastId);
        if (transactions.length === 0) return null;
        for (const transaction of transactions) {
          lastId = transaction.id;
          const defect = await this.#checkTransaction(transaction);
          if (defect) return defect;
        }
      }
    } catch (error) {
      return await unreadable(this.#log, this.position + 1, error);
    }
  }

  async #transactionsAfter(id: number): Promise<TransactionRow[]> {
    return await this.#log.kysely
      .selectFrom('transactions')
      .selectAll()
      .where('id', '>', id)
      .orderBy('id')
      .limit(limits.verifyPageRows)
      .execute();
  }

  async #checkTransaction(transaction: TransactionRow): Promise<Defect | null> {
    const begin = this.position + 1;
    if (transaction.first_position !== begin) {
      const message = 'The transaction here is missing, or its first position was altered.';
      return { position: begin, message };
    }
    const about = this.#aboutOf(transaction);
    if (!about) {
      const saysNothing = transaction.actor === null && transaction.reason === null;
      const message =
        isErasedSalt(transaction.salt) && saysNothing
          ? 'Who made the transaction and why is gone, and no erasure names all of it.'
          : 'The transaction’s actor or reason was altered.';
      return { position: begin, message };
    }
    for (let at = begin; at <= transaction.last_position; at += 1) {
      const message = await this.#checkVersion(at, transaction, about);
      if (message) return { position: at, message };
      await turns.yield();
    }
    if (sameBytes(this.#digest, transaction.digest)) return null;
    return { position: this.position, message: 'The transaction’s own digest was altered.' };
  }

  /** Digest of who and why, where it is what was written; null where it is not. */
  #aboutOf(transaction: TransactionRow): Uint8Array | null {
    const { salt, contents_digest: about, actor, reason } = transaction;
    if (isErasedSalt(salt)) {
      // The digest is all that is left, as it is of each of its versions.
      const first = transaction.first_position;
      const isAllErased = positionsOf(first, transaction.last_position).every((position) =>
        this.#erased.has(position),
      );
      return isAllErased && actor === null && reason === null ? about : null;
    }
    return sameBytes(transactionDigest(salt, transaction), about) ? about : null;
  }

  /** What is wrong with a version; null when nothing is, and the walk has passed it. */
  async #checkVersion(
    at: number,
    transaction: TransactionRow,
    about: Uint8Array,
  ): Promise<string | null> {
    const row = await this.#rows.at(at);
    if (!row) return 'A version is missing.';
    const { transaction_id, idx } = row.columns;
    if (transaction_id !== transaction.id || idx !== transaction.committed_at) {
      return 'The transaction’s number or time was altered, or the version’s.';
    }
    const version = readVersion(row);
    if (typeof version === 'string') return version;
    const wrong = checkLink(row, version, this.#digest, about, this.#erased.has(at));
    if (wrong) return wrong;
    const damage = await this.#contents.damageOf(version);
    if (damage) return damage;
    this.#digest = row.columns.digest;
    this.position = at;
    this.#watch.onVersion(this.#digest);
    return null;
  }
}

/** The version that a row holds, or why it holds none any more. */
function readVersion({ entity, columns }: FoundRow): Version | string {
  try {
    const version = versionOfRow(entity, columns);
    const written = columnsOfValues(entity, version.values);
    for (const { name, column } of fieldColumnsOf(entity)) {
      // What reads alike may have been written otherwise: 2 for true, say, or spaces in a list.
      const stored = (columns as VersionRow)[column];
      if (stored !== null && !Object.is(stored, written[column] === 0 ? 0 : written[column])) {
        return `The version’s contents were altered: its ${name} is not as it is written.`;
      }
    }
    return version;
  } catch (error) {
    return `The version’s contents were altered, and cannot be read: ${(error as Error).message}.`;
  }
}

/** What is wrong with one link; null when nothing is. */
function checkLink(
  { entity, columns }: FoundRow,
  version: Version,
  before: Uint8Array,
  about: Uint8Array,
  isErased: boolean,
): string | null {
  const { salt, contents_digest: contents } = columns;
  if (isErased !== isErasedSalt(salt)) {
    return isErased
      ? 'The version was erased, and yet it has contents.'
      : 'The version’s contents are gone, and no erasure names it.';
  }
  if (isErased) {
    const row = columns as VersionRow;
    const values = fieldColumnsOf(entity).map(({ column }) => row[column]);
    if (!areBlank(entity, values)) return 'The version was erased, and yet it has contents.';
  } else if (!sameBytes(contentsDigest(salt, entity, version.id, version.values), contents)) {
    return 'The version’s contents were altered.';
  }
  const link = linkDigest(before, version, about, contents);
  return sameBytes(link, columns.digest) ? null : 'The version’s place in history was altered.';
}

function positionsOf(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, place) => first + place);
}

/** A version after the last transaction. */
async function findStray(
  log: LogFile,
  reader: LogReader,
  kinds: readonly Entity[],
): Promise<Defect | null> {
  for (const { table } of kinds) {
    // Rows first, totals after: a commit between the two is then not taken for a stray.
    const { rows } = await sql<{ last: number | null }>`
      select max(position) as last from ${sql.table(table)}`.execute(log.kysely);
    const { position: end } = await reader.totals();
    if ((rows[0]?.last ?? 0) <= end) continue;
    const stray = await log.versions
      .selectFrom(table)
      .select('position')
      .where('position', '>', end)
      .orderBy('position')
      .limit(1)
      .executeTakeFirst();
    if (stray) {
      return { position: stray.position, message: 'A version belongs to no transaction.' };
    }
  }
  return null;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
