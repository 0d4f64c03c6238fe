/** The live feed of everything: each version in order, as it is committed. */
import type { Entity, Position } from '../entities/index.ts';
import { past } from './as-of.ts';
import { cancellable } from './cancellable.ts';
import type { Operation } from './operation.ts';
import type { SeenChange } from './view/seen-change.ts';

export interface ChangesArgs {
  /** The position of the last change a client saw; from now on without it. */
  readonly after?: Position | null | undefined;
  readonly entities?: readonly Entity[] | null | undefined;
}

/** Follows the log after a position: no gap, no repeat. Ends when the client leaves. */
export async function followChanges(
  { after, entities }: ChangesArgs,
  { view }: Operation,
): Promise<AsyncIterable<SeenChange>> {
  // Not the operation’s snapshot: each event stands, and is reported, at its own position.
  const head = await view.head();
  const from = after == null ? head : past('after', after, head);
  return cancellable((signal) => view.follow(entities ?? view.entities, { after: from, signal }));
}
