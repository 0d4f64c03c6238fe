/** The history that a log has, as an import would bring it: to compare the two. */

import type { PastTransaction } from '../db/index.ts';
import { differingFields, type LogAccess, limits } from '../db/index.ts';
import type { Position, Transaction, TransactionId, Version } from '../entities/index.ts';

/** A transaction of the log, with its versions. */
export interface LoggedTransaction extends Transaction {
  readonly versions: readonly Version[];
}

/** All transactions up to a position, some at a time. */
export async function* loggedHistory(
  log: LogAccess,
  end: Position,
): AsyncGenerator<readonly LoggedTransaction[], void> {
  for (let last = 0 as TransactionId; ; ) {
    const some = (await log.transactionsAfter(last)).filter((each) => each.lastPosition <= end);
    const [first, final] = [some[0], some.at(-1)];
    if (!first || !final) return;
    yield* withVersions(log, some);
    last = final.id;
  }
}

/** Large transactions are read one by one, small ones together. */
async function* withVersions(
  log: LogAccess,
  transactions: readonly Transaction[],
): AsyncGenerator<readonly LoggedTransaction[], void> {
  let some: Transaction[] = [];
  let rows = 0;
  for (const transaction of transactions) {
    some.push(transaction);
    rows += transaction.lastPosition - transaction.firstPosition + 1;
    if (rows < limits.transferRows) continue;
    yield readTogether(log, some);
    [some, rows] = [[], 0];
  }
  if (some.length > 0) yield readTogether(log, some);
}

function readTogether(log: LogAccess, transactions: readonly Transaction[]): LoggedTransaction[] {
  const after = ((transactions[0]?.firstPosition ?? 1) - 1) as Position;
  const end = transactions.at(-1)?.lastPosition ?? after;
  const versions: Version[] = [];
  for (const entity of log.entities) {
    for (let from = after; ; ) {
      const some = log.nextVersions(entity, from, end);
      versions.push(...some);
      if (some.length < limits.transferRows) break;
      from = some.at(-1)?.position ?? end;
    }
  }
  versions.sort((a, b) => a.position - b.position);
  let place = 0;
  return transactions.map((transaction) => {
    const begin = place;
    while ((versions[place]?.position ?? Number.POSITIVE_INFINITY) <= transaction.lastPosition)
      place += 1;
    return { ...transaction, versions: versions.slice(begin, place) };
  });
}

/** How a transaction of the log differs from the one that an import has in its place; null if not. */
export function differenceOf(logged: LoggedTransaction, past: PastTransaction): string | null {
  for (const name of ['committedAt', 'actor', 'reason'] as const) {
    if (logged[name] !== past[name]) return `its ${name} is another`;
  }
  if (logged.versions.length !== past.versions.length) return 'it has another number of versions';
  for (const [place, version] of logged.versions.entries()) {
    const other = past.versions[place];
    const isSame =
      other &&
      other.entity === version.entity &&
      other.id === version.id &&
      other.operation === version.operation &&
      (other.revision ?? version.revision) === version.revision &&
      differingFields(version.entity, version.values, other.values).length === 0;
    if (!isSame) return `its version ${place + 1} is another`;
  }
  return null;
}
