-- What the API offers beyond the tables. Positions are handed out before the commit, so with
-- concurrent writers a list as of a position near the end may change later.

create type app.status_count as (status text, count int);
create type app.status_count_at as (position bigint, status text, count int);

create function app.counts_by_status() returns setof app.status_count
language sql stable parallel safe as $$
  select status, count(*)::int from app.todos group by status
$$;

-- One pass over all versions, however many positions are asked for: a version counts from the first
-- of them at which it was in force up to the first at which it no longer was.
create function app.counts_at(positions bigint[]) returns setof app.status_count_at
language sql stable parallel safe as $$
  with spans as (
    select status, width_bucket(position - 1, positions) + 1 as first,
      width_bucket(until_position - 1, positions) + 1 as after, count(*) as count
    from app.versions
    group by 1, 2, 3
  ), steps as (
    select status, first as number, count as step from spans
    union all
    select status, after, -count from spans
  ), sums as (
    select number, status, sum(sum(step)) over (partition by status order by number) as count
    from (
      select status, number, step from steps
      union all
      select status, number, 0
      from (select distinct status from spans) statuses,
        generate_series(1, cardinality(positions)) number
    ) all_steps
    group by number, status
  )
  select positions[number], status, count::int from sums
  where number <= cardinality(positions) and count > 0
$$;

-- By priority, then the newest first. The index has the versions of a priority in that order: one
-- short walk for each, until enough are found.
create function app.todos_as_of(at bigint, rows int) returns setof app.versions
language plpgsql stable rows 50 as $$
declare
  walked int := (select min(priority) from app.versions);
  missing int := rows;
  found int;
begin
  while walked is not null and missing > 0 loop
    return query
      select * from app.versions
      where priority = walked and position <= at and until_position > at
      order by position desc
      limit missing;
    get diagnostics found = row_count;
    missing := missing - found;
    walked := (select min(priority) from app.versions where priority > walked);
  end loop;
end
$$;

create function app.update_todo(
  id text, expected_revision int, subject text, priority int, status text
) returns app.todos
language plpgsql volatile as $$
declare
  todo app.todos;
  before_position bigint;
begin
  select * into todo from app.todos where todos.id = update_todo.id for no key update;
  if not found then
    raise exception 'There is no todo %.', update_todo.id;
  end if;
  if todo.revision <> expected_revision then
    raise exception 'Revision % was expected; the todo has %.', expected_revision, todo.revision;
  end if;
  before_position := todo.position;
  todo.revision := todo.revision + 1;
  todo.subject := update_todo.subject;
  todo.priority := update_todo.priority;
  todo.status := update_todo.status;
  insert into app.versions
    (id, revision, user_id, subject, body, priority, status, description, labels)
    values (todo.id, todo.revision, todo.user_id, todo.subject, todo.body, todo.priority,
      todo.status, todo.description, todo.labels)
    returning versions.position into todo.position;
  update app.versions set until_position = todo.position where position = before_position;
  update app.todos
    set position = todo.position, revision = todo.revision, subject = todo.subject,
      priority = todo.priority, status = todo.status
    where todos.id = todo.id;
  perform pg_notify('todos', json_build_object('id', todo.id, 'revision', todo.revision,
    'subject', todo.subject, 'priority', todo.priority, 'status', todo.status)::text);
  return todo;
end
$$;

-- Ids that nobody chose: one after the other, which is what an index likes best.
create sequence app.ids;

-- New todos, all or none. @param rows an array of objects: an argument for each field would have
-- GraphQL coerce each value, which takes longer.
create function app.create_todos(rows jsonb) returns int
language plpgsql volatile as $$
begin
  with created as (
    insert into app.versions
      (id, revision, user_id, subject, body, priority, status, description, labels)
      select coalesce(id, 'todo-' || lpad(nextval('app.ids')::text, 12, '0')), 1, "userId",
        subject, body, priority, status, description, labels
      from jsonb_to_recordset(rows) as row(id text, "userId" text, subject text, body text,
        priority int, status text, description text, labels text[])
      returning *
  )
  insert into app.todos
    select id, position, revision, user_id, subject, body, priority, status, description, labels
    from created;
  perform pg_notify('todos', json_build_object('created', jsonb_array_length(rows))::text);
  return jsonb_array_length(rows);
end
$$;
