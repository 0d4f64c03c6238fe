/** What one todo is written with: saving, with its conflict and its problems; deleting; restoring. */
import { useCallback, useState } from 'react';
import type { TodoPatch, TodoRow } from '../graphql/todos.ts';
import type { InputIssue } from '../graphql/writes.ts';
import { type Toast, useToasts } from '../ui/toast.tsx';
import { type Conflict, deleteTodo, type Outcome, restoreTodo, updateTodo } from './writes.ts';

export interface TodoWrites {
  readonly conflict: Conflict | null;
  readonly issues: readonly InputIssue[];
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
  /** It was seen that what was to be written is: problems with that are over. */
  readonly settle: () => void;
  /** The conflict is settled: theirs stays. */
  readonly keepTheirs: () => void;
  /** Writes the own patch for the revision that is theirs. */
  readonly putMineOnTop: () => Promise<boolean>;
}

export function useTodoWrites({ id, subject }: Pick<TodoRow, 'id' | 'subject'>): TodoWrites {
  const { show, begin, settle: settleAbout } = useToasts();
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [issues, setIssues] = useState<readonly InputIssue[]>([]);
  const name = `“${subject ?? id}”`;

  const take = useCallback(
    (outcome: Outcome, again: () => void, isForm = false) => {
      setConflict(outcome.kind === 'conflict' ? outcome.conflict : null);
      setIssues(outcome.kind === 'invalid' ? outcome.issues : []);
      if (outcome.kind === 'written') settleAbout(id);
      if (outcome.kind === 'unknown') show(lostAnswer(id, name, again));
      // A form says at its fields what is wrong with them.
      const isUnsaid = outcome.kind === 'invalid' && !isForm;
      if (isUnsaid || outcome.kind === 'failed' || outcome.kind === 'gone') {
        show({ kind: 'problem', about: id, text: textOf(outcome) });
      }
      if (outcome.kind === 'written' && outcome.rebased > 0) {
        show({ text: `Saved on top of what others changed in ${name}` });
      }
      return outcome.kind === 'written';
    },
    [id, name, show, settleAbout],
  );

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
      if (outcome.kind === 'written' && outcome.rebased === 0) {
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

  const settle = useCallback(() => settleAbout(id), [id, settleAbout]);
  const keepTheirs = useCallback(() => setConflict(null), []);
  const putMineOnTop = useCallback(async () => {
    if (!conflict) return false;
    const { mine, theirs } = conflict;
    // Without fields it was to be deleted.
    const isDeletion = Object.keys(mine).length === 0;
    return isDeletion ? await remove(theirs.revision) : await save(mine, theirs.revision);
  }, [conflict, remove, save]);

  return { conflict, issues, save, mark, remove, restore, settle, keepTheirs, putMineOnTop };
}

/** What is said when it cannot be told whether something was saved. */
export function lostAnswer(id: string, name: string, again: () => void): Toast {
  return {
    kind: 'problem',
    about: id,
    text:
      `The server’s answer about ${name} was lost, so it is not known whether this was saved. ` +
      'Trying again is safe: it is written once at most.',
    again,
  };
}

function textOf(outcome: Outcome): string {
  if (outcome.kind === 'gone') return 'It was deleted meanwhile. Its history can bring it back.';
  if (outcome.kind === 'invalid') return outcome.issues.map(({ message }) => message).join(' ');
  return 'message' in outcome ? outcome.message : 'Nothing was saved.';
}
