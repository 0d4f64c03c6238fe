/** Transactions: what a version was part of, and what a transaction changed. */

import { BadRequest } from '../db/index.ts';
import type { Position, Transaction, TransactionId, Version } from '../entities/index.ts';
import { transactionIdOf } from './as-of.ts';
import { type Connection, connectionOf, pageSizeOf } from './connection.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Operation } from './operation.ts';

/** The transaction that a version was committed in. */
export async function readTransaction(
  id: TransactionId,
  operation: Operation,
): Promise<Transaction> {
  const transaction = await operation.transaction(id);
  if (!transaction) throw new Error(`Transaction ${id} is not in the log, but a version of it is.`);
  return transaction;
}

/** The transaction with an id; null when there is none up to the operation's position. */
export async function readTransactionById(
  id: string,
  operation: Operation,
): Promise<Transaction | null> {
  const head = await operation.snapshot();
  const transaction = await operation.loaders.transaction(transactionIdOf('id', id));
  return transaction && transaction.lastPosition <= head ? transaction : null;
}

export interface VersionsArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** The versions of a transaction, in order, of every kind of record. */
export async function readVersions(
  transaction: Transaction,
  args: VersionsArgs,
  operation: Operation,
): Promise<Connection<Version>> {
  const { count } = pageSizeOf(args);
  const list = `Transaction.versions:${transaction.id}`;
  const before = (transaction.firstPosition - 1) as Position;
  const begin = args.after == null ? before : placeOf(args.after, list);
  if (begin < before || begin > transaction.lastPosition) {
    throw new BadRequest('after', 'must be a cursor of this transaction, but is not one.');
  }
  const end = Math.min(begin + count, transaction.lastPosition) as Position;
  const versions = await versionsBetween(transaction, begin, end, operation);
  const edges = versions.map((version) => ({
    cursor: encodeCursor(list, { at: version.position, place: [] }),
    node: version,
  }));
  const total = transaction.lastPosition - before;
  return connectionOf(edges, end < transaction.lastPosition, false, () => total);
}

async function versionsBetween(
  transaction: Transaction,
  begin: Position,
  end: Position,
  { store, tentative }: Operation,
): Promise<Version[]> {
  if (tentative?.transaction !== transaction) return await store.versionsBetween(begin, end);
  // A dry run's: the log has others there, or nothing.
  return tentative.versions.filter(({ position }) => position > begin && position <= end);
}

function placeOf(after: string, list: string): Position {
  return decodeCursor('after', after, list).at;
}
