/** One line to add a todo with. */
import { type FormEvent, useState } from 'react';
import { Icon } from '../ui/icons.tsx';
import { useToast } from '../ui/toast.tsx';
import { newId } from './attempts.ts';
import type { Choice } from './filter.ts';
import { lostAnswer } from './use-todo.ts';
import { createTodo, type Outcome } from './writes.ts';

interface Props {
  /** A new todo gets the labels and the status that are looked at, so that it is seen. */
  readonly choice: Choice;
  readonly onCreated: (id: string) => void;
}

/** What is typed, and the id of the todo that it becomes: the same until it is known to be one. */
interface Line {
  readonly id: string;
  readonly subject: string;
}

type NewDraft = Line & { readonly status: string; readonly labels: readonly string[] };

function emptyLine(): Line {
  return { id: newId(), subject: '' };
}

export function NewTodo({ choice, onCreated }: Props) {
  const toast = useToast();
  const [line, setLine] = useState(emptyLine);
  const [problem, setProblem] = useState<string | null>(null);
  const create = async ({ id, ...patch }: NewDraft) => {
    setProblem(null);
    const outcome = await createTodo(id, patch);
    if (outcome.kind === 'written') {
      setLine((now) => (now.id === id ? emptyLine() : now));
      onCreated(id);
      return;
    }
    // What was typed is not lost: where the next one was begun already, the message can send it.
    setLine((now) => (now.subject === '' ? { id, subject: patch.subject } : now));
    if (outcome.kind === 'invalid') setProblem(outcome.issues[0]?.message ?? null);
    const again = () => create({ id, ...patch });
    const name = `“${patch.subject}”`;
    if (outcome.kind === 'unknown') toast(lostAnswer(name, again));
    else toast({ kind: 'problem', text: `${name} was not added. ${reasonOf(outcome)}`, again });
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const subject = line.subject.trim();
    if (subject === '') return;
    const isPlain = choice.deleted || choice.status === 'active' || choice.status === 'all';
    setLine(emptyLine());
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
          setLine(target.value === '' ? emptyLine() : { ...line, subject: target.value })
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
