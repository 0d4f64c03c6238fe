/** What one todo is written with: saving, with its conflict and its problems; deleting; restoring. */
import { useCallback } from 'react';
import type { TodoPatch, TodoRow } from '../graphql/todos.ts';
import { useToasts } from '../ui/toast.tsx';
import { type Taken, useOutcome } from './use-outcome.ts';
import { deleteTodo, restoreTodo, updateTodo } from './writes.ts';

export interface TodoWrites extends Omit<Taken, 'take'> {
  /** Saves a patch that was made for a revision; whether it is saved. */
  readonly save: (patch: TodoPatch, revision: number) => Promise<boolean>;
  readonly remove: (revision: number) => Promise<boolean>;
  /** Gives it a status; what it had before comes back by “Undo”. */
  readonly mark: (
    status: string | null,
    before: Pick<TodoRow, 'status' | 'revision'>,
  ) => Promise<boolean>;
  /** Brings a revision back; `seen` is the one that it takes the place of. */
  readonly restore: (revision: number, seen: number) => Promise<boolean>;
  /** Writes the own patch for the revision that is theirs. */
  readonly putMineOnTop: () => Promise<boolean>;
}

export function useTodoWrites({ id, subject }: Pick<TodoRow, 'id' | 'subject'>): TodoWrites {
  const name = `“${subject ?? id}”`;
  const { show, begin } = useToasts();
  const { conflict, issues, take, settle, keepTheirs } = useOutcome(id, name);

  const restore = useCallback(
    async (revision: number, seen: number) => {
      begin();
      const outcome = await restoreTodo(id, revision, seen);
      const isRestored = take(outcome, () => restore(revision, seen));
      if (isRestored) show({ text: `Restored ${name}` });
      return isRestored;
    },
    [id, name, begin, take, show],
  );

  const save = useCallback(
    async (patch: TodoPatch, revision: number) => {
      begin();
      return take(await updateTodo(id, revision, patch), () => save(patch, revision), true);
    },
    [id, begin, take],
  );

  const mark = useCallback(
    async (status: string | null, before: Pick<TodoRow, 'status' | 'revision'>) => {
      begin();
      const outcome = await updateTodo(id, before.revision, { status });
      const isMarked = take(outcome, () => mark(status, before));
      if (outcome.kind === 'written') {
        const undo = () => mark(before.status, outcome.todo);
        show({ text: `Marked ${name} as ${status ?? 'without a status'}`, undo });
      }
      return isMarked;
    },
    [id, name, begin, take, show],
  );

  const remove = useCallback(
    async (revision: number) => {
      begin();
      const outcome = await deleteTodo(id, revision);
      const isDeleted = take(outcome, () => remove(revision));
      if (outcome.kind === 'written') {
        const seen = outcome.todo.revision;
        show({ text: `Deleted ${name}`, undo: () => restore(seen - 1, seen) });
      }
      return isDeleted;
    },
    [id, name, begin, restore, take, show],
  );

  const putMineOnTop = useCallback(async () => {
    if (!conflict) return false;
    const { mine, theirs } = conflict;
    // Without fields it was to be deleted.
    const isDeletion = Object.keys(mine).length === 0;
    return isDeletion ? await remove(theirs.revision) : await save(mine, theirs.revision);
  }, [conflict, remove, save]);

  return { conflict, issues, save, mark, remove, restore, settle, keepTheirs, putMineOnTop };
}
