/** All who follow the log of a store: what they share, and what ends them. */
import { type Entity, type Position, positionZero, type Version } from '../../entities/index.ts';
import type { VersionChange } from '../log/version-change.ts';
import { Feed } from './feed.ts';
import { type Followed, type FollowOptions, LogFollower, type Span } from './follower.ts';
import type { SharedSpans } from './shared-spans.ts';

export class Followers {
  readonly #feed: Feed;
  readonly #spans: SharedSpans;
  readonly #followed: Followed;
  #ended = false;

  /**
   * @param head the log's end as far as this process knows.
   * @param lookForForeignCommits asks whether another process committed, and wakes the followers.
   */
  constructor(spans: SharedSpans, head: () => Position, lookForForeignCommits: () => void) {
    this.#spans = spans;
    this.#feed = new Feed(lookForForeignCommits);
    this.#followed = { feed: this.#feed, head, following: new Set() };
  }

  /** How many have begun and not ended, waiting or not. */
  get count(): number {
    return this.#followed.following.size;
  }

  /** How many wait for the next commit. */
  get waiting(): number {
    return this.#feed.waiting;
  }

  /** Something was committed: everyone who waits reads on. */
  wake(): void {
    this.#feed.wake();
  }

  /** Ends all of them; one that begins later ends at once. */
  end(): void {
    this.#ended = true;
    for (const follower of this.#followed.following) follower.end();
  }

  /** Yields every version of these kinds after a position exactly once, in order. */
  async *versions(
    entities: readonly Entity[],
    options: Partial<FollowOptions>,
  ): AsyncGenerator<Version, void, undefined> {
    for await (const { items } of this.#follow([...new Set(entities)], false, options)) {
      for (const { version } of items) {
        if (this.#ended || options.signal?.aborted) return;
        yield version;
      }
    }
  }

  /** Yields the log stretch by stretch: the changes of some kinds of records, none perhaps. */
  changes<E extends Entity>(
    entities: readonly E[],
    options: Partial<FollowOptions>,
  ): AsyncIterableIterator<Span<VersionChange<E>>, void, undefined> {
    const spans = this.#follow([...new Set(entities)], true, options);
    return spans as AsyncIterableIterator<Span<VersionChange<E>>, void, undefined>;
  }

  #follow(
    entities: readonly Entity[],
    withPrevious: boolean,
    { after = positionZero, signal }: Partial<FollowOptions>,
  ): LogFollower<VersionChange> {
    const read = (mark: Position) => this.#spans.read(mark, entities, withPrevious);
    const follower = new LogFollower(read, this.#followed, { after, signal });
    if (this.#ended) follower.end();
    return follower;
  }
}
