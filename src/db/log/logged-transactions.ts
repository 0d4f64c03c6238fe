/**
 * Transactions as the log holds them, each compared with its digest, with the one before it and with its
 * versions: what a disk or another program has changed is not served as if it had been written.
 */
import { type SelectQueryBuilder, sql } from 'kysely';
import type { Position, Transaction, TransactionId } from '../../entities/index.ts';
import { HistoryDamaged } from '../shared/problems.ts';
import { sha256OfHex, transactionText } from './digest.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { readVersionTables } from './sqlite/logged-kinds.ts';
import type { LogTables } from './tables.ts';

/** The query for all transactions. */
type Transactions = SelectQueryBuilder<LogTables, 'transactions', object>;

/**
 * Transactions in the order asked for.
 * @param narrow makes the query for all of them one for those that are wanted.
 * @throws HistoryDamaged when one of them is not as it was written.
 */
export async function readTransactions(
  log: LogFile,
  narrow: (all: Transactions) => Transactions,
): Promise<Transaction[]> {
  const rows = await narrow(log.kysely.selectFrom('transactions'))
    .select(['id', 'committed_at', 'first_position', 'last_position', 'actor', 'reason'])
    .select([
      sql<string>`lower(hex(transactions.contents_digest))`.as('contents'),
      sql<string>`lower(hex(transactions.salt))`.as('salt'),
      placeIsRight(readVersionTables(log)).as('placeIsRight'),
    ])
    .execute();
  return rows.map(({ contents, salt, placeIsRight, ...row }) => {
    const transaction: Transaction = {
      id: row.id as TransactionId,
      committedAt: row.committed_at,
      firstPosition: row.first_position as Position,
      lastPosition: row.last_position as Position,
      actor: row.actor,
      reason: row.reason,
    };
    if (placeIsRight === 1 && saysWhatWasWritten(transaction, salt, contents)) return transaction;
    throw new HistoryDamaged(row.first_position, 'transaction');
  });
}

/** Whether who and why are what was written; nothing, where that was erased. */
function saysWhatWasWritten(transaction: Transaction, salt: string, contents: string): boolean {
  if (salt !== '') return sha256OfHex(salt, transactionText(transaction)) === contents;
  return transaction.actor === null && transaction.reason === null;
}

/**
 * Whether it begins where the one before it ends, its first version says the same of its number and
 * time, and its last version has its digest.
 */
function placeIsRight(versionTables: readonly string[]) {
  const own = (column: keyof LogTables['transactions']) => sql.ref(`transactions.${column}`);
  const versionAt = (position: 'first_position' | 'last_position', agrees: unknown) => {
    const found = versionTables.map(
      (table) => sql`(
        select version.transaction_id = ${own('id')} and ${agrees}
        from ${sql.table(table)} as version where version.position = ${own(position)}
      )`,
    );
    return sql`coalesce(${sql.join(found)}, 0)`;
  };
  // Who and why are erased with the contents of all of its versions, and not without.
  const erasedAlike = sql`(length(${own('salt')}) > 0 or length(version.salt) = 0)`;
  return sql<number>`(
    ${versionAt('first_position', sql`version.idx = ${own('committed_at')} and ${erasedAlike}`)}
    and ${versionAt('last_position', sql`version.digest = ${own('digest')}`)}
    and ${own('first_position')} = 1 + coalesce((
      select earlier.last_position from transactions as earlier
      where earlier.id = ${own('id')} - 1
    ), 0)
  )`;
}
