/** The log as a whole. */
import type { Microseconds, Position } from '../entities/index.ts';
import type { Operation } from './operation.ts';

export interface LogInfo {
  readonly position: Position;
  readonly replicaPosition: Position;
  readonly committedAt: Microseconds | null;
  readonly transactions: number;
  readonly versions: number;
}

/** How long the log is, and how far the replica has followed it. */
export async function readLogInfo(operation: Operation): Promise<LogInfo> {
  await operation.snapshot();
  // The replica goes on while the log does not.
  operation.dependOnMore();
  return await operation.store.totals();
}
