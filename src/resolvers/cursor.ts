/**
 * Cursors of connections: where a page ends, in which list, and at which position the list stood.
 * A page that goes on from a cursor stands at the cursor's position: paging stays stable while
 * others write. Opaque to clients.
 */

import { BadRequest } from '../db/index.ts';
import type { Position } from '../entities/index.ts';

export interface Cursor {
  readonly at: Position;
  readonly place: readonly unknown[];
}

/** @param list names the list and its order, so that a cursor of another one is refused. */
export function encodeCursor(list: string, { at, place }: Cursor): string {
  return Buffer.from(JSON.stringify([list, at, ...place])).toString('base64url');
}

/** @throws BadRequest for a text that is not a cursor of this list. */
export function decodeCursor(argument: string, text: string, list: string): Cursor {
  const [from, at, ...place] = parse(text) ?? [];
  if (typeof from !== 'string' || !Number.isSafeInteger(at) || (at as number) < 0) {
    throw new BadRequest(argument, 'must be a cursor that this server gave, but is not one.');
  }
  if (from !== list) {
    throw new BadRequest(
      argument,
      `must be a cursor of ${list}, but is one of ${from.slice(0, 80)}.`,
    );
  }
  return { at: at as Position, place };
}

/**
 * Where a list stands: at the moment asked for, or where the page that a cursor is of stood.
 * @throws BadRequest where these contradict each other.
 */
export function pagingPosition(
  args: { readonly asOf?: unknown },
  moment: Position,
  after: Pick<Cursor, 'at'> | null,
  before: Pick<Cursor, 'at'> | null,
): Position {
  if (after && before && after.at !== before.at) {
    throw new BadRequest(
      'before',
      'must come from the same paging as after, but stands elsewhere.',
    );
  }
  const at = after?.at ?? before?.at ?? moment;
  if (args.asOf && at !== moment) {
    const argument = after ? 'after' : 'before';
    throw new BadRequest(
      argument,
      `must be a cursor at asOf, which is ${moment}, but is at ${at}.`,
    );
  }
  return at;
}

function parse(text: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
