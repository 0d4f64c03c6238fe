/** The files of a folder, and the folders in it, at the moment that the board shows. */
import { useMemo, useState } from 'react';
import {
  type FileFilter,
  type FolderCount,
  filesQuery,
  foldersQuery,
  type LakeFile,
} from '../graphql/files.ts';
import { ofFiles, useBoardQuery } from '../time/use-board-query.ts';
import { whyUnread } from '../ui/unread.ts';
import { type Folder, foldersIn } from './folders.ts';

export interface Files {
  /** Null until they are known; those known last while others are asked for. */
  readonly files: readonly LakeFile[] | null;
  readonly totalCount: number;
  readonly folders: readonly Folder[];
  readonly counts: readonly FolderCount[];
  readonly problem: string | null;
  /** Shows more of the files; null where there may be no more at once. */
  readonly onMore: (() => void) | null;
}

const pageSize = 100;
/** The most that the server lists at once. */
const filesMost = 1_000;

/**
 * @param folder null is the root.
 * @param words files of all folders that have them; none for the folder.
 */
export function useFiles(folder: string | null, words: string): Files {
  const place = JSON.stringify([folder, words]);
  const [more, setMore] = useState({ place, first: pageSize });
  const first = more.place === place ? more.first : pageSize;
  const variables = useMemo(
    () => ({ first, filter: words === '' ? inFolder(folder) : { search: words } }),
    [folder, words, first],
  );
  const listed = useBoardQuery(filesQuery, variables, ofFiles);
  const grouped = useBoardQuery(foldersQuery, {}, ofFiles);
  const { error } = listed.error ? listed : grouped;
  const counts = grouped.data?.lakeFileGroups;
  const folders = useMemo(
    () => (words === '' ? foldersIn(folder, counts ?? []) : []),
    [folder, words, counts],
  );
  const page = listed.data?.lakeFiles;
  return {
    files: page && counts ? page.edges.map(({ node }) => node) : null,
    totalCount: page?.totalCount ?? 0,
    folders,
    counts: counts ?? [],
    problem: error ? whyUnread(error) : null,
    onMore:
      first < filesMost ? () => setMore({ place, first: Math.min(first * 2, filesMost) }) : null,
  };
}

export function inFolder(folder: string | null): FileFilter & { readonly path: object } {
  return { path: folder === null ? { isNull: true } : { eq: folder } };
}
