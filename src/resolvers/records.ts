/** Reading records: one by id, or a page of many. */

import { BadRequest, Order, type Place, type RecordFilter } from '../db/index.ts';
import type { Entity, OrderKey, Position, Version } from '../entities/index.ts';
import { type AsOf, past, positionOf } from './as-of.ts';
import { type Connection, type ConnectionArgs, connectionOf, pageSizeOf } from './connection.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Operation } from './operation.ts';

/** A record as it stands at a position; everything below it answers at that position too. */
export interface RecordAt<E extends Entity = Entity> {
  readonly version: Version<E>;
  readonly at: Position;
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
  const at = await positionOf(asOf, operation);
  const version = await operation.load(entity).record({ id, at });
  if (!version || (version.operation === 'DELETE' && !includeDeleted)) return null;
  return { version, at };
}

export interface ListArgs extends ConnectionArgs {
  readonly filter?: RecordFilter | null | undefined;
}

/** A page of the records that match; a page that goes on from a cursor stands where that one did. */
export async function listRecords<E extends Entity>(
  entity: E,
  args: ListArgs,
  operation: Operation,
): Promise<Connection<RecordAt<E>>> {
  const { count, fromEnd } = pageSizeOf(args);
  const order = new Order(entity, entity.defaultOrder);
  const list = listName(entity, entity.defaultOrder);
  const head = await operation.snapshot();
  const after = readCursor('after', args.after, list, order, head);
  const before = readCursor('before', args.before, list, order, head);
  if (after && before && after.at !== before.at) {
    throw new BadRequest(
      'before',
      'must come from the same paging as after, but stands elsewhere.',
    );
  }
  const at = after?.at ?? before?.at ?? head;
  const page = await operation.store.list(entity, {
    at,
    limit: count,
    fromEnd,
    filter: args.filter ?? undefined,
    after: after?.place,
    before: before?.place,
  });
  const edges = page.versions.map((version) => ({
    cursor: encodeCursor(list, { at, place: order.placeOf(version) }),
    node: { version, at },
  }));
  return connectionOf(edges, page.more, fromEnd);
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
): { at: Position; place: Place } | null {
  if (text == null) return null;
  const { at, place } = decodeCursor(argument, text, list);
  if (!order.accepts(place)) {
    throw new BadRequest(argument, 'must be a cursor that this server gave, but is not one.');
  }
  return { at: past(argument, at, head), place };
}
