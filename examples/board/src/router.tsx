/** Where in the board one is: the path below /board/. The moment is in the query: `?at=412`. */
import { type ComponentProps, type MouseEvent, useSyncExternalStore } from 'react';

export interface Place {
  readonly page: 'todos' | 'files';
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

function placeOf(pathname: string): Place {
  const [page, id] = pathname.slice(base.length).split('/');
  return { page: page === 'files' ? 'files' : 'todos', id: id ? decoded(id) : null };
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
  history.pushState(null, '', pathOf(place));
  tell();
}

export function usePlace(): Place {
  const pathname = useSyncExternalStore(onMove, () => location.pathname);
  return placeOf(pathname);
}

function onMove(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A link to a place of the board: a real one, so that it can be opened in another tab. */
export function PlaceLink({ to, ...props }: { to: Place } & ComponentProps<'a'>) {
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    goTo(to);
  };
  return <a href={pathOf(to)} onClick={onClick} {...props} />;
}
