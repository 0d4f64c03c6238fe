/** What the board asks about the log itself, and what comes back. */
import { gql } from 'urql';

/** A moment to ask for; null is now. */
export type AsOf = { readonly position: string } | null;

export interface LogInfo {
  readonly position: string;
  readonly committedAt: string | null;
}

/** Where the log ends, and when it began. */
export const logQuery = gql<{
  readonly log: LogInfo;
  readonly changes: { readonly changes: readonly { readonly version: { committedAt: string } }[] };
}>`
  query Log {
    log { position committedAt }
    changes(first: 1) { changes { version { id committedAt } } }
  }
`;

interface LastPosition {
  readonly edges: readonly { readonly node: { readonly position: string } }[];
}

/** The last change of each kind at a moment of the clock. */
export const positionAtQuery = gql<
  { readonly todos: LastPosition; readonly lakeFiles: LastPosition },
  { asOf: { readonly time: string } }
>`
  query PositionAt($asOf: AsOf!) {
    todos(
      first: 1
      filter: { includeDeleted: true }
      orderBy: [{ field: UPDATED_AT, direction: DESC }]
      asOf: $asOf
    ) { edges { node { id position } } }
    lakeFiles(
      first: 1
      filter: { includeDeleted: true }
      orderBy: [{ field: UPDATED_AT, direction: DESC }]
      asOf: $asOf
    ) { edges { node { id position } } }
  }
`;

/** What happened at one position: who did what, when and why. */
export interface Happening {
  readonly position: string;
  readonly entity: 'TODO' | 'LAKE_FILE';
  readonly id: string;
  readonly version: {
    readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'RESTORE';
    readonly committedAt: string;
    readonly transaction: { readonly actor: string | null; readonly reason: string | null };
  };
}

/** The first change after a position: give the position before the one that is meant. */
export const happeningQuery = gql<
  { readonly changes: { readonly changes: readonly Happening[] } },
  { after: string }
>`
  query Happening($after: Position!) {
    changes(after: $after, first: 1) {
      changes {
        position
        entity
        id
        version { id operation committedAt transaction { id actor reason } }
      }
    }
  }
`;
