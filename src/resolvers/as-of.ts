/** Moments that a client can name, as positions. */

import { BadRequest } from '../db/index.ts';
import type { Microseconds, Position, TransactionId } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import type { SeenReads } from './view/seen-reads.ts';

/** One of the three; GraphQL sees to that. */
export interface AsOf {
  readonly position?: Position | null;
  readonly time?: Microseconds | null;
  readonly transaction?: string | null;
}

/** Where a field answers. */
export interface Moment {
  readonly at: Position;
  /** What to ask there. */
  readonly reads: SeenReads;
}

/**
 * Where a field answers: at the moment asked for, or at the operation's snapshot.
 * @throws BadRequest for a moment that has not been yet.
 */
export async function momentOf(
  asOf: AsOf | null | undefined,
  operation: Operation,
): Promise<Moment> {
  const head = await operation.snapshot();
  if (!asOf) return { at: head, reads: operation.view.reads };
  return { at: await positionOf(asOf, head, operation), reads: operation.view.pastReads };
}

async function positionOf(asOf: AsOf, head: Position, operation: Operation): Promise<Position> {
  if (asOf.position != null) return past('asOf.position', asOf.position, head);
  if (asOf.time != null) return await positionAtTime(asOf.time, head, operation);
  if (asOf.transaction != null) return await endOfTransaction(asOf.transaction, head, operation);
  throw new BadRequest('asOf', 'must name a position, a time or a transaction.');
}

/** @throws BadRequest when a position lies after the log's head. */
export function past(argument: string, position: Position, head: Position): Position {
  if (position <= head) return position;
  throw new BadRequest(
    argument,
    `must not be after the last position ${head}, but was ${position}.`,
  );
}

async function positionAtTime(
  time: Microseconds,
  head: Position,
  operation: Operation,
): Promise<Position> {
  // The clock decides whether this moment has been.
  operation.dependOnMore();
  const now = Date.now() * 1000;
  const position = await operation.view.pastReads.positionAtTime(time);
  // Commit time may run ahead of a clock that was set back, or that counts milliseconds only: what
  // is committed is past all the same.
  if (time > now && time > ((await operation.view.lastCommittedAt()) ?? 0)) {
    const latest = new Date(now / 1000).toISOString();
    throw new BadRequest(
      'asOf.time',
      `must not be in the future; the server’s clock reads ${latest}.`,
    );
  }
  return Math.min(position, head) as Position;
}

async function endOfTransaction(
  id: string,
  head: Position,
  operation: Operation,
): Promise<Position> {
  const asked = transactionIdOf('asOf.transaction', id);
  const transaction = await operation.view.records.transaction(asked);
  if (!transaction || transaction.lastPosition > head) {
    throw new BadRequest('asOf.transaction', `must be a committed transaction, but ${id} is none.`);
  }
  return transaction.lastPosition;
}

/** @throws BadRequest when the text is not a transaction's id. */
export function transactionIdOf(argument: string, id: string): TransactionId {
  if (/^[1-9]\d{0,14}$/.test(id)) return Number(id) as TransactionId;
  throw new BadRequest(
    argument,
    `must be a transaction’s id such as "12", but was ${JSON.stringify(id)}.`,
  );
}
