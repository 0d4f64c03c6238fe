/** The history of a record: its versions up to the position at which the record is shown. */

import { BadRequest, turns } from '../db/index.ts';
import type { Entity, OrderKey, Position, Version } from '../entities/index.ts';
import { past } from './as-of.ts';
import { type Connection, type ConnectionArgs, connectionOf, pageSizeOf } from './connection.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';
import type { SeenAt } from './transactions.ts';

export interface HistoryArgs extends ConnectionArgs {
  readonly order?: OrderKey['direction'] | null | undefined;
}

/**
 * A page of a record's versions. Revisions count 1, 2, 3 … without a gap, so the page is known
 * before anything is read, and one batch serves the histories of a whole list.
 */
export async function readHistory<E extends Entity>(
  { version: newest, at }: RecordAt<E>,
  args: HistoryArgs,
  operation: Operation,
): Promise<Connection<SeenAt<Version<E>>>> {
  const { count, fromEnd } = pageSizeOf(args);
  const list = `${newest.entity.name}.history`;
  const descending = args.order !== 'asc';
  // Places 0, 1, 2 … in the order asked for.
  const placeOf = (revision: number) => (descending ? newest.revision - revision : revision - 1);
  const head = await operation.snapshot();
  const cursorPlace = (argument: 'after' | 'before', text: string) =>
    placeOf(readCursor(argument, text, list, newest, head));
  const begin = args.after == null ? 0 : cursorPlace('after', args.after) + 1;
  const end = args.before == null ? newest.revision : cursorPlace('before', args.before);
  if (!operation.view.records.seesAll(newest.entity)) {
    return await readSeenHistory(
      newest,
      { begin, end, count, fromEnd, descending, at, list },
      operation,
    );
  }
  const all = Math.max(end - begin, 0);
  const size = Math.min(count, all);
  const from = fromEnd ? begin + all - size : begin;
  const versions = size === 0 ? [] : await readPlaces(newest, from, size, descending, operation);
  // One batch serves many histories, which would all go on in one stretch.
  await turns.next(null);
  const nodes = versions.map((version) => ({ ...version, seenAt: at }));
  return connectionOf(nodes, cursorsOf(list, at), size < all, fromEnd, () => newest.revision);
}

/** A page of a history: places 0, 1, 2 … in the order asked for. */
interface PlacedPage {
  /** The first place … */
  readonly begin: number;
  /** … and the one after the last. */
  readonly end: number;
  readonly count: number;
  readonly fromEnd: boolean;
  readonly descending: boolean;
  readonly at: Position;
  readonly list: string;
}

/** A page of those versions that are seen, of which it is not known before which revisions they are. */
async function readSeenHistory<E extends Entity>(
  newest: Version<E>,
  { begin, end, count, fromEnd, descending, at, list }: PlacedPage,
  { view: { records } }: Operation,
): Promise<Connection<SeenAt<Version<E>>>> {
  const { entity, id, revision } = newest;
  const [from, to] = descending ? [revision - end + 1, revision - begin] : [begin + 1, end];
  const found: Version<E>[] = [];
  for await (const version of records.walk(entity, { id, from, to }, descending !== fromEnd)) {
    found.push(version);
    if (found.length > count) break;
  }
  const page = found.slice(0, count);
  if (fromEnd) page.reverse();
  const total = async () => {
    let seen = 0;
    for await (const _ of records.walk(entity, { id, from: 1, to: revision }, true)) seen += 1;
    return seen;
  };
  const nodes = page.map((version) => ({ ...version, seenAt: at }));
  return connectionOf(nodes, cursorsOf(list, at), found.length > count, fromEnd, total);
}

function cursorsOf(list: string, at: Position): (version: Version) => string {
  return ({ id, revision }) => encodeCursor(list, { at, place: [id, revision] });
}

async function readPlaces<E extends Entity>(
  newest: Version<E>,
  from: number,
  size: number,
  descending: boolean,
  operation: Operation,
): Promise<Version<E>[]> {
  const { entity, id, revision } = newest;
  const lowest = descending ? revision - from - size + 1 : from + 1;
  const key = { id, from: lowest, to: lowest + size - 1 };
  const versions = await operation.view.records.revisions(entity, key);
  return descending ? versions.toReversed() : versions;
}

function readCursor(
  argument: string,
  text: string,
  list: string,
  record: Version,
  head: Position,
): number {
  const { at, place } = decodeCursor(argument, text, list);
  const [id, revision] = place;
  const known = Number.isSafeInteger(revision) && (revision as number) >= 1;
  if (place.length !== 2 || id !== record.id || !known || (revision as number) > record.revision) {
    throw new BadRequest(argument, 'must be a cursor of this record’s history, but is not one.');
  }
  past(argument, at, head);
  return revision as number;
}
