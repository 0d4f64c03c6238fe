/** Writing the rows of transactions, many by one statement. */
import type { Transaction } from '../../../entities/index.ts';
import type { LogTables } from '../tables.ts';
import type { LogFile } from './log-file.ts';
import { given, type Statement } from './statement.ts';

/** A transaction, and its place in the digest chain. */
export interface TransactionRow {
  readonly transaction: Transaction;
  readonly link: Pick<LogTables['transactions'], 'salt' | 'contents_digest' | 'digest'>;
}

const columns = [
  'id',
  'committed_at',
  'first_position',
  'last_position',
  'actor',
  'reason',
  'salt',
  'contents_digest',
  'digest',
] as const satisfies readonly (keyof LogTables['transactions'])[];

/** How many rows a statement writes: as many as are left. */
const sizes = [32, 8, 1] as const;

/** Inserts transactions, in order. */
export function insertTransactions(log: LogFile, rows: readonly TransactionRow[]): void {
  let count = 0;
  for (const size of sizes) {
    for (; count + size <= rows.length; count += size) {
      const values = rows
        .slice(count, count + size)
        .flatMap(({ transaction: each, link }) => [
          each.id,
          each.committedAt,
          each.firstPosition,
          each.lastPosition,
          each.actor,
          each.reason,
          link.salt,
          link.contents_digest,
          link.digest,
        ]);
      insertionOf(log, size).run(values);
    }
  }
}

function insertionOf(log: LogFile, rows: number): Statement {
  return log.statement(log, `insert ${rows} transactions`, () => {
    const values = Array.from({ length: rows }, (_, row) => {
      const places = columns.map((column, place) => [column, given(row * columns.length + place)]);
      return Object.fromEntries(places) as LogTables['transactions'];
    });
    return log.kysely.insertInto('transactions').values(values).compile();
  });
}
