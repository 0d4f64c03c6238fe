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
export type ReadSpan<Item> = (after: Position) => Promise<Span<Item>>;

export interface FollowOptions {
  /** Go on after this position: what a client saw last. */
  readonly after: Position;
  /** Ends the following; the iteration then completes. */
  readonly signal: AbortSignal;
}

/**
 * Yields the log after a position, each stretch exactly once and in order, for as long as it is
 * asked. It reads at its caller's pace and keeps at most one stretch.
 * @param head the log's end as far as this process knows.
 */
export async function* followLog<Item>(
  read: ReadSpan<Item>,
  feed: Feed,
  head: () => Position,
  { after, signal }: FollowOptions,
): AsyncGenerator<Span<Item>, void, undefined> {
  let mark = after;
  while (!signal.aborted) {
    const span = await read(mark);
    if (signal.aborted) return;
    if (span.end > mark) yield span;
    mark = span.end;
    await feed.wait(signal, () => head() > mark);
  }
}
