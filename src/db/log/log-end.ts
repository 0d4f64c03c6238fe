/** The end of the log: what the next transaction goes on from. */
import { sql } from 'kysely';
import {
  type Microseconds,
  type Position,
  positionZero,
  type TransactionId,
} from '../../entities/index.ts';
import { chainStart } from './digest.ts';
import type { LogFile } from './sqlite/log-file.ts';

export interface LogEnd {
  readonly position: Position;
  readonly transactionId: TransactionId;
  readonly committedAt: Microseconds;
  readonly digest: Uint8Array;
}

/** The end of a log that has nothing. */
export const logStart: LogEnd = {
  position: positionZero,
  transactionId: 0 as TransactionId,
  committedAt: 0,
  digest: chainStart,
};

/** The end of the log as the connection sees it. */
export function readLogEnd(log: LogFile): LogEnd {
  const newest = log.statement(log, 'newest transaction', () =>
    log.kysely
      .selectFrom('transactions')
      .select(['id', 'committed_at', 'last_position', 'digest'])
      .orderBy('id', 'desc')
      .limit(sql.lit(1))
      .compile(),
  );
  const last = newest.first([]);
  if (!last) return logStart;
  const [transactionId, committedAt, position, digest] = last;
  return { position, transactionId, committedAt, digest } as LogEnd;
}

/** The end that a log had with the transaction of a position; null when it has none. */
export async function endOfTransaction(log: LogFile, position: Position): Promise<LogEnd | null> {
  const row = await log.kysely
    .selectFrom('transactions')
    .select([
      'id as transactionId',
      'committed_at as committedAt',
      'last_position as position',
      'digest',
    ])
    .where('last_position', '>=', position)
    .orderBy('last_position')
    .limit(1)
    .executeTakeFirst();
  return (row ?? null) as LogEnd | null;
}
