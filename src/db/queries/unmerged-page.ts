/** A page of what was merged, with what was not merged yet laid over it. */
import type { Entity, Version } from '../../entities/index.ts';
import { matcherOf } from '../criteria/filter-match.ts';
import { firstIndex, type UnmergedVersions } from '../replica/unmerged.ts';
import { turns } from '../shared/turns.ts';
import type { OrderedQuery } from './page.ts';

/** Rows asked for in place of those that turn out to be superseded: seldom are there more. */
const spareRows = 16;

/**
 * The first records of a page, at most `query.limit`, in the direction in which it is taken.
 * @param unmerged as it was when the reading began.
 * @param findMerged reads the first so many of the page from what was merged by then, or since.
 */
export async function findWithUnmerged<E extends Entity>(
  entity: E,
  query: OrderedQuery,
  unmerged: UnmergedVersions,
  findMerged: (limit: number) => Promise<Version<E>[]>,
): Promise<Version<E>[]> {
  const merged = await mergedInForce(query, unmerged, findMerged);
  // Past the last record of a full page nothing matters.
  const last = merged.length >= query.limit ? merged[query.limit - 1] : undefined;
  const added = await unmergedInForce(entity, query, unmerged, last);
  if (added.length === 0) return merged.slice(0, query.limit);
  const known = new Set(merged.map(({ position }) => position));
  const fresh = added.filter(({ position }) => !known.has(position));
  const sign = query.fromEnd ? -1 : 1;
  return [...merged, ...fresh]
    .sort((a, b) => sign * query.order.compare(a, b))
    .slice(0, query.limit);
}

async function mergedInForce<E extends Entity>(
  { at, limit }: OrderedQuery,
  unmerged: UnmergedVersions,
  findMerged: (limit: number) => Promise<Version<E>[]>,
): Promise<Version<E>[]> {
  const spare = Math.min(spareRows, unmerged.size);
  // At most as many can be superseded as there are: the second time suffices.
  for (const asked of [limit + spare, limit + unmerged.size]) {
    const found = await findMerged(asked);
    const inForce = found.filter(({ position }) => !unmerged.supersedes(position, at));
    if (inForce.length >= limit || found.length < asked) return inForce;
  }
  throw new RangeError('More versions were superseded than there are that could supersede them.');
}

/** Of what is not merged the first records of the page, in its direction, up to a last one. */
async function unmergedInForce<E extends Entity>(
  entity: E,
  query: OrderedQuery,
  unmerged: UnmergedVersions,
  last: Version | undefined,
): Promise<Version<E>[]> {
  const { at, after, before, order, fromEnd = false, limit } = query;
  const list = await unmerged.inOrder(order);
  const matches = matcherOf(entity, query.filter ?? {});
  const begin = after ? firstIndex(list, (version) => order.compare(version, after) > 0) : 0;
  const end = before ? firstIndex(list, (version) => order.compare(version, before) >= 0) : null;
  const length = Math.max(0, (end ?? list.length) - begin);
  const found: Version<E>[] = [];
  for (let step = 0; step < length && found.length < limit; step += 1) {
    if (turns.over) await turns.next(null);
    const version = list[fromEnd ? begin + length - 1 - step : begin + step] as Version<E>;
    if (last && order.compare(version, last) * (fromEnd ? -1 : 1) > 0) break;
    const inForce = version.position <= at && !unmerged.supersedes(version.position, at);
    if (inForce && matches(version)) found.push(version);
  }
  return found;
}
