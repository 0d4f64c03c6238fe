/** Who asks, as far as it is known. */
import { isWellFormed, limits } from '../../db/index.ts';
import type { Viewer } from '../../entities/index.ts';

/** Somebody, until a moment. */
export interface Known {
  readonly viewer: Viewer;
  /** Milliseconds since 1970; infinity where nothing ends it. */
  readonly untilMs: number;
}

/** Where an operation comes from: what may tell who asks. */
export interface Asking {
  /** A header of its request, as the Fetch API has it; null when it has none. */
  readonly header: (name: string) => string | null;
  /** What was sent as a header, once for each time that it was. */
  readonly values: (name: string) => readonly string[];
  /** What its WebSocket was begun with, by its client. */
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
  /** The address that its connection comes from; a proxy’s, where one is between. */
  readonly remoteAddress?: string | undefined;
}

/** A way in which it is known who asks. */
export interface Identity {
  /** The headers that tell it, in small letters; none where nobody is asked. */
  readonly headers: readonly string[];
  /**
   * Who asks; null where everybody is nobody in particular.
   * @throws a GraphQLError UNAUTHENTICATED when it has to be known, and is not.
   */
  readonly viewerOf: (asking: Asking) => Promise<Known | null>;
}

/** Whether something can be the id of whoever asks: transactions have it as their actor. */
export function isViewerId(id: unknown): id is string {
  if (typeof id !== 'string' || !isWellFormed(id) || id.includes('\0')) return false;
  const length = [...id].length;
  return length > 0 && length <= limits.idLengthMax;
}
