/** One line to add a todo with. */
import { type FormEvent, useState } from 'react';
import { Icon } from '../ui/icons.tsx';
import { useToast } from '../ui/toast.tsx';
import type { Choice } from './filter.ts';
import { createTodo } from './writes.ts';

interface Props {
  /** A new todo gets the labels and the status that are looked at, so that it is seen. */
  readonly choice: Choice;
  readonly onCreated: (id: string) => void;
}

export function NewTodo({ choice, onCreated }: Props) {
  const toast = useToast();
  const [subject, setSubject] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const create = async (event: FormEvent) => {
    event.preventDefault();
    const text = subject.trim();
    if (text === '') return;
    const isPlain = choice.status === 'active' || choice.status === 'all';
    setSubject('');
    setProblem(null);
    const outcome = await createTodo({
      subject: text,
      status: isPlain ? 'open' : choice.status,
      labels: choice.labels,
    });
    if (outcome.kind === 'written') {
      onCreated(outcome.todo.id);
      return;
    }
    // What was typed is not lost, unless the next one was begun already.
    setSubject((now) => now || text);
    if (outcome.kind === 'invalid') setProblem(outcome.issues[0]?.message ?? null);
    else toast({ kind: 'problem', text: 'message' in outcome ? outcome.message : 'Not added.' });
  };
  return (
    <form className="new-todo" onSubmit={create}>
      <Icon name="plus" />
      <input
        aria-label="New todo"
        placeholder="Add a todo"
        value={subject}
        aria-invalid={problem !== null}
        aria-describedby={problem ? 'new-todo-problem' : undefined}
        onChange={({ target }) => setSubject(target.value)}
      />
      <button type="submit" className="button" disabled={subject.trim() === ''}>
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
