/** Contents of files against the SHA-256 that they are stored under, each hashed once. */
import { fieldColumnsOf, fieldValue, type Version } from '../../../entities/index.ts';
import { limits } from '../../shared/limits.ts';
import { ContentsDamaged } from '../../shared/problems.ts';
import { turns } from '../../shared/turns.ts';
import { emptySha256, findContents } from '../contents/contents-rows.ts';
import type { Defect, VerifyWatch } from '../defect.ts';
import type { LogReader } from '../log-reader.ts';
import type { LogFile } from '../sqlite/log-file.ts';
import { sqliteCode } from '../sqlite/storage-errors.ts';

export class StoredContents {
  readonly #log: LogFile;
  /** What is wrong with contents, by their SHA-256; in most logs nothing is. */
  readonly #damage: ReadonlyMap<string, string>;

  private constructor(log: LogFile, damage: ReadonlyMap<string, string>) {
    this.#log = log;
    this.#damage = damage;
  }

  /** Reads all contents that are stored. */
  static async read(log: LogFile, reader: LogReader, watch: VerifyWatch): Promise<StoredContents> {
    const damage = new Map<string, string>();
    for await (const sha256 of storedDigests(log)) {
      await turns.yield();
      try {
        for await (const _ of reader.contents(sha256));
      } catch (error) {
        if (!(error instanceof ContentsDamaged) && sqliteCode(error) === null) throw error;
        damage.set(sha256, (error as Error).message);
      }
      watch.onContents();
    }
    return new StoredContents(log, damage);
  }

  /** What is wrong with the contents that a version names; null when nothing is. */
  async damageOf(version: Version): Promise<string | null> {
    for (const { name, field } of fieldColumnsOf(version.entity)) {
      const sha256 = fieldValue(version, name);
      if (typeof sha256 !== 'string') continue;
      const damage = this.#damage.get(sha256);
      if (damage) return damage;
      if (
        field.contents &&
        sha256 !== emptySha256 &&
        !(await findContents(this.#log.kysely, sha256))
      ) {
        return new ContentsDamaged(sha256, true).message;
      }
    }
    return null;
  }

  /** Damaged contents, when the walk over all versions has met none that names them. */
  unnamedDefect(): Defect | null {
    const [message] = this.#damage.values();
    return message === undefined ? null : { position: null, message };
  }
}

async function* storedDigests(log: LogFile): AsyncGenerator<string, void> {
  for (let last = ''; ; ) {
    const rows = await log.kysely
      .selectFrom('contents')
      .select('sha256')
      .where('sha256', '>', last)
      .orderBy('sha256')
      .limit(limits.verifyPageRows)
      .execute();
    if (rows.length === 0) return;
    for (const { sha256 } of rows) yield sha256;
    last = rows.at(-1)?.sha256 ?? last;
  }
}
