/** The transactions of the log in pages: what happened lately, and who did it. */
import { BadRequest, type TransactionFilter } from '../db/index.ts';
import type { OrderKey, Position, Transaction, TransactionId } from '../entities/index.ts';
import { type AsOf, momentOf, past } from './as-of.ts';
import { type Connection, type ConnectionArgs, connectionOf, pageSizeOf } from './connection.ts';
import { decodeCursor, encodeCursor, pagingPosition } from './cursor.ts';
import type { Operation } from './operation.ts';
import type { SeenAt } from './transactions.ts';

export interface TransactionListArgs extends ConnectionArgs {
  readonly filter?: TransactionFilter | null | undefined;
  readonly order?: OrderKey['direction'] | null | undefined;
  readonly asOf?: AsOf | null | undefined;
}

/**
 * A page of the transactions that match; a page that goes on from a cursor stands where that one
 * did.
 * @throws BadRequest for paging, a moment or a filter that cannot be.
 */
export async function listTransactions(
  args: TransactionListArgs,
  operation: Operation,
): Promise<Connection<SeenAt<Transaction>>> {
  const { count, fromEnd } = pageSizeOf(args);
  const descending = args.order !== 'asc';
  const list = `transactions:${descending ? '-id' : 'id'}`;
  const moment = await momentOf(args.asOf, operation);
  const head = await operation.snapshot();
  const after = readCursor('after', args.after, list, head);
  const before = readCursor('before', args.before, list, head);
  const at = pagingPosition(args, moment.at, after, before);
  const reads = after || before ? operation.view.pastReads : moment.reads;
  const filter = args.filter ?? undefined;
  const page = await reads.transactionPage({
    at,
    filter,
    descending,
    after: after?.id,
    before: before?.id,
    limit: count,
    fromEnd,
  });
  const cursorOf = ({ id }: Transaction) => encodeCursor(list, { at, place: [id] });
  const nodes = page.transactions.map((transaction) => ({ ...transaction, seenAt: at }));
  const total = () => reads.transactionCount({ at, filter });
  return connectionOf(nodes, cursorOf, page.more, fromEnd, total);
}

interface TransactionCursor {
  readonly at: Position;
  readonly id: TransactionId;
}

function readCursor(
  argument: string,
  text: string | null | undefined,
  list: string,
  head: Position,
): TransactionCursor | null {
  if (text == null) return null;
  const { at, place } = decodeCursor(argument, text, list);
  const [id] = place;
  if (place.length !== 1 || !Number.isSafeInteger(id) || (id as number) < 1) {
    throw new BadRequest(argument, 'must be a cursor that this server gave, but is not one.');
  }
  return { at: past(argument, at, head), id: id as TransactionId };
}
