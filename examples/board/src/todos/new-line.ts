/** What is typed to become a todo. It stays while its line is out of sight, or its answer on the way. */
import { useSyncExternalStore } from 'react';
import { newId } from './attempts.ts';

export interface NewLine {
  /** The id of the todo that it becomes: the same until it is known to be one. */
  readonly id: string;
  readonly subject: string;
}

let line = emptyLine();
const listeners = new Set<() => void>();

export function emptyLine(): NewLine {
  return { id: newId(), subject: '' };
}

export function changeLine(change: (now: NewLine) => NewLine): void {
  line = change(line);
  for (const listener of listeners) listener();
}

export function currentLine(): NewLine {
  return line;
}

export function useNewLine(): NewLine {
  return useSyncExternalStore(onChange, currentLine);
}

function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
