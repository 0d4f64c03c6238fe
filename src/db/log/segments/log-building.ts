/** Makes a log of segments: the same positions, times, salts and digests that they were taken from. */
import { sql } from 'kysely';
import type { Entity, Position } from '../../../entities/index.ts';
import { limits } from '../../shared/limits.ts';
import { turns } from '../../shared/turns.ts';
import { eraseAgain, type RecordName } from '../erase.ts';
import { givingPagesBack } from '../sqlite/log-file.ts';
import { defineLog, type LogIdentity } from '../sqlite/migrations.ts';
import { PlainFile } from '../sqlite/plain-file.ts';
import { at, copyRows } from './rows.ts';
import {
  entityOfKind,
  readAbout,
  readKinds,
  type SegmentErasure,
  type SegmentKind,
  versionsIn,
} from './segment.ts';

const main = 'main';
const segment = 'segment';

export class LogBuilding {
  readonly #file: PlainFile;
  readonly #identity: LogIdentity;
  readonly #onVersions: (count: number) => void;
  /** As the last segment has them. */
  readonly #kinds = new Map<string, Entity>();

  private constructor(file: PlainFile, identity: LogIdentity, onVersions: (count: number) => void) {
    this.#file = file;
    this.#identity = identity;
    this.#onVersions = onVersions;
  }

  /**
   * Begins a log at a path at which nothing is.
   * @param onVersions told of versions that were added; what it throws ends the building.
   */
  static async begin(
    path: string,
    identity: LogIdentity,
    onVersions: (count: number) => void,
  ): Promise<LogBuilding> {
    const building = new LogBuilding(PlainFile.make(path), identity, onVersions);
    await sql.raw(givingPagesBack).execute(building.#file.kysely);
    await building.#define([]);
    return building;
  }

  /**
   * Adds what a segment has, up to a position at which a transaction ends.
   * @throws what SQLite throws, also where the segment does not go on from what is there.
   */
  async add(path: string, until: Position): Promise<void> {
    const { kysely } = this.#file;
    await sql`attach ${path} as ${sql.id(segment)}`.execute(kysely);
    try {
      const about = await readAbout(kysely, segment);
      const kinds = await readKinds(kysely, segment);
      await this.#define(kinds);
      const end = Math.min(until, about?.end.position ?? 0);
      for (let from = about?.after.position ?? 0; from < end; ) {
        const to = Math.min(from + limits.segmentPieceRows, end);
        await this.#addPiece(kinds, from, to);
        from = to;
        await turns.yield();
      }
      await this.#addContents(until);
      await this.#addKeys(until);
    } finally {
      await sql`detach ${sql.id(segment)}`.execute(kysely);
    }
  }

  /**
   * Erases what was erased from the log that the segments are of, at whatever time.
   * @param defined kinds of records as they are defined here.
   * @returns the records that are erased now.
   */
  async erase(
    erasures: readonly SegmentErasure[],
    until: Position,
    defined: readonly Entity[],
  ): Promise<RecordName[]> {
    const { kysely } = this.#file;
    await sql`begin`.execute(kysely);
    const kinds = [...this.#kinds.values()].map(
      (kind) => defined.find(({ name }) => name === kind.name) ?? kind,
    );
    const found = await eraseAgain(kysely, kinds, erasures, until);
    await sql`commit`.execute(kysely);
    return found;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #define(kinds: readonly SegmentKind[]): Promise<void> {
    const entities = kinds.map(entityOfKind);
    for (const entity of entities) this.#kinds.set(entity.name, entity);
    await defineLog(this.#file.kysely, entities, this.#identity);
  }

  async #addPiece(kinds: readonly SegmentKind[], from: number, to: number): Promise<void> {
    const { kysely } = this.#file;
    // Without a transaction of its own each row is one: SQLite then writes its pages again and again.
    await sql`begin`.execute(kysely);
    let count = 0;
    for (const { table_name: name } of kinds) {
      const which = sql`where position > ${from} and position <= ${to} order by position`;
      count += await copyRows(kysely, versionsIn(segment, name), { schema: main, name }, which);
    }
    const name = 'transactions';
    const which = sql`where last_position > ${from} and last_position <= ${to} order by id`;
    await copyRows(kysely, { schema: segment, name }, { schema: main, name }, which);
    await sql`commit`.execute(kysely);
    this.#onVersions(count);
  }

  /** Adds contents that were named by then, and their chunks: others than their own may name them. */
  async #addContents(until: Position): Promise<void> {
    const { kysely } = this.#file;
    const inSegment = (name: string) => at({ schema: segment, name });
    await sql`
      insert into main.contents (sha256, size)
      select sha256, size from ${inSegment('contents')}
      where named_at <= ${until} and sha256 not in (select sha256 from main.contents)
      order by named_at`.execute(kysely);
    const { rows } = await sql<{ last: number | null }>`
      select max(id) as last from ${inSegment('chunks')}`.execute(kysely);
    const last = rows[0]?.last ?? 0;
    for (let from = 0; from < last; from += limits.segmentPieceChunks) {
      await sql`
        insert into main.chunks (digest, size, encoding, bytes)
        select digest, size, encoding, bytes from ${inSegment('chunks')}
        where id > ${from} and id <= ${from + limits.segmentPieceChunks}
        and digest not in (select digest from main.chunks)
        and digest in (
          select digest from ${inSegment('content_chunks')} join ${inSegment('contents')}
          using (sha256) where named_at <= ${until}
        ) order by id`.execute(kysely);
      this.#onVersions(0);
      await turns.yield();
    }
    await sql`
      insert into main.content_chunks (contents, begin, chunk)
      select contents.id, named.begin, chunks.id from ${inSegment('content_chunks')} as named
      join main.contents on contents.sha256 = named.sha256
      join main.chunks on chunks.digest = named.digest
      where not exists (
        select 1 from main.content_chunks as kept
        where kept.contents = contents.id and kept.begin = named.begin
      )`.execute(kysely);
  }

  /** A key may come again, for another mutation, once it has expired: then the later one counts. */
  async #addKeys(until: Position): Promise<void> {
    const { kysely } = this.#file;
    const name = 'idempotency_keys';
    const from = { schema: segment, name };
    const which = sql`(
      added.transaction_id in (select id from main.transactions)
      or added.transaction_id is null and added.position <= ${until}
    )`;
    await sql`
      delete from main.idempotency_keys as kept where exists (
        select 1 from ${at(from)} as added
        where added.key = kept.key and added.digest is not kept.digest and ${which}
      )`.execute(kysely);
    const isNew = sql`key not in (select key from main.idempotency_keys)`;
    await copyRows(kysely, from, { schema: main, name }, sql`as added where ${isNew} and ${which}`);
  }
}
