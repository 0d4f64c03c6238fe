/** Which contents and chunks the segments before one have already. */
import { sql } from 'kysely';
import { PlainFile } from '../sqlite/plain-file.ts';

export class EarlierContents {
  readonly #paths: readonly string[];
  /** Those of the segments that have any; opened when they are asked for first. */
  #files: PlainFile[] | null = null;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Whether a segment has the contents under a SHA-256. */
  hasContents(sha256: string): Promise<boolean> {
    return this.#has('contents', 'sha256', sha256);
  }

  /** Whether a segment has the chunk with a digest. */
  hasChunk(digest: Uint8Array): Promise<boolean> {
    return this.#has('chunks', 'digest', digest);
  }

  async close(): Promise<void> {
    for (const file of this.#files ?? []) await file.close();
    this.#files = null;
  }

  async #has(table: string, key: string, value: unknown): Promise<boolean> {
    this.#files ??= await this.#open();
    for (const { kysely } of this.#files) {
      const { rows } = await sql`
        select 1 from ${sql.table(table)} where ${sql.ref(key)} = ${value}`.execute(kysely);
      if (rows.length > 0) return true;
    }
    return false;
  }

  async #open(): Promise<PlainFile[]> {
    const files: PlainFile[] = [];
    for (const path of this.#paths) {
      const file = PlainFile.read(path);
      const { rows } = await sql`select 1 from contents limit 1`.execute(file.kysely);
      if (rows.length > 0) files.push(file);
      else await file.close();
    }
    return files;
  }
}
