/** One todo: its fields and its history, at the moment that the board shows. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Change } from '../graphql/changes.ts';
import { todoQuery } from '../graphql/todos.ts';
import { goTo, PlaceLink } from '../router.tsx';
import { useMoment } from '../time/moment.tsx';
import { useBoardQuery } from '../time/use-board-query.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { whyUnread } from '../ui/unread.ts';
import { History } from './history.tsx';
import { TodoForm } from './todo-form.tsx';
import { useTodoWrites } from './use-todo.ts';

const pageSize = 50;

interface Props {
  readonly id: string;
  readonly knownLabels: readonly string[];
}

export function TodoDetail({ id, knownLabels }: Props) {
  const moment = useMoment();
  const [first, setFirst] = useState(pageSize);
  const isThis = useCallback((change: Change) => change.id === id, [id]);
  const { data, fetching, error } = useBoardQuery(todoQuery, { id, first }, isThis);
  const todo = data?.todo?.id === id ? data.todo : null;
  const writes = useTodoWrites({ id, subject: todo?.subject ?? null });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const readOnly = moment.asOf !== null;
  const isDeleted = todo !== null && todo.deletedAt !== null;
  const close = () => {
    goTo({ page: 'todos', id: null });
    // Back to where one came from, which a narrow window has hidden until now.
    requestAnimationFrame(() => {
      document.querySelector<HTMLElement>(`[data-todo="${CSS.escape(id)}"]`)?.focus();
    });
  };
  const restore = async (revision: number) => {
    if (await writes.restore(revision, todo?.revision ?? revision)) moment.goTo(null);
  };
  return (
    <section
      className="detail"
      aria-labelledby="detail-title"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <header className="detail-head">
        <PlaceLink to={{ page: 'todos', id: null }} className="back-link">
          <Icon name="back" /> All todos
        </PlaceLink>
        <h2 id="detail-title" ref={heading} tabIndex={-1} data-focus="home">
          Todo
        </h2>
        {todo && <span className="badge">revision {todo.revision}</span>}
        {todo && readOnly && !isDeleted && (
          <button type="button" className="button" onClick={() => restore(todo.revision)}>
            <Icon name="restore" /> Bring this back
          </button>
        )}
        {todo && !readOnly && !isDeleted && (
          <button
            type="button"
            className="quiet"
            aria-label="Delete this todo"
            onClick={() => writes.remove(todo.revision)}
          >
            <Icon name="bin" />
          </button>
        )}
        <button type="button" className="quiet close" aria-label="Close the todo" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {error && !todo && (
        <Notice kind="problem">The todo could not be read: {whyUnread(error)}</Notice>
      )}
      {!todo && !error && !fetching && (
        <Notice>
          {readOnly ? 'This todo did not exist yet at this moment.' : 'There is no such todo.'}
        </Notice>
      )}
      {todo && isDeleted && (
        <Notice
          action={
            <button
              type="button"
              className="button primary"
              onClick={() => restore(todo.revision - 1)}
            >
              <Icon name="restore" /> Restore
            </button>
          }
        >
          This todo {readOnly ? 'was' : 'is'} deleted. Its history stays.
        </Notice>
      )}
      {todo && (
        <>
          <TodoForm
            todo={todo}
            writes={writes}
            readOnly={readOnly || isDeleted}
            knownLabels={knownLabels}
          />
          <History
            versions={todo.history.edges.map(({ node }) => node)}
            totalCount={todo.history.totalCount}
            current={readOnly ? null : todo.revision}
            onRestore={readOnly ? undefined : restore}
            onVisit={moment.goTo}
            onMore={() => setFirst(first + pageSize)}
          />
        </>
      )}
    </section>
  );
}
