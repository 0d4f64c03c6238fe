/** What the board asks about todos, and what comes back. */
import { gql } from 'urql';
import type { AsOf } from './log.ts';

/** A todo as the list shows it, without its long texts. */
export interface TodoRow {
  readonly id: string;
  readonly subject: string | null;
  readonly status: string | null;
  readonly priority: number;
  readonly labels: readonly string[];
  readonly userId: string | null;
  readonly revision: number;
  readonly position: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly deletedAt: string | null;
}

export interface Todo extends TodoRow {
  readonly body: string | null;
  readonly description: string | null;
}

/** The fields of a todo that the board edits. */
export type TodoField = 'subject' | 'body' | 'description' | 'status' | 'priority' | 'labels';
export type TodoPatch = Partial<Pick<Todo, TodoField>>;

/** The part of the server's TodoFilter that the board uses. */
export interface TodoFilter {
  readonly status?: { readonly eq: string } | { readonly in: readonly string[] };
  readonly labels?: { readonly hasAll: readonly string[] };
  readonly not?: TodoFilter;
  readonly search?: string;
  readonly includeDeleted?: boolean;
}

export const rowFragment = gql<TodoRow>`
  fragment TodoRow on Todo {
    id
    subject
    status
    priority
    labels
    userId
    revision
    position
    createdAt
    updatedAt
    deletedAt
  }
`;

export const todoFragment = gql<Todo>`
  fragment TodoFields on Todo {
    ...TodoRow
    body
    description
  }
  ${rowFragment}
`;

export interface TodosData {
  readonly todos: {
    readonly totalCount: number;
    readonly edges: readonly { readonly node: TodoRow }[];
  };
}

export interface TodosVariables {
  readonly filter: TodoFilter;
  /** Grows as more is shown: at most 1,000. */
  readonly first: number;
  readonly asOf: AsOf;
  readonly [name: string]: unknown;
}

/** The list. */
export const todosQuery = gql<TodosData, TodosVariables>`
  query Todos($filter: TodoFilter, $first: Int!, $asOf: AsOf) {
    todos(filter: $filter, first: $first, asOf: $asOf) {
      totalCount
      edges { node { ...TodoRow } }
    }
  }
  ${rowFragment}
`;

export interface StatusCount {
  readonly status: string | null;
  readonly count: number;
}

/** How many there are to choose from. Each count leaves out the condition that it counts by. */
export const countsQuery = gql<
  {
    readonly byStatus: readonly StatusCount[];
    readonly withDeleted: readonly StatusCount[];
    readonly byLabel: readonly { readonly label: string | null; readonly count: number }[];
  },
  { anyStatus: TodoFilter; withDeleted: TodoFilter; filter: TodoFilter; asOf: AsOf }
>`
  query Counts(
    $anyStatus: TodoFilter
    $withDeleted: TodoFilter
    $filter: TodoFilter
    $asOf: AsOf
  ) {
    byStatus: todoGroups(by: [STATUS], filter: $anyStatus, asOf: $asOf) { status count }
    withDeleted: todoGroups(by: [STATUS], filter: $withDeleted, asOf: $asOf) { status count }
    byLabel: todoGroups(by: [LABEL], filter: $filter, asOf: $asOf) { label count }
  }
`;

export interface DeletedVariables {
  readonly live: TodoFilter;
  readonly all: TodoFilter;
  readonly first: number;
  readonly after: string | null;
  readonly asOf: AsOf;
  readonly [name: string]: unknown;
}

/** Deleted todos among the others, what changed last first; and how many of them there are. */
export const deletedQuery = gql<
  {
    readonly all: TodosData['todos'] & {
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
    readonly live: { readonly totalCount: number };
  },
  DeletedVariables
>`
  query DeletedTodos(
    $live: TodoFilter
    $all: TodoFilter
    $first: Int!
    $after: String
    $asOf: AsOf
  ) {
    all: todos(
      filter: $all
      first: $first
      after: $after
      orderBy: [{ field: UPDATED_AT, direction: DESC }]
      asOf: $asOf
    ) {
      totalCount
      edges { node { ...TodoRow } }
      pageInfo { hasNextPage endCursor }
    }
    live: todos(filter: $live, first: 1, asOf: $asOf) { totalCount }
  }
  ${rowFragment}
`;

/** How many todos have each status. */
export const totalsQuery = gql<{ readonly totals: readonly StatusCount[] }, { asOf: AsOf }>`
  query Totals($asOf: AsOf) {
    totals: todoGroups(by: [STATUS], asOf: $asOf) { status count }
  }
`;

export interface FieldChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface TodoVersion extends Pick<Todo, TodoField> {
  readonly id: string;
  readonly revision: number;
  readonly position: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'RESTORE';
  readonly committedAt: string;
  readonly changes: readonly FieldChange[];
  readonly transaction: {
    readonly id: string;
    readonly actor: string | null;
    readonly reason: string | null;
  };
}

export interface TodoHistory extends Todo {
  readonly history: {
    readonly totalCount: number;
    readonly edges: readonly { readonly node: TodoVersion }[];
  };
}

/** One todo with its history, deleted or not. */
export const todoQuery = gql<
  { readonly todo: TodoHistory | null },
  { id: string; first: number; asOf: AsOf }
>`
  query Todo($id: ID!, $first: Int!, $asOf: AsOf) {
    todo(id: $id, asOf: $asOf, includeDeleted: true) {
      ...TodoFields
      history(first: $first) {
        totalCount
        edges {
          node {
            id
            revision
            position
            operation
            committedAt
            subject
            body
            description
            status
            priority
            labels
            changes { field before after }
            transaction { id actor reason }
          }
        }
      }
    }
  }
  ${todoFragment}
`;

/** A point of the chart: how many todos had each status. */
export interface TimePoint {
  readonly at: string;
  readonly groups: readonly StatusCount[];
}

export type TimeUnit = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH';

export const overTimeQuery = gql<
  { readonly todosOverTime: readonly TimePoint[] },
  { from: string; to: string; every: TimeUnit }
>`
  query OverTime($from: DateTime!, $to: DateTime!, $every: TimeUnit!) {
    todosOverTime(from: $from, to: $to, every: $every, by: [STATUS]) {
      at
      groups { status count }
    }
  }
`;
