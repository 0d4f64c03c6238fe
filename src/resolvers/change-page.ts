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
  readonly hasMore: boolean;
}

/**
 * The versions after a position, the oldest first; from the beginning of the log without one.
 * @throws BadRequest for a position after the head, or a page too large.
 */
export async function readChangePage(
  { after, entities, first }: ChangesArgs & { readonly first?: number | null | undefined },
  operation: Operation,
): Promise<ChangePage> {
  const { count } = pageSizeOf({ first });
  const head = await operation.snapshot();
  const from = after == null ? positionZero : past('after', after, head);
  const kinds = entities ? [...new Set(entities)] : operation.store.entities;
  // One more than asked for tells whether there are more.
  const only = { entities: kinds, limit: count + 1 };
  const found = await operation.store.versionsBetween(from, head, only);
  const changes = found.slice(0, count);
  const hasMore = found.length > count;
  return { changes, position: hasMore ? (changes.at(-1)?.position ?? from) : head, hasMore };
}
