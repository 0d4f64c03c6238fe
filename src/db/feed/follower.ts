/** Following the log: stretch after stretch after a position, as they are committed. */
import type { Position } from '../../entities/index.ts';
import type { Feed } from './feed.ts';

/** A stretch of the log as followers read it; it ends where a transaction ends. */
export interface Span<Item> {
  /** In position order. */
  readonly items: readonly Item[];
  /** Everything up to here has been told. */
  readonly end: Position;
}

/** Reads the next stretch after a position; an empty one that ends there when there is none yet. */
export type ReadSpan<Item> = (after: Position) => Span<Item> | Promise<Span<Item>>;

export interface FollowOptions {
  /** Go on after this position: what a client saw last. */
  readonly after: Position;
  /** Ends the following; the iteration then completes. */
  readonly signal: AbortSignal;
}

/** What followers of one log share. */
export interface Followed {
  readonly feed: Feed;
  /** The log's end as far as this process knows. */
  readonly head: () => Position;
  /** Those that have begun and not ended. */
  readonly following: Set<{ end(): void }>;
}

const done = { done: true, value: undefined } as const;

/**
 * The log after a position, each stretch exactly once and in order, for as long as it is asked. It
 * reads at its caller's pace and keeps at most one stretch. A class rather than generators within
 * each other, for whose promises a thousand followers would pay at each commit.
 */
export class LogFollower<Item> implements AsyncIterableIterator<Span<Item>, void, undefined> {
  readonly #read: ReadSpan<Item>;
  readonly #followed: Followed;
  /** Not AbortSignal.any: a signal that outlives them all keeps a trace of each. */
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #isBehind: () => boolean;
  readonly #end = () => this.end();
  #mark: Position;
  #hasBegun = false;

  constructor(
    read: ReadSpan<Item>,
    followed: Followed,
    { after, signal }: { readonly after: Position; readonly signal: AbortSignal | undefined },
  ) {
    this.#read = read;
    this.#followed = followed;
    this.#signal = signal;
    this.#mark = after;
    this.#isBehind = () => followed.head() > this.#mark;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Span<Item>, void>> {
    const { signal } = this.#ending;
    try {
      if (this.#hasBegun) await this.#wait();
      else this.#begin();
      while (!signal.aborted) {
        const span = await this.#read(this.#mark);
        if (signal.aborted) break;
        if (span.end > this.#mark) {
          this.#mark = span.end;
          return { done: false, value: span };
        }
        await this.#wait();
      }
    } catch (error) {
      this.end();
      throw error;
    }
    this.end();
    return done;
  }

  async return(): Promise<IteratorResult<Span<Item>, void>> {
    this.end();
    return done;
  }

  /** Whoever waits for the next stretch learns that there is none. */
  end(): void {
    this.#ending.abort();
    this.#followed.following.delete(this);
    this.#signal?.removeEventListener('abort', this.#end);
  }

  #wait(): Promise<void> {
    return this.#followed.feed.wait(this.#ending.signal, this.#isBehind);
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#followed.following.add(this);
    this.#signal?.addEventListener('abort', this.#end);
    if (this.#signal?.aborted) this.end();
  }
}
