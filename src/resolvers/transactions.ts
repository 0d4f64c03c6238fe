/** Transactions: what a version was part of, and what a transaction changed. */

import { BadRequest } from '../db/index.ts';
import type { Position, Transaction, Version } from '../entities/index.ts';
import { transactionIdOf } from './as-of.ts';
import { type Connection, connectionOf, pageSizeOf } from './connection.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Operation } from './operation.ts';

/**
 * Something of the log as it is seen from a position: what is reached from it answers there, too.
 * Without a position all of it is seen.
 */
export type SeenAt<T> = T & { readonly seenAt?: Position };

/** The transaction that a version was committed in, seen from where the version is seen. */
export async function readTransaction(
  version: SeenAt<Version>,
  { view: { records } }: Operation,
): Promise<SeenAt<Transaction>> {
  const transaction = await records.transactionOf(version);
  const { seenAt } = version;
  // What a dry run would have written lies after every position.
  const tentative = records.tentative?.transaction === transaction;
  return seenAt === undefined || tentative ? transaction : { ...transaction, seenAt };
}

/**
 * The transaction with an id; null when there is none up to the operation's position, or nothing of
 * it is seen.
 */
export async function readTransactionById(
  id: string,
  operation: Operation,
): Promise<Transaction | null> {
  const head = await operation.snapshot();
  const transaction = await operation.view.records.transaction(transactionIdOf('id', id));
  if (transaction && transaction.lastPosition <= head) return transaction;
  operation.dependOnPosition(head);
  return null;
}

export interface VersionsArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** The versions of a transaction up to where it is seen from, in order, of every kind of record. */
export async function readVersions(
  transaction: SeenAt<Transaction>,
  args: VersionsArgs,
  operation: Operation,
): Promise<Connection<SeenAt<Version>>> {
  const { count } = pageSizeOf(args);
  const { firstPosition, lastPosition, seenAt = lastPosition } = transaction;
  const list = `Transaction.versions:${transaction.id}`;
  const before = (firstPosition - 1) as Position;
  const last = Math.min(lastPosition, seenAt) as Position;
  const begin = args.after == null ? before : readCursor(args.after, list, transaction);
  const found = await versionsBetween(transaction, begin, last, count + 1, operation);
  const versions = found.slice(0, count);
  const cursorOf = ({ position }: Version) => encodeCursor(list, { at: position, place: [] });
  const nodes = versions.map((version) => ({ ...version, seenAt }));
  const total = () => operation.view.reads.countBetween(before, last);
  return connectionOf(nodes, cursorOf, found.length > count, false, total);
}

async function versionsBetween(
  transaction: Transaction,
  begin: Position,
  end: Position,
  limit: number,
  { view: { reads, records } }: Operation,
): Promise<Version[]> {
  const { tentative } = records;
  if (tentative?.transaction !== transaction) return await reads.versionsBetween(begin, end, limit);
  // A dry run's: the log has others there, or nothing.
  const versions = tentative.versions.filter(({ position }) => position > begin && position <= end);
  return versions.slice(0, limit);
}

function readCursor(
  after: string,
  list: string,
  { firstPosition, lastPosition }: Transaction,
): Position {
  const { at, place } = decodeCursor('after', after, list);
  if (place.length > 0 || at < firstPosition - 1 || at > lastPosition) {
    throw new BadRequest('after', 'must be a cursor of this transaction, but is not one.');
  }
  return at;
}
