/** The log in pages, for clients that were away: what they missed, and where to go on. */
import { type Position, positionZero } from '../entities/index.ts';
import { past } from './as-of.ts';
import type { ChangesArgs } from './change-feed.ts';
import { pageSizeOf } from './connection.ts';
import type { Operation } from './operation.ts';
import type { SeenChange } from './view/seen-change.ts';

export interface ChangePage {
  readonly changes: readonly SeenChange[];
  /** Everything up to here has been told; to be given as `after` next. */
  readonly position: Position;
  /** In the direction in which the page was taken. */
  readonly hasMore: boolean;
}

export interface ChangePageArgs extends ChangesArgs {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
  /** Only versions before this position. */
  readonly before?: Position | null | undefined;
}

/**
 * The versions between two positions, in order: from the oldest on, or with `last` the newest.
 * Without positions, between the beginning of the log and its end.
 * @throws BadRequest for a position after the head, or a page too large.
 */
export async function readChangePage(
  { after, before, entities, ...size }: ChangePageArgs,
  operation: Operation,
): Promise<ChangePage> {
  const { count, fromEnd } = pageSizeOf(size);
  const head = await operation.snapshot();
  const from = after == null ? positionZero : past('after', after, head);
  const end = Math.max(from, before == null ? head : Math.min(before - 1, head)) as Position;
  const kinds = entities ? [...new Set(entities)] : operation.view.entities;
  // One more than asked for tells whether there are more.
  const wanted = { entities: kinds, limit: count + 1, newest: fromEnd };
  operation.dependOnPosition(head);
  const found = await operation.view.reads.changesBetween(from, end, wanted);
  const isCut = found.changes.length > count;
  if (fromEnd) {
    const changes = isCut ? found.changes.slice(1) : found.changes;
    return { changes, position: end, hasMore: isCut };
  }
  const changes = found.changes.slice(0, count);
  const position = isCut ? (changes.at(-1)?.position ?? from) : found.end;
  return { changes, position, hasMore: position < end };
}
