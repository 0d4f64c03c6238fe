/** A folder of the lake as JSON: the folders and files in it, page by page. */
import {
  type FolderPage,
  folderPath,
  formatDateTime,
  pathOf,
  type StoredFile,
} from '../../resolvers/index.ts';
import type { DownloadQuery } from './download-query.ts';

/** @param folder as LakeFiles have it; null is the root. */
export function folderListing(
  folder: string | null,
  { at, folders, files, next }: FolderPage,
  query: DownloadQuery,
): object {
  const { userId } = query;
  // Whoever asked as of a position goes on looking around there.
  const then = query.position === null ? {} : { position: String(query.position) };
  const whose = userId === null ? {} : { user: userId };
  const below = (name: string) => (folder === null ? name : `${folder}/${name}`);
  const goOn = { position: String(at), ...whose, limit: String(query.limit) };
  return {
    path: folder,
    userId,
    position: String(at),
    entries: [
      ...folders.map((name) => ({
        kind: 'folder',
        name,
        url: folderPath(below(name)) + queryOf({ ...then, ...whose }),
      })),
      ...files.map(entryOf),
    ],
    next: next && folderPath(folder) + queryOf({ ...goOn, after: next }),
  };
}

function entryOf(stored: StoredFile) {
  const { filename, size, sha256, filetype, version } = stored;
  return {
    kind: 'file',
    name: filename,
    size,
    sha256,
    filetype,
    id: version.id,
    revision: version.revision,
    updatedAt: formatDateTime(version.committedAt),
    url: pathOf(stored),
  };
}

function queryOf(parameters: Readonly<Record<string, string>>): string {
  const query = String(new URLSearchParams(parameters));
  return query === '' ? '' : `?${query}`;
}
