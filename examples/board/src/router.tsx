/**
 * Where in the board one is: the path below /board/. The moment is in the query, `?at=412`, and so is
 * the folder of the lake: `?in=reports/2026`.
 */
import { type ComponentProps, type MouseEvent, useSyncExternalStore } from 'react';

const pages = ['todos', 'files', 'sql'] as const;

export interface Place {
  readonly page: (typeof pages)[number];
  /** What is open there. */
  readonly id: string | null;
}

const base = import.meta.env.BASE_URL;
const listeners = new Set<() => void>();

window.addEventListener('popstate', tell);

function tell(): void {
  for (const listener of listeners) listener();
}

/** The path and query of a place, at the moment that is looked at. */
function pathOf({ page, id }: Place): string {
  const path = id === null ? (page === 'todos' ? '' : page) : `${page}/${encodeURIComponent(id)}`;
  return `${base}${path}${location.search}`;
}

/** The path and query of a folder's files; null is the root. */
function pathOfFolder(folder: string | null): string {
  const query = new URLSearchParams(location.search);
  if (folder === null) query.delete('in');
  else query.set('in', folder);
  return `${base}files${query.size > 0 ? `?${query}` : ''}`;
}

function placeOf(pathname: string): Place {
  const [page, id] = pathname.slice(base.length).split('/');
  return {
    page: pages.find((known) => known === page) ?? 'todos',
    id: id ? decoded(id) : null,
  };
}

/** An address may have been cut off anywhere. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function goTo(place: Place): void {
  goToPath(pathOf(place));
}

function goToPath(path: string): void {
  history.pushState(null, '', path);
  tell();
}

export function usePlace(): Place {
  const pathname = useSyncExternalStore(onMove, () => location.pathname);
  return placeOf(pathname);
}

/** The folder of the lake that one is in; null is the root. */
export function useFolder(): string | null {
  const search = useSyncExternalStore(onMove, () => location.search);
  return new URLSearchParams(search).get('in');
}

function onMove(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A link to a place of the board: a real one, so that it can be opened in another tab. */
export function PlaceLink({ to, ...props }: { to: Place } & ComponentProps<'a'>) {
  return <BoardLink path={pathOf(to)} {...props} />;
}

/** A link to a folder of the lake; null is the root. */
export function FolderLink({ to, ...props }: { to: string | null } & ComponentProps<'a'>) {
  return <BoardLink path={pathOfFolder(to)} {...props} />;
}

function BoardLink({ path, ...props }: { path: string } & ComponentProps<'a'>) {
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    goToPath(path);
  };
  return <a href={path} onClick={onClick} {...props} />;
}
