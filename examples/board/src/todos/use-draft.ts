/**
 * What someone is changing in a todo. Fields that they did not touch follow the live todo; for the
 * others it is remembered which revision they saw when they began.
 */
import { useCallback, useEffect, useState } from 'react';
import type { Todo, TodoField, TodoPatch } from '../graphql/todos.ts';
import { isSame } from '../same.ts';

interface Kept {
  readonly patch: TodoPatch;
  /** The todo as it was when the first field was touched. */
  readonly base: Todo;
}

export interface Draft {
  /** The fields that differ from what was seen. */
  readonly patch: TodoPatch;
  readonly isDirty: boolean;
  /** The revision that the patch is made for. */
  readonly revision: number;
  readonly value: <F extends TodoField>(field: F) => Todo[F];
  readonly set: <F extends TodoField>(field: F, value: Todo[F]) => void;
  /** Whether someone else has changed a touched field since. */
  readonly isOvertaken: (field: TodoField) => boolean;
  /** Lets go of some fields, or of all. */
  readonly drop: (fields?: readonly TodoField[]) => void;
}

/** Drafts of todos that were closed before they were saved: they are there when one comes back. */
const drafts = new Map<string, Kept>();

/** @param onOver is called when the todo came to be the draft without that a save said so. */
export function useDraft(todo: Todo, onOver: () => void): Draft {
  const { id } = todo;
  const [kept, setKept] = useState<Kept | null>(drafts.get(id) ?? null);
  useEffect(() => {
    if (kept) drafts.set(id, kept);
    else drafts.delete(id);
  }, [id, kept]);
  useEffect(() => {
    // The answer to a save may be lost: the draft is over all the same when the todo came to be it.
    if (!kept || todo.revision <= kept.base.revision || !isIn(todo, kept.patch)) return;
    setKept(null);
    onOver();
  }, [kept, todo, onOver]);
  const set = useCallback(
    <F extends TodoField>(field: F, value: Todo[F]) => {
      setKept((now) => {
        const base = now?.base ?? todo;
        const { [field]: _, ...others } = now?.patch ?? {};
        const patch: TodoPatch = isSame(base[field], value)
          ? others
          : { ...others, [field]: value };
        return Object.keys(patch).length === 0 ? null : { base, patch };
      });
    },
    [todo],
  );
  const drop = useCallback((fields?: readonly TodoField[]) => {
    setKept((now) => {
      if (!now || !fields) return null;
      const entries = Object.entries(now.patch).filter(
        ([field]) => !fields.includes(field as TodoField),
      );
      return entries.length === 0 ? null : { ...now, patch: Object.fromEntries(entries) };
    });
  }, []);
  const patch: TodoPatch = kept?.patch ?? {};
  return {
    patch,
    isDirty: kept !== null,
    revision: kept?.base.revision ?? todo.revision,
    value: <F extends TodoField>(field: F) =>
      (field in patch ? patch[field] : todo[field]) as Todo[F],
    set,
    isOvertaken: (field) =>
      kept !== null &&
      field in kept.patch &&
      !isSame(kept.base[field], todo[field]) &&
      !isSame(kept.patch[field], todo[field]),
    drop,
  };
}

function isIn(todo: Todo, patch: TodoPatch): boolean {
  return (Object.keys(patch) as TodoField[]).every((field) => isSame(todo[field], patch[field]));
}
