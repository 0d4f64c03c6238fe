/** One query by GET: how long its answer may be kept, and under which tag. */
import type { ExecutionArgs } from 'graphql';
import type { Position } from '../../entities/index.ts';
import { namesTag } from '../server/preconditions.ts';
import { type Answer, dataDigest, withDataJson } from './answers.ts';
import type { Asked, EntityTags } from './entity-tags.ts';
import { pinnedPosition } from './pinned-position.ts';

/** What is told to whoever may keep an answer. */
export interface Keeping {
  readonly etag: string;
  readonly cacheControl: string;
}

const forEver = 'max-age=31536000, immutable';
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
  readonly #isPrivate: boolean;

  /** @param isPrivate whether it matters who asks: only their own cache may keep the answer. */
  constructor(tags: EntityTags, asked: Asked, args: ExecutionArgs, isPrivate: boolean) {
    this.#tags = tags;
    this.#asked = asked;
    this.#pinned = pinnedPosition(args);
    this.#isPrivate = isPrivate;
  }

  /**
   * What a client holds of a pinned query, told without executing. Its tag is made of a position
   * that determines the answer, so whoever knows it was answered so.
   * @param head the log's, looked up after the request arrived.
   * @returns null when that takes an execution to tell.
   */
  held(ifNoneMatch: string, head: Position): Keeping | null {
    // A position after the head is refused, even when its tag was guessed.
    if (this.#pinned === null || this.#pinned > head) return null;
    const keeping = this.#keptAt(this.#pinned);
    return namesTag(ifNoneMatch, keeping.etag) ? keeping : null;
  }

  /**
   * The answer as it may be kept. What is pinned stands at its last position, rather than at the
   * head: all copies of it are the same.
   */
  answer(result: Answer): Answer {
    if (this.#pinned === null) return withDataJson(result);
    const extensions = { ...result.extensions, position: String(this.#pinned) };
    return { ...result, extensions };
  }

  /** How an answer without errors may be kept. */
  async keeping(answer: Answer): Promise<Keeping> {
    if (this.#pinned !== null) return this.#keptAt(this.#pinned);
    const etag = this.#tags.ofData(await dataDigest(answer), this.#asked);
    return { etag, cacheControl: this.#isPrivate ? `private, ${askFirst}` : askFirst };
  }

  #keptAt(position: Position): Keeping {
    return {
      etag: this.#tags.atPosition(position, this.#asked),
      cacheControl: `${this.#isPrivate ? 'private' : 'public'}, ${forEver}`,
    };
  }
}
