/** The dataset in PostgreSQL: filled once, and copied for each run, which writes to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Dataset, logName } from '../dataset.ts';
import type { Cluster } from './cluster.ts';

/** Raised when the schema changes, so that an older database is not taken for it. */
const schemaFormat = 2;
const runDatabase = 'run';

const copied =
  'position, idx, id, revision, user_id, subject, body, priority, status, description, labels';

/** What PostgreSQL needs for the dataset. */
export interface PostgresSize {
  readonly fillSeconds: number;
  readonly megabytes: number;
}

/** A database with the dataset's rows, its own to write to. */
export async function fillDatabase(
  cluster: Cluster,
  dataset: Dataset,
): Promise<{ database: string; size: PostgresSize }> {
  const template = `todos_${dataset.versions}_${schemaFormat}`;
  const known = cluster.query('postgres', 'select datname from pg_database').split('\n');
  if (!known.includes(template)) await fillTemplate(cluster, dataset, template);
  cluster.query(
    'postgres',
    `drop database if exists ${runDatabase};
     create database ${runDatabase} template ${template} ${copying(cluster)};
     checkpoint;`,
  );
  const size = JSON.parse(
    cluster.query(
      runDatabase,
      `select json_build_object('fillSeconds', seconds,
         'megabytes', pg_database_size(current_database()) / 1048576.0)
       from filled`,
    ),
  );
  return { database: runDatabase, size };
}

/** Gives back what the run's database takes. */
export function dropRunDatabase(cluster: Cluster): void {
  cluster.query('postgres', `drop database if exists ${runDatabase}`);
}

/** Since version 15 a copy goes through the write-ahead log, unless it is told not to. */
function copying(cluster: Cluster): string {
  const version = Number(cluster.query('postgres', 'show server_version_num'));
  return version >= 150_000 ? 'strategy file_copy' : '';
}

async function fillTemplate(cluster: Cluster, dataset: Dataset, template: string): Promise<void> {
  const unfinished = `${template}_unfinished`;
  cluster.query(
    'postgres',
    `drop database if exists ${unfinished};
     create database ${unfinished};`,
  );
  const begin = performance.now();
  cluster.query(unfinished, read('schema.sql'));
  await cluster.copy(unfinished, 'app.copied', readLines(dataset.directory));
  cluster.query(unfinished, read('fill.sql'));
  const seconds = (performance.now() - begin) / 1_000;
  cluster.query(unfinished, read('functions.sql'));
  cluster.query(unfinished, `create table filled as select ${seconds}::float as seconds`);
  cluster.query('postgres', `alter database ${unfinished} rename to ${template}`);
  console.error(`PostgreSQL: filled in ${seconds.toFixed(0)} s`);
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}

/** The rows of the log in the text form of COPY: tabs between columns, `\N` for null. */
function* readLines(directory: string): Generator<string> {
  const log = new Database(join(directory, logName), { readonly: true });
  try {
    const rows = log.prepare(`select ${copied} from todos order by position`).raw().iterate();
    let lines = '';
    for (const cells of rows as IterableIterator<(string | number | null)[]>) {
      const labels = JSON.parse(String(cells.at(-1))) as string[];
      const values = [...cells.slice(0, -1), `{${labels.map(quoted).join(',')}}`];
      lines += `${values.map(escaped).join('\t')}\n`;
      if (lines.length < 65_536) continue;
      yield lines;
      lines = '';
    }
    yield lines;
  } finally {
    log.close();
  }
}

function quoted(label: string): string {
  return `"${label.replaceAll(/["\\]/g, '\\$&')}"`;
}

function escaped(value: string | number | null): string {
  if (value === null) return '\\N';
  const named: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };
  return String(value).replaceAll(/[\t\n\r\\]/g, (letter) => named[letter] as string);
}
