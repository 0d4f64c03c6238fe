/** SQL over a file of the lake, against DuckDB alone with the same file. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Dataset } from './dataset.ts';
import { comparison, type Figure } from './results.ts';
import { takeTurns } from './rounds.ts';
import { type Server, startEverstate, withServers } from './server.ts';

const rounds = 15;
/** A server that was just started takes some milliseconds more for its first questions: it is compiled yet. */
const warmUp = 20;
const rows = 1_000_000;

/** Questions whose answers are small: it is the asking that is measured. */
const questions: Readonly<Record<string, string>> = {
  'groups and sums':
    'select kind, count(*), avg(value), max(moment) from t group by kind order by kind',
  'distinct values by hour': `select date_trunc('hour', moment) as hour, count(distinct id % 1000)
    from t group by all order by all limit 100`,
  'the highest three of each kind': `select * from t
    qualify row_number() over (partition by kind order by value desc, id) <= 3 order by kind, id`,
};

export async function measureLakeQuery(dataset: Dataset): Promise<Figure[]> {
  const directory = mkdtempSync(join(dataset.directory, '..', 'lake-query-'));
  // One thread, as a question has: its sums are to come out the same each time.
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    const path = await writeRows(connection, join(directory, 'million.parquet'));
    return await withServers([startEverstate(join(directory, 'everstate'))], (server) =>
      compare(server as Server, connection, path),
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function writeRows(connection: DuckDBConnection, path: string): Promise<string> {
  await connection.run(`copy (
    select range as id, 'kind ' || (hash(range) % 40) as kind,
      (hash(range + 7) % 1000000) / 1000 as value,
      timestamp '2026-01-01' + interval (range) second as moment
    from range(${rows})
  ) to '${path}' (format parquet)`);
  return path;
}

async function compare(
  server: Server,
  connection: DuckDBConnection,
  path: string,
): Promise<Figure[]> {
  const put = await fetch(new URL('/files/by-path/million.parquet', server.url), {
    method: 'PUT',
    body: readFileSync(path),
  });
  const { id } = (await put.json()) as { readonly id: string };
  await connection.run(`create view t as from read_parquet('${path}')`);
  const figures: Figure[] = [];
  for (const [question, sql] of Object.entries(questions)) {
    const pairs = await takeTurns(
      rounds,
      // Another comment each time: an answer that is kept would not be worked out again.
      () => milliseconds(() => ask(server, id, `${sql} -- ${performance.now()}`)),
      () => milliseconds(() => connection.runAndReadAll(sql)),
      warmUp,
    );
    const what = `${question} of ${rows.toLocaleString('en')} rows of Parquet, against DuckDB alone`;
    const about = { benchmark: 'lake-query', what, unit: 'ms', better: 'less', aim: 0.77 } as const;
    figures.push(comparison(about, pairs));
  }
  return figures;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function ask({ url }: Server, id: string, sql: string): Promise<void> {
  const query = `query ($sql: String!, $id: ID!) {
    lakeQuery(sql: $sql, tables: [{ name: "t", file: $id }]) { rows totalRows } }`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { sql, id } }),
  });
  const { errors } = (await response.json()) as { readonly errors?: unknown };
  if (errors) throw new Error(`lakeQuery failed: ${JSON.stringify(errors)}`);
}
