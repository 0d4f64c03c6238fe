/** Chunks of contents: each is stored once, by its digest. */
import type { CompiledQuery, Kysely } from 'kysely';
import { hexOf } from '../../shared/hex.ts';
import type { LogTables } from '../tables.ts';
import { decoded, type StoredChunk } from './chunk-encoding.ts';

/** Runs a query with values for its parameters, in their order; gives its rows. */
export type RunQuery = <Row>(
  query: CompiledQuery<Row>,
  parameters: readonly unknown[],
) => readonly Row[] | Promise<readonly Row[]>;

type KnownChunk = StoredChunk & { readonly id: number };

export class ChunkStore {
  readonly #run: RunQuery;
  /** Both are written once: there are many chunks. */
  readonly #byDigest: CompiledQuery<KnownChunk>;
  readonly #insertion: CompiledQuery<Pick<KnownChunk, 'id'>>;

  constructor(db: Kysely<LogTables>, run = runnerOf(db)) {
    this.#run = run;
    const nothing = new Uint8Array();
    this.#byDigest = db
      .selectFrom('chunks')
      .select(['id', 'digest', 'size', 'encoding', 'bytes'])
      .where('digest', '=', nothing)
      .compile();
    this.#insertion = db
      .insertInto('chunks')
      .values({ digest: nothing, size: 0, encoding: 'none', bytes: nothing })
      .returning('id')
      .compile();
  }

  /**
   * Stores a chunk unless it is stored already.
   * @param sha256 of the contents that it is for; its own digest where that is not known yet.
   * @returns the number by which contents name it.
   * @throws ContentsDamaged when what is stored under its digest is not what it was any more.
   */
  async put(chunk: StoredChunk, sha256 = hexOf(chunk.digest)): Promise<number> {
    const { digest, size, encoding, bytes } = chunk;
    const [known] = await this.#run(this.#byDigest, [digest]);
    if (known) {
      decoded(known, sha256);
      return known.id;
    }
    const [stored] = await this.#run(this.#insertion, [digest, size, encoding, bytes]);
    return (stored as Pick<KnownChunk, 'id'>).id;
  }
}

/** By Kysely, which takes some 40 µs for each. */
export function runnerOf(db: Kysely<LogTables>): RunQuery {
  return async <Row>(query: CompiledQuery<Row>, parameters: readonly unknown[]) =>
    (await db.executeQuery<Row>({ ...query, parameters })).rows;
}
