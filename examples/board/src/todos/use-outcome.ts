/** What became of the writes of one todo: said where it is shown, or in a message. */
import { useCallback, useLayoutEffect, useRef, useState } from 'react';
import type { InputIssue } from '../graphql/writes.ts';
import { type Toast, useToasts } from '../ui/toast.tsx';
import type { Conflict, Outcome } from './writes.ts';

export interface Taken {
  readonly conflict: Conflict | null;
  readonly issues: readonly InputIssue[];
  /**
   * @param again tries the same once more.
   * @param isForm whether there are fields that say what is wrong with them.
   * @returns whether it is written.
   */
  readonly take: (outcome: Outcome, again: () => void, isForm?: boolean) => boolean;
  /** It was seen that what was to be written is: problems with that are over. */
  readonly settle: () => void;
  /** The conflict is settled: theirs stays. */
  readonly keepTheirs: () => void;
}

export function useOutcome(id: string, name: string): Taken {
  const { show, settle: settleAbout } = useToasts();
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [issues, setIssues] = useState<readonly InputIssue[]>([]);
  const isShown = useIsShown();
  const take = useCallback(
    (outcome: Outcome, again: () => void, isForm = false) => {
      const { kind } = outcome;
      setConflict(kind === 'conflict' ? outcome.conflict : null);
      setIssues(kind === 'invalid' ? outcome.issues : []);
      if (kind === 'written') {
        settleAbout(id);
        if (outcome.rebased > 0) show({ text: `Saved on top of what others changed in ${name}` });
        return true;
      }
      // By “Undo” and “Try again” a todo is written, too, that has left the list or was closed.
      const isSaid = isShown.current && (kind === 'conflict' || (kind === 'invalid' && isForm));
      if (kind === 'unknown') show(lostAnswer(id, name, again));
      else if (!isSaid) show({ kind: 'problem', about: id, text: textOf(outcome, name) });
      return false;
    },
    [id, name, isShown, show, settleAbout],
  );
  const settle = useCallback(() => settleAbout(id), [id, settleAbout]);
  const keepTheirs = useCallback(() => setConflict(null), []);
  return { conflict, issues, take, settle, keepTheirs };
}

function useIsShown() {
  const isShown = useRef(false);
  // An outcome may come right after its todo was taken off the page.
  useLayoutEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);
  return isShown;
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

function textOf(outcome: Outcome, name: string): string {
  if (outcome.kind === 'conflict') {
    return `Nothing was saved: ${name} was changed by someone else meanwhile. Open it to see how.`;
  }
  if (outcome.kind === 'gone') return 'It was deleted meanwhile. Its history can bring it back.';
  if (outcome.kind === 'invalid') return outcome.issues.map(({ message }) => message).join(' ');
  return 'message' in outcome ? outcome.message : 'Nothing was saved.';
}
