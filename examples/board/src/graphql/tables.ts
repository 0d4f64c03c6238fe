/** What the board asks about files as tables, and what comes back. */
import { gql } from 'urql';
import type { AsOf } from './log.ts';

export interface Column {
  readonly name: string;
  /** In DuckDB's words. */
  readonly type: string;
}

/** A value for each column. */
export type Row = readonly unknown[];

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly totalRows: number;
}

/** A page of a file's rows at a position; null when it is no table. */
export const tableQuery = gql<
  { readonly lakeFile: { readonly id: string; readonly table: Table | null } | null },
  { id: string; asOf: AsOf; first: number; offset: number }
>`
  query Table($id: ID!, $asOf: AsOf, $first: Int!, $offset: Int!) {
    lakeFile(id: $id, asOf: $asOf, includeDeleted: true) {
      id
      table(first: $first, offset: $offset) { columns { name type } rows totalRows }
    }
  }
`;

/** A table of a query: a file, at a revision where one is named, or a kind of record. */
export type QueriedTable = { readonly name: string } & (
  | { readonly file: string; readonly revision?: number }
  | { readonly entity: 'TODO' | 'LAKE_FILE' }
);

export interface LakeQueryVariables {
  readonly [name: string]: unknown;
  readonly sql: string;
  readonly tables: readonly QueriedTable[];
  readonly first: number;
  readonly asOf: AsOf;
}

/** The answer to one SELECT. */
export const lakeQuery = gql<{ readonly lakeQuery: Table }, LakeQueryVariables>`
  query Sql($sql: String!, $tables: [LakeTableInput!]!, $first: Int!, $asOf: AsOf) {
    lakeQuery(sql: $sql, tables: $tables, first: $first, asOf: $asOf) {
      columns { name type }
      rows
      totalRows
    }
  }
`;

/** A row that two revisions differ in. */
export interface RowDiff {
  readonly kind: 'ADDED' | 'REMOVED' | 'CHANGED';
  readonly before: Row | null;
  readonly after: Row | null;
}

export interface TableDiff {
  readonly columns: readonly Column[];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly rows: readonly RowDiff[];
}

export interface DiffVariables {
  readonly [name: string]: unknown;
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly key: readonly string[];
  readonly first: number;
  readonly offset: number;
  readonly asOf: AsOf;
}

/** What rows two revisions of a file differ in; null when either is no table. */
export const diffQuery = gql<
  { readonly lakeFile: { readonly id: string; readonly diffTable: TableDiff | null } | null },
  DiffVariables
>`
  query Diff(
    $id: ID!
    $from: Int!
    $to: Int!
    $key: [String!]!
    $first: Int!
    $offset: Int!
    $asOf: AsOf
  ) {
    lakeFile(id: $id, asOf: $asOf, includeDeleted: true) {
      id
      diffTable(from: $from, to: $to, key: $key, first: $first, offset: $offset) {
        columns { name type }
        added
        removed
        changed
        rows { kind before after }
      }
    }
  }
`;
