/**
 * What matched at a moment, read page by page as it is taken: feeds begin with it. A feed whose client
 * takes nothing keeps its page, so pages are of so many records as take about the same memory.
 */
import type { Entity, OrderKey, Position, Version } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import { Order } from '../criteria/order.ts';
import { limits } from '../shared/limits.ts';
import { bytesOfVersions } from '../shared/version-bytes.ts';
import type { Page, PageQuery } from './page.ts';

export interface SnapshotQuery {
  readonly at: Position;
  readonly filter: RecordFilter;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** By position: so a client may resume after any of them, and is told again what it missed. */
const oldestFirst: readonly OrderKey[] = [{ field: 'updatedAt', direction: 'asc' }];

type List = (entity: Entity, query: PageQuery) => Promise<Page<Entity>>;

export class Snapshots {
  readonly #list: List;

  constructor(list: List) {
    this.#list = list;
  }

  /** Yields the records that matched, oldest first. */
  async *read<E extends Entity>(
    entity: E,
    { at, filter, signal }: SnapshotQuery,
  ): AsyncGenerator<Version<E>, void, undefined> {
    const order = new Order(entity, oldestFirst);
    let query: PageQuery = { at, filter, orderBy: oldestFirst, limit: limits.snapshotFirstRows };
    while (!signal.aborted) {
      const page = await this.#list(entity, query).catch((error) => {
        // Who has left while the store was closed needs no page, and no complaint.
        if (!signal.aborted) throw error;
      });
      if (!page) return;
      const { versions, more } = page as Page<E>;
      for (const version of versions) {
        if (signal.aborted) return;
        yield version;
      }
      const last = versions.at(-1);
      if (!more || !last) return;
      query = { ...query, after: order.placeOf(last), limit: rowsAfter(versions) };
    }
  }
}

/** How many records the next page may have, when they are as large as those of this one. */
function rowsAfter(versions: readonly Version[]): number {
  const average = bytesOfVersions(versions) / versions.length;
  const rows = Math.floor(limits.snapshotPageBytesMax / average);
  return Math.min(Math.max(rows, 1), limits.snapshotPageRows);
}
