/** The lake's folders, made of the paths of its files, and where they are in URLs. */
import type { FolderCount } from '../graphql/files.ts';

export interface Folder {
  readonly name: string;
  /** The whole path. */
  readonly path: string;
  /** How many files lie in it and below it. */
  readonly files: number;
}

/** The folders in a folder, by name. @param folder as files have it; null is the root. */
export function foldersIn(folder: string | null, counts: readonly FolderCount[]): Folder[] {
  const start = folder === null ? '' : `${folder}/`;
  const found = new Map<string, number>();
  for (const { path, count } of counts) {
    if (path === null || !path.startsWith(start)) continue;
    const [name = ''] = path.slice(start.length).split('/');
    found.set(name, (found.get(name) ?? 0) + count);
  }
  return [...found]
    .map(([name, files]) => ({ name, path: start + name, files }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Whose files lie in a folder or below it; null among them is nobody in particular. */
export function ownersBelow(
  folder: string | null,
  counts: readonly FolderCount[],
): (string | null)[] {
  const isBelow = ({ path }: FolderCount) =>
    folder === null || path === folder || path?.startsWith(`${folder}/`);
  return [...new Set(counts.filter(isBelow).map(({ userId }) => userId))];
}

/** A folder and those that it lies in, the outermost first. */
export function wayTo(folder: string | null): Omit<Folder, 'files'>[] {
  const names = folder === null ? [] : folder.split('/');
  return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join('/') }));
}

interface Whose {
  readonly userId: string | null;
  readonly position?: string | undefined;
}

/** Where a file is written to and read from by its name. */
export function urlOfFile(folder: string | null, filename: string, whose: Whose): string {
  return `${urlOf(folder)}${encoded(filename)}${queryOf(whose)}`;
}

/** Where a folder is had as a zip. */
export function urlOfZip(folder: string | null, whose: Whose): string {
  return `${urlOf(folder)}${queryOf({ zip: '', ...whose })}`;
}

function urlOf(folder: string | null): string {
  const parts = folder === null ? [] : folder.split('/').map(encoded);
  return `/files/${['by-path', ...parts].join('/')}/`;
}

/** What would lead elsewhere has a sign before it: docs/lake.md. */
function encoded(part: string): string {
  return /^(?:\.\.?|by-path)$/.test(part) ? `=${part}` : encodeURIComponent(part);
}

function queryOf({ userId, position, ...others }: Whose & { readonly zip?: string }): string {
  const query = new URLSearchParams(others);
  if (userId !== null) query.set('user', userId);
  if (position !== undefined) query.set('position', position);
  return query.size > 0 ? `?${query}` : '';
}
