/** The todos that are chosen, kept true by their own feed. */
import { useMemo, useState } from 'react';
import type { UseQueryState } from 'urql';
import {
  type TodoFilter,
  type TodoRow,
  type TodosData,
  type TodosVariables,
  todosQuery,
} from '../graphql/todos.ts';
import { useLiveTodos } from '../live.ts';
import { isSame } from '../same.ts';
import { useBoardQuery } from '../time/use-board-query.ts';
import { count } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { whyUnread } from '../ui/unread.ts';
import type { Counts } from './counts.ts';
import { type Choice, filterOf } from './filter.ts';
import { AlsoFound, NothingFound } from './found.tsx';
import { TodoLine } from './todo-row.tsx';

/** How many more are shown at a time, and the server's largest page. */
const pageSize = 250;
const pageMax = 1_000;

interface Props {
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
  readonly counts: Counts | null;
  readonly openId: string | null;
  /** What was just created here. */
  readonly newId: string | null;
  readonly readOnly: boolean;
  readonly onLabel: (label: string) => void;
}

export function TodoList(props: Props) {
  const { choice, openId, newId, readOnly, onLabel } = props;
  const filter = useMemo(() => filterOf(choice), [choice]);
  const [first, setFirst] = useState(pageSize);
  const answer = useBoardQuery(todosQuery, { filter, first }, never);
  const { data, error } = answer;
  useLiveTodos(filter, answeredAt(answer, filter), !readOnly);
  const rows = useMemo(() => sorted(data?.todos.edges.map(({ node }) => node) ?? []), [data]);
  const totalCount = data?.todos.totalCount ?? 0;
  return (
    <>
      {error && (
        <Notice kind="problem">
          The todos could not be read: {whyUnread(error)}
          {data && ' What is shown was read before.'}
        </Notice>
      )}
      {!data && !error && <div className="waiting">Reading the todos…</div>}
      {data && rows.length === 0 && <NothingFound {...props} />}
      <ul className="todos">
        {rows.map((todo) => (
          <TodoLine
            key={todo.id}
            todo={todo}
            isOpen={todo.id === openId}
            isNew={todo.id === newId}
            readOnly={readOnly}
            onLabel={onLabel}
          />
        ))}
      </ul>
      {rows.length < totalCount && (
        <p className="more">
          {count(rows.length)} of {count(totalCount)} are shown.{' '}
          {first < pageMax ? (
            <button type="button" className="link" onClick={() => setFirst(first + pageSize)}>
              Show more
            </button>
          ) : (
            'Filter to see the others.'
          )}
        </p>
      )}
      {rows.length > 0 && <AlsoFound {...props} />}
    </>
  );
}

/** The list is not asked again after a change: its own feed tells what becomes of it. */
const never = () => false;

/** The position at which the server answered for the present; an answer of the cache has none. */
function answeredAt(answer: UseQueryState<TodosData, TodosVariables>, filter: TodoFilter) {
  const { operation, extensions } = answer;
  const isThis = operation?.variables.asOf === null && isSame(operation.variables.filter, filter);
  return isThis && typeof extensions?.position === 'string' ? extensions.position : null;
}

/** The server's own order, which what has just been written here must fit into. */
function sorted(rows: readonly TodoRow[]): readonly TodoRow[] {
  return rows.toSorted(
    (one, other) => one.priority - other.priority || other.updatedAt.localeCompare(one.updatedAt),
  );
}
