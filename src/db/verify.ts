/** Proving that the log's history was not altered: the digest chain, link by link. */
import type { Entity } from '../entities/index.ts';
import { chainStart, contentsDigest, linkDigest, transactionDigest } from './digest.ts';
import { limits } from './limits.ts';
import type { LogFile, VersionColumns } from './log-file.ts';
import type { LogReader } from './log-reader.ts';
import { versionOfRow } from './version-table.ts';

/** What is wrong at a position. */
interface Defect {
  readonly position: number;
  readonly message: string;
}
export interface Verified {
  /** How many versions were checked. */
  readonly versions: number;
  /** The first defect; after it the chain says nothing. Null when the history is whole. */
  readonly defect: Defect | null;
}

/**
 * Walks the whole log: positions without a gap, transactions whole, and every digest as its
 * version's contents and the digest before it demand.
 */
export async function verifyLog(
  log: LogFile,
  reader: LogReader,
  entities: readonly Entity[],
): Promise<Verified> {
  const kinds = await loggedEntities(log, entities);
  let digest = chainStart;
  let position = 0;
  let lastId = 0;
  for (;;) {
    const transactions = await log.kysely
      .selectFrom('transactions')
      .selectAll()
      .where('id', '>', lastId)
      .orderBy('id')
      .limit(limits.pageRowsMax)
      .execute();
    if (transactions.length === 0) break;
    const end = transactions.at(-1)?.last_position ?? position;
    const rows = await rowsBetween(log, kinds, position, end);
    for (const transaction of transactions) {
      lastId = transaction.id;
      if (transaction.first_position !== position + 1) {
        const message = 'The transaction here is missing, or its first position was altered.';
        return defectAt(position, position + 1, message);
      }
      const about = transactionDigest(transaction.salt, transaction);
      if (!sameBytes(about, transaction.contents_digest)) {
        return defectAt(
          position,
          transaction.first_position,
          'The transaction’s actor or reason was altered.',
        );
      }
      for (let at = transaction.first_position; at <= transaction.last_position; at += 1) {
        const row = rows.get(at);
        if (!row) return defectAt(position, at, 'A version is missing.');
        const { transaction_id, idx } = row.columns;
        if (transaction_id !== transaction.id || idx !== transaction.committed_at) {
          const message = 'The transaction’s number or time was altered, or the version’s.';
          return defectAt(position, at, message);
        }
        const found = checkLink(row, digest, about);
        if (found) return defectAt(position, at, found);
        digest = row.columns.digest;
        position = at;
      }
      if (!sameBytes(digest, transaction.digest)) {
        return defectAt(position, position, 'The transaction’s own digest was altered.');
      }
    }
  }
  // Rows first, totals after: a commit between the two is then not taken for a stray.
  const later = await rowsBetween(log, kinds, position, Number.MAX_SAFE_INTEGER);
  const last = (await reader.totals()).position;
  const stray = [...later.keys()].find((at) => at > last);
  return stray === undefined
    ? { versions: position, defect: null }
    : defectAt(position, stray, 'A version belongs to no transaction.');
}

interface FoundRow {
  readonly entity: Entity;
  readonly columns: VersionColumns;
}

/**
 * Every kind of record that the log holds. One that the store was not opened with is known by what
 * the log says of its fields; more is not needed to check it.
 */
async function loggedEntities(log: LogFile, known: readonly Entity[]): Promise<Entity[]> {
  const rows = await log.kysely.selectFrom('entities').selectAll().execute();
  return rows.map(({ name, table_name, fields }) => {
    const shape = { name, table: table_name, fields: JSON.parse(fields) };
    return known.find((entity) => entity.name === name) ?? (shape as Entity);
  });
}

async function rowsBetween(
  log: LogFile,
  entities: readonly Entity[],
  after: number,
  end: number,
): Promise<Map<number, FoundRow>> {
  const found = new Map<number, FoundRow>();
  for (const entity of entities) {
    const rows = await log.versions
      .selectFrom(entity.table)
      .selectAll()
      .where('position', '>', after)
      .where('position', '<=', end)
      .execute();
    for (const columns of rows) found.set(columns.position, { entity, columns });
  }
  return found;
}

/** What is wrong with one link; null when nothing is. */
function checkLink(
  { entity, columns }: FoundRow,
  before: Uint8Array,
  about: Uint8Array,
): string | null {
  const version = versionOfRow(entity, columns);
  const contents = contentsDigest(columns.salt, entity, version.id, version.values);
  if (!sameBytes(contents, columns.contents_digest)) return 'The version’s contents were altered.';
  const link = linkDigest(before, version, about, contents);
  return sameBytes(link, columns.digest) ? null : 'The version’s place in history was altered.';
}

function defectAt(versions: number, position: number, message: string): Verified {
  return { versions, defect: { position, message } };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
