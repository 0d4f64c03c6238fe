/** The todos: what to show, the list, and the one that is open. */
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { countsQuery } from '../graphql/todos.ts';
import { isSame } from '../same.ts';
import { useMoment } from '../time/moment.tsx';
import { ofTodos, useBoardQuery } from '../time/use-board-query.ts';
import { type Counts, sumOf } from './counts.ts';
import { DeletedList } from './deleted-list.tsx';
import { type Choice, filterOf } from './filter.ts';
import { Filters } from './filters.tsx';
import { NewTodo } from './new-todo.tsx';
import { TodoDetail } from './todo-detail.tsx';
import { TodoList } from './todo-list.tsx';
import './todos-page.css';

interface Props {
  readonly openId: string | null;
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
}

export function TodosPage({ openId, choice, onChoose }: Props) {
  const readOnly = useMoment().asOf !== null;
  const asked = useDeferredValue(choice);
  const [newId, setNewId] = useState<string | null>(null);
  const variables = useCountsVariables(asked);
  const { data, operation } = useBoardQuery(countsQuery, variables, ofTodos);
  const isOfThis = isSame(operation?.variables.anyStatus, variables.anyStatus);
  const counts: Counts | null = data
    ? { byStatus: data.byStatus, deleted: sumOf(data.withDeleted) - sumOf(data.byStatus) }
    : null;
  const knownLabels = useMemo(
    () => (data?.byLabel ?? []).flatMap(({ label }) => label ?? []),
    [data],
  );
  const addLabel = useCallback(
    (label: string) => {
      if (!choice.labels.includes(label))
        onChoose({ ...choice, labels: [...choice.labels, label] });
    },
    [choice, onChoose],
  );
  const shared = { choice: asked, onChoose, counts: isOfThis ? counts : null, openId, readOnly };
  return (
    <div className="split" data-open={openId !== null || undefined}>
      <section className="list-pane" aria-label="Todos" tabIndex={-1} data-focus="home">
        <Filters
          choice={choice}
          onChoose={onChoose}
          counts={counts ?? { byStatus: [], deleted: 0 }}
          byLabel={data?.byLabel ?? []}
        />
        {!readOnly && !choice.deleted && <NewTodo choice={choice} onCreated={setNewId} />}
        {asked.deleted ? (
          <DeletedList {...shared} />
        ) : (
          <TodoList {...shared} newId={newId} onLabel={addLabel} />
        )}
      </section>
      {openId !== null && <TodoDetail key={openId} id={openId} knownLabels={knownLabels} />}
    </div>
  );
}

/** Each count leaves out the condition that it counts by. */
function useCountsVariables(choice: Choice) {
  return useMemo(() => {
    const anyStatus = filterOf({ ...choice, status: 'all' });
    const withDeleted = { ...anyStatus, includeDeleted: true };
    const filter = choice.deleted ? withDeleted : filterOf(choice);
    return { anyStatus, withDeleted, filter };
  }, [choice]);
}
