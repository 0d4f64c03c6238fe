/** SQL over files and records: what it answers, what it may not do, and that it ends. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { limits, openStore } from '../src/db/index.ts';
import { quotedName, quotedText } from '../src/db/shared/sql-text.ts';
import { LockedDatabase } from '../src/db/tables/process/locked-database.ts';
import { LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { listen, TestApi } from './support/api.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { parquetOf } from './support/parquet.ts';
import { lastingDirectory, openTemporary } from './support/temporary-store.ts';
import { until } from './support/until.ts';

const faults: unknown[] = [];
const directory = lastingDirectory();

/** One store for all of them, so that its processes serve all of them. */
const store = await openStore({
  directory,
  entities: shippedEntities,
  replicaInMemory: true,
  onFault: (error) => faults.push(error),
});
const api = new TestApi(store);
afterAll(async () => {
  await store.close();
  expect(faults).toEqual([]);
});

interface Asked {
  readonly sql: string;
  readonly tables?: readonly object[];
  readonly first?: number;
  readonly asOf?: object;
}

const query = `query ($sql: String!, $tables: [LakeTableInput!]!, $first: Int, $asOf: AsOf) {
  lakeQuery(sql: $sql, tables: $tables, first: $first, asOf: $asOf) {
    columns { name type } rows totalRows } }`;

async function answer({ sql, tables = [], ...more }: Asked) {
  return (await api.data(query, { sql, tables, ...more })).lakeQuery;
}

/** The only error of a query. */
async function refusal({ sql, tables = [], ...more }: Asked) {
  const { data, errors } = await api.ask(query, { sql, tables, ...more });
  expect([data, errors]).toEqual([null, [expect.anything()]]);
  return errors?.[0];
}

let files = 0;

/** Stores a file. @returns its id. */
async function put(
  bytes: string | Uint8Array,
  filename = 'cars.csv',
  userId: string | null = null,
) {
  files += 1;
  const { value } = await store.transact(async (log) => {
    const contents = await log.putContents(Buffer.from(bytes));
    return log.create(LakeFile, { path: String(files), filename, userId, ...contents });
  });
  return value.id;
}

async function change(id: string, bytes: string) {
  await store.transact(async (log) =>
    log.update(LakeFile, id, await log.putContents(Buffer.from(bytes))),
  );
}

const lastingPath = lastingDirectory();
writeFileSync(
  `${lastingPath}/cars.parquet`,
  await parquetOf("from (values ('beetle', 115), ('porsche', 250)) as t(name, speed)"),
);

const cars = 'name,speed\nbeetle,115\nporsche,250\n';
const carsId = await put(cars);
const carsTable = { name: 'cars', file: carsId };

test('a SELECT over a file is answered with columns, rows and how many there are', async () => {
  const sql = 'select name, speed * 2 as double_speed from cars order by speed desc';
  expect(await answer({ sql, tables: [carsTable], first: 1 })).toEqual({
    columns: [
      { name: 'name', type: 'VARCHAR' },
      { name: 'double_speed', type: 'BIGINT' },
    ],
    rows: [['porsche', 500]],
    totalRows: 2,
  });
  expect(await answer({ sql: 'from cars', tables: [carsTable], first: 0 })).toMatchObject({
    rows: [],
    totalRows: 2,
  });
});

test('it takes what SELECT takes', async () => {
  const sql = `
    with fast as (select * from cars where speed > 100), counted as (
      select count(*) as n from fast
    )
    select c.name, n, row_number() over (order by speed) as place,
      case when speed > 200 then 'fast' else 'slow' end as kind,
      list_transform([1, 2], lambda x: x + 1) as list, {a: date '2020-01-01'} as struct,
      coalesce(null, regexp_extract(c.name, 'b(.)', 1)) as letter,
      (select max(speed) from cars) as fastest, exists (select 1 from cars where speed = 115)
    from fast as c, counted where speed in (select speed from cars) and c.name like '%e%'
    order by c.name limit 5`;
  const { rows } = await answer({ sql, tables: [carsTable] });
  expect(rows).toEqual([
    ['beetle', 2, 1, 'slow', [2, 3], { a: '2020-01-01' }, 'e', 250, true],
    ['porsche', 2, 2, 'fast', [2, 3], { a: '2020-01-01' }, '', 250, true],
  ]);
  const grouped =
    'select kind, sum(speed) from (select left(name, 1) as kind, speed from cars) group by all having count(*) = 1 order by all';
  expect((await answer({ sql: grouped, tables: [carsTable] })).rows).toEqual([
    ['b', 115],
    ['p', 250],
  ]);
  const described = await answer({ sql: 'describe cars', tables: [carsTable] });
  expect(described.rows.map(([name]: [string]) => name)).toEqual(['name', 'speed']);
  const pivoted = 'from (pivot cars on name in (beetle, porsche) using sum(speed))';
  expect((await answer({ sql: pivoted, tables: [carsTable] })).rows).toEqual([[115, 250]]);
  expect((await answer({ sql: 'from range(3)' })).rows).toEqual([[0], [1], [2]]);
});

test('a table is what it is called, whatever DuckDB calls so', async () => {
  for (const name of [
    'duckdb_settings',
    'duckdb_views',
    'sqlite_master',
    'pg_class',
    'columns',
    'order',
  ]) {
    const tables = [{ name, file: carsId }];
    const sql = `select count(*) from "${name}"`;
    expect((await answer({ sql, tables })).rows, name).toEqual([[2]]);
  }
});

test('files and records are read as they stood at one position', async () => {
  const id = await put('owner,car\nada,beetle\n', 'owners.csv');
  const create = (log: Parameters<Parameters<typeof store.transact>[0]>[0]) =>
    log.create(Todo, { id: 'wash', userId: 'ada', subject: 'Wash', labels: ['a,b', 'c'] });
  const { value: todo } = await store.transact(async (log) => create(log));
  await store.update(Todo, 'wash', { subject: 'Wash it' });
  await change(id, 'owner,car\nada,porsche\n');
  await store
    .append(Todo, { subject: 'Sell', userId: 'bob', dueDate: null } as never)
    .catch(() => {});
  const todos = { name: 'todos', entity: 'TODO' };
  const tables = [{ name: 'owners', file: id }, todos];
  const sql = `select t.id, t.revision, t.subject, t.labels, o.car from todos as t
    join owners as o on o.owner = t.userId`;
  expect((await answer({ sql, tables })).rows).toEqual([
    ['wash', 2, 'Wash it', ['a,b', 'c'], 'porsche'],
  ]);
  const then = await answer({ sql, tables, asOf: { position: String(todo.position) } });
  expect(then.rows).toEqual([['wash', 1, 'Wash', ['a,b', 'c'], 'beetle']]);
  const first = [{ name: 'owners', file: id, revision: 1 }, todos];
  expect((await answer({ sql, tables: first })).rows[0][4]).toBe('beetle');
  const early = { sql, tables, asOf: { position: String(todo.position - 1) } };
  expect((await answer(early)).rows).toEqual([]);
  const later = { ...early, tables: [{ name: 'owners', file: id, revision: 2 }, todos] };
  expect((await refusal(later))?.extensions).toMatchObject({ argument: 'tables.0.file' });
  await store.delete(Todo, 'wash');
  expect((await answer({ sql, tables })).rows).toEqual([]);
});

test('records have a column for each field, with times', async () => {
  const { columns } = await answer({
    sql: 'from todos limit 0',
    tables: [{ name: 'todos', entity: 'TODO' }],
  });
  expect(columns).toEqual([
    { name: 'id', type: 'VARCHAR' },
    { name: 'revision', type: 'INTEGER' },
    { name: 'position', type: 'BIGINT' },
    { name: 'createdAt', type: 'TIMESTAMP WITH TIME ZONE' },
    { name: 'updatedAt', type: 'TIMESTAMP WITH TIME ZONE' },
    { name: 'userId', type: 'VARCHAR' },
    { name: 'subject', type: 'VARCHAR' },
    { name: 'body', type: 'VARCHAR' },
    { name: 'priority', type: 'INTEGER' },
    { name: 'status', type: 'VARCHAR' },
    { name: 'description', type: 'VARCHAR' },
    { name: 'labels', type: 'VARCHAR[]' },
  ]);
  const todo = await store.append(Todo, { id: 'timed', subject: 'Ü "quoted"\n\t☃😀' });
  const { rows } = await answer({
    sql: "select epoch_us(createdAt), epoch_us(updatedAt), subject, body from t where id = 'timed'",
    tables: [{ name: 't', entity: 'TODO' }],
  });
  expect(rows).toEqual([[todo.createdAt, todo.committedAt, 'Ü "quoted"\n\t☃😀', null]]);
});

test('what changes nothing of its tables leaves the answer as it is, and caches know', async () => {
  const id = await put('n\n1\n', 'n.csv');
  const url = (sql: string) => {
    const variables = JSON.stringify({ sql, tables: [{ name: 'n', file: id }] });
    return `http://everstate.test/graphql?${new URLSearchParams({ query, variables })}`;
  };
  const ask = (etag?: string) =>
    api.send({ headers: { ...(etag && { 'if-none-match': etag }) } }, url('from n'));
  const etag = (await ask()).headers.get('etag') as string;
  await store.append(Todo, { subject: 'Nothing to do with it' });
  expect((await ask(etag)).status).toBe(304);
  await change(id, 'n\n2\n');
  const changed = await ask(etag);
  expect([changed.status, (await changed.json()).data.lakeQuery.rows]).toEqual([200, [[2]]]);
});

test.each([
  ['two of one name', [carsTable, { ...carsTable, name: 'CARS' }], 'tables.1.name'],
  ['a name that is none', [{ ...carsTable, name: 'my cars' }], 'tables.0.name'],
  ['a name that is empty', [{ ...carsTable, name: '' }], 'tables.0.name'],
  ['neither a file nor an entity', [{ name: 'cars' }], 'tables.0'],
  ['both', [{ ...carsTable, entity: 'TODO' }], 'tables.0'],
  ['a file that is not there', [{ name: 'cars', file: 'nowhere' }], 'tables.0.file'],
  ['a file called "."', [{ name: 'cars', file: '.' }], 'tables.0.file'],
  ['a file called ".."', [{ name: 'cars', file: '../../etc/passwd' }], 'tables.0.file'],
  ['a revision that is not there', [{ ...carsTable, revision: 2 }], 'tables.0.file'],
  ['a revision 0', [{ ...carsTable, revision: 0 }], 'tables.0.file'],
  ['a revision of records', [{ name: 't', entity: 'TODO', revision: 1 }], 'tables.0.revision'],
  ['too many', Array.from({ length: 17 }, (_, n) => ({ ...carsTable, name: `t${n}` })), 'tables'],
])('of tables %s is told of', async (_, tables, argument) => {
  const { extensions } = (await refusal({ sql: 'select 1', tables })) ?? {};
  expect(extensions).toEqual({ code: 'BAD_USER_INPUT', argument });
});

test('a file that is no table is told of', async () => {
  const id = await put('x', 'picture.png');
  const { message } = (await refusal({ sql: 'from p', tables: [{ name: 'p', file: id }] })) ?? {};
  expect(message).toBe(
    'tables.0.file: must be a table (CSV, TSV, JSON, NDJSON, Parquet, XLSX), but "picture.png" is none by its name and filetype.',
  );
});

/** What a file could be called that is there on any machine. */
const secret = '/etc/passwd';

/** Files, the network, settings, and anything that is not one SELECT over the tables at hand. */
const attacks: readonly string[] = [
  `from '${secret}'`,
  `from "${secret}"`,
  `select * from cars, '${secret}'`,
  `select (select count(*) from '${secret}')`,
  `with x as (from '${secret}') from x`,
  `from cars where name in (select column0 from read_csv('${secret}'))`,
  `from read_csv('${secret}')`,
  `from read_csv_auto('${secret}')`,
  `from READ_TEXT('${secret}')`,
  `from main.read_text('${secret}')`,
  `from system.main.read_text('${secret}')`,
  `from read_blob('${secret}')`,
  `from read_parquet('${secret}')`,
  `from parquet_scan('<data>/tables/*/*.parquet')`,
  `from parquet_metadata('${secret}')`,
  `from parquet_file_metadata('${secret}')`,
  `from read_json('${secret}')`,
  `from read_json_objects('${secret}')`,
  `from read_ndjson('${secret}')`,
  `from read_duckdb('<data>/everstate.db')`,
  `from sniff_csv('${secret}')`,
  "from glob('/etc/*')",
  "from glob('/proc/self/environ')",
  "from 'https://example.com/x.parquet'",
  "from read_csv('https://example.com/x.csv')",
  "from 's3://bucket/x.parquet'",
  "select getenv('PATH')",
  "select current_setting('allowed_paths')",
  'from duckdb_settings()',
  'from duckdb_secrets()',
  'from duckdb_views()',
  'from duckdb_views',
  'from duckdb_columns',
  'from sqlite_master',
  'from information_schema.tables',
  'from pg_catalog.pg_class',
  'from system.information_schema.tables',
  'with duckdb_views as (select 1) select * from cars where exists (from duckdb_views)',
  'from (show tables)',
  'show all tables',
  'from pragma_version()',
  'from pragma_database_size()',
  'from duckdb_logs()',
  'from which_secret($$s3://x$$, $$s3$$)',
  `from query('from duckdb_settings()')`,
  `from query_table('duckdb_settings')`,
  `select json_serialize_sql('select 1')`,
  `from json_execute_serialized_sql(json_serialize_sql('select 1'))`,
  `select json_serialize_plan('from cars')`,
  `select write_log('x')`,
  'select getvariable($$x$$)',
  "select nextval('x')",
  'from cars at (version => 1)',
  'from cars tablesample 10%',
  'from cars using sample 1',
  'select $1',
  'select ?',
  'from todos',
  'from main.cars',
  'from memory.main.cars',
  'select filename from cars',
  'select file_row_number from cars',
  'select now()',
  'select NOW ( )',
  'select current_timestamp',
  'select current_date',
  'select localtimestamp',
  'select today()',
  'select get_current_timestamp()',
  'select age(timestamp $$2020-01-01$$)',
  'select ago(interval 1 day)',
  'select random()',
  'select uuid()',
  'select gen_random_uuid()',
  'select current_user',
  'select session_user',
  'select current_database()',
  'select current_schemas(true)',
  'select current_query()',
  'select txid_current()',
  'select pg_postmaster_start_time()',
  'select sleep_ms(100)',
  'select pg_sleep(1)',
  `copy cars to '<data>/x.csv'`,
  `copy (from cars) to '<data>/x.parquet'`,
  `export database '<data>/x'`,
  `attach '<data>/everstate.db' as log`,
  "attach ':memory:' as other",
  'detach memory',
  'install httpfs',
  'load httpfs',
  "load '/tmp/x.duckdb_extension'",
  'set enable_external_access = true',
  'set lock_configuration = false',
  `set allowed_paths = ['${secret}']`,
  'reset memory_limit',
  'pragma enable_profiling',
  'pragma database_list',
  'call pragma_version()',
  'call enable_logging()',
  'create table x as from cars',
  'create or replace view cars as select 1',
  "create macro f() as table from '/etc/passwd'",
  'insert into cars values (1, 2)',
  'update cars set speed = 1',
  'delete from cars',
  'drop view cars',
  'truncate cars',
  'begin',
  'checkpoint',
  'vacuum',
  'use memory',
  'prepare p as select 1',
  'explain analyze from cars',
  'explain from cars',
  'select 1; select 2',
  `select 1; copy cars to '<data>/x.csv'`,
  `/* select */ copy cars to '<data>/x.csv' -- select`,
  '',
  ' ; ',
  'select',
];

test.each(attacks)('“%s” is refused', async (attack) => {
  const sql = attack.replaceAll('<data>', directory);
  const { message, extensions } = (await refusal({ sql, tables: [carsTable] })) ?? {};
  expect(extensions).toEqual({ code: 'BAD_USER_INPUT', argument: 'sql' });
  // Nothing is told of where anything lies.
  if (!sql.includes(directory)) expect(message).not.toContain(directory);
  expect(readdirSync(directory).filter((name) => /^x/.test(name))).toEqual([]);
});

test('what holds a NUL, where DuckDB would end reading, is refused', async () => {
  for (const sql of ['select 1\0', '\0', "select 'a\0b'", 'select 1 -- \0']) {
    const { message, extensions } = (await refusal({ sql })) ?? {};
    expect(extensions).toEqual({ code: 'BAD_USER_INPUT', argument: 'sql' });
    expect(message).toContain('it holds a NUL');
  }
  for (const quoted of [quotedName, quotedText]) expect(() => quoted('a\0b')).toThrow(/NUL/);
});

test('what is nested too deep, or too long, is refused, and the next one answered', async () => {
  for (const sql of [
    `select ${'('.repeat(30_000)}1${')'.repeat(30_000)}`,
    `select 1${' + 1'.repeat(16_000)}`,
    `select ${'not '.repeat(16_000)}true`,
    `select ${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    `select ${'case when true then '.repeat(2_000)}1${' end'.repeat(2_000)}`,
    `${'select * from ('.repeat(4_000)}select 1${')'.repeat(4_000)}`,
    'x'.repeat(65_537),
  ]) {
    const error = await refusal({ sql });
    expect(error?.extensions.code).toMatch(
      /^(BAD_USER_INPUT|TABLE_UNREADABLE|TABLE_LIMIT_EXCEEDED)$/,
    );
  }
  expect((await answer({ sql: 'from cars', tables: [carsTable] })).totalRows).toBe(2);
});

test('what the words would let through, the database itself refuses', async () => {
  const path = `${lastingPath}/cars.parquet`;
  const database = await LockedDatabase.open(100);
  onTestFinished(() => database.close());
  await database.show([{ name: 'cars', path }]);
  const run = async (sql: string) =>
    (await database.connection.runAndReadAll(sql)).getRowsJson().flat();
  expect(await run('select count(*) from cars')).toEqual(['2']);
  for (const sql of [
    "from '/etc/x.csv'",
    `from read_text('${secret}')`,
    `from read_csv('${secret}')`,
    "from glob('/etc/*')",
    "from 'https://example.com/x.parquet'",
    `copy (select 1) to '${directory}/x.csv'`,
    `attach '${directory}/x.duckdb'`,
    'install httpfs',
    'load httpfs',
    'set enable_external_access = true',
    'set allowed_paths = []',
    'set memory_limit = $$10GB$$',
    'set lock_configuration = false',
    "set temp_directory = '/tmp'",
    'set autoload_known_extensions = true',
  ]) {
    await expect(run(sql), sql).rejects.toThrow(
      /^(Permission Error|Invalid Input Error: Cannot change configuration)/,
    );
  }
});

test('each sees in a query what they see elsewhere', async () => {
  const viewers = { ada: viewerOf('ada'), bob: viewerOf('bob'), root: viewerOf('root', ['admin']) };
  const guarded = new GuardedApi(await openTemporary(), viewers);
  const seen = guarded.store;
  const file = async (userId: string) => {
    const { value } = await seen.transact(async (log) => {
      const contents = await log.putContents(Buffer.from(`whose\n${userId}\n`));
      return log.create(LakeFile, { filename: 'whose.csv', userId, ...contents });
    });
    return value.id;
  };
  const [adas, bobs] = [await file('ada'), await file('bob')];
  for (const userId of ['ada', 'bob']) await seen.append(Todo, { subject: `of ${userId}`, userId });
  const moved = await seen.append(Todo, { subject: 'moved', userId: 'bob' });
  await seen.update(Todo, moved.id, { userId: 'ada' });
  const rows = async (viewer: string, sql: string, tables: object[], asOf?: object) => {
    const { data, errors } = await guarded.ask(viewer, query, { sql, tables, asOf });
    return data?.lakeQuery.rows.flat() ?? errors?.map(({ extensions }) => extensions.argument);
  };
  const todos = [{ name: 't', entity: 'TODO' }];
  const subjects = 'select subject from t order by position';
  expect(await rows('ada', subjects, todos)).toEqual(['of ada', 'moved']);
  expect(await rows('bob', subjects, todos)).toEqual(['of bob']);
  expect(await rows('root', subjects, todos)).toEqual(['of ada', 'of bob', 'moved']);
  // The same position was asked by others before: what they see is kept apart.
  const then = { position: String(moved.position) };
  expect(await rows('bob', subjects, todos, then)).toEqual(['of bob', 'moved']);
  expect(await rows('ada', subjects, todos, then)).toEqual(['of ada']);
  const named = (id: string, revision?: number) => [{ name: 'f', file: id, revision }];
  expect(await rows('ada', 'from f', named(adas))).toEqual(['ada']);
  expect(await rows('ada', 'from f', named(bobs))).toEqual(['tables.0.file']);
  expect(await rows('ada', 'from f', named(bobs, 1))).toEqual(['tables.0.file']);
  expect(await rows('root', 'from f', named(bobs))).toEqual(['bob']);
});

/** The processes that answer questions, by their ids. */
function processes(): string[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  return children.split(' ').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('tables/process/main');
    } catch {
      return false;
    }
  });
}

const endless = 'select count(*) from range(1000000000000) as a where range % 7 = 3';

test('whoever leaves has their query ended, on any road', async () => {
  const { url } = await listen(api.app);
  await answer({ sql: 'select 1' });
  const before = processes();
  const leave = async (ask: (signal: AbortSignal) => Promise<unknown>) => {
    const leaving = new AbortController();
    const asked = ask(leaving.signal).catch(() => 'left');
    await until(() => busy(processes()));
    leaving.abort();
    expect(await asked).toBe('left');
    await until(async () => !(await busy(processes())));
  };
  const variables = { sql: endless, tables: [] };
  await leave((signal) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal,
    }),
  );
  const asked = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  await leave((signal) => fetch(`${url}/graphql?${asked}`, { signal }));
  expect((await answer({ sql: 'select 1' })).rows).toEqual([[1]]);
  expect(before.some((pid) => processes().includes(pid))).toBe(false);
  // It is nobody's fault that somebody has left.
  expect(api.logged).toEqual([]);
});

/** Whether any of them works: its time on the processor goes on. */
async function busy(pids: readonly string[]): Promise<boolean> {
  const ticks = (pid: string) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
      return Number(fields[13]) + Number(fields[14]);
    } catch {
      return 0;
    }
  };
  const begin = pids.map(ticks);
  await setTimeout(150);
  return pids.some((pid, place) => ticks(pid) - (begin[place] ?? 0) > 1);
}

test.each([
  ['time', endless, 'tableQueryTimeMaxMs'],
  ['an answer', "select repeat('x', 100000) from range(1000)", 'tableAnswerBytesMax'],
])('a query that takes too much of %s is told of by the limit', async (_, sql, limit) => {
  const { extensions } = (await refusal({ sql, first: 1_000 })) ?? {};
  expect(extensions).toMatchObject({ code: 'TABLE_LIMIT_EXCEEDED', limit });
  expect((await answer({ sql: 'from cars', tables: [carsTable] })).totalRows).toBe(2);
});

test('memory that a question took is given back', async () => {
  const resident = () => processes().map((pid) => residentMb(pid));
  const sql = "select list(repeat('x', 1000000)) from range(1000)";
  // On a busy machine its time is over before its memory is.
  expect((await refusal({ sql }))?.extensions).toMatchObject({
    limit: expect.stringMatching(/^table(MemoryMaxMb|QueryTimeMaxMs)$/),
  });
  await answer({ sql: 'select 1' });
  await until(() => resident().every((megabytes) => megabytes < limits.tableProcessRestMaxMb));
});

/** Memory that a process holds; none once it has ended. */
function residentMb(pid: string): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
  } catch {
    return 0;
  }
}

test('asking for many tables at once is refused by what it would cost', async () => {
  const codes = (first: number) =>
    api.codes(
      `{ lakeFiles(first: ${first}) { edges { node { table(first: 1) { totalRows } } } } }`,
    );
  expect(await codes(100)).toEqual(['DOCUMENT_TOO_LARGE']);
  expect(await codes(3)).toEqual([]);
});

test('more questions than are taken wait, and past these are refused', async () => {
  const asked = Array.from({ length: 80 }, () =>
    api.ask(query, { sql: 'select count(*) from range(1000)', tables: [] }),
  );
  const codes = (await Promise.all(asked)).map(
    ({ data, errors }) => errors?.[0]?.extensions.code ?? data?.lakeQuery.rows[0][0],
  );
  expect(codes.filter((code) => code === 1_000)).toHaveLength(66);
  expect(codes.filter((code) => code === 'UNAVAILABLE')).toHaveLength(14);
});

test('a process that is killed takes one question with it, and is told of', async () => {
  const asked = refusal({ sql: endless });
  await until(() => busy(processes()));
  for (const pid of processes()) process.kill(Number(pid), 'SIGKILL');
  expect((await asked)?.extensions).toEqual({ code: 'TABLE_UNREADABLE' });
  expect(faults.splice(0).map(String)).toEqual([expect.stringContaining('SIGKILL')]);
  expect((await answer({ sql: 'from cars', tables: [carsTable] })).totalRows).toBe(2);
});

test('closing ends the processes and removes what they read', async () => {
  const closing = await openTemporary();
  const other = new TestApi(closing);
  const known = new Set(processes());
  await other.data(query, { sql: 'select 1', tables: [] });
  const own = processes().filter((pid) => !known.has(pid));
  expect(own).toHaveLength(1);
  const waiting = other.ask(query, { sql: endless, tables: [] });
  await until(() => busy(own));
  await closing.close();
  expect((await waiting).errors).toHaveLength(1);
  await until(() => !processes().includes(own[0] as string));
});
