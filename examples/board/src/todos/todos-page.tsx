/** The todos: what to show, the list, and the one that is open. */
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import type { UseQueryState } from 'urql';
import {
  countsQuery,
  type TodoFilter,
  type TodoRow,
  type TodosData,
  type TodosVariables,
  todosQuery,
} from '../graphql/todos.ts';
import { useLiveTodos } from '../live.ts';
import { isSame } from '../same.ts';
import { useMoment } from '../time/moment.tsx';
import { ofTodos, useBoardQuery } from '../time/use-board-query.ts';
import { count } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { type Choice, filterOf } from './filter.ts';
import { Filters } from './filters.tsx';
import { NewTodo } from './new-todo.tsx';
import { TodoDetail } from './todo-detail.tsx';
import { TodoLine } from './todo-row.tsx';
import './todos-page.css';

/** How many more are shown at a time, and the server's largest page. */
const pageSize = 250;
const pageMax = 1_000;

interface Props {
  readonly openId: string | null;
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
}

export function TodosPage({ openId, choice, onChoose }: Props) {
  const readOnly = useMoment().asOf !== null;
  const asked = useDeferredValue(choice);
  const filter = useMemo(() => filterOf(asked), [asked]);
  const anyStatus = useMemo(() => filterOf({ ...asked, status: 'all' }), [asked]);
  const [first, setFirst] = useState(pageSize);
  const [newId, setNewId] = useState<string | null>(null);
  const answer = useBoardQuery(todosQuery, { filter, first }, never);
  const { data, error } = answer;
  useLiveTodos(filter, answeredAt(answer, filter), !readOnly);
  const counts = useBoardQuery(countsQuery, { filter, anyStatus }, ofTodos).data;
  const rows = useMemo(() => sorted(data?.todos.edges.map(({ node }) => node) ?? []), [data]);
  const totalCount = data?.todos.totalCount ?? 0;
  const knownLabels = useMemo(
    () => (counts?.byLabel ?? []).flatMap(({ label }) => label ?? []),
    [counts],
  );
  const addLabel = useCallback(
    (label: string) => {
      if (!choice.labels.includes(label))
        onChoose({ ...choice, labels: [...choice.labels, label] });
    },
    [choice, onChoose],
  );
  return (
    <div className="split" data-open={openId !== null || undefined}>
      <section className="list-pane" aria-label="Todos" tabIndex={-1} data-focus="home">
        <Filters
          choice={choice}
          onChoose={onChoose}
          byStatus={counts?.byStatus ?? []}
          byLabel={counts?.byLabel ?? []}
        />
        {!readOnly && <NewTodo choice={choice} onCreated={setNewId} />}
        {error && !data && (
          <Notice kind="problem">The todos could not be read: {error.message}</Notice>
        )}
        {!data && !error && <div className="waiting">Reading the todos…</div>}
        {data && rows.length === 0 && (
          <Notice>
            {readOnly ? 'There was nothing here at this moment.' : 'Nothing here. Well done.'}
          </Notice>
        )}
        <ul className="todos">
          {rows.map((todo) => (
            <TodoLine
              key={todo.id}
              todo={todo}
              isOpen={todo.id === openId}
              isNew={todo.id === newId}
              readOnly={readOnly}
              onLabel={addLabel}
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
      </section>
      {openId !== null && <TodoDetail key={openId} id={openId} knownLabels={knownLabels} />}
    </div>
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
