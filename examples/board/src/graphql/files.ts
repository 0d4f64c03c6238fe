/** What the board asks about the files of the lake, and what comes back. */
import { gql } from 'urql';
import type { AsOf } from './log.ts';
import type { FieldChange, TodoVersion } from './todos.ts';

/** A file as the tree shows it. */
export interface LakeFile {
  readonly id: string;
  readonly path: string | null;
  readonly filename: string;
  readonly filetype: string | null;
  readonly status: string | null;
  readonly size: number;
  readonly revision: number;
}

export interface FilesData {
  readonly lakeFiles: {
    readonly totalCount: number;
    readonly edges: readonly { readonly node: LakeFile }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/** A page of all files, by name. */
export const filesQuery = gql<FilesData, { first: number; after: string | null; asOf: AsOf }>`
  query Files($first: Int!, $after: String, $asOf: AsOf) {
    lakeFiles(
      first: $first
      after: $after
      asOf: $asOf
      orderBy: [{ field: PATH }, { field: FILENAME }]
    ) {
      totalCount
      edges { node { id path filename filetype status size revision } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

/** A revision of a file; its contents never change. */
export interface FileVersion
  extends Pick<LakeFile, 'filename' | 'filetype' | 'status' | 'size' | 'revision'>,
    Pick<TodoVersion, 'id' | 'position' | 'operation' | 'committedAt' | 'transaction'> {
  readonly sha256: string;
  readonly downloadUrl: string;
  readonly changes: readonly FieldChange[];
}

export interface FileHistory extends LakeFile {
  readonly description: string | null;
  readonly labels: readonly string[];
  readonly sha256: string;
  readonly deletedAt: string | null;
  readonly history: {
    readonly totalCount: number;
    readonly edges: readonly { readonly node: FileVersion }[];
  };
}

/** One file with its versions. */
export const fileQuery = gql<
  { readonly lakeFile: FileHistory | null },
  { id: string; first: number; asOf: AsOf }
>`
  query File($id: ID!, $first: Int!, $asOf: AsOf) {
    lakeFile(id: $id, asOf: $asOf, includeDeleted: true) {
      id
      path
      filename
      filetype
      status
      size
      revision
      description
      labels
      sha256
      deletedAt
      history(first: $first) {
        totalCount
        edges {
          node {
            id
            revision
            position
            operation
            committedAt
            filename
            filetype
            status
            size
            sha256
            downloadUrl
            changes { field before after }
            transaction { id actor reason }
          }
        }
      }
    }
  }
`;

/** The contents of a file at a position, as text; null when they are none. */
export const textQuery = gql<
  { readonly lakeFile: { readonly id: string; readonly text: string | null } | null },
  { id: string; asOf: AsOf; maxBytes: number }
>`
  query Text($id: ID!, $asOf: AsOf, $maxBytes: Int!) {
    lakeFile(id: $id, asOf: $asOf, includeDeleted: true) {
      id
      text(maxBytes: $maxBytes)
    }
  }
`;
