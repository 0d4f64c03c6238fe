/** One query by GET: how long its answer may be kept, and under which tag. */
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Position } from '../../entities/index.ts';
import type { Operation } from '../../resolvers/index.ts';
import { namesTag } from '../server/preconditions.ts';
import { dataJson } from './answers.ts';
import type { Asked, EntityTags } from './entity-tags.ts';
import { pinnedPosition } from './pinned-position.ts';

/** What is told to whoever may keep an answer. */
export interface Keeping {
  readonly etag: string;
  readonly cacheControl: string;
}

const forEver = 'public, max-age=31536000, immutable';
/**
 * Neither public nor private. Each use of the copy is asked about here, so that a shared cache may
 * have it; yet not, as RFC 9111, section 3.5, has it, what was answered to somebody's credentials.
 */
const askFirst = 'no-cache';

export class CacheableQuery {
  readonly #tags: EntityTags;
  readonly #asked: Asked;
  /** The position that the query is pinned to; null when its answer goes with the log. */
  readonly #pinned: Position | null;

  constructor(tags: EntityTags, asked: Asked, args: ExecutionArgs) {
    this.#tags = tags;
    this.#asked = asked;
    this.#pinned = pinnedPosition(args);
  }

  /**
   * What a client holds that would be answered again, told without executing. A tag is made of a
   * position only where the position determines the answer, so whoever knows it was answered so.
   * @param head the log's, looked up after the request arrived.
   * @returns null when that takes an execution to tell.
   */
  held(ifNoneMatch: string, head: Position): Keeping | null {
    const position = this.#pinned ?? head;
    const keeping = this.#keptAt(position);
    // A position after the head is refused, even when its tag was guessed.
    return position <= head && namesTag(ifNoneMatch, keeping.etag) ? keeping : null;
  }

  /**
   * The answer as it may be kept. What is pinned stands at its last position, rather than at the
   * head: all copies of it are the same.
   */
  answer(result: ExecutionResult): ExecutionResult {
    if (this.#pinned === null) return result;
    const extensions = { ...result.extensions, position: String(this.#pinned) };
    return { ...result, extensions };
  }

  /** How an answer without errors may be kept; null when it may not. */
  keeping(result: ExecutionResult, { position, repeatable }: Operation): Keeping | null {
    if (this.#pinned !== null) return this.#keptAt(this.#pinned);
    if (position !== null && repeatable) return this.#keptAt(position);
    // A digest of a large answer would hold the event loop for longer than it may.
    if (dataJson in result) return null;
    const etag = this.#tags.ofContents(JSON.stringify(result), this.#asked);
    return { etag, cacheControl: askFirst };
  }

  #keptAt(position: Position): Keeping {
    const etag = this.#tags.atPosition(position, this.#asked);
    return { etag, cacheControl: this.#pinned === null ? askFirst : forEver };
  }
}
