/** The end of the log: what the next transaction goes on from. */
import type { Microseconds, Position, TransactionId } from '../../entities/index.ts';
import { chainStart } from './digest.ts';
import type { LogFile } from './sqlite/log-file.ts';

export interface LogEnd {
  readonly position: Position;
  readonly transactionId: TransactionId;
  readonly committedAt: Microseconds;
  readonly digest: Uint8Array;
}

/** The end of the log as the connection sees it. */
export function readLogEnd(log: LogFile): LogEnd {
  const newest = log.statement(log, 'newest transaction', () =>
    log.kysely
      .selectFrom('transactions')
      .select(['id', 'committed_at', 'last_position', 'digest'])
      .orderBy('id', 'desc')
      .limit(1)
      .compile(),
  );
  const last = newest.get();
  return {
    position: (last?.last_position ?? 0) as Position,
    transactionId: (last?.id ?? 0) as TransactionId,
    committedAt: last?.committed_at ?? 0,
    digest: last?.digest ?? chainStart,
  };
}
