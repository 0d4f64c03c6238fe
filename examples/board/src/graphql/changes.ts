/** The subscriptions of the board, and what they tell. */
import { gql } from 'urql';
import { rowFragment, type TodoFilter, type TodoRow } from './todos.ts';

/** That something changed, whatever it is. */
export interface Change {
  readonly position: string;
  readonly entity: 'TODO' | 'LAKE_FILE';
  readonly id: string;
}

export const changesSubscription = gql<{ readonly changes: Change }, { after: string }>`
  subscription Changes($after: Position!) {
    changes(after: $after) { position entity id }
  }
`;

/** What becomes of a list: a todo enters it, changes within it, or leaves it. */
export interface TodoChange {
  readonly kind: 'SNAPSHOT' | 'CAUGHT_UP' | 'ENTER' | 'UPDATE' | 'LEAVE';
  readonly position: string;
  readonly id: string | null;
  readonly todo: TodoRow | null;
}

export const todoChangesSubscription = gql<
  { readonly todoChanges: TodoChange },
  { filter: TodoFilter; after: string }
>`
  subscription TodoChanges($filter: TodoFilter, $after: Position!) {
    todoChanges(filter: $filter, after: $after) {
      kind
      position
      id
      todo { ...TodoRow }
    }
  }
  ${rowFragment}
`;

/** The position up to which everything is known that was read now. */
export const positionQuery = gql<{ readonly log: { readonly position: string } }>`
  query Position { log { position } }
`;
