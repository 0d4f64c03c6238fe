/** One line to add a todo with. */
import { type FormEvent, useState } from 'react';
import { Icon } from '../ui/icons.tsx';
import { useToasts } from '../ui/toast.tsx';
import type { Choice } from './filter.ts';
import { changeLine, currentLine, emptyLine, type NewLine, useNewLine } from './new-line.ts';
import { lostAnswer } from './use-outcome.ts';
import { createTodo, type Outcome } from './writes.ts';

interface Props {
  /** A new todo gets the labels and the status that are looked at, so that it is seen. */
  readonly choice: Choice;
  readonly onCreated: (id: string) => void;
}

type NewDraft = NewLine & { readonly status: string; readonly labels: readonly string[] };

export function NewTodo({ choice, onCreated }: Props) {
  const { show, begin, settle } = useToasts();
  const line = useNewLine();
  const [problem, setProblem] = useState<string | null>(null);
  const create = async ({ id, ...patch }: NewDraft) => {
    setProblem(null);
    begin();
    const outcome = await createTodo(id, patch);
    if (outcome.kind === 'written') {
      settle(id);
      changeLine((now) => (now.id === id ? emptyLine() : now));
      onCreated(id);
      return;
    }
    // What was typed is not lost: where the next one was begun already, the message can send it.
    changeLine((now) => (now.subject === '' ? { id, subject: patch.subject } : now));
    const isThere = currentLine().id === id;
    if (outcome.kind === 'invalid' && isThere) return setProblem(reasonOf(outcome));
    const again = () => create({ id, ...patch });
    const name = `“${patch.subject}”`;
    if (outcome.kind === 'unknown') show(lostAnswer(id, name, again));
    else {
      const text = `${name} was not added. ${reasonOf(outcome)}`;
      show({ kind: 'problem', about: id, text, again });
    }
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const subject = line.subject.trim();
    if (subject === '') return;
    const isPlain = choice.status === 'active' || choice.status === 'all';
    changeLine(emptyLine);
    create({
      id: line.id,
      subject,
      status: isPlain ? 'open' : choice.status,
      labels: choice.labels,
    });
  };
  return (
    <form className="new-todo" onSubmit={onSubmit}>
      <Icon name="plus" />
      <input
        aria-label="New todo"
        placeholder="Add a todo"
        value={line.subject}
        aria-invalid={problem !== null}
        aria-describedby={problem ? 'new-todo-problem' : undefined}
        data-focus="home"
        onChange={({ target }) =>
          changeLine(({ id }) =>
            target.value === '' ? emptyLine() : { id, subject: target.value },
          )
        }
      />
      <button type="submit" className="button" disabled={line.subject.trim() === ''}>
        Add
      </button>
      {problem && (
        <p className="hint" data-kind="problem" id="new-todo-problem">
          {problem}
        </p>
      )}
    </form>
  );
}

function reasonOf(outcome: Outcome): string {
  if (outcome.kind === 'invalid') return outcome.issues.map(({ message }) => message).join(' ');
  return 'message' in outcome ? outcome.message : '';
}
