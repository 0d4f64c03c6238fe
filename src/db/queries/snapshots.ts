/**
 * What matched at a moment, read page by page as it is taken: feeds begin with it. Feeds that begin
 * alike read the same pages, each once. A feed whose client takes nothing keeps its page, so pages
 * are of so many records as take about the same memory.
 */
import { LRUCache } from 'lru-cache';
import type { Entity, OrderKey, Position, Version } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import { Order } from '../criteria/order.ts';
import { limits } from '../shared/limits.ts';
import { bytesOfVersion } from '../shared/version-bytes.ts';
import type { Page, PageQuery } from './page-query.ts';

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
  readonly #underWay = new Map<string, Promise<Page<Entity>>>();
  readonly #read = new LRUCache<string, Page<Entity>>({
    maxSize: limits.sharedSnapshotsBytesMax,
    sizeCalculation: ({ versions }) => 1 + bytesOf(versions),
  });

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
      const page = await this.#page(entity, query).catch((error) => {
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

  async #page(entity: Entity, query: PageQuery): Promise<Page<Entity>> {
    const key = `${entity.table} ${JSON.stringify(query)}`;
    const known = this.#read.get(key) ?? this.#underWay.get(key);
    if (known) return await known;
    const reading = this.#list(entity, query);
    this.#underWay.set(key, reading);
    try {
      const page = await reading;
      this.#read.set(key, page);
      return page;
    } finally {
      this.#underWay.delete(key);
    }
  }
}

/** How many records the next page may have, when they are as large as those of this one. */
function rowsAfter(versions: readonly Version[]): number {
  const average = bytesOf(versions) / versions.length;
  const rows = Math.floor(limits.snapshotPageBytesMax / average);
  return Math.min(Math.max(rows, 1), limits.snapshotPageRows);
}

function bytesOf(versions: readonly Version[]): number {
  return versions.reduce((sum, version) => sum + bytesOfVersion(version), 0);
}
