/**
 * Histories of records, straight from the log: its index on id and revision has each as one
 * stretch, found within microseconds. Queries run in place, a few rows at a time, and others have
 * turns of the event loop between them.
 */
import { sql } from 'kysely';
import type { Entity, Position, Version } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { turns } from '../shared/turns.ts';
import { unknownEntity } from '../shared/unknown-entity.ts';
import { differingFields } from '../shared/values.ts';
import { readVersionsAt, readVersionsBetween } from './logged-records.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { given } from './sqlite/statement.ts';

/** A record at a moment. */
export interface RecordKey {
  readonly id: string;
  readonly at: Position;
}

/** Revisions `from` to `to` of a record, both included. */
export interface RevisionsKey {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/** A record as it was in one revision. */
export interface RevisionKey {
  readonly id: string;
  readonly revision: number;
}

/** Per field of the entity, in its order, the revision that last gave it another value. */
export type LastSet = Readonly<Record<string, number>>;

export class Histories {
  readonly #log: LogFile;
  readonly #entities: readonly Entity[];
  readonly #refuseWhenClosing: () => void;

  /** @param refuseWhenClosing throws once the log is about to be closed. */
  constructor(log: LogFile, entities: readonly Entity[], refuseWhenClosing: () => void) {
    this.#log = log;
    this.#entities = entities;
    this.#refuseWhenClosing = refuseWhenClosing;
  }

  /** Stretches of histories: per key the versions that there are, oldest first. */
  async revisions<E extends Entity>(
    entity: E,
    keys: readonly RevisionsKey[],
  ): Promise<Version<E>[][]> {
    const found: Version<E>[][] = [];
    for (const key of keys) found.push(await this.#stretch(entity, key));
    return found;
  }

  /** Records at positions: per key the version in force, a deletion included; null before the first. */
  async records<E extends Entity>(
    entity: E,
    keys: readonly RecordKey[],
  ): Promise<(Version<E> | null)[]> {
    const found: (Version<E> | null)[] = [];
    for (const { id, at } of keys) {
      await this.#turn();
      const revision = this.#revisionAt(entity, id, at);
      found.push(this.#versions(entity, id, revision, revision)[0] ?? null);
    }
    return found;
  }

  /**
   * Versions by their positions, in the order asked for. Whoever knows positions of committed
   * versions by the replica reads the whole ones here: the log keeps them as rows, by position.
   * @throws RangeError for a position at which the entity has no version.
   */
  async versionsAt<E extends Entity>(
    entity: E,
    positions: readonly Position[],
  ): Promise<Version<E>[]> {
    this.#refuseWhenClosing();
    this.#refuseUnknown(entity);
    const found = await readVersionsAt(this.#log, entity, positions);
    return positions.map((position) => {
      const version = found.get(position);
      if (version) return version;
      throw new RangeError(`The log has no ${entity.name} at position ${position}.`);
    });
  }

  /**
   * Which revision last set each field, up to a revision; nothing of a record that has not so many.
   * Histories are walked from their end, which is no further than the field set longest ago.
   */
  async lastSet(entity: Entity, keys: readonly RevisionKey[]): Promise<LastSet[]> {
    const found: LastSet[] = [];
    for (const key of keys) found.push(await this.#lastSet(entity, key));
    return found;
  }

  async #stretch<E extends Entity>(
    entity: E,
    { id, from, to }: RevisionsKey,
  ): Promise<Version<E>[]> {
    const rows = limits.historyStretchRows;
    const found: Version<E>[] = [];
    for (let first = from; first <= to; first += rows) {
      await this.#turn();
      const last = Math.min(to, first + rows - 1);
      const versions = this.#versions(entity, id, first, last);
      found.push(...versions);
      // Revisions count without a gap: where one is missing, there are no more.
      if (versions.at(-1)?.revision !== last) break;
    }
    return found;
  }

  async #lastSet(entity: Entity, { id, revision }: RevisionKey): Promise<LastSet> {
    const set = new Map<string, number>();
    const note = (names: readonly string[], newer: number) => {
      for (const name of names) if (!set.has(name)) set.set(name, newer);
    };
    const fields = Object.keys(entity.fields);
    const rows = limits.historyStretchRows;
    let newer: Version | null = null;
    for (let to = revision; to >= 1 && set.size < fields.length; to -= rows) {
      await this.#turn();
      const versions = this.#versions(entity, id, Math.max(1, to - rows + 1), to);
      if (versions.at(-1)?.revision !== to) return {};
      for (const version of versions.reverse()) {
        if (newer) note(differingFields(entity, version.values, newer.values), newer.revision);
        newer = version;
      }
    }
    if (newer?.revision === 1) note(fields, 1);
    return Object.fromEntries(fields.map((name) => [name, set.get(name) as number]));
  }

  /**
   * The revision in force at a position; 0 before the first. They rise together, so that it is
   * found by halves: of a long history only few are looked at.
   */
  #revisionAt(entity: Entity, id: string, at: Position): number {
    this.#refuseUnknown(entity);
    const statement = lastRevisionOf(this.#log, entity);
    const lastUpTo = (upTo: number) =>
      (statement.first([id, upTo]) ?? [0, 0]) as [number, Position];
    const [newest, position] = lastUpTo(Number.MAX_SAFE_INTEGER);
    if (position <= at) return newest;
    let [before, after] = [0, newest];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (lastUpTo(middle)[1] <= at) before = middle;
      else after = middle;
    }
    return before;
  }

  #versions<E extends Entity>(entity: E, id: string, from: number, to: number): Version<E>[] {
    this.#refuseUnknown(entity);
    return readVersionsBetween(this.#log, entity, id, from, to);
  }

  async #turn(): Promise<void> {
    await turns.yield();
    this.#refuseWhenClosing();
  }

  #refuseUnknown(entity: Entity): void {
    if (!this.#entities.includes(entity)) throw unknownEntity(entity);
  }
}

/** The last revision of an id up to one, and its position. */
function lastRevisionOf(log: LogFile, entity: Entity) {
  return log.statement(entity, 'last revision', () =>
    log.versions
      .selectFrom(entity.table)
      .select(['revision', 'position'])
      .where('id', '=', given<string>(0))
      .where('revision', '<=', given<number>(1))
      .orderBy('revision', 'desc')
      .limit(sql.lit(1))
      .compile(),
  );
}
