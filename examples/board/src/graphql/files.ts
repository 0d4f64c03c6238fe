/** What the board asks about the files of the lake, and what comes back. */
import { gql } from 'urql';
import type { AsOf } from './log.ts';
import type { FieldChange, TodoVersion } from './todos.ts';

/** A file as a list shows it. */
export interface LakeFile {
  readonly id: string;
  readonly userId: string | null;
  readonly path: string | null;
  readonly filename: string;
  readonly filetype: string | null;
  readonly status: string | null;
  readonly size: number;
  readonly sha256: string;
  readonly revision: number;
  readonly updatedAt: string;
}

/** The files of one folder, or those that have some words, wherever they are. */
export type FileFilter =
  | { readonly path: { readonly eq: string } | { readonly isNull: true } }
  | { readonly search: string };

export interface FilesData {
  readonly lakeFiles: {
    readonly totalCount: number;
    readonly edges: readonly { readonly node: LakeFile }[];
  };
}

const fileFragment = gql`
  fragment ListedFile on LakeFile {
    id userId path filename filetype status size sha256 revision updatedAt
  }
`;

/** Files by name. */
export const filesQuery = gql<FilesData, { first: number; filter: FileFilter; asOf: AsOf }>`
  query Files($first: Int!, $filter: LakeFileFilter!, $asOf: AsOf) {
    lakeFiles(
      first: $first
      filter: $filter
      asOf: $asOf
      orderBy: [{ field: FILENAME }, { field: PATH }]
    ) {
      totalCount
      edges { node { ...ListedFile } }
    }
  }
  ${fileFragment}
`;

/** How many files of one user lie in one folder. */
export interface FolderCount {
  readonly path: string | null;
  readonly userId: string | null;
  readonly count: number;
}

/** Every folder that holds a file. */
export const foldersQuery = gql<
  { readonly lakeFileGroups: readonly FolderCount[] },
  { asOf: AsOf }
>`
  query Folders($asOf: AsOf) {
    lakeFileGroups(by: [PATH, USER_ID], asOf: $asOf) { path userId count }
  }
`;

/** The files that have a name in a folder, each somebody else's. */
export const namesakesQuery = gql<FilesData, { filename: string; path: object }>`
  query Namesakes($filename: String!, $path: StringFilter!) {
    lakeFiles(first: 100, filter: { filename: { eq: $filename }, path: $path }) {
      totalCount
      edges { node { ...ListedFile } }
    }
  }
  ${fileFragment}
`;

/** A revision of a file; its contents never change. */
export interface FileVersion
  extends Pick<LakeFile, 'filename' | 'filetype' | 'status' | 'size' | 'revision'>,
    Pick<TodoVersion, 'id' | 'position' | 'operation' | 'committedAt' | 'transaction'> {
  readonly sha256: string;
  readonly downloadUrl: string;
  readonly changes: readonly FieldChange[];
}

export interface FileHistory extends Omit<LakeFile, 'userId' | 'updatedAt'> {
  readonly description: string | null;
  readonly labels: readonly string[];
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
