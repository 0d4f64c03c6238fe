/** The log as a whole. */
import type { LogHead } from '../db/index.ts';
import type { Position } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import type { LogTotals } from './view/view.ts';

export interface LogInfo {
  readonly position: Position;
  readonly replicaPosition: Position;
  /** One digest for all that was written up to the position. */
  readonly head: () => Promise<LogHead>;
  /** How long the log is, all of it. @throws Forbidden for whoever does not see all of it. */
  readonly totals: () => Promise<LogTotals>;
}

/** How long the log is, and how far the replica has followed it. */
export async function readLogInfo(operation: Operation): Promise<LogInfo> {
  const position = await operation.snapshot();
  // The replica goes on while the log does not.
  operation.dependOnMore();
  const { view } = operation;
  const replicaPosition = await view.replicaPosition();
  const head = () => view.headAt(position);
  return { position, replicaPosition, head, totals: () => view.totals() };
}
