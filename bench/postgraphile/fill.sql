-- From the copied rows to both tables; indexes come after the rows.
insert into app.versions
  select position, lead(position, 1, 9223372036854775807) over (partition by id order by revision),
    to_timestamp(committed_at / 1e6), id, revision, user_id, subject, body, priority, status,
    description, labels
  from app.copied
  order by position;

insert into app.todos
  select id, position, revision, user_id, subject, body, priority, status, description, labels
  from app.versions
  where until_position = 9223372036854775807
  order by position;

drop table app.copied;
select setval(pg_get_serial_sequence('app.versions', 'position'), max(position)) from app.versions;

create unique index versions_of_id on app.versions (id, revision desc);
create index versions_in_order on app.versions (priority, position desc);
create index todos_of_status on app.todos (status, priority, position desc);
create index todos_of_user on app.todos (user_id, status, priority, position desc);
create index todos_counted on app.todos (status); -- narrow: counts read nothing else

vacuum (freeze, analyze) app.versions;
vacuum (freeze, analyze) app.todos;
checkpoint;
