/** What one todo is written with: saving, with its conflict and its problems; deleting; restoring. */
import { useCallback, useState } from 'react';
import type { TodoPatch, TodoRow } from '../graphql/todos.ts';
import type { InputIssue } from '../graphql/writes.ts';
import { useToast } from '../ui/toast.tsx';
import { type Conflict, deleteTodo, type Outcome, restoreTodo, updateTodo } from './writes.ts';

export interface TodoWrites {
  readonly conflict: Conflict | null;
  readonly issues: readonly InputIssue[];
  /** Saves a patch that was made for a revision; whether it is saved. */
  readonly save: (patch: TodoPatch, revision: number) => Promise<boolean>;
  readonly remove: (revision: number) => Promise<boolean>;
  readonly restore: (revision: number) => Promise<boolean>;
  /** The conflict is settled: theirs stays. */
  readonly keepTheirs: () => void;
  /** Writes the own patch for the revision that is theirs. */
  readonly putMineOnTop: () => Promise<boolean>;
}

export function useTodoWrites({ id, subject }: Pick<TodoRow, 'id' | 'subject'>): TodoWrites {
  const toast = useToast();
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [issues, setIssues] = useState<readonly InputIssue[]>([]);
  const name = `“${subject ?? id}”`;

  const restore = useCallback(
    async (revision: number) => {
      const outcome = await restoreTodo(id, revision);
      if (outcome.kind === 'written') toast({ text: `Restored ${name}` });
      else toast({ kind: 'problem', text: textOf(outcome) });
      return outcome.kind === 'written';
    },
    [id, name, toast],
  );

  const take = useCallback(
    (outcome: Outcome) => {
      setConflict(outcome.kind === 'conflict' ? outcome.conflict : null);
      setIssues(outcome.kind === 'invalid' ? outcome.issues : []);
      if (outcome.kind === 'failed' || outcome.kind === 'gone') {
        toast({ kind: 'problem', text: textOf(outcome) });
      }
      if (outcome.kind === 'written' && outcome.rebased > 0) {
        toast({ text: `Saved on top of what others changed in ${name}` });
      }
      return outcome.kind === 'written';
    },
    [name, toast],
  );

  const save = useCallback(
    async (patch: TodoPatch, revision: number) => take(await updateTodo(id, revision, patch)),
    [id, take],
  );

  const remove = useCallback(
    async (revision: number) => {
      const outcome = await deleteTodo(id, revision);
      const isDeleted = take(outcome);
      if (outcome.kind === 'written') {
        const before = outcome.todo.revision - 1;
        const action = { label: 'Undo', run: () => void restore(before) };
        toast({ text: `Deleted ${name}`, action });
      }
      return isDeleted;
    },
    [id, name, restore, take, toast],
  );

  const keepTheirs = useCallback(() => setConflict(null), []);
  const putMineOnTop = useCallback(async () => {
    if (!conflict) return false;
    const { mine, theirs } = conflict;
    // Without fields it was to be deleted.
    const isDeletion = Object.keys(mine).length === 0;
    return isDeletion ? await remove(theirs.revision) : await save(mine, theirs.revision);
  }, [conflict, remove, save]);

  return { conflict, issues, save, remove, restore, keepTheirs, putMineOnTop };
}

function textOf(outcome: Outcome): string {
  if (outcome.kind === 'gone') return 'It was deleted meanwhile. Its history can bring it back.';
  return 'message' in outcome ? outcome.message : 'Nothing was saved.';
}
