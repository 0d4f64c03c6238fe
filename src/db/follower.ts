/** Following the log: every version after a position, in order, as they are committed. */
import type { Entity, Position, Version } from '../entities/index.ts';
import type { Feed } from './feed.ts';
import { limits } from './limits.ts';
import type { LogReader } from './log-reader.ts';

export interface FollowOptions {
  /** Go on after this position: what a client saw last. */
  readonly after: Position;
  /** Follow only these kinds of records. */
  readonly entities?: readonly Entity[] | undefined;
  /** Ends the following; the iteration then completes. */
  readonly signal: AbortSignal;
}

/**
 * Yields every version after a position exactly once, in order, for as long as it is asked. It
 * reads at its caller's pace and keeps at most one batch.
 * @param head the log's end as far as this process knows.
 */
export async function* followLog(
  log: LogReader,
  feed: Feed,
  head: () => Position,
  { after, entities, signal }: FollowOptions,
): AsyncGenerator<Version, void, undefined> {
  // A kind that is named twice is read once.
  const kinds = entities && [...new Set(entities)];
  let mark = after;
  while (!signal.aborted) {
    const span = await log.read(mark, limits.followerBatchRows, kinds);
    for (const version of span.versions) {
      if (signal.aborted) return;
      yield version;
    }
    mark = span.end;
    await feed.wait(signal, () => head() > mark);
  }
}
