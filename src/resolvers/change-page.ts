/** The log in pages, for clients that were away: what they missed, and where to go on. */
import { type Position, positionZero, type Version } from '../entities/index.ts';
import { past } from './as-of.ts';
import type { ChangesArgs } from './change-feed.ts';
import { pageSizeOf } from './connection.ts';
import type { Operation } from './operation.ts';

export interface ChangePage {
  readonly changes: readonly Version[];
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
  const kinds = entities ? [...new Set(entities)] : operation.store.entities;
  // One more than asked for tells whether there are more.
  const only = { entities: kinds, limit: count + 1, newest: fromEnd };
  operation.dependOnPosition(head);
  const found = await operation.reads.versionsBetween(from, end, only);
  const hasMore = found.length > count;
  if (fromEnd) return { changes: hasMore ? found.slice(1) : found, position: end, hasMore };
  const changes = found.slice(0, count);
  return { changes, position: hasMore ? (changes.at(-1)?.position ?? from) : end, hasMore };
}
