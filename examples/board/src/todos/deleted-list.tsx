/** The deleted todos, each to be opened or brought back. */
import { useMemo, useState } from 'react';
import type { TodoRow } from '../graphql/todos.ts';
import { PlaceLink } from '../router.tsx';
import { Ago } from '../ui/ago.tsx';
import { count } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import type { Counts } from './counts.ts';
import { type Choice, filterOf, isSearch } from './filter.ts';
import { Elsewhere } from './found.tsx';
import { useDeleted } from './use-deleted.ts';
import { useTodoWrites } from './use-todo.ts';

const pageSize = 250;

interface Props {
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
  readonly counts: Counts | null;
  readonly openId: string | null;
  readonly readOnly: boolean;
}

export function DeletedList(props: Props) {
  const { choice, openId, readOnly } = props;
  const filter = useMemo(() => filterOf({ ...choice, status: 'all' }), [choice]);
  const { deleted, problem } = useDeleted(filter);
  const [first, setFirst] = useState(pageSize);
  if (!deleted) {
    return problem ? (
      <Notice kind="problem">The deleted todos could not be read: {problem}</Notice>
    ) : (
      <div className="waiting">Reading the deleted todos…</div>
    );
  }
  const { todos, missing } = deleted;
  return (
    <>
      {problem && (
        <Notice kind="problem">
          The deleted todos could not be read: {problem} What is shown was read before.
        </Notice>
      )}
      {todos.length === 0 && missing === 0 && (
        <Notice action={<Elsewhere {...props} />}>
          Nothing {readOnly ? 'was' : 'is'} deleted
          {isSearch(choice) ? ' that matches this.' : '.'}
        </Notice>
      )}
      <ul className="todos">
        {todos.slice(0, first).map((todo) => (
          <DeletedLine key={todo.id} todo={todo} isOpen={todo.id === openId} readOnly={readOnly} />
        ))}
      </ul>
      {todos.length > first && (
        <p className="more">
          {count(first)} of {count(todos.length)} are shown.{' '}
          <button type="button" className="link" onClick={() => setFirst(first + pageSize)}>
            Show more
          </button>
        </p>
      )}
      {missing > 0 && (
        <p className="more">
          {count(missing)} more {missing === 1 ? 'was' : 'were'} deleted long ago. Search to find{' '}
          {missing === 1 ? 'it' : 'them'}.
        </p>
      )}
    </>
  );
}

interface LineProps {
  readonly todo: TodoRow;
  readonly isOpen: boolean;
  readonly readOnly: boolean;
}

function DeletedLine({ todo, isOpen, readOnly }: LineProps) {
  const { id, subject, labels, revision, deletedAt } = todo;
  const writes = useTodoWrites(todo);
  return (
    <li className="todo" data-open={isOpen || undefined} data-deleted>
      <div className="todo-line">
        <Icon name="bin" />
        <div className="todo-main">
          <PlaceLink
            to={{ page: 'todos', id }}
            className="subject"
            aria-current={isOpen || undefined}
            data-todo={id}
            data-focus="home"
          >
            {subject ?? <em>Without a subject</em>}
          </PlaceLink>
          <span className="labels">
            {labels.map((label) => (
              <span key={label} className="label">
                {label}
              </span>
            ))}
          </span>
        </div>
        <span className="deleted-at">deleted {deletedAt && <Ago time={deletedAt} />}</span>
        {!readOnly && (
          <button
            type="button"
            className="button"
            aria-label={`Restore ${subject ?? id}`}
            onClick={() => writes.restore(revision - 1, revision)}
          >
            <Icon name="restore" /> Restore
          </button>
        )}
      </div>
    </li>
  );
}
