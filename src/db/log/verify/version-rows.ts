/** Rows of versions as they lie in the log, whatever their kind, one after the other. */
import type { Entity } from '../../../entities/index.ts';
import { limits } from '../../shared/limits.ts';
import type { LogFile } from '../sqlite/log-file.ts';
import type { VersionColumns } from '../tables.ts';

/** A row of an entity's table, as it lies there. */
export interface FoundRow {
  readonly entity: Entity;
  readonly columns: VersionColumns;
}

/** The rows of all kinds by position, read some at a time. */
export class VersionRows {
  readonly #log: LogFile;
  readonly #kinds: readonly Entity[];
  #read = new Map<number, FoundRow>();

  constructor(log: LogFile, kinds: readonly Entity[]) {
    this.#log = log;
    this.#kinds = kinds;
  }

  async at(position: number): Promise<FoundRow | null> {
    if (!this.#read.has(position)) {
      this.#read = await this.#between(position, position + limits.verifyPageRows - 1).catch(
        // Of several rows one may be what cannot be read: this one alone will tell.
        () => this.#between(position, position),
      );
    }
    return this.#read.get(position) ?? null;
  }

  async #between(first: number, last: number): Promise<Map<number, FoundRow>> {
    const found = new Map<number, FoundRow>();
    for (const entity of this.#kinds) {
      const rows = await this.#log.versions
        .selectFrom(entity.table)
        .selectAll()
        .where('position', '>=', first)
        .where('position', '<=', last)
        .execute();
      for (const columns of rows) found.set(columns.position, { entity, columns });
    }
    return found;
  }
}
