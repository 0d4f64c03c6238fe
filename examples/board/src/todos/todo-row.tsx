/** One line of the list. */
import { memo, type RefObject, useEffect, useRef } from 'react';
import type { TodoRow } from '../graphql/todos.ts';
import { PlaceLink } from '../router.tsx';
import { Ago } from '../ui/ago.tsx';
import { Icon } from '../ui/icons.tsx';
import { ConflictPanel } from './conflict.tsx';
import { StatusBadge, StatusSelect } from './status.tsx';
import { useTodoWrites } from './use-todo.ts';

interface Props {
  readonly todo: TodoRow;
  readonly isOpen: boolean;
  readonly readOnly: boolean;
  /** Just created here: it comes into sight. */
  readonly isNew: boolean;
  readonly onLabel: (label: string) => void;
}

export const TodoLine = memo(function TodoLine(props: Props) {
  const { todo, isOpen, readOnly, isNew, onLabel } = props;
  const writes = useTodoWrites(todo);
  const line = useRef<HTMLLIElement>(null);
  useFlash(line, todo.revision, readOnly);
  useEffect(() => {
    if (isNew) line.current?.scrollIntoView({ block: 'nearest' });
  }, [isNew]);
  const isDone = todo.status === 'done';
  const name = todo.subject ?? todo.id;
  return (
    <li
      ref={line}
      className="todo"
      data-open={isOpen || undefined}
      data-done={isDone || undefined}
      data-new={isNew || undefined}
    >
      <div className="todo-line">
        <input
          type="checkbox"
          className="done"
          checked={isDone}
          aria-label={`Done: ${name}`}
          disabled={readOnly}
          data-focus="done"
          onChange={() => writes.mark(isDone ? 'open' : 'done', todo)}
        />
        <div className="todo-main">
          <PlaceLink
            to={{ page: 'todos', id: todo.id }}
            className="subject"
            aria-current={isOpen || undefined}
            data-todo={todo.id}
            data-focus="home"
          >
            {todo.subject ?? <em>Without a subject</em>}
          </PlaceLink>
          <span className="labels">
            {todo.labels.map((label) => (
              <button
                key={label}
                type="button"
                className="label"
                aria-label={`Show the label ${label}`}
                onClick={() => onLabel(label)}
              >
                {label}
              </button>
            ))}
          </span>
        </div>
        <span className="facts">
          {todo.userId && <span className="owner">{todo.userId}</span>}
          <span className="priority" title="Priority: the lower, the sooner">
            {todo.priority}
          </span>
          <Ago time={todo.updatedAt} />
        </span>
        {readOnly ? (
          <StatusBadge status={todo.status} />
        ) : (
          <StatusSelect
            status={todo.status}
            label={`Status of ${name}`}
            onChoose={(status) => writes.mark(status, todo)}
          />
        )}
        {!readOnly && (
          <button
            type="button"
            className="quiet delete"
            aria-label={`Delete ${name}`}
            onClick={() => writes.remove(todo.revision)}
          >
            <Icon name="bin" />
          </button>
        )}
      </div>
      {writes.conflict && <ConflictPanel conflict={writes.conflict} writes={writes} />}
    </li>
  );
});

/** Lights a line up when it changes under the eyes of whoever reads it; not while time moves. */
function useFlash(line: RefObject<HTMLElement | null>, revision: number, readOnly: boolean): void {
  const seen = useRef(revision);
  useEffect(() => {
    if (seen.current === revision) return;
    seen.current = revision;
    if (readOnly || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const colours = [{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }];
    line.current?.animate(colours, { duration: 1_500, easing: 'ease-out' });
  }, [line, revision, readOnly]);
}
