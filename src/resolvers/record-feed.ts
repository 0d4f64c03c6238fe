/** The live feed of one kind of record: what matches a filter, and how that changes. */
import {
  BadRequest,
  type Matcher,
  matcherOf,
  type RecordFilter,
  type VersionChange,
} from '../db/index.ts';
import type { Entity, Position, Version } from '../entities/index.ts';
import { past } from './as-of.ts';
import { cancellable } from './cancellable.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';
import type { SeenAt } from './transactions.ts';
import type { LeftSight, SeenVersions, View } from './view/view.ts';

export interface RecordFeedArgs {
  readonly filter?: RecordFilter | null | undefined;
  /** The position of the last event that a client saw. */
  readonly after?: Position | null | undefined;
  /** First tell what matches now. */
  readonly snapshot?: boolean | null | undefined;
}

export type ChangeKind = 'SNAPSHOT' | 'CAUGHT_UP' | 'ENTER' | 'UPDATE' | 'LEAVE';

/** One event; a client that comes back with its position gets exactly what follows it. */
export interface RecordChange<E extends Entity = Entity> {
  readonly kind: ChangeKind;
  readonly position: Position;
  /** Of the record; null in CAUGHT_UP only. */
  readonly id: string | null;
  /** The record as the event leaves it; null where there is none any more, and in CAUGHT_UP. */
  readonly record: RecordAt<E> | null;
  /** Null in CAUGHT_UP, and where the record is seen no longer. */
  readonly version: SeenAt<Version<E>> | null;
  /** What the version superseded; null for the first one that is seen, and in a snapshot. */
  readonly previous: SeenAt<Version<E>> | null;
}

/**
 * Follows the records that match: first, if that is wanted, those that match now; CAUGHT_UP once
 * all that was committed before has been told; then each change, as it is committed.
 * @throws BadRequest for a position that has not been yet, for a snapshot that would resume, and
 *   for a filter that is wrong.
 */
export async function followRecords<E extends Entity>(
  entity: E,
  { filter, after, snapshot }: RecordFeedArgs,
  operation: Operation,
): Promise<AsyncIterable<RecordChange<E>>> {
  if (after != null && snapshot) {
    const message = 'cannot be given with `after`: what follows a position needs no snapshot.';
    throw new BadRequest('snapshot', message);
  }
  const wanted = filter ?? {};
  const matches = matcherOf(entity, wanted);
  const { view } = operation;
  const head = await view.head();
  const from = after == null ? head : past('after', after, head);
  return cancellable(async function* (signal) {
    const query = { filter: wanted, at: head, signal };
    for await (const version of snapshot ? view.pastReads.snapshot(entity, query) : []) {
      yield eventOf('SNAPSHOT', { version, previous: null });
    }
    yield* changesAfter(entity, matches, from, head, operation, signal);
  });
}

/** @param known the log's end when the subscription began: up to there it has to catch up. */
async function* changesAfter<E extends Entity>(
  entity: E,
  matches: Matcher,
  from: Position,
  known: Position,
  { view }: Operation,
  signal: AbortSignal,
): AsyncGenerator<RecordChange<E>, void, undefined> {
  let caughtUp = from >= known;
  if (caughtUp) yield caughtUpAt(from);
  for await (const { items, end } of view.followChanges(entity, { after: from, signal })) {
    for (const change of items) {
      const kind = kindOf(change, matches);
      if (signal.aborted) return;
      const { version } = change;
      if (version && isErasedEnd(version, view)) yield leftEvent(version);
      else if (kind) yield version ? sharedEventOf(kind, change) : leftEvent(change);
    }
    if (!caughtUp && end >= known) {
      caughtUp = true;
      yield caughtUpAt(end);
    }
  }
}

/** What a change means to whoever sees only what matches; null when it means nothing. */
function kindOf({ version, previous }: SeenVersions, matches: Matcher): ChangeKind | null {
  const before = previous !== null && matches(previous);
  if (version !== null && matches(version)) return before ? 'UPDATE' : 'ENTER';
  return before ? 'LEAVE' : null;
}

/** Whether a record was deleted to be erased: whoever saw it before cannot be told by what it held. */
function isErasedEnd(version: Version, view: View): boolean {
  if (version.operation !== 'DELETE') return false;
  const known = erasedEnds.get(version);
  if (known !== undefined) return known;
  const isErased = view.erasedAt(version) !== null;
  erasedEnds.set(version, isErased);
  return isErased;
}

/** All who follow are told of the same version: it is looked up once. What is erased is read anew. */
const erasedEnds = new WeakMap<Version, boolean>();

function eventOf<E extends Entity>(
  kind: ChangeKind,
  { version, previous }: VersionChange<E>,
): RecordChange<E> {
  const { position, id } = version;
  const gone = kind === 'LEAVE' && version.operation === 'DELETE';
  return {
    kind,
    position,
    id,
    record: gone ? null : { version, at: position },
    version: { ...version, seenAt: position },
    previous: previous && { ...previous, seenAt: position },
  };
}

/** A record is seen no longer: which one is all that is told. */
function leftEvent({ position, id }: Pick<LeftSight, 'position' | 'id'>): RecordChange<never> {
  return { kind: 'LEAVE', position, id, record: null, version: null, previous: null };
}

/** Events of changes that many feeds tell, by the change; of each the last one made. */
const shared = new WeakMap<VersionChange, RecordChange>();

function sharedEventOf<E extends Entity>(
  kind: ChangeKind,
  change: VersionChange<E>,
): RecordChange<E> {
  const known = shared.get(change) as RecordChange<E> | undefined;
  if (known?.kind === kind) return known;
  const event = eventOf(kind, change);
  shared.set(change, event);
  return event;
}

function caughtUpAt(position: Position): RecordChange<never> {
  return { kind: 'CAUGHT_UP', position, id: null, record: null, version: null, previous: null };
}
