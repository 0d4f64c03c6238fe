/** Reading records: one by id, or a page of many. */

import { BadRequest, limits, Order, type Place, type RecordFilter } from '../db/index.ts';
import type { Entity, OrderKey, Position, Version } from '../entities/index.ts';
import { type AsOf, momentOf, past } from './as-of.ts';
import { type Connection, type ConnectionArgs, connectionOf, pageSizeOf } from './connection.ts';
import { decodeCursor, encodeCursor, pagingPosition } from './cursor.ts';
import type { Operation } from './operation.ts';
import type { SeenAt } from './transactions.ts';

/** A record as it stands at a position; everything below it answers at that position too. */
export interface RecordAt<E extends Entity = Entity> {
  readonly version: Version<E>;
  readonly at: Position;
}

/** The version of a record that is in force where the record stands. */
export function currentOf<E extends Entity>({ version, at }: RecordAt<E>): SeenAt<Version<E>> {
  return { ...version, seenAt: at };
}

export interface RecordArgs {
  readonly id: string;
  readonly asOf?: AsOf | null | undefined;
  readonly includeDeleted?: boolean | null | undefined;
}

/** The record with an id; null when it did not exist, or was deleted and that is not asked for. */
export async function readRecord<E extends Entity>(
  entity: E,
  { id, asOf, includeDeleted }: RecordArgs,
  operation: Operation,
): Promise<RecordAt<E> | null> {
  const { at, reads } = await momentOf(asOf, operation);
  const version = await operation.view.records.record(entity, { id, at });
  reads.dependOnRecord(entity, id, at);
  if (!version || (version.operation === 'DELETE' && !includeDeleted)) return null;
  return { version, at };
}

/** A key of an order as a client gives it: ascending when it does not say. */
interface AskedKey {
  readonly field: string;
  readonly direction?: OrderKey['direction'] | null | undefined;
}

export interface ListArgs extends ConnectionArgs {
  readonly filter?: RecordFilter | null | undefined;
  /** The entity's default order without it. */
  readonly orderBy?: readonly AskedKey[] | null | undefined;
  readonly asOf?: AsOf | null | undefined;
}

/**
 * A page of the records that match; a page that goes on from a cursor stands where that one did.
 * @throws BadRequest for paging, an order, a moment or a filter that contradicts itself.
 */
export async function listRecords<E extends Entity>(
  entity: E,
  args: ListArgs,
  operation: Operation,
): Promise<Connection<RecordAt<E>>> {
  const { count, fromEnd } = pageSizeOf(args);
  const orderBy = args.orderBy ? orderOf(args.orderBy) : entity.defaultOrder;
  const order = new Order(entity, orderBy);
  const list = listName(entity, orderBy);
  const moment = await momentOf(args.asOf, operation);
  const head = await operation.snapshot();
  const after = readCursor('after', args.after, list, order, head);
  const before = readCursor('before', args.before, list, order, head);
  const at = pagingPosition(args, moment.at, after, before);
  const reads = after || before ? operation.view.pastReads : moment.reads;
  const filter = args.filter ?? undefined;
  const page = await reads.list(entity, {
    at,
    limit: count,
    fromEnd,
    filter,
    orderBy,
    after: after?.place,
    before: before?.place,
  });
  // Where a page goes on is told at its position: all of the list must be as it was there.
  let tellsPlaces = false;
  const cursorOf = ({ version }: RecordAt<E>) => {
    if (!tellsPlaces) reads.dependOnList(entity, filter, at);
    tellsPlaces = true;
    return encodeCursor(list, { at, place: order.placeOf(version) });
  };
  const nodes = page.versions.map((version) => ({ version, at }));
  const total = () => reads.count(entity, { at, filter });
  return connectionOf(nodes, cursorOf, page.more, fromEnd, total);
}

interface ListCursor {
  readonly at: Position;
  readonly place: Place;
}

/** @throws BadRequest for too many keys, or a field named twice. */
function orderOf(keys: readonly AskedKey[]): OrderKey[] {
  if (keys.length > limits.orderKeysMax) {
    const message = `may hold at most ${limits.orderKeysMax} keys, but held ${keys.length}.`;
    throw new BadRequest('orderBy', message);
  }
  const fields = keys.map(({ field }) => field);
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice)
    throw new BadRequest('orderBy', `must name each field once, but names ${twice} twice.`);
  return keys.map(({ field, direction }) => ({ field, direction: direction ?? 'asc' }));
}

/** Names a list with its order: `todos:priority,-updatedAt`. */
function listName(entity: Entity, orderBy: readonly OrderKey[]): string {
  const keys = orderBy.map(({ field, direction }) => (direction === 'desc' ? `-${field}` : field));
  return `${entity.plural}:${keys.join(',')}`;
}

function readCursor(
  argument: string,
  text: string | null | undefined,
  list: string,
  order: Order,
  head: Position,
): ListCursor | null {
  if (text == null) return null;
  const { at, place } = decodeCursor(argument, text, list);
  if (!order.accepts(place)) {
    throw new BadRequest(argument, 'must be a cursor that this server gave, but is not one.');
  }
  return { at: past(argument, at, head), place };
}
