/**
 * What the log says of operations: of each one where debugging is on, and of those that took long.
 * Never what they asked for by variables, nor what they were answered.
 */
import type { Logger } from 'pino';
import type { FinishedOperation, OnOperation } from './http/index.ts';

/** @param slowMs from how long on an operation took long, in milliseconds; 0 where none does. */
export function logOperations(log: Logger, slowMs: number): OnOperation {
  const tellsAll = log.isLevelEnabled('debug');
  return (operation) => {
    const isSlow = slowMs > 0 && operation.durationMs >= slowMs;
    if (isSlow) log.warn(detailsOf(operation), 'an operation was slow');
    else if (tellsAll) log.debug(detailsOf(operation), 'an operation');
  };
}

function detailsOf(operation: FinishedOperation): object {
  const { requestId, type, name, code, cost, documentHash } = operation;
  const durationMs = Math.round(operation.durationMs * 10) / 10;
  return { requestId, type, operation: name, code, durationMs, cost, documentHash };
}
